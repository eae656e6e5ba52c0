//! A decision about a partner relationship, and what was known when it was made.

use serde::{Deserialize, Serialize};

use crate::{
    kernel::{CertificationId, OrganizationId, PersonId, Timestamp, string_enum},
    people::{MemberRole, MemberStatus},
};

string_enum! {
    /// What was decided about a relationship.
    pub enum CertificationDecision {
        /// It is still needed.
        Certified = "certified",
        /// It is not to go on as it is.
        Declined = "declined",
        /// Nobody decided in time.
        Lapsed = "lapsed",
    }
}

impl CertificationDecision {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Certified => "Certified",
            Self::Declined => "Declined",
            Self::Lapsed => "Nobody decided in time",
        }
    }
}

/// A decision, kept with its evidence.
#[derive(Clone, Debug)]
pub struct Certification {
    /// Identifier.
    pub id: CertificationId,
    /// The partner.
    pub organization: OrganizationId,
    /// Who decided; nobody when it lapsed.
    pub decided_by: Option<PersonId>,
    /// What was decided.
    pub decision: CertificationDecision,
    /// Why.
    pub reason: String,
    /// What was known then.
    pub evidence: Evidence,
    /// When.
    pub decided_at: Timestamp,
    /// When the next decision is due.
    pub next_due_at: Option<Timestamp>,
}

/// What an owner decides on. Stored with the decision, so its field names are a stored format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// How many people could sign in.
    pub people_count: u64,
    /// Those people, by name; cut off when there are very many.
    pub people: Vec<EvidencePerson>,
    /// What the organization held.
    pub applications: Vec<EvidenceApplication>,
    /// The contract in force.
    pub contract: Option<EvidenceContract>,
}

/// A person at the partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidencePerson {
    /// Name.
    pub name: String,
    /// Role.
    pub role: MemberRole,
    /// Whether the membership was in use.
    pub status: MemberStatus,
    /// Last request.
    pub last_seen_at: Option<Timestamp>,
    /// End of the membership.
    pub ends_at: Option<Timestamp>,
}

/// An application the partner may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceApplication {
    /// Name.
    pub name: String,
    /// Scopes held.
    pub scopes: Vec<String>,
    /// How many people hold it.
    pub people: u64,
    /// End of the entitlement.
    pub ends_at: Option<Timestamp>,
    /// Last launch by anyone.
    pub last_used_at: Option<Timestamp>,
}

/// The contract in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceContract {
    /// Number or name on the paper.
    pub reference: String,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end.
    pub ends_at: Timestamp,
    /// Seats.
    pub seats: i32,
}

impl Evidence {
    /// The last launch of anything.
    #[must_use]
    pub fn last_used_at(&self) -> Option<Timestamp> {
        self.applications.iter().filter_map(|application| application.last_used_at).max()
    }
}
