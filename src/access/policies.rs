//! The policies as one request meets them, and their evaluation by Cedar.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityUid, PolicySet, Request, RestrictedExpression as Value};
use chrono::Duration;

use super::{
    Action, Actor, Asking, Checked, Decision, Fault, OrganizationFacts, Refused, Resource, RuleText, STEP_UP_MINUTES, SignedIn, Sphere,
    Verdict, Why,
    book::{Engine, Rules},
};
use crate::kernel::Timestamp;

/// The policies of one moment, bound to from where it is asked.
#[derive(Clone)]
pub struct Policies {
    pub(super) engine: Arc<Engine>,
    pub(super) rules: Arc<Rules>,
    pub(super) asking: Asking,
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policies").field("asking", &self.asking).finish_non_exhaustive()
    }
}

pub(super) fn refused(reason: &str) -> Decision {
    Decision {
        verdict: Verdict::Deny,
        why: vec![Why {
            policy: "none".to_owned(),
            reason: reason.to_owned(),
        }],
    }
}

pub(super) const NOT_UNDERSTOOD: &str = "The request could not be understood.";

/// What an evaluation came to, before it is known whether a second factor would help.
pub(super) struct Raw {
    pub(super) decision: Decision,
    pub(super) only_step_up: bool,
}

impl Policies {
    pub(super) fn new(engine: Arc<Engine>, rules: Arc<Rules>, asking: Asking) -> Self {
        Self { engine, rules, asking }
    }

    /// The same policies, asked from elsewhere.
    #[must_use]
    pub fn asked_from(&self, asking: Asking) -> Self {
        Self { asking, ..self.clone() }
    }

    /// As if these were the operator's policies; to try them out.
    #[must_use]
    pub fn with_rules(&self, texts: Vec<RuleText>) -> Self {
        Self {
            rules: Arc::new(self.engine.rules(0, texts)),
            ..self.clone()
        }
    }

    /// From where it is asked.
    #[must_use]
    pub fn asking(&self) -> Asking {
        self.asking
    }

