//! What can go wrong between us and the database.

use std::str::FromStr;

use sea_orm::DbErr;
use thiserror::Error;

/// A failure of the database, never of the person in front of the page.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is locked, gone or refuses; the text is for the log alone.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row holds a value this version does not know. Which value is not said: it can be somebody's address, and errors are logged.
    #[error("a value in {column} cannot be read")]
    Corrupt {
        /// Table and column.
        column: &'static str,
    },
    /// Someone else changed the row since it was read (its version moved on).
    #[error("the row was changed by someone else")]
    Stale,
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Reads a stored word back into its enum.
pub(crate) fn parse<T: FromStr>(column: &'static str, value: &str) -> Result<T, StoreError> {
    value.parse().map_err(|_| StoreError::Corrupt { column })
}

#[cfg(test)]
mod tests;
