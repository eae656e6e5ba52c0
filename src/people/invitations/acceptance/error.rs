//! Why an invitation is not opened or does not become a membership, in words for whoever was invited.

use thiserror::Error;

use crate::{access::Refused, people::MemberError, signin::passwords::PasswordError, store::StoreError, web::Refusal};

/// Why an invitation does not become a membership.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// Expired, withdrawn, used, sent again, or never there: all the same to whoever asks.
    #[error("This invitation cannot be used any more.")]
    Unusable,
    /// The address has an account: its owner must sign in.
    #[error("There is an account with this address already. Sign in to accept the invitation.")]
    SignInFirst,
    /// Someone else is signed in.
    #[error("This invitation is for another address than the one you are signed in with. Sign out first.")]
    OtherAccount,
    /// The account is switched off.
    #[error("The account with this address is switched off. Ask the person who invited you.")]
    AccountOff,
    /// They are in already.
    #[error("You are a member of {0} already. There is nothing to accept.")]
    AlreadyMember(String),
    /// The organization lets nobody in.
    #[error(
        "{0} cannot take anybody in right now, because its access is paused or its contract is not in force. Ask the person who invited you."
    )]
    Closed(String),
    /// All seats are taken.
    #[error(
        "All seats of {0} are taken, so you cannot join right now. Ask the person who invited you to free a seat; the invitation stays valid."
    )]
    NoSeat(String),
    /// No name.
    #[error("{0}")]
    Name(&'static str),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The old membership cannot be closed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// Not signed in.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AcceptError> for Refusal {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Password(rule) => Self::field("password", rule.to_string()),
            AcceptError::Access(refused) => refused.into(),
            AcceptError::Store(error) => error.into(),
            AcceptError::Name(text) => Self::field("name", text),
            other => Self::because(other.to_string()),
        }
    }
}

/// Why a typed code does not open an invitation.
#[derive(Debug, Error)]
pub enum CodeError {
    /// No such address, no such code, or not any more.
    #[error("This address and code do not belong together, or the code does not work any more. Check both in the newest mail you got.")]
    Wrong,
    /// Too many tries.
    #[error("Too many codes were tried. Wait an hour, or use the link in the mail.")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CodeError> for Refusal {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Store(error) => error.into(),
            // The try itself is kept, or it would not be counted.
            other => Self::because(other.to_string()).kept(),
        }
    }
}
