//! The question and the answer of a decision, and what a refusal means for the person.

use thiserror::Error;

use super::{Action, LaunchFacts};
use crate::{
    apps::Scope,
    kernel::{OrganizationId, PersonId, Timestamp},
    organizations::{Organization, lapsed_at},
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
    /// Active or onboarding, and as of the moment of the decision not overdue: changes are possible at all.
    pub open_to_changes: bool,
    /// When its certification is due.
    pub certification_due_at: Option<Timestamp>,
}

impl OrganizationFacts {
    /// The organization whose hat somebody wears, as far as a menu needs to know it: it is open, or nobody could wear the hat.
    #[must_use]
    pub const fn worn(id: OrganizationId) -> Self {
        Self {
            id,
            owner: None,
            deputy: None,
            requires_step_up: false,
            open_to_changes: true,
            certification_due_at: None,
        }
    }

    /// As of a moment: what nobody certified in time is closed, although it is not marked as suspended yet.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp, grace_days: i32) -> Self {
        self.open_to_changes &= !lapsed_at(self.certification_due_at, now, grace_days);
        self
    }
}

impl From<&Organization> for OrganizationFacts {
    fn from(organization: &Organization) -> Self {
        Self {
            id: organization.id,
            owner: organization.owner,
            deputy: organization.deputy,
            requires_step_up: organization.require_step_up,
            open_to_changes: organization.status.takes_changes(),
            certification_due_at: organization.certification_due_at,
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

impl Resource {
    /// As of a moment; see [`OrganizationFacts::as_of`].
    #[must_use]
    pub fn as_of(self, now: Timestamp, grace_days: i32) -> Self {
        match self {
            Self::Organization(facts) => Self::Organization(facts.as_of(now, grace_days)),
            other => other,
        }
    }
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
