//! A policy of the operator: what it counts for, which of its versions is in force, and what may become of it.

use thiserror::Error;

use crate::kernel::{ApplicationId, OrganizationId, PersonId, PolicyId, Timestamp, string_enum};

/// So many policies there may be at a time that are not retired.
pub const MAX_POLICIES: usize = 200;
/// So long a text may be.
pub const MAX_TEXT: usize = 20_000;
/// So many versions a policy may have.
pub const MAX_VERSIONS: i32 = 500;

string_enum! {
    /// Whether it counts.
    pub enum PolicyStatus {
        /// Written, never in force, or not any more.
        Draft = "draft",
        /// One of its versions decides.
        Active = "active",
        /// Over; kept for the trail.
        Retired = "retired",
    }
}

/// What a policy counts for. With neither it counts everywhere, with both for that application in that partner's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyScope {
    /// One partner.
    pub organization: Option<OrganizationId>,
    /// One application.
    pub application: Option<ApplicationId>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Identifier.
    pub id: PolicyId,
    /// Name on pages.
    pub name: String,
    /// What it counts for; this never changes.
    pub scope: PolicyScope,
    /// Whether it counts.
    pub status: PolicyStatus,
    /// The version in force; there is one exactly when it is active.
    pub in_force: Option<i32>,
    /// The version written last.
    pub latest: i32,
    /// When it was written first.
    pub created_at: Timestamp,
    /// When anything about it changed last.
    pub updated_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// One text a policy had. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Of which policy.
    pub policy: PolicyId,
    /// Counts up from 1.
    pub number: i32,
    /// Cedar.
    pub text: String,
    /// Who wrote it; none for the portal itself.
    pub author: Option<PersonId>,
    /// Their name as of then.
    pub author_name: String,
    /// Why.
    pub reason: String,
    /// The version it brought back.
    pub rolled_back_to: Option<i32>,
    /// When.
    pub created_at: Timestamp,
}

/// Why nothing becomes of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PolicyRefused {
    /// It is over.
    #[error("This policy is retired. Write a new one instead.")]
    Retired,
    /// There is no such version.
    #[error("This policy has no such version.")]
    NoSuchVersion,
    /// That version is in force already.
    #[error("This version is in force already.")]
    InForce,
    /// Too many versions.
    #[error("A policy can have at most {MAX_VERSIONS} versions. Retire it and write a new one.")]
    TooManyVersions,
}

impl Policy {
    fn open(self) -> Result<Self, PolicyRefused> {
        if self.status == PolicyStatus::Retired {
            Err(PolicyRefused::Retired)
        } else {
            Ok(self)
        }
    }

    /// Takes another text; what is in force stays in force.
    ///
    /// # Errors
    /// [`PolicyRefused::Retired`], [`PolicyRefused::TooManyVersions`].
    pub fn rewrite(self, now: Timestamp) -> Result<Self, PolicyRefused> {
        let policy = self.open()?;
        if policy.latest >= MAX_VERSIONS {
            return Err(PolicyRefused::TooManyVersions);
        }
        Ok(Self {
            latest: policy.latest + 1,
            updated_at: now,
            ..policy
        })
    }

    /// Puts a version in force, in the place of the one that was.
    ///
    /// # Errors
    /// [`PolicyRefused`].
    pub fn activate(self, number: i32, now: Timestamp) -> Result<Self, PolicyRefused> {
        let policy = self.open()?;
        if !(1..=policy.latest).contains(&number) {
            return Err(PolicyRefused::NoSuchVersion);
        }
        if policy.in_force == Some(number) {
            return Err(PolicyRefused::InForce);
        }
        Ok(Self {
            status: PolicyStatus::Active,
            in_force: Some(number),
            updated_at: now,
            ..policy
        })
    }

    /// Brings an earlier text back as a new version, which is in force at once.
    ///
    /// # Errors
    /// [`PolicyRefused`].
    pub fn roll_back(self, to: i32, now: Timestamp) -> Result<Self, PolicyRefused> {
        if self.in_force == Some(to) {
            return Err(PolicyRefused::InForce);
        }
        if !(1..=self.latest).contains(&to) {
            return Err(PolicyRefused::NoSuchVersion);
        }
        let policy = self.rewrite(now)?;
        let number = policy.latest;
        policy.activate(number, now)
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`PolicyRefused::Retired`] when it is over already.
    pub fn retire(self, now: Timestamp) -> Result<Self, PolicyRefused> {
        Ok(Self {
            status: PolicyStatus::Retired,
            in_force: None,
            updated_at: now,
            ..self.open()?
        })
    }
}
