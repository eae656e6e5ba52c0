//! The question and the answer of a decision, and what a refusal means for the person.

use thiserror::Error;

use super::{Action, LaunchFacts};
use crate::{
    apps::Scope,
    kernel::{OrganizationId, PersonId},
    organizations::Organization,
};

/// What of an organization a decision depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationFacts {
    /// Which.
    pub id: OrganizationId,
    /// Its internal owner.
    pub owner: Option<PersonId>,
    /// The owner's stand-in.
    pub deputy: Option<PersonId>,
    /// Administrative actions need a fresh second factor.
    pub requires_step_up: bool,
    /// Active or onboarding: changes are possible at all.
    pub open_to_changes: bool,
}

impl From<&Organization> for OrganizationFacts {
    fn from(organization: &Organization) -> Self {
        use crate::organizations::OrganizationStatus as S;
        Self {
            id: organization.id,
            owner: organization.owner,
            deputy: organization.deputy,
            requires_step_up: organization.require_step_up,
            open_to_changes: matches!(organization.status, S::Active | S::Onboarding),
        }
    }
}

/// What is acted on.
#[derive(Clone, Debug)]
pub enum Resource {
    /// The tenant as a whole.
    Tenant,
    /// One partner.
    Organization(OrganizationFacts),
    /// The start of an application by the active member.
    Launch(Box<LaunchFacts>),
    /// One scope of that application.
    Scope(Box<LaunchFacts>, Box<Scope>),
}

impl From<&Organization> for Resource {
    fn from(organization: &Organization) -> Self {
        Self::Organization(organization.into())
    }
}

/// The answer of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go ahead.
    Allow,
    /// No.
    Deny,
    /// Only after a fresh second factor.
    StepUp,
}

/// A policy that determined the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// `@id` of the policy.
    pub policy: String,
    /// `@reason`: a sentence for the person.
    pub reason: String,
}

/// The answer and what determined it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// The determining policies, in order of their ids.
    pub why: Vec<Why>,
}

impl Decision {
    /// Adds what determined others that came out so.
    pub(super) fn add_reasons(&mut self, others: &[Self], verdict: Verdict) {
        let those = others.iter().filter(|other| other.verdict == verdict);
        self.why.extend(those.flat_map(|other| other.why.clone()));
        self.why.sort_by(|a, b| a.policy.cmp(&b.policy));
        self.why.dedup();
    }

    /// The sentences of the determining policies.
    #[must_use]
    pub fn reason(&self) -> String {
        self.why.iter().map(|why| why.reason.as_str()).collect::<Vec<_>>().join(" ")
    }
    /// The ids of the determining policies.
    #[must_use]
    pub fn policies(&self) -> Vec<&str> {
        self.why.iter().map(|why| why.policy.as_str()).collect()
    }
}

/// Why somebody may not do something, as it is told to them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignedOut,
    /// The thing is another organization's: to this person it does not exist (404).
    #[error("not found")]
    NotFound,
    /// The thing is theirs to see but not to change so (403).
    #[error("{action} is not allowed: {reason}")]
    Forbidden {
        /// What was asked.
        action: Action,
        /// The policies' sentences.
        reason: String,
    },
    /// A fresh second factor is needed first.
    #[error("a fresh second factor is needed")]
    StepUp,
}
