//! Bearer values, passwords, typed codes and the master key: made here, compared in constant time, never shown by `Debug`.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::Aead as _};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::Rng;

/// SHA-256 of a bearer value: what the database holds instead of the value. Only for values with at least 128 random bits.
#[must_use]
pub fn sha256(value: impl AsRef<[u8]>) -> Vec<u8> {
    Sha256::digest(value.as_ref()).to_vec()
}

/// Compares without telling by time where the first difference is.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// A random value that lets whoever holds it in (invitation, reset link): 256 bits as base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerSecret(String);

impl BearerSecret {
    /// A fresh secret.
    #[must_use]
    pub fn generate(rng: &mut Rng) -> Self {
        let mut bytes = [0_u8; 32];
        rng.fill_bytes(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The value itself, for the one mail that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        sha256(&self.0)
    }
}

impl fmt::Debug for BearerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerSecret(…)")
    }
}

/// A code that a person types: `groups` groups of four, from an alphabet without look-alikes (Crockford's, 5 bits a letter).
#[must_use]
pub fn typed_code(rng: &mut Rng, groups: usize) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = vec![0_u8; groups * 4];
    rng.fill_bytes(&mut bytes);
    let letters: Vec<char> = bytes.iter().map(|b| char::from(ALPHABET[usize::from(b & 31)])).collect();
    letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

/// A password as typed; it exists only between the form and the hash.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Takes what was typed.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(typed)
    }
    /// The characters, for hashing and rules.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A sealed value could not be opened: wrong master key, or the stored bytes were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a sealed secret does not open with this master key")]
pub struct SealError;

/// The key that seals secrets at rest (XChaCha20-Poly1305). It comes from a file or the environment, never from the database.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// From 32 raw bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From base64url or base64 text of 32 bytes.
    ///
    /// # Errors
    /// [`SealError`] when the text is not base64 or not 32 bytes long.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().trim_end_matches('=').replace('+', "-").replace('/', "_"))
            .map_err(|_| SealError)?;
        bytes.try_into().map(Self).map_err(|_| SealError)
    }

    /// A fresh key and its text form.
    #[must_use]
    pub fn generate(rng: &mut Rng) -> (Self, String) {
        let mut bytes = [0_u8; 32];
        rng.fill_bytes(&mut bytes);
        (Self(bytes), URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Seals `value`; the nonce stands before the ciphertext.
    #[must_use]
    pub fn seal(&self, value: &[u8], rng: &mut Rng) -> Vec<u8> {
        let mut nonce = [0_u8; 24];
        rng.fill_bytes(&mut nonce);
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        let mut sealed = nonce.to_vec();
        sealed.extend(cipher.encrypt(&XNonce::from(nonce), value).unwrap_or_default());
        sealed
    }

    /// A keyed hash (HMAC-SHA-256, RFC 2104) for values too short to be hashed alone, such as typed codes; `purpose` keeps uses apart.
    #[must_use]
    pub fn mac(&self, purpose: &str, value: &[u8]) -> Vec<u8> {
        use hmac::Mac as _;
        let Ok(mut mac) = <hmac::Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.0) else {
            return Vec::new();
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        mac.finalize().into_bytes().to_vec()
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`SealError`] when the key is another one or the bytes were changed.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, text) = sealed.split_first_chunk::<24>().ok_or(SealError)?;
        XChaCha20Poly1305::new(&self.0.into())
            .decrypt(&XNonce::from(*nonce), text)
            .map_err(|_| SealError)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}
