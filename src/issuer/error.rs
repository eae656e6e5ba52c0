//! What clients are told when something is refused, in the words of RFC 6749.

use thiserror::Error;

use super::keys::KeyError;
use crate::store::StoreError;

/// A refusal or a failure.
#[derive(Debug, Error)]
pub enum OAuthError {
    /// A code of RFC 6749 §4.1.2.1 or §5.2 and their extensions, with a sentence for the client's developer.
    #[error("{code}: {description}")]
    Refused {
        /// The code.
        code: &'static str,
        /// The sentence.
        description: String,
    },
    /// The client did not prove who it is (401).
    #[error("invalid_client: {0}")]
    Client(&'static str),
    /// The client failed to prove itself too often (429, RFC 6585 §4).
    #[error("not listened to for {seconds} s")]
    Throttled {
        /// For how long it is not listened to.
        seconds: i64,
    },
    /// The keys.
    #[error(transparent)]
    Key(KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyError> for OAuthError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => Self::Store(error),
            other => Self::Key(other),
        }
    }
}

impl OAuthError {
    /// A refusal.
    #[must_use]
    pub fn refused(code: &'static str, description: impl Into<String>) -> Self {
        Self::Refused {
            code,
            description: description.into(),
        }
    }

    /// A request that makes no sense.
    #[must_use]
    pub fn request(description: impl Into<String>) -> Self {
        Self::refused("invalid_request", description)
    }

    /// A code or refresh token that is worth nothing.
    #[must_use]
    pub fn grant(description: impl Into<String>) -> Self {
        Self::refused("invalid_grant", description)
    }
}
