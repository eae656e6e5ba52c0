//! A partner organization and its contracts, and what they may become.

use chrono_tz::Tz;
use thiserror::Error;

use crate::kernel::{AccentColor, OrganizationId, PersonId, Timestamp, string_enum};

string_enum! {
    /// Where an organization stands in its life.
    pub enum OrganizationStatus {
        /// Being set up; its people can sign in but launch nothing.
        Onboarding = "onboarding",
        /// In use.
        Active = "active",
        /// Access is paused, reversibly.
        Suspended = "suspended",
        /// The relationship is over.
        Offboarded = "offboarded",
    }
}

impl OrganizationStatus {
    /// As shown on pages, in the middle of a sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Onboarding => "being set up",
            Self::Active => "active",
            Self::Suspended => "paused",
            Self::Offboarded => "over",
        }
    }

    /// In use or being set up: changes are possible at all.
    #[must_use]
    pub const fn takes_changes(self) -> bool {
        matches!(self, Self::Active | Self::Onboarding)
    }
}

/// Whether a certification that is due then is overdue by more than the grace.
#[must_use]
pub fn lapsed_at(due: Option<Timestamp>, now: Timestamp, grace_days: i32) -> bool {
    due.is_some_and(|due| now >= due + chrono::Duration::days(grace_days.into()))
}

/// The longest time between two certifications.
pub const CERTIFICATION_MAX_DAYS: i64 = 731;

/// The company that runs this portal: name, look and house rules.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// As shown on pages and in mails.
    pub name: String,
    /// Default accent colour.
    pub accent: AccentColor,
    /// Zone in which "until 31 March" is meant.
    pub time_zone: Tz,
    /// Whom to ask, shown where access is refused.
    pub support_contact: Option<String>,
    /// How many days before an end something "ends soon".
    pub warning_days: i32,
    /// How long a certification may be overdue before the partner is suspended.
    pub certification_grace_days: i32,
    /// Optimistic lock.
    pub version: i32,
    /// Counts the changes of the operator's policies, so that every replica notices them.
    pub policies_generation: i64,
}

impl Tenant {
    /// A portal nobody has named yet.
    #[must_use]
    pub fn unnamed() -> Self {
        Self {
            name: "Portico".to_owned(),
            accent: AccentColor::default(),
            time_zone: Tz::UTC,
            support_contact: None,
            warning_days: 14,
            certification_grace_days: 14,
            version: 0,
            policies_generation: 0,
        }
    }
}

/// A partner.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Identifier.
    pub id: OrganizationId,
    /// Name in addresses; unique.
    pub slug: String,
    /// Name on pages.
    pub name: String,
    /// What kind of partner (consultancy, logistics, …); free text.
    pub kind: String,
    /// One sentence about the relationship.
    pub description: String,
    /// Key/value pairs that the operator keeps; they go into tokens later.
    pub metadata: std::collections::BTreeMap<String, String>,
    /// Where it stands.
    pub status: OrganizationStatus,
    /// Why it stands there, in the words of whoever set it.
    pub status_reason: Option<String>,
    /// The organization it belongs to.
    pub parent: Option<OrganizationId>,
    /// The employee who answers for this partner.
    pub owner: Option<PersonId>,
    /// Who stands in for the owner.
    pub deputy: Option<PersonId>,
    /// Accent colour of its portal.
    pub accent: AccentColor,
    /// Whether a logo is stored.
    pub has_logo: bool,
    /// Whether administrative actions need a fresh second factor.
    pub require_step_up: bool,
    /// How long tokens in its name live at most.
    pub lifetimes: super::Lifetimes,
    /// When the next certification is due.
    pub certification_due_at: Option<Timestamp>,
    /// When it was last certified.
    pub certified_at: Option<Timestamp>,
    /// Suspended because nobody certified it; only a certification lifts that.
    pub suspended_by_certification: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// Why a change of an organization is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OrganizationError {
    /// Already offboarded, or not in a state that allows the change.
    #[error("This is not possible, because the partner is {} now.", .0.title())]
    WrongStatus(OrganizationStatus),
    /// Suspended by a missing certification.
    #[error("This partner is suspended because its certification was declined or is overdue. Certify it to lift the suspension.")]
    NeedsCertification,
    /// The next certification is not within the time allowed.
    #[error("The next certification must be due after today and within two years.")]
    DueOutOfRange,
}

