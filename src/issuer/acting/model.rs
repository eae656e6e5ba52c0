//! Delegations, and what operators say of clients that act for people.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kernel::{ActingId, ApplicationId, ClientId, DelegationId, MemberId, OrganizationId, PersonId, ProviderId, Timestamp};

/// A token in which a client acts for somebody lives so many seconds at most.
pub const ACTING_SECONDS: i64 = 300;
/// So many systems may stand behind each other in one token (`act`).
pub const MOST_ACTORS: usize = 2;
/// A delegation lasts so long at most.
pub const MOST_DELEGATION: Duration = Duration::days(366);

/// The one thing inside an application that a delegation is about (RFC 9396 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// What kind of thing.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which one.
    pub identifier: String,
    /// What may be done with it.
    pub actions: Vec<String>,
}

impl Object {
    /// As it stands in a token (`authorization_details`).
    #[must_use]
    pub fn details(&self) -> Value {
        json!([self])
    }

    /// Whether all of it can stand in a token and on a page.
    #[must_use]
    pub fn is_well_made(&self) -> bool {
        let short = |text: &str| !text.trim().is_empty() && text.chars().count() <= 100 && !text.chars().any(char::is_control);
        short(&self.kind) && short(&self.identifier) && self.actions.len() <= 10 && self.actions.iter().all(|action| short(action))
    }
}

/// A person lets a system act for them while they are away.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// Identifier; the client names it when it asks for a token, and it is worth nothing to anybody else.
    pub id: DelegationId,
    /// In whose name.
    pub organization: OrganizationId,
    /// As which member.
    pub member: MemberId,
    /// For whom.
    pub person: PersonId,
    /// Which system.
    pub client: ClientId,
    /// At which application.
    pub application: ApplicationId,
    /// The partner's provider that had signed in whoever gave it.
    pub provider: Option<ProviderId>,
    /// With which permissions.
    pub scopes: Vec<String>,
    /// What for, in the words of whoever gave it.
    pub purpose: String,
    /// On one thing alone.
    pub object: Option<Object>,
    /// Who gave it.
    pub given_by: PersonId,
    /// When.
    pub created_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// When a token last came of it.
    pub last_used_at: Option<Timestamp>,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
}

impl Delegation {
    /// Whether it counts.
    #[must_use]
    pub fn is_in_force_at(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.created_at <= now && now < self.ends_at
    }
}

/// An operator lets a client act at an application for whoever brings it their token.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Identifier.
    pub id: ActingId,
    /// The client that acts.
    pub client: ClientId,
    /// At which application.
    pub application: ApplicationId,
    /// With these permissions at most.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: Timestamp,
}
