//! Applications, scopes, and the grants that open them: entitlements of organizations, assignments of members.

use thiserror::Error;
use url::Url;

use crate::kernel::{ApplicationId, AssignmentId, EntitlementId, MemberId, OrganizationId, PersonId, ScopeId, Timestamp, string_enum};

string_enum! {
    /// Whether an application is offered.
    pub enum ApplicationStatus {
        /// Can be entitled and launched.
        Active = "active",
        /// Launches nothing any more; kept for the trail.
        Retired = "retired",
    }
}

string_enum! {
    /// What a scope lets its holder do.
    pub enum ScopeAccess {
        /// Look.
        Read = "read",
        /// Change.
        Write = "write",
    }
}

/// An application of the catalogue.
#[derive(Clone, Debug)]
pub struct Application {
    /// Identifier.
    pub id: ApplicationId,
    /// Name in addresses; unique.
    pub slug: String,
    /// Name on tiles.
    pub name: String,
    /// One sentence: what it is for.
    pub description: String,
    /// Key of its icon.
    pub icon: String,
    /// Heading it stands under.
    pub category: String,
    /// Where a launch leads; https, or http on loopback.
    pub launch_url: Url,
    /// Whom to ask about it.
    pub owner: Option<PersonId>,
    /// Whether it is offered.
    pub status: ApplicationStatus,
    /// Optimistic lock.
    pub version: i32,
}

impl Application {
    /// Whether it can be entitled, assigned and launched.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.status == ApplicationStatus::Active
    }
}

/// A scope of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Identifier.
    pub id: ScopeId,
    /// Its application.
    pub application: ApplicationId,
    /// As in tokens (RFC 6749 §3.3 scope-token), e.g. `orders:write`.
    pub name: String,
    /// What it allows, in a sentence.
    pub description: String,
    /// Read or write.
    pub access: ScopeAccess,
    /// Needs step-up or approval to use.
    pub high_value: bool,
}

/// An organization may use an application with scopes until a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Identifier.
    pub id: EntitlementId,
    /// Who.
    pub organization: OrganizationId,
    /// What.
    pub application: ApplicationId,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end; none means until the contract ends.
    pub ends_at: Option<Timestamp>,
    /// How many members may hold it at a time; none means as many as the contract has seats.
    pub seats: Option<i32>,
    /// When it was taken away.
    pub revoked_at: Option<Timestamp>,
    /// Scopes granted.
    pub scopes: Vec<ScopeId>,
    /// Optimistic lock.
    pub version: i32,
}

/// A member holds an entitlement, narrowed, until a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Identifier.
    pub id: AssignmentId,
    /// The organization of both member and entitlement.
    pub organization: OrganizationId,
    /// Of which entitlement.
    pub entitlement: EntitlementId,
    /// Of which application.
    pub application: ApplicationId,
    /// Who.
    pub member: MemberId,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end; none means as long as the entitlement.
    pub ends_at: Option<Timestamp>,
    /// When it was taken away.
    pub revoked_at: Option<Timestamp>,
    /// Last launch.
    pub last_used_at: Option<Timestamp>,
    /// Scopes held; a subset of the entitlement's.
    pub scopes: Vec<ScopeId>,
    /// Optimistic lock.
    pub version: i32,
}

/// Why a grant cannot be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GrantError {
    /// The end is not after the start.
    #[error("The end must be after the start.")]
    EndsBeforeStart,
    /// A scope was asked for that the organization does not hold.
    #[error("Your organization does not hold this permission.")]
    BeyondEntitlement,
    /// No scope at all.
    #[error("Choose at least one permission.")]
    NoScopes,
    /// Already taken away.
    #[error("This access was already taken away.")]
    Revoked,
    /// The end lies in the past.
    #[error("The last day must be today or later. To end the access now, take it away.")]
    EndInThePast,
    /// The end lies after the end of what it is part of.
    #[error("This is later than the access itself ends.")]
    BeyondEnd,
}

