//! An invitation and what it may become. Link and code exist in the mail alone; here are only their hashes.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    kernel::{
        BearerSecret, EmailAddress, EntitlementId, InvitationId, MasterKey, MemberId, OrganizationId, PersonId, Rng, ScopeId, Timestamp,
        string_enum, typed_code,
    },
    people::MemberRole,
};

string_enum! {
    /// What was done with an invitation, as stored.
    pub enum InvitationStatus {
        /// Waits for its person.
        Pending = "pending",
        /// Was accepted.
        Accepted = "accepted",
        /// Was taken back.
        Withdrawn = "withdrawn",
        /// Ran out and was replaced by a newer one.
        Expired = "expired",
    }
}

string_enum! {
    /// Where an invitation stands for the person who looks at the list.
    pub enum InvitationState {
        /// Sent, not opened yet.
        Sent = "sent",
        /// Its page was opened.
        Opened = "opened",
        /// The person is a member now.
        Accepted = "accepted",
        /// Nobody accepted it in time.
        Expired = "expired",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

impl InvitationState {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::Opened => "Opened",
            Self::Accepted => "Accepted",
            Self::Expired => "Expired",
            Self::Withdrawn => "Withdrawn",
        }
    }
}

/// A share of an entitlement that comes with the invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedGrant {
    /// Of which entitlement.
    pub entitlement: EntitlementId,
    /// Permissions; what the organization no longer holds at acceptance is left out.
    pub scopes: Vec<ScopeId>,
    /// Exclusive end; none means as long as the entitlement.
    pub ends_at: Option<Timestamp>,
}

/// An invitation to become a member, or (with `member`) to set up the account of a member that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Identifier.
    pub id: InvitationId,
    /// Into which organization.
    pub organization: OrganizationId,
    /// Who is invited.
    pub email: EmailAddress,
    /// Their name as the inviter knows it; may be empty.
    pub name: String,
    /// The role they will have.
    pub role: MemberRole,
    /// What was done with it.
    pub status: InvitationStatus,
    /// SHA-256 of the link's secret.
    pub token_hash: Vec<u8>,
    /// Keyed hash of the typed code.
    pub code_hash: Vec<u8>,
    /// What comes with it.
    pub grants: Vec<InvitedGrant>,
    /// Exclusive end of the membership; none means until the contract ends.
    pub member_ends_at: Option<Timestamp>,
    /// Who invited.
    pub invited_by: Option<PersonId>,
    /// The leaver, when it is the second half of a rotation.
    pub rotated_from: Option<MemberId>,
    /// The member that exists already (rotation), or that came of it.
    pub member: Option<MemberId>,
    /// When it was last sent.
    pub sent_at: Timestamp,
    /// When its page was opened after that.
    pub opened_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When link and code stop working.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// Why an invitation cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvitationError {
    /// It is not waiting any more.
    #[error("This invitation was already {0}.")]
    NotPending(InvitationStatus),
    /// The last day that came with it is over.
    #[error("The last day of this invitation is over. Withdraw it and invite the person again.")]
    LastDayOver,
    /// The person is a member already: it only sets up their account.
    #[error("This person took over from a colleague and is a member already. To end that, remove the person instead.")]
    HandOver,
}

impl Invitation {
    /// Where it stands at `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> InvitationState {
        match self.status {
            InvitationStatus::Accepted => InvitationState::Accepted,
            InvitationStatus::Withdrawn => InvitationState::Withdrawn,
            InvitationStatus::Expired => InvitationState::Expired,
            InvitationStatus::Pending if self.expires_at <= now => InvitationState::Expired,
            InvitationStatus::Pending if self.opened_at.is_some() => InvitationState::Opened,
            InvitationStatus::Pending => InvitationState::Sent,
        }
    }

    /// Whether link and code work at `now` (mission D1: an invitation carries its end).
    #[must_use]
    pub fn is_usable_at(&self, now: Timestamp) -> bool {
        self.status == InvitationStatus::Pending && now < self.expires_at && self.member_ends_at.is_none_or(|end| now < end)
    }

    /// Whether it only sets up the account of a member that exists (rotation).
    #[must_use]
    pub const fn is_hand_over(&self) -> bool {
        self.member.is_some()
    }

    /// Gives it new secrets and a new end; what was mailed before stops working.
    ///
    /// # Errors
    /// [`InvitationError::NotPending`], [`InvitationError::LastDayOver`].
    pub fn send_again(mut self, secrets: &Secrets, expires_at: Timestamp, now: Timestamp) -> Result<Self, InvitationError> {
        if self.status != InvitationStatus::Pending {
            return Err(InvitationError::NotPending(self.status));
        }
        if self.member_ends_at.is_some_and(|end| end <= now) {
            return Err(InvitationError::LastDayOver);
        }
        self.token_hash = secrets.token.hash();
        self.code_hash.clone_from(&secrets.code_hash);
        self.sent_at = now;
        self.opened_at = None;
        self.expires_at = expires_at;
        Ok(self)
    }

    /// Takes it back. A hand-over goes with its membership alone: without it the member would stay, and could never get in.
    ///
    /// # Errors
    /// [`InvitationError::NotPending`], [`InvitationError::HandOver`].
    pub fn withdraw(mut self) -> Result<Self, InvitationError> {
        if self.status != InvitationStatus::Pending {
            return Err(InvitationError::NotPending(self.status));
        }
        if self.is_hand_over() {
            return Err(InvitationError::HandOver);
        }
        self.status = InvitationStatus::Withdrawn;
        Ok(self)
    }
}

/// Link secret and code of one sending; they leave in the mail and are then forgotten.
pub struct Secrets {
    /// The link's secret.
    pub token: BearerSecret,
    /// The code to type by hand.
    pub code: String,
    /// What is stored of the code.
    pub code_hash: Vec<u8>,
}

impl Secrets {
    /// Fresh ones.
    #[must_use]
    pub fn generate(key: &MasterKey, rng: &mut Rng) -> Self {
        let code = typed_code(rng, 2);
        Self {
            token: BearerSecret::generate(rng),
            code_hash: code_hash(key, &code),
            code,
        }
    }
}

/// What is stored of a typed code. It is short, so it is hashed with the master key: the database alone does not give it away.
/// Look-alikes, spaces, dashes and case do not matter (Crockford's alphabet).
#[must_use]
pub fn code_hash(key: &MasterKey, typed: &str) -> Vec<u8> {
    let letters: String = typed
        .chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    key.mac("invitation code", letters.as_bytes())
}