    /// Whether a text can be a policy of the operator; `taken` are the ids of the statements of others.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self, text: &str, taken: &[String]) -> Result<Checked, Vec<Fault>> {
        self.engine.check(text, taken)
    }

    /// Asks the policies. Anything that cannot be evaluated is refused.
    #[must_use]
    pub fn decide(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> Decision {
        match actor {
            Actor::Person(_) | Actor::SetUp(_) => {}
            Actor::System(_) => {
                return Decision {
                    verdict: Verdict::Allow,
                    why: vec![Why {
                        policy: "system".to_owned(),
                        reason: "Done by the portal itself.".to_owned(),
                    }],
                };
            }
            Actor::Anonymous => return refused("Nobody is signed in."),
            Actor::Client(_) => return refused("Applications administer nothing."),
        }
        match (action.sphere(), resource) {
            (Sphere::Organization, Resource::Organization(_)) | (Sphere::Tenant, Resource::Tenant) => {
                self.decide_administration(actor, action, resource, now)
            }
            (Sphere::Launch, Resource::Launch(launch)) => self.decide_access(actor, launch, now).launch,
            (Sphere::Scope, Resource::Scope(launch, scope)) => {
                let position = launch.scopes.iter().position(|held| held.id == scope.id);
                position
                    .and_then(|position| self.decide_access(actor, launch, now).scopes.into_iter().nth(position))
                    .unwrap_or_else(|| refused("This permission is not held."))
            }
            _ => refused("This is not decided on that kind of thing."),
        }
    }

    /// Whether the actor may, told as a refusal that keeps other organizations' things invisible.
    ///
    /// # Errors
    /// [`Refused`] says how to answer.
    pub fn authorise(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> Result<Decision, Refused> {
        if matches!(actor, Actor::Anonymous) {
            return Err(Refused::SignedOut);
        }
        let decision = self.decide(actor, action, resource, now);
        match decision.verdict {
            Verdict::Allow => Ok(decision),
            Verdict::StepUp => Err(Refused::StepUp),
            Verdict::Deny if !self.may_see(actor, resource, now) => Err(Refused::NotFound),
            Verdict::Deny => Err(Refused::Forbidden {
                action,
                reason: decision.reason(),
            }),
        }
    }

    /// Whether the thing exists for this person at all.
    fn may_see(&self, actor: &Actor, resource: &Resource, now: Timestamp) -> bool {
        match resource {
            Resource::Tenant => actor.member().is_some() || !actor.tenant_roles().is_empty(),
            Resource::Organization(facts) => {
                actor.organization() == Some(facts.id) || self.decide(actor, Action::ViewPartner, resource, now).verdict == Verdict::Allow
            }
            Resource::Launch(_) | Resource::Scope(..) => false,
        }
    }

    pub(super) fn evaluate(&self, set: &PolicySet, request: &Request, entities: &Entities) -> Raw {
        let response = self.engine.authorizer.is_authorized(request, set, entities);
        let failed = |reason| Raw {
            decision: refused(reason),
            only_step_up: false,
        };
        if response.diagnostics().errors().next().is_some() {
            return failed("A policy could not be evaluated.");
        }
        let mut why: Vec<Why> = Vec::new();
        let mut only_step_up = true;
        for id in response.diagnostics().reason() {
            let Some(policy) = set.policy(id) else { continue };
            only_step_up &= policy.annotation("advice") == Some("step_up");
            why.push(Why {
                policy: id.to_string(),
                reason: policy.annotation("reason").unwrap_or_default().to_owned(),
            });
        }
        why.sort_by(|a, b| a.policy.cmp(&b.policy));
        let verdict = match response.decision() {
            cedar_policy::Decision::Allow => Verdict::Allow,
            cedar_policy::Decision::Deny if why.is_empty() => return failed("Your role does not include this."),
            cedar_policy::Decision::Deny => Verdict::Deny,
        };
        Raw {
            decision: Decision { verdict, why },
            only_step_up: only_step_up && verdict == Verdict::Deny,
        }
    }

    fn decide_administration(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> Decision {
        let (Some(request), Some(entities)) = (self.request(actor, action, resource, now), self.entities(actor, resource)) else {
            return refused(NOT_UNDERSTOOD);
        };
        let mut raw = self.evaluate(&self.engine.built_in, &request, &entities);
        if raw.only_step_up && self.allowed_once_fresh(actor, action, resource, now) {
            raw.decision.verdict = Verdict::StepUp;
        }
        raw.decision
    }

    fn allowed_once_fresh(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> bool {
        let Actor::Person(person) = actor else { return false };
        let mut fresh = person.clone();
        fresh.second_factor_at = Some(now);
        self.decide_administration(&Actor::Person(fresh), action, resource, now).verdict == Verdict::Allow
    }

    fn request(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> Option<Request> {
        let principal = self.principal(actor)?;
        let fresh = actor
            .person()
            .and_then(|person| person.second_factor_at)
            .is_some_and(|at| now < at + Duration::minutes(STEP_UP_MINUTES));
        let context = Context::from_pairs([
            ("changes_something".to_owned(), Value::new_bool(action.changes_something())),
            ("fresh_second_factor".to_owned(), Value::new_bool(fresh)),
        ])
        .ok()?;
        let resource = match resource {
            Resource::Tenant => self.engine.types.tenant.clone(),
            Resource::Organization(facts) => self.organization_uid(facts.id),
            Resource::Launch(_) | Resource::Scope(..) => return None,
        };
        Request::new(principal, self.engine.action(action)?.clone(), resource, context, None).ok()
    }

    fn principal(&self, actor: &Actor) -> Option<EntityUid> {
        match actor {
            Actor::Person(person) => Some(self.person_uid(person.id)),
            Actor::SetUp(set_up) => Some(uid(&self.engine.types.setup_link, set_up.link)),
            Actor::Anonymous | Actor::System(_) | Actor::Client(_) => None,
        }
    }

    fn entities(&self, actor: &Actor, resource: &Resource) -> Option<Entities> {
        let attributes = match actor {
            Actor::Person(person) => self.attributes_of(actor, person),
            Actor::SetUp(set_up) => HashMap::from([(
                "organization".to_owned(),
                Value::new_entity_uid(self.organization_uid(set_up.organization)),
            )]),
            Actor::Anonymous | Actor::System(_) | Actor::Client(_) => return None,
        };
        let mut entities = vec![Entity::new(self.principal(actor)?, attributes, HashSet::new()).ok()?];
        if let Resource::Organization(facts) = resource {
            entities.push(self.organization_entity(facts)?);
        }
        Entities::from_entities(entities, None).ok()
    }

    fn attributes_of(&self, actor: &Actor, person: &SignedIn) -> HashMap<String, Value> {
        let roles = actor.tenant_roles().iter().map(|role| Value::new_string(role.as_str().to_owned()));
        let read_only = person.member.as_ref().is_some_and(|member| member.read_only);
        let mut attributes = HashMap::from([
            ("tenant_roles".to_owned(), Value::new_set(roles)),
            ("read_only".to_owned(), Value::new_bool(read_only)),
        ]);
        if let Some(member) = &person.member {
            let organization = self.organization_uid(member.organization);
            attributes.insert("organization".to_owned(), Value::new_entity_uid(organization));
            attributes.insert("role".to_owned(), Value::new_string(member.role.as_str().to_owned()));
        }
        attributes
    }

    pub(super) fn organization_uid(&self, id: impl std::fmt::Display) -> EntityUid {
        uid(&self.engine.types.organization, id)
    }

    pub(super) fn person_uid(&self, id: impl std::fmt::Display) -> EntityUid {
        uid(&self.engine.types.person, id)
    }

    pub(super) fn organization_entity(&self, facts: &OrganizationFacts) -> Option<Entity> {
        let owners = facts
            .owner
            .iter()
            .chain(&facts.deputy)
            .map(|id| Value::new_entity_uid(self.person_uid(id)));
        let attributes = HashMap::from([
            ("owners".to_owned(), Value::new_set(owners)),
            ("requires_step_up".to_owned(), Value::new_bool(facts.requires_step_up)),
            ("open_to_changes".to_owned(), Value::new_bool(facts.open_to_changes)),
        ]);
        Entity::new(self.organization_uid(facts.id), attributes, HashSet::new()).ok()
    }
}

pub(super) fn uid(kind: &cedar_policy::EntityTypeName, id: impl std::fmt::Display) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id.to_string()))
}
