//! Asking people before an application gets something: those that the company does not run itself are asked for once, programs on people's
//! own devices each time.

pub mod actions;
pub mod commands;
pub mod model;
pub mod pages;

use serde::{Deserialize, Serialize};

use crate::kernel::{ClientId, MemberId, Timestamp};

/// The key under which the session keeps what was shown and waits for an answer.
pub const SHOWN_KEY: &str = "oauth_consent_shown";
/// The key under which the session keeps the answer until the request that it is for comes back.
pub const SAID_KEY: &str = "oauth_consent_said";
/// An answer counts for so many minutes.
pub const ANSWER_MINUTES: i64 = 10;

/// What a person was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// Comes back with the form: an answer to a page that was opened before is none to this one.
    pub value: String,
    /// The very request, as its hash.
    pub request: Vec<u8>,
    /// The request as the browser brought it.
    pub query: String,
    /// Who asks.
    pub client: ClientId,
    /// Where the answer would go.
    pub redirect_uri: String,
    /// Whom.
    pub member: MemberId,
    /// For what.
    pub scopes: Vec<String>,
}

/// What they said to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Said {
    /// The very request, as its hash.
    pub request: Vec<u8>,
    /// Who.
    pub member: MemberId,
    /// To what.
    pub scopes: Vec<String>,
    /// Yes, or no.
    pub yes: bool,
    /// When.
    pub at: Timestamp,
}

impl Said {
    /// Whether it is an answer to this request.
    #[must_use]
    pub fn answers(&self, request: &[u8], now: Timestamp) -> bool {
        self.request == request && now < self.at + chrono::Duration::minutes(ANSWER_MINUTES)
    }
}
