//! People, their memberships and their roles, and what those may become.

use chrono::Duration;
use chrono_tz::Tz;
use thiserror::Error;

use crate::kernel::{EmailAddress, MemberId, OrganizationId, PersonId, Timestamp, string_enum};

string_enum! {
    /// What a member may do inside an organization.
    pub enum MemberRole {
        /// Uses applications.
        Member = "member",
        /// Reads the organization's trail.
        Auditor = "auditor",
        /// Runs people: invite, rotate, suspend, remove, assign.
        UserManager = "user_manager",
        /// Runs the organization's portal.
        PartnerAdmin = "partner_admin",
    }
}

impl MemberRole {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Auditor => "Auditor",
            Self::UserManager => "User manager",
            Self::PartnerAdmin => "Partner admin",
        }
    }

    /// Whether someone of this role may give `other` to someone (mission E4): never above one's own.
    #[must_use]
    pub const fn may_grant(self, other: Self) -> bool {
        match self {
            Self::PartnerAdmin => true,
            Self::UserManager => matches!(other, Self::Member | Self::UserManager),
            Self::Member | Self::Auditor => false,
        }
    }

    /// Whether someone of this role may act on (suspend, rotate, remove) a member of role `other`.
    #[must_use]
    pub const fn may_manage(self, other: Self) -> bool {
        match self {
            Self::PartnerAdmin => true,
            Self::UserManager => matches!(other, Self::Member | Self::UserManager | Self::Auditor),
            Self::Member | Self::Auditor => false,
        }
    }
}

string_enum! {
    /// What an employee of the tenant may do.
    pub enum TenantRole {
        /// Answers for partners.
        Owner = "owner",
        /// Runs the portal.
        Operator = "operator",
        /// Reads and exports everything.
        Auditor = "auditor",
    }
}

impl TenantRole {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "Partner owner",
            Self::Operator => "Operator",
            Self::Auditor => "Auditor",
        }
    }
}

string_enum! {
    /// Where a membership stands.
    pub enum MemberStatus {
        /// In use.
        Active = "active",
        /// Paused, reversibly.
        Suspended = "suspended",
        /// Over.
        Removed = "removed",
    }
}

/// A human being, whatever organizations they belong to.
#[derive(Clone, Debug)]
pub struct Person {
    /// Identifier.
    pub id: PersonId,
    /// Where mail goes and what they sign in with; unique by its normal form.
    pub email: EmailAddress,
    /// As they want to be called.
    pub name: String,
    /// Zone for times on pages.
    pub time_zone: Tz,
    /// Whether a password is set.
    pub has_password: bool,
    /// When a second factor was set up.
    pub totp_confirmed_at: Option<Timestamp>,
    /// The whole account is off.
    pub disabled_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// A person in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Identifier; the subject applications see.
    pub id: MemberId,
    /// Where.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
    /// What they may do.
    pub role: MemberRole,
    /// Where the membership stands.
    pub status: MemberStatus,
    /// Why it stands there.
    pub status_reason: Option<String>,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end (leave date); none means until the contract ends.
    pub ends_at: Option<Timestamp>,
    /// During the overlap of a rotation the leaver may only look.
    pub read_only: bool,
    /// Who took over.
    pub rotated_to: Option<MemberId>,
    /// Whom this member took over from.
    pub rotated_from: Option<MemberId>,
    /// Last request in this hat.
    pub last_seen_at: Option<Timestamp>,
    /// When the membership was made.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// Why a change of a membership is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MemberError {
    /// Not in a state that allows the change.
    #[error("This person was already {0}.")]
    WrongStatus(&'static str),
    /// The leave date is not in the future.
    #[error("The leave date must be in the future. To end access now, remove the person.")]
    EndInThePast,
    /// The leave date is before the membership begins.
    #[error("The leave date must be after the first day.")]
    EndBeforeStart,
    /// The leave date has passed.
    #[error("This membership has ended. Set a new leave date first.")]
    Ended,
    /// A successor took over already.
    #[error("This person has already handed over to a successor.")]
    HandedOver,
    /// The role is the one they have.
    #[error("This person already has this role.")]
    SameRole,
    /// An overlap for someone who cannot get in anyway.
    #[error("This person is suspended, so there is nothing to overlap. Choose 0 hours.")]
    OverlapWhileSuspended,
}

/// Where a membership stands at one moment, its window considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not begun.
    Upcoming,
    /// In use.
    Active,
    /// In use, but may only look: a successor took over.
    HandingOver,
    /// Paused, reversibly.
    Suspended,
    /// Past its end.
    Ended,
    /// Taken away.
    Removed,
}

impl Standing {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Upcoming => "Not begun",
            Self::Active => "Active",
            Self::HandingOver => "Handing over",
            Self::Suspended => "Suspended",
            Self::Ended => "Ended",
            Self::Removed => "Removed",
        }
    }

    /// Whether it is over for good.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Removed)
    }
}

impl Member {
    /// Whether the membership lets someone in at `now`.
    #[must_use]
    pub fn is_in_force_at(&self, now: Timestamp) -> bool {
        self.status == MemberStatus::Active && self.starts_at <= now && self.ends_at.is_none_or(|end| now < end)
    }

    /// Where the membership stands at `now`.
    #[must_use]
    pub fn standing_at(&self, now: Timestamp) -> Standing {
        match self.status {
            MemberStatus::Removed => Standing::Removed,
            _ if self.has_ended_at(now) => Standing::Ended,
            MemberStatus::Suspended => Standing::Suspended,
            MemberStatus::Active if self.starts_at > now => Standing::Upcoming,
            MemberStatus::Active if self.read_only => Standing::HandingOver,
            MemberStatus::Active => Standing::Active,
        }
    }

