//! Time-based one-time codes (RFC 6238: SHA-1, six digits, 30 seconds, one step of tolerance): secret, address for the QR code, check. Pure.

use rand::Rng as _;
use totp_rs::{Builder, Secret, Totp};

use crate::kernel::{Rng, Timestamp};

/// The secret shared with an authenticator app: 160 bits (RFC 4226 §4).
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Vec<u8>);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    /// A fresh secret.
    #[must_use]
    pub fn generate(rng: &mut Rng) -> Self {
        let mut bytes = vec![0_u8; 20];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// From stored bytes.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Base32 in groups of four, for typing by hand.
    #[must_use]
    pub fn key(&self) -> String {
        let text = self.base32();
        let letters: Vec<char> = text.chars().collect();
        letters
            .chunks(4)
            .map(|group| group.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What the QR code says: the `otpauth:` address that authenticator apps read.
    #[must_use]
    pub fn address(&self, issuer: &str, account: &str) -> String {
        let issuer = encoded(&issuer.replace(':', " "));
        let account = encoded(account);
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            self.base32()
        )
    }

    /// The time step a code belongs to, if it is of this step, the one before or the one after.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seconds = u64::try_from(now.timestamp()).ok()?;
        i64::try_from(self.totp()?.check(&code, seconds)?).ok()
    }

    /// The code an authenticator shows at `at`.
    #[cfg(test)]
    pub fn code_at(&self, at: Timestamp) -> String {
        self.totp().unwrap().generate(u64::try_from(at.timestamp()).unwrap()).to_string()
    }

    fn totp(&self) -> Option<Totp> {
        Builder::new().with_secret(self.0.clone()).with_skew(1).build().ok()
    }

    fn base32(&self) -> String {
        Secret::from(self.0.clone()).to_base32()
    }
}

/// Percent-encoding that authenticator apps read back (a plus would stay a plus).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}
