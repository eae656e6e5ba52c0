//! The loaded policies and their evaluation by Cedar.

use std::{collections::HashSet, str::FromStr as _};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request, RestrictedExpression, Schema,
    ValidationMode, Validator,
};
use chrono::Duration;
use thiserror::Error;

use super::{
    Action, Actor, Decision, LaunchFacts, LinkKind, OrganizationFacts, Refused, Resource, STEP_UP_MINUTES, SignedIn, Sphere, Verdict, Why,
};
use crate::kernel::Timestamp;

const SCHEMA: &str = include_str!("portico.cedarschema");
const DEFAULT_POLICIES: &str = include_str!("default.cedar");

/// The policies do not parse, or do not fit the schema.
#[derive(Debug, Error)]
#[error("the policies cannot be used: {0}")]
pub struct PolicyError(String);

/// Schema and policies, validated against each other.
pub struct Policies {
    policies: PolicySet,
    authorizer: Authorizer,
    actions: Vec<EntityUid>,
    types: Types,
}

struct Types {
    person: EntityTypeName,
    organization: EntityTypeName,
    application: EntityTypeName,
    setup_link: EntityTypeName,
    tenant: EntityUid,
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policies")
            .field("count", &self.policies.policies().count())
            .finish_non_exhaustive()
    }
}

fn type_name(name: &str) -> Result<EntityTypeName, PolicyError> {
    EntityTypeName::from_str(name).map_err(|error| PolicyError(error.to_string()))
}

