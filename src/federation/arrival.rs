//! Somebody who comes back from a partner's provider, whatever protocol brought them: what was said, and how it was checked.

use serde::{Deserialize, Serialize};

use super::Claims;
use crate::kernel::Timestamp;

/// One check on the way, for the page that shows a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at, as a short phrase.
    pub what: String,
    /// Whether it was right.
    pub passed: bool,
    /// What was found.
    pub found: String,
}

impl Check {
    /// A check that passed.
    #[must_use]
    pub fn passed(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            passed: true,
            found: found.into(),
        }
    }
    /// A check that failed.
    #[must_use]
    pub fn failed(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            passed: false,
            found: found.into(),
        }
    }
}

/// What a provider said, after every check of the protocol passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// What it said about the person.
    pub claims: Claims,
    /// The session there: `sid` or SessionIndex.
    pub session: Option<String>,
    /// When that session ends, if the provider says so.
    pub session_ends_at: Option<Timestamp>,
    /// When they gave their second factor there; none when no second factor is named.
    pub second_factor_at: Option<Timestamp>,
    /// When they proved there who they are; none when the provider does not say.
    pub authenticated_at: Option<Timestamp>,
    /// The name by which the provider ends the session (SAML's NameID with its qualifiers, as JSON).
    pub logout_name: Option<String>,
    /// What was checked.
    pub checks: Vec<Check>,
}

/// Methods (RFC 8176) of which one alone means a second factor.
const SECOND_FACTORS: [&str; 5] = ["mfa", "otp", "hwk", "sc", "sms"];
/// Contexts that mean a second factor.
const SECOND_FACTOR_CONTEXTS: [&str; 7] = [
    "phr",
    "phrh",
    "https://refeds.org/profile/mfa",
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
];

/// Whether authentication methods or context name a second factor.
#[must_use]
pub fn names_second_factor(methods: &[String], context: Option<&str>) -> bool {
    methods.iter().any(|method| SECOND_FACTORS.contains(&method.as_str()))
        || context.is_some_and(|context| SECOND_FACTOR_CONTEXTS.contains(&context))
}

/// Whose fault it is that somebody is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The person said no there, or may not.
    Person,
    /// Something is wrong, but any browser could have made it up: it does not count against the connection.
    Browser,
    /// The connection, as only the provider itself could show.
    Connection,
}

/// Why a provider's answer is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disbelief {
    /// For whoever set up the connection.
    pub reason: String,
    /// Whose fault.
    pub blame: Blame,
    /// What was checked before, for the page that shows a trial.
    pub checks: Vec<Check>,
}