impl Organization {
    /// Whether its people may launch anything, apart from contract and grants: it is active and its certification is
    /// not overdue beyond the grace of `grace_days`.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp, grace_days: i32) -> bool {
        self.status == OrganizationStatus::Active && !self.certification_lapsed_at(now, grace_days)
    }

    /// Whether the certification is overdue by more than the grace.
    #[must_use]
    pub fn certification_lapsed_at(&self, now: Timestamp, grace_days: i32) -> bool {
        lapsed_at(self.certification_due_at, now, grace_days)
    }

    /// Whether its own people may change anything, and new ones may come in: it is in use or being set up, and its certification is not
    /// overdue beyond the grace.
    #[must_use]
    pub fn takes_changes_at(&self, now: Timestamp, grace_days: i32) -> bool {
        self.status.takes_changes() && !self.certification_lapsed_at(now, grace_days)
    }

    /// Pauses access.
    ///
    /// # Errors
    /// [`OrganizationError::WrongStatus`] when already suspended or offboarded.
    pub fn suspend(mut self, reason: String, by_certification: bool) -> Result<Self, OrganizationError> {
        match self.status {
            OrganizationStatus::Active | OrganizationStatus::Onboarding => {
                self.status = OrganizationStatus::Suspended;
                self.status_reason = Some(reason);
                self.suspended_by_certification = by_certification;
                Ok(self)
            }
            other => Err(OrganizationError::WrongStatus(other)),
        }
    }

    /// Opens access again (from onboarding or suspension).
    ///
    /// # Errors
    /// [`OrganizationError::NeedsCertification`] when only a certification may lift it, [`OrganizationError::WrongStatus`] when active or offboarded.
    pub fn activate(mut self) -> Result<Self, OrganizationError> {
        if self.suspended_by_certification {
            return Err(OrganizationError::NeedsCertification);
        }
        match self.status {
            OrganizationStatus::Onboarding | OrganizationStatus::Suspended => {
                self.status = OrganizationStatus::Active;
                self.status_reason = None;
                Ok(self)
            }
            other => Err(OrganizationError::WrongStatus(other)),
        }
    }

    /// Ends the relationship.
    ///
    /// # Errors
    /// [`OrganizationError::WrongStatus`] when already offboarded.
    pub fn offboard(mut self, reason: String) -> Result<Self, OrganizationError> {
        if self.status == OrganizationStatus::Offboarded {
            return Err(OrganizationError::WrongStatus(self.status));
        }
        self.status = OrganizationStatus::Offboarded;
        self.status_reason = Some(reason);
        self.suspended_by_certification = false;
        Ok(self)
    }

    /// Confirms that the relationship is still needed. Lifts a suspension that a missing certification caused, and no other.
    ///
    /// # Errors
    /// [`OrganizationError::WrongStatus`] when it is over, [`OrganizationError::DueOutOfRange`] when the next date is not ahead.
    pub fn certify(mut self, next_due_at: Timestamp, now: Timestamp) -> Result<Self, OrganizationError> {
        if self.status == OrganizationStatus::Offboarded {
            return Err(OrganizationError::WrongStatus(self.status));
        }
        if next_due_at <= now || next_due_at > now + chrono::Duration::days(CERTIFICATION_MAX_DAYS) {
            return Err(OrganizationError::DueOutOfRange);
        }
        self.certified_at = Some(now);
        self.certification_due_at = Some(next_due_at);
        if self.suspended_by_certification {
            self.suspended_by_certification = false;
            self.status = OrganizationStatus::Active;
            self.status_reason = None;
        }
        Ok(self)
    }

    /// Refuses to confirm the relationship: access is paused until somebody certifies it.
    ///
    /// # Errors
    /// [`OrganizationError::WrongStatus`] unless active.
    pub fn decline(self, reason: String) -> Result<Self, OrganizationError> {
        if self.status == OrganizationStatus::Active {
            self.suspend(reason, true)
        } else {
            Err(OrganizationError::WrongStatus(self.status))
        }
    }

    /// Pauses access because nobody certified the relationship in time.
    ///
    /// # Errors
    /// [`OrganizationError::WrongStatus`] unless active and overdue beyond the grace.
    pub fn lapse(self, reason: String, grace_days: i32, now: Timestamp) -> Result<Self, OrganizationError> {
        if self.status == OrganizationStatus::Active && self.certification_lapsed_at(now, grace_days) {
            self.suspend(reason, true)
        } else {
            Err(OrganizationError::WrongStatus(self.status))
        }
    }
}