    /// Whether the end has passed at `now`.
    #[must_use]
    pub fn has_ended_at(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }

    /// Whether this member could run the organization at `now`.
    #[must_use]
    pub fn runs_organization_at(&self, now: Timestamp) -> bool {
        self.role == MemberRole::PartnerAdmin && !self.read_only && self.is_in_force_at(now)
    }

    /// Pauses the membership.
    ///
    /// # Errors
    /// [`MemberError::WrongStatus`] unless active.
    pub fn suspend(mut self, reason: Option<String>) -> Result<Self, MemberError> {
        match self.status {
            MemberStatus::Active => {
                self.status = MemberStatus::Suspended;
                self.status_reason = reason;
                Ok(self)
            }
            MemberStatus::Suspended => Err(MemberError::WrongStatus("suspended")),
            MemberStatus::Removed => Err(MemberError::WrongStatus("removed")),
        }
    }

    /// Takes a suspension back.
    ///
    /// # Errors
    /// [`MemberError::WrongStatus`] unless suspended, [`MemberError::Ended`] when the leave date has passed.
    pub fn reinstate(mut self, now: Timestamp) -> Result<Self, MemberError> {
        match self.status {
            MemberStatus::Suspended if self.has_ended_at(now) => Err(MemberError::Ended),
            MemberStatus::Suspended => {
                self.status = MemberStatus::Active;
                self.status_reason = None;
                Ok(self)
            }
            MemberStatus::Active => Err(MemberError::WrongStatus("reinstated")),
            MemberStatus::Removed => Err(MemberError::WrongStatus("removed")),
        }
    }

    /// Ends the membership for good.
    ///
    /// # Errors
    /// [`MemberError::WrongStatus`] when already removed.
    pub fn remove(mut self, reason: Option<String>, now: Timestamp) -> Result<Self, MemberError> {
        if self.status == MemberStatus::Removed {
            return Err(MemberError::WrongStatus("removed"));
        }
        self.status = MemberStatus::Removed;
        self.status_reason = reason;
        self.ends_at = Some(self.ends_at.map_or(now, |end| end.min(now)));
        Ok(self)
    }

    /// Sets or clears the leave date.
    ///
    /// # Errors
    /// [`MemberError::EndInThePast`], [`MemberError::EndBeforeStart`], [`MemberError::WrongStatus`], or [`MemberError::HandedOver`]:
    /// the end of a hand-over is not moved.
    pub fn leave_on(mut self, ends_at: Option<Timestamp>, now: Timestamp) -> Result<Self, MemberError> {
        if self.status == MemberStatus::Removed {
            return Err(MemberError::WrongStatus("removed"));
        }
        if self.read_only {
            return Err(MemberError::HandedOver);
        }
        if ends_at.is_some_and(|end| end <= now) {
            return Err(MemberError::EndInThePast);
        }
        if ends_at.is_some_and(|end| end <= self.starts_at) {
            return Err(MemberError::EndBeforeStart);
        }
        self.ends_at = ends_at;
        Ok(self)
    }

    /// Gives another role.
    ///
    /// # Errors
    /// [`MemberError::SameRole`], [`MemberError::HandedOver`], or [`MemberError::WrongStatus`] when removed.
    pub fn change_role(mut self, role: MemberRole) -> Result<Self, MemberError> {
        if self.status == MemberStatus::Removed {
            return Err(MemberError::WrongStatus("removed"));
        }
        if self.read_only {
            return Err(MemberError::HandedOver);
        }
        if self.role == role {
            return Err(MemberError::SameRole);
        }
        self.role = role;
        Ok(self)
    }

    /// Hands over to a successor (mission E2): the joiner gets the role for the remaining time under an id of its own. Without
    /// an overlap this membership is removed; with one it may only look until the overlap is over.
    /// Answers the leaver and the joiner.
    ///
    /// # Errors
    /// [`MemberError::HandedOver`] when somebody took over already, [`MemberError::Ended`], [`MemberError::WrongStatus`] when removed,
    /// [`MemberError::OverlapWhileSuspended`].
    pub fn hand_over_to(
        mut self,
        joiner: MemberId,
        person: PersonId,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<(Self, Self), MemberError> {
        if self.status == MemberStatus::Removed {
            return Err(MemberError::WrongStatus("removed"));
        }
        if self.read_only {
            return Err(MemberError::HandedOver);
        }
        if self.has_ended_at(now) {
            return Err(MemberError::Ended);
        }
        if self.status == MemberStatus::Suspended && !overlap.is_zero() {
            return Err(MemberError::OverlapWhileSuspended);
        }
        let successor = Self {
            id: joiner,
            organization: self.organization,
            person,
            role: self.role,
            status: MemberStatus::Active,
            status_reason: None,
            starts_at: self.starts_at.max(now),
            ends_at: self.ends_at,
            read_only: false,
            rotated_to: None,
            rotated_from: Some(self.id),
            last_seen_at: None,
            created_at: now,
            version: 1,
        };
        self.rotated_to = Some(joiner);
        if overlap.is_zero() {
            return Ok((self.remove(None, now)?, successor));
        }
        let until = now + overlap;
        self.read_only = true;
        self.ends_at = Some(self.ends_at.map_or(until, |end| end.min(until)));
        Ok((self, successor))
    }
}

/// Until when an organization can be run by the given members; `now` when by none of them.
#[must_use]
pub fn run_until<'a>(members: impl IntoIterator<Item = &'a Member>, now: Timestamp) -> Timestamp {
    members
        .into_iter()
        .filter(|member| member.runs_organization_at(now))
        .map(|member| member.ends_at.unwrap_or(Timestamp::MAX_UTC))
        .max()
        .unwrap_or(now)
}
