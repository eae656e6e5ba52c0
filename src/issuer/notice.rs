//! What clients are told when somebody was signed out (OpenID Connect Back-Channel Logout 1.0 §2.4): kept in the outbox without
//! signature and times, which it gets anew at each attempt.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::kernel::{ClientId, MemberId, Timestamp};

/// A logout token lives so long (§2.4 recommends at most two minutes).
pub const LOGOUT_SECONDS: i64 = 120;
/// What happened, as the token says it.
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Who was signed out where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOutNotice {
    /// The client to tell.
    pub client: ClientId,
    /// The person, as the member they are.
    pub member: MemberId,
    /// Their sign-in (`sid`); none when all of them are over.
    pub session: Option<String>,
}

impl SignOutNotice {
    /// The claims of the logout token. It never has a nonce, so that nobody can pass it off as an id token.
    #[must_use]
    pub fn claims(&self, issuer: &str, client_id: &str, subject: &str, token_id: &str, now: Timestamp) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        add("iss", json!(issuer));
        add("aud", json!(client_id));
        add("sub", json!(subject));
        add("iat", json!(now.timestamp()));
        add("exp", json!((now + Duration::seconds(LOGOUT_SECONDS)).timestamp()));
        add("jti", json!(token_id));
        add("events", json!({ LOGOUT_EVENT: {} }));
        if let Some(session) = &self.session {
            add("sid", json!(session));
        }
        claims
    }
}
