//! All policies of a running portal: the ones it comes with, and the operator's as they were last read.

use std::{
    collections::HashMap,
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use cedar_policy::{
    ActionConstraint, Authorizer, EntityId, EntityTypeName, EntityUid, Policy, PolicySet, Schema, ValidationMode, Validator,
};
use thiserror::Error;

use super::{Action, Asking, Policies, check};
use crate::kernel::{ApplicationId, OrganizationId};

const SCHEMA: &str = include_str!("portico.cedarschema");
const DEFAULT_POLICIES: &str = include_str!("default.cedar");

/// So many combinations of rules are kept ready.
const MOST_SETS: usize = 1_000;

/// The policies do not parse, or do not fit the schema.
#[derive(Debug, Error)]
#[error("the policies cannot be used: {0}")]
pub struct PolicyError(String);

impl PolicyError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A policy of the operator that is in force, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// For this partner alone.
    pub organization: Option<OrganizationId>,
    /// For this application alone.
    pub application: Option<ApplicationId>,
    /// Its statements.
    pub text: String,
}

/// A policy of the operator, ready. One that cannot be read any more refuses whatever it would have been asked about.
struct Rule {
    organization: Option<OrganizationId>,
    application: Option<ApplicationId>,
    statements: Option<Vec<Policy>>,
}

/// The operator's policies of one moment.
pub(super) struct Rules {
    generation: i64,
    rules: Vec<Rule>,
    ready: Mutex<HashMap<Vec<usize>, Option<Arc<PolicySet>>>>,
}

impl Rules {
    /// The policies that count for an application in a partner's name; none when one of them cannot be read.
    pub(super) fn set_for(&self, engine: &Engine, organization: OrganizationId, application: ApplicationId) -> Option<Arc<PolicySet>> {
        let which: Vec<usize> = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.organization.is_none_or(|only| only == organization))
            .filter(|(_, rule)| rule.application.is_none_or(|only| only == application))
            .map(|(position, _)| position)
            .collect();
        if which.is_empty() {
            return Some(engine.access.clone());
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = ready.get(&which) {
            return set.clone();
        }
        let set = self.put_together(engine, &which).map(Arc::new);
        if ready.len() >= MOST_SETS {
            ready.clear();
        }
        ready.insert(which, set.clone());
        set
    }

    fn put_together(&self, engine: &Engine, which: &[usize]) -> Option<PolicySet> {
        let mut set = (*engine.access).clone();
        for position in which {
            for statement in self.rules.get(*position)?.statements.as_ref()? {
                set.add(statement.clone()).ok()?;
            }
        }
        Some(set)
    }
}

/// What does not change while the portal runs.
pub(super) struct Engine {
    pub(super) schema: Schema,
    /// The policies that Portico comes with.
    pub(super) built_in: PolicySet,
    /// Those of them that speak of access.
    access: Arc<PolicySet>,
    pub(super) authorizer: Authorizer,
    pub(super) actions: Vec<EntityUid>,
    pub(super) types: Types,
}

pub(super) struct Types {
    pub(super) person: EntityTypeName,
    pub(super) organization: EntityTypeName,
    pub(super) application: EntityTypeName,
    pub(super) scope: EntityTypeName,
    pub(super) partner: EntityTypeName,
    pub(super) setup_link: EntityTypeName,
    pub(super) tenant: EntityUid,
}

fn type_name(name: &str) -> Result<EntityTypeName, PolicyError> {
    EntityTypeName::from_str(name).map_err(PolicyError::of)
}

