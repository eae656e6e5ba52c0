//! A message on its way: its states, its attempts, and when the next one is due.

use chrono::Duration;

use crate::kernel::{OrganizationId, OutboxId, Timestamp, string_enum};

/// After so many failed attempts a message waits for a person to retry it.
pub const MAX_ATTEMPTS: i32 = 8;

string_enum! {
    /// Where a message stands.
    pub enum MessageStatus {
        /// Not delivered yet.
        Waiting = "waiting",
        /// Given up until somebody retries it.
        Dead = "dead",
        /// Accepted by the mail server.
        Sent = "sent",
    }
}

impl MessageStatus {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Dead => "Not delivered",
            Self::Sent => "Sent",
        }
    }
}

/// A message of the outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Identifier; also part of the mail's `Message-ID`, so that a second delivery can be recognised.
    pub id: OutboxId,
    /// The organization it is about.
    pub organization: Option<OrganizationId>,
    /// Address it goes to, in its normal form.
    pub recipient: String,
    /// Subject line.
    pub subject: String,
    /// Plain part; emptied once sent.
    pub text: String,
    /// HTML part; emptied once sent.
    pub html: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// How often delivery was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// What went wrong last; without addresses and secrets.
    pub last_error: Option<String>,
    /// When the mail server accepted it.
    pub sent_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// The parts can let someone in, so they are never printed.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// How long to wait after the attempt of this number failed: 1, 3, 9, 27, 81, 243 minutes, then 6 hours.
#[must_use]
pub fn back_off(attempts: i32) -> Duration {
    let exponent = u32::try_from(attempts.clamp(1, 7) - 1).unwrap_or_default();
    Duration::minutes(3_i64.pow(exponent).min(360))
}
