//! What keeps a declaration from being applied; each names file, key and what is expected.

use thiserror::Error;

use crate::{access::Refused, signin::passwords::PasswordError, store::StoreError};

/// One thing wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, e.g. `organizations[2].contracts[0].ends`; empty for the file as a whole.
    pub key: String,
    /// What is wrong and what is expected.
    pub text: String,
}

impl Problem {
    /// A problem at a key.
    #[must_use]
    pub fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            text: text.into(),
        }
    }
}

/// Why nothing was applied.
#[derive(Debug, Error)]
pub enum DeclarationError {
    /// The file cannot be read.
    #[error("{file} cannot be read: {error}")]
    File {
        /// Which.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file says something that cannot be; every problem that was found.
    #[error("{}", lines(.file, .problems))]
    Invalid {
        /// Which.
        file: String,
        /// What.
        problems: Vec<Problem>,
    },
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database holds something that is not to be mixed with the demonstration.
    #[error("{0}")]
    NotDemo(String),
}

fn lines(file: &str, problems: &[Problem]) -> String {
    let line = |problem: &Problem| match problem.key.as_str() {
        "" => format!("{file}: {}", problem.text),
        key => format!("{file}: {key}: {}", problem.text),
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Why a step of the application stops: something in the file, or the database.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something in the file.
    Problem(Problem),
    /// The database.
    Store(StoreError),
}

impl Stop {
    pub(super) fn at(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Problem(Problem::new(key, text))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
