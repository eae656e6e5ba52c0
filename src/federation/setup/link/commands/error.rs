//! Why nothing is done with a set-up link, and where that is said.

use thiserror::Error;

use super::MAX_PENDING;
use crate::{access::Refused, federation::setup::commands::SetupError, store::StoreError, web::Refusal};

/// Why a link is not sent or withdrawn.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The partner's access is paused or over.
    #[error("The access of {0} is paused or over, so nobody can set anything up. Certify or activate the partner first.")]
    Closed(String),
    /// Too many.
    #[error("{MAX_PENDING} links of this partner are open already. Withdraw one that is not needed any more.")]
    TooMany,
    /// There is one.
    #[error("A link to this address is open already. Send it again, or withdraw it first.")]
    Twice,
    /// Only a draft is set up.
    #[error("Choose a connection that is still being set up.")]
    NoDraft,
    /// It is over.
    #[error("This link is finished or withdrawn, so nothing was done. Send a new one.")]
    Over,
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LinkError> for Refusal {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Access(refused) => refused.into(),
            LinkError::Store(error) => error.into(),
            LinkError::Twice => Self::field("email", error.to_string()),
            LinkError::NoDraft => Self::field("connection", error.to_string()),
            other => Self::because(other.to_string()),
        }
    }
}

/// Why a link does not open.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Opened before, withdrawn, sent again, too old, or never there: all the same to whoever asks.
    #[error("This link cannot be used any more.")]
    Unusable,
    /// Too many tries.
    #[error("Too many links were tried from your network. Wait an hour, then try again.")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            // The try itself is kept, or it would not be counted.
            other => Self::because(other.to_string()).kept(),
        }
    }
}

/// Why whoever has a link cannot go on.
#[derive(Debug, Error)]
pub enum WorkError {
    /// Withdrawn, finished, or the time is over; or another browser opened it.
    #[error("The set-up is not open in this browser any more, so nothing was changed.")]
    NotOpen,
    /// Nothing is there to switch over to.
    #[error("Nothing is set up yet. Enter how your provider is reached and save it, then say that you are finished.")]
    Nothing,
    /// What the connection says.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WorkError> for Refusal {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Setup(error) => error.into(),
            WorkError::Access(refused) => refused.into(),
            WorkError::Store(error) => error.into(),
            other => Self::because(other.to_string()),
        }
    }
}
