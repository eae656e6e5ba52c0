//! A set-up link: whom it was sent to, how long it works, and where it stands.

use crate::kernel::{EmailAddress, OrganizationId, PersonId, ProviderId, SetupLinkId, Timestamp, constant_time_eq};

/// So many days a link can be opened.
pub const LINK_DAYS: i64 = 7;
/// So many hours the browser that opened it may go on.
pub const OPEN_HOURS: i64 = 2;

/// A link that lets somebody without an account set up a connection of one organization, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupLink {
    /// Identifier.
    pub id: SetupLinkId,
    /// The only organization it opens anything of.
    pub organization: OrganizationId,
    /// Whom it was sent to.
    pub email: EmailAddress,
    /// SHA-256 of the value in the mail.
    pub token_hash: Vec<u8>,
    /// Who sent it.
    pub created_by: PersonId,
    /// When it was first sent.
    pub created_at: Timestamp,
    /// When it was last sent.
    pub sent_at: Timestamp,
    /// From then on it cannot be opened.
    pub expires_at: Timestamp,
    /// When it was opened; it opens once.
    pub opened_at: Option<Timestamp>,
    /// SHA-256 of the value in the session of the browser that opened it.
    pub browser: Option<Vec<u8>>,
    /// How long that browser may go on.
    pub open_until: Option<Timestamp>,
    /// When whoever has it said that they are finished.
    pub finished_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// Optimistic lock.
    pub version: i32,
}

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On its way, not opened yet.
    Sent,
    /// Open in a browser.
    Open,
    /// It was opened, and the time ran out before they were finished.
    RunOut,
    /// Nobody opened it in time.
    Expired,
    /// They said that they are finished.
    Finished,
    /// It was withdrawn.
    Withdrawn,
}

impl Standing {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::Open => "Opened",
            Self::RunOut => "Opened, not finished",
            Self::Expired => "Expired",
            Self::Finished => "Finished",
            Self::Withdrawn => "Withdrawn",
        }
    }

    /// Whether somebody can still do something with it.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Sent | Self::Open)
    }

    /// Whether it can be sent again, under a new value.
    #[must_use]
    pub const fn can_be_sent_again(self) -> bool {
        matches!(self, Self::Sent | Self::Open | Self::RunOut | Self::Expired)
    }
}

impl SetupLink {
    /// Where it stands.
    #[must_use]
    pub fn standing_at(&self, now: Timestamp) -> Standing {
        match (self.revoked_at, self.finished_at, self.opened_at, self.open_until) {
            (Some(_), ..) => Standing::Withdrawn,
            (None, Some(_), ..) => Standing::Finished,
            (None, None, Some(_), Some(until)) if until > now => Standing::Open,
            (None, None, Some(_), _) => Standing::RunOut,
            (None, None, None, _) if self.expires_at > now => Standing::Sent,
            (None, None, None, _) => Standing::Expired,
        }
    }

    /// Whether it can be opened.
    #[must_use]
    pub fn can_be_opened_at(&self, now: Timestamp) -> bool {
        self.standing_at(now) == Standing::Sent
    }

    /// Whether the browser that holds the value of this hash may go on.
    #[must_use]
    pub fn is_open_for(&self, browser: &[u8], now: Timestamp) -> bool {
        self.standing_at(now) == Standing::Open && self.browser.as_deref().is_some_and(|hash| constant_time_eq(hash, browser))
    }

    /// The same link under a new value: the one before, and the browser that opened it, are out.
    #[must_use]
    pub fn sent_again(self, token_hash: Vec<u8>, expires_at: Timestamp, now: Timestamp) -> Self {
        Self {
            token_hash,
            sent_at: now,
            expires_at,
            opened_at: None,
            browser: None,
            open_until: None,
            ..self
        }
    }
}

/// What a link opens of its organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The link.
    pub link: SetupLink,
    /// The draft it was sent for, and connections begun with it.
    pub connections: Vec<ProviderId>,
}
