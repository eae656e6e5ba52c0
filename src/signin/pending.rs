//! What a browser's session remembers between the steps of signing in and of setting up an authenticator. Secrets in it are sealed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::Duration;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::kernel::{MasterKey, PersonId, Rng, Timestamp, sha256};

/// The address typed in the first step.
pub const EMAIL_KEY: &str = "sign_in_email";
/// A [`PendingSignIn`].
pub const PENDING_KEY: &str = "sign_in_pending";
/// A sealed [`TotpSetup`].
pub const SETUP_KEY: &str = "totp_setup";
/// A sealed list of recovery codes, shown once.
pub const CODES_KEY: &str = "new_recovery_codes";

/// Minutes between a right password and the second factor.
pub const PENDING_MINUTES: i64 = 10;
/// Minutes between seeing a QR code and confirming it.
pub const SETUP_MINUTES: i64 = 30;

/// The password was right; the second factor is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSignIn {
    /// Whose password it was.
    pub person: PersonId,
    /// When it was typed.
    pub at: Timestamp,
    /// Fingerprint of the stored hash: a password changed meanwhile ends the sign-in.
    credential: String,
}

impl PendingSignIn {
    /// After the right password, whose stored hash is `phc`.
    #[must_use]
    pub fn new(person: PersonId, phc: &str, at: Timestamp) -> Self {
        Self {
            person,
            at,
            credential: fingerprint(phc),
        }
    }

    /// Whether the second factor may still follow.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        now < self.at + Duration::minutes(PENDING_MINUTES)
    }

    /// Whether the password is still the one that was typed.
    #[must_use]
    pub fn is_of(&self, phc: Option<&str>) -> bool {
        phc.is_some_and(|phc| fingerprint(phc) == self.credential)
    }
}

fn fingerprint(phc: &str) -> String {
    STANDARD.encode(sha256(phc))
}

/// An authenticator that was shown but not confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TotpSetup {
    /// Whose.
    pub person: PersonId,
    /// When it was shown first.
    pub at: Timestamp,
    /// The secret's bytes.
    pub secret: Vec<u8>,
}

impl TotpSetup {
    /// Whether it is this person's and can still be confirmed.
    #[must_use]
    pub fn is_open_for(&self, person: PersonId, now: Timestamp) -> bool {
        self.person == person && now < self.at + Duration::minutes(SETUP_MINUTES)
    }
}

/// Seals a value for the session's row.
#[must_use]
pub fn seal(key: &MasterKey, value: &impl Serialize, rng: &mut Rng) -> String {
    STANDARD.encode(key.seal(&serde_json::to_vec(value).unwrap_or_default(), rng))
}

/// Opens what [`seal`] made; none when it is not there or not ours.
#[must_use]
pub fn open<T: DeserializeOwned>(key: &MasterKey, sealed: Option<&str>) -> Option<T> {
    let bytes = key.open(&STANDARD.decode(sealed?).ok()?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
