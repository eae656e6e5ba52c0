//! How long tokens in an organization's name live at most (mission D2).

use serde::{Deserialize, Serialize};

/// In seconds; none is as long as the application's client says. Of two limits the shorter one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetimes {
    /// Access tokens.
    pub access_seconds: Option<i32>,
    /// Id tokens.
    pub id_seconds: Option<i32>,
    /// Refresh tokens, counted anew at each rotation.
    pub refresh_seconds: Option<i32>,
}

/// The shortest life that can be set.
pub const LEAST_SECONDS: i32 = 60;
/// The longest life of an access or id token that can be set.
pub const MOST_SHORT_SECONDS: i32 = 24 * 3600;
/// The longest life of a refresh token that can be set.
pub const MOST_LONG_SECONDS: i32 = 365 * 24 * 3600;

impl Lifetimes {
    /// Whether every limit is one that a token can have.
    #[must_use]
    pub fn are_possible(&self) -> bool {
        let within = |seconds: Option<i32>, most: i32| seconds.is_none_or(|seconds| (LEAST_SECONDS..=most).contains(&seconds));
        within(self.access_seconds, MOST_SHORT_SECONDS)
            && within(self.id_seconds, MOST_SHORT_SECONDS)
            && within(self.refresh_seconds, MOST_LONG_SECONDS)
    }

    /// The shorter of a limit and what would be without it.
    #[must_use]
    pub fn shorter(limit: Option<i32>, otherwise: chrono::Duration) -> chrono::Duration {
        limit.map_or(otherwise, |seconds| otherwise.min(chrono::Duration::seconds(seconds.into())))
    }
}