impl Engine {
    fn built_in() -> Result<Self, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(PolicyError::of)?;
        let parsed = PolicySet::from_str(DEFAULT_POLICIES).map_err(PolicyError::of)?;
        // Name each policy by its @id, so that a decision can be read.
        let mut built_in = PolicySet::new();
        for policy in parsed.policies() {
            let id = policy
                .annotation("id")
                .ok_or_else(|| PolicyError(format!("policy {} has no @id", policy.id())))?
                .to_owned();
            built_in
                .add(policy.new_id(cedar_policy::PolicyId::new(id)))
                .map_err(PolicyError::of)?;
        }
        let result = Validator::new(schema.clone()).validate(&built_in, ValidationMode::default());
        if !result.validation_passed() {
            let errors: Vec<_> = result.validation_errors().map(ToString::to_string).collect();
            return Err(PolicyError(errors.join("; ")));
        }
        let action_type = type_name("Action")?;
        let actions: Vec<EntityUid> = Action::ALL
            .iter()
            .map(|action| EntityUid::from_type_name_and_id(action_type.clone(), EntityId::new(action.as_str())))
            .collect();
        let types = Types {
            person: type_name("Person")?,
            organization: type_name("Organization")?,
            application: type_name("Application")?,
            scope: type_name("Scope")?,
            partner: type_name("Partner")?,
            setup_link: type_name("SetupLink")?,
            tenant: EntityUid::from_type_name_and_id(type_name("Tenant")?, EntityId::new("tenant")),
        };
        let mut engine = Self {
            schema,
            built_in,
            access: Arc::default(),
            authorizer: Authorizer::new(),
            actions,
            types,
        };
        let about = engine.about_access();
        let mut access = PolicySet::new();
        for policy in engine.built_in.policies().filter(|policy| match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(action) => about.contains(&action),
            ActionConstraint::In(actions) => actions.iter().any(|action| about.contains(action)),
        }) {
            access.add(policy.clone()).map_err(PolicyError::of)?;
        }
        engine.access = Arc::new(access);
        Ok(engine)
    }

    pub(super) fn action(&self, action: Action) -> Option<&EntityUid> {
        self.actions.get(Action::ALL.iter().position(|other| *other == action)?)
    }

    /// The actions that policies of the operator may speak of.
    fn about_access(&self) -> Vec<EntityUid> {
        [Action::Launch, Action::UseScope]
            .into_iter()
            .filter_map(|action| self.action(action).cloned())
            .collect()
    }

    pub(super) fn check(&self, text: &str, taken: &[String]) -> Result<check::Checked, Vec<check::Fault>> {
        let mut taken = taken.to_vec();
        taken.extend(self.built_in.policies().map(|policy| policy.id().to_string()));
        check::check(&self.schema, &self.about_access(), text, &taken)
    }

    pub(super) fn rules(&self, generation: i64, texts: Vec<RuleText>) -> Rules {
        let rules = texts
            .into_iter()
            .map(|rule| {
                let checked = self.check(&rule.text, &[]);
                if let Err(faults) = &checked {
                    tracing::error!(fault = ?faults.first(), "a policy in force cannot be read: what it counts for is refused");
                }
                Rule {
                    organization: rule.organization,
                    application: rule.application,
                    statements: checked.ok().map(|checked| checked.statements),
                }
            })
            .collect();
        Rules {
            generation,
            rules,
            ready: Mutex::default(),
        }
    }
}

/// All policies of a running portal. The operator's are read anew whenever their generation, which is read with each request, has moved on.
pub struct PolicyBook {
    engine: Arc<Engine>,
    known: RwLock<Arc<Rules>>,
}

impl std::fmt::Debug for PolicyBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyBook")
            .field("generation", &self.known().generation)
            .finish_non_exhaustive()
    }
}

impl PolicyBook {
    /// The policies that come with Portico, and none of an operator.
    ///
    /// # Errors
    /// [`PolicyError`] when the files are not valid; a test rules that out.
    pub fn built_in() -> Result<Self, PolicyError> {
        let engine = Engine::built_in()?;
        let none = engine.rules(0, Vec::new());
        Ok(Self {
            engine: Arc::new(engine),
            known: RwLock::new(Arc::new(none)),
        })
    }

    fn known(&self) -> Arc<Rules> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The policies of a generation, when it is the one that was last read.
    #[must_use]
    pub fn at(&self, generation: i64, asking: Asking) -> Option<Policies> {
        let known = self.known();
        (known.generation == generation).then(|| Policies::new(self.engine.clone(), known, asking))
    }

    /// Keeps the operator's policies of a generation.
    #[must_use]
    pub fn learn(&self, generation: i64, texts: Vec<RuleText>, asking: Asking) -> Policies {
        let rules = Arc::new(self.engine.rules(generation, texts));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = rules.clone();
        Policies::new(self.engine.clone(), rules, asking)
    }

    /// The policies that Portico comes with alone: for what no policy of an operator speaks of.
    #[must_use]
    pub fn without_rules(&self) -> Policies {
        let none = Arc::new(self.engine.rules(0, Vec::new()));
        Policies::new(self.engine.clone(), none, Asking::by_api(chrono_tz::Tz::UTC))
    }
}