impl Policies {
    /// The policies that come with Portico.
    ///
    /// # Errors
    /// [`PolicyError`] when the files are not valid; a test rules that out.
    pub fn built_in() -> Result<Self, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| PolicyError(error.to_string()))?;
        let parsed = PolicySet::from_str(DEFAULT_POLICIES).map_err(|error| PolicyError(error.to_string()))?;
        // Name each policy by its @id, so that a decision can be read.
        let mut policies = PolicySet::new();
        for policy in parsed.policies() {
            let id = policy
                .annotation("id")
                .ok_or_else(|| PolicyError(format!("policy {} has no @id", policy.id())))?
                .to_owned();
            policies
                .add(policy.new_id(cedar_policy::PolicyId::new(id)))
                .map_err(|error| PolicyError(error.to_string()))?;
        }
        let result = Validator::new(schema).validate(&policies, ValidationMode::default());
        if !result.validation_passed() {
            let errors: Vec<_> = result.validation_errors().map(ToString::to_string).collect();
            return Err(PolicyError(errors.join("; ")));
        }
        let action_type = type_name("Action")?;
        let actions = Action::ALL
            .iter()
            .map(|action| EntityUid::from_type_name_and_id(action_type.clone(), EntityId::new(action.as_str())))
            .collect();
        let types = Types {
            person: type_name("Person")?,
            organization: type_name("Organization")?,
            application: type_name("Application")?,
            setup_link: type_name("SetupLink")?,
            tenant: EntityUid::from_type_name_and_id(type_name("Tenant")?, EntityId::new("tenant")),
        };
        Ok(Self {
            policies,
            authorizer: Authorizer::new(),
            actions,
            types,
        })
    }

    fn organization_uid(&self, id: impl std::fmt::Display) -> EntityUid {
        EntityUid::from_type_name_and_id(self.types.organization.clone(), EntityId::new(id.to_string()))
    }
    fn person_uid(&self, id: impl std::fmt::Display) -> EntityUid {
        EntityUid::from_type_name_and_id(self.types.person.clone(), EntityId::new(id.to_string()))
    }

    /// Asks the policies. Anything that cannot be evaluated is refused.
    #[must_use]
    pub fn decide(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> Decision {
        let refused = |reason: &str| Decision {
            verdict: Verdict::Deny,
            why: vec![Why {
                policy: "none".to_owned(),
                reason: reason.to_owned(),
            }],
        };
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
        }
        let fits = matches!(
            (action.sphere(), resource),
            (Sphere::Organization, Resource::Organization(_)) | (Sphere::Tenant, Resource::Tenant) | (Sphere::Launch, Resource::Launch(_))
        );
        if !fits {
            return refused("This is not decided on that kind of thing.");
        }
        let Some(request) = self.request(actor, action, resource, now) else {
            return refused("The request could not be understood.");
        };
        let Some(entities) = self.entities(actor, resource) else {
            return refused("The request could not be understood.");
        };
        let response = self.authorizer.is_authorized(&request, &self.policies, &entities);
        if response.diagnostics().errors().next().is_some() {
            return refused("A policy could not be evaluated.");
        }
        let mut why: Vec<Why> = Vec::new();
        let mut only_step_up = true;
        for id in response.diagnostics().reason() {
            let Some(policy) = self.policies.policy(id) else { continue };
            only_step_up &= policy.annotation("advice") == Some("step_up");
            why.push(Why {
                policy: id.to_string(),
                reason: policy.annotation("reason").unwrap_or_default().to_owned(),
            });
        }
        why.sort_by(|a, b| a.policy.cmp(&b.policy));
        match response.decision() {
            cedar_policy::Decision::Allow => Decision {
                verdict: Verdict::Allow,
                why,
            },
            cedar_policy::Decision::Deny if why.is_empty() => refused("Your role does not include this."),
            cedar_policy::Decision::Deny if only_step_up && self.allowed_once_fresh(actor, action, resource, now) => Decision {
                verdict: Verdict::StepUp,
                why,
            },
            cedar_policy::Decision::Deny => Decision {
                verdict: Verdict::Deny,
                why,
            },
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
            Resource::Launch(_) => false,
        }
    }

    fn allowed_once_fresh(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> bool {
        let Actor::Person(person) = actor else { return false };
        let mut fresh = person.clone();
        fresh.second_factor_at = Some(now);
        self.decide(&Actor::Person(fresh), action, resource, now).verdict == Verdict::Allow
    }

    fn request(&self, actor: &Actor, action: Action, resource: &Resource, now: Timestamp) -> Option<Request> {
        let principal = self.principal(actor)?;
        let context = match resource {
            Resource::Launch(facts) => launch_context(facts)?,
            _ => {
                let fresh = actor
                    .person()
                    .and_then(|person| person.second_factor_at)
                    .is_some_and(|at| now < at + Duration::minutes(STEP_UP_MINUTES));
                Context::from_pairs([
                    (
                        "changes_something".to_owned(),
                        RestrictedExpression::new_bool(action.changes_something()),
                    ),
                    ("fresh_second_factor".to_owned(), RestrictedExpression::new_bool(fresh)),
                ])
                .ok()?
            }
        };
        let action = self.actions.get(Action::ALL.iter().position(|other| *other == action)?)?.clone();
        let resource = match resource {
            Resource::Tenant => self.types.tenant.clone(),
            Resource::Organization(facts) => self.organization_uid(facts.id),
            Resource::Launch(facts) => {
                EntityUid::from_type_name_and_id(self.types.application.clone(), EntityId::new(facts.application.to_string()))
            }
        };
        Request::new(principal, action, resource, context, None).ok()
    }

    fn principal(&self, actor: &Actor) -> Option<EntityUid> {
        match actor {
            Actor::Person(person) => Some(self.person_uid(person.id)),
            Actor::SetUp(set_up) => Some(EntityUid::from_type_name_and_id(
                self.types.setup_link.clone(),
                EntityId::new(set_up.link.to_string()),
            )),
            Actor::Anonymous | Actor::System(_) => None,
        }
    }

    fn entities(&self, actor: &Actor, resource: &Resource) -> Option<Entities> {
        let attributes = match actor {
            Actor::Person(person) => self.attributes_of(actor, person),
            Actor::SetUp(set_up) => vec![(
                "organization".to_owned(),
                RestrictedExpression::new_entity_uid(self.organization_uid(set_up.organization)),
            )],
            Actor::Anonymous | Actor::System(_) => return None,
        };
        let principal = Entity::new(self.principal(actor)?, attributes.into_iter().collect(), HashSet::new()).ok()?;
        let mut entities = vec![principal];
        if let Resource::Organization(facts) = resource {
            entities.push(self.organization_entity(facts)?);
        }
        Entities::from_entities(entities, None).ok()
    }

    fn attributes_of(&self, actor: &Actor, person: &SignedIn) -> Vec<(String, RestrictedExpression)> {
        let roles = actor
            .tenant_roles()
            .iter()
            .map(|role| RestrictedExpression::new_string(role.as_str().to_owned()));
        let mut attributes = vec![
            ("tenant_roles".to_owned(), RestrictedExpression::new_set(roles)),
            (
                "read_only".to_owned(),
                RestrictedExpression::new_bool(person.member.as_ref().is_some_and(|member| member.read_only)),
            ),
        ];
        if let Some(member) = &person.member {
            attributes.push((
                "organization".to_owned(),
                RestrictedExpression::new_entity_uid(self.organization_uid(member.organization)),
            ));
            attributes.push(("role".to_owned(), RestrictedExpression::new_string(member.role.as_str().to_owned())));
        }
        attributes
    }

    fn organization_entity(&self, facts: &OrganizationFacts) -> Option<Entity> {
        let owners = facts
            .owner
            .iter()
            .chain(&facts.deputy)
            .map(|id| RestrictedExpression::new_entity_uid(self.person_uid(id)));
        let attributes = [
            ("owners".to_owned(), RestrictedExpression::new_set(owners)),
            (
                "requires_step_up".to_owned(),
                RestrictedExpression::new_bool(facts.requires_step_up),
            ),
            ("open_to_changes".to_owned(), RestrictedExpression::new_bool(facts.open_to_changes)),
        ];
        Entity::new(self.organization_uid(facts.id), attributes.into_iter().collect(), HashSet::new()).ok()
    }
}

fn launch_context(facts: &LaunchFacts) -> Option<Context> {
    let flag = |name: &str, kind| (name.to_owned(), RestrictedExpression::new_bool(facts.holds(kind)));
    let scopes = facts
        .scopes
        .iter()
        .map(|scope| RestrictedExpression::new_string(scope.name.clone()));
    Context::from_pairs([
        flag("contract_in_force", LinkKind::Contract),
        flag("organization_open", LinkKind::Organization),
        flag("membership_in_force", LinkKind::Membership),
        flag("entitlement_in_force", LinkKind::Entitlement),
        flag("assignment_in_force", LinkKind::Assignment),
        ("scopes".to_owned(), RestrictedExpression::new_set(scopes)),
    ])
    .ok()
}
