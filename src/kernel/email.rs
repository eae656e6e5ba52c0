//! E-mail addresses: what may be typed, and the one form in which two spellings are the same person.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is no e-mail address we can write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmailError {
    /// Nothing was typed.
    #[error("Enter an e-mail address.")]
    Empty,
    /// Not of the form name@example.com (RFC 5321 §4.1.2, without quoted local parts and address literals).
    #[error("This is not an e-mail address. It should look like name@example.com.")]
    Malformed,
}

/// A syntactically valid address (RFC 5321 §4.1.2), as typed; equality and storage use [`Self::normalized`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    typed: String,
    normalized: String,
}

impl EmailAddress {
    /// The address as its owner writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// Lower case; two addresses with the same normal form are the same mailbox to us.
    #[must_use]
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// The part behind the @, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.normalized.rsplit('@').next().unwrap_or_default()
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let domain_ok = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label_ok);
        if !local_ok || !domain_ok {
            return Err(EmailError::Malformed);
        }
        Ok(Self {
            typed: text.to_owned(),
            normalized: text.to_lowercase(),
        })
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        text.parse()
    }
}
impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.typed
    }
}
impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}
impl Eq for EmailAddress {}
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}