/// Whether a window `[starts_at, ends_at)` that was not revoked holds at `now`.
#[must_use]
pub fn window_holds(starts_at: Timestamp, ends_at: Option<Timestamp>, revoked_at: Option<Timestamp>, now: Timestamp) -> bool {
    starts_at <= now && ends_at.is_none_or(|end| now < end) && revoked_at.is_none()
}

impl Entitlement {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn is_in_force_at(&self, now: Timestamp) -> bool {
        window_holds(self.starts_at, self.ends_at, self.revoked_at, now)
    }

    /// Gives it other scopes, another window and other seats.
    ///
    /// # Errors
    /// [`GrantError::Revoked`], [`GrantError::NoScopes`], [`GrantError::EndsBeforeStart`].
    pub fn change(
        mut self,
        scopes: Vec<ScopeId>,
        starts_at: Timestamp,
        ends_at: Option<Timestamp>,
        seats: Option<i32>,
    ) -> Result<Self, GrantError> {
        if self.revoked_at.is_some() {
            return Err(GrantError::Revoked);
        }
        if scopes.is_empty() {
            return Err(GrantError::NoScopes);
        }
        if ends_at.is_some_and(|end| end <= starts_at) {
            return Err(GrantError::EndsBeforeStart);
        }
        self.scopes = distinct(scopes);
        self.starts_at = starts_at;
        self.ends_at = ends_at;
        self.seats = seats;
        Ok(self)
    }

    /// Takes it away.
    ///
    /// # Errors
    /// [`GrantError::Revoked`] when it already was.
    pub fn revoke(mut self, now: Timestamp) -> Result<Self, GrantError> {
        if self.revoked_at.is_some() {
            return Err(GrantError::Revoked);
        }
        self.revoked_at = Some(now);
        Ok(self)
    }
}

/// The same scopes, each once, in a fixed order.
pub(super) fn distinct(mut scopes: Vec<ScopeId>) -> Vec<ScopeId> {
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

impl Assignment {
    /// Whether it holds at `now`, apart from entitlement and contract.
    #[must_use]
    pub fn is_in_force_at(&self, now: Timestamp) -> bool {
        window_holds(self.starts_at, self.ends_at, self.revoked_at, now)
    }

    /// Narrows or widens it, never beyond the entitlement.
    ///
    /// # Errors
    /// [`GrantError::Revoked`], [`GrantError::NoScopes`], [`GrantError::BeyondEntitlement`], [`GrantError::EndInThePast`],
    /// [`GrantError::EndsBeforeStart`].
    pub fn change(
        mut self,
        entitlement: &Entitlement,
        scopes: Vec<ScopeId>,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, GrantError> {
        if self.revoked_at.is_some() {
            return Err(GrantError::Revoked);
        }
        if scopes.is_empty() {
            return Err(GrantError::NoScopes);
        }
        if scopes.iter().any(|scope| !entitlement.scopes.contains(scope)) {
            return Err(GrantError::BeyondEntitlement);
        }
        if ends_at.is_some_and(|end| end <= now) {
            return Err(GrantError::EndInThePast);
        }
        if ends_at.is_some_and(|end| end <= self.starts_at) {
            return Err(GrantError::EndsBeforeStart);
        }
        self.scopes = distinct(scopes);
        self.ends_at = ends_at;
        Ok(self)
    }

    /// Takes it away, or gives it back.
    ///
    /// # Errors
    /// [`GrantError::Revoked`] when it already was.
    pub fn revoke(mut self, now: Timestamp) -> Result<Self, GrantError> {
        if self.revoked_at.is_some() {
            return Err(GrantError::Revoked);
        }
        self.revoked_at = Some(now);
        Ok(self)
    }

    /// The scopes that count: those still in the entitlement.
    #[must_use]
    pub fn scopes_within(&self, entitlement: &Entitlement) -> Vec<ScopeId> {
        self.scopes
            .iter()
            .copied()
            .filter(|scope| entitlement.scopes.contains(scope))
            .collect()
    }
}
