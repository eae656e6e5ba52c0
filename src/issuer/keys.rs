//! The keys that sign tokens: sealed at rest, published before they sign, signing before their forerunner goes. Every replica reads the
//! same rows and remembers them for half a minute, which is far shorter than the time a new key is published before it signs.

use std::sync::{Arc, RwLock};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{MOST_ACCESS_SECONDS, SigningAlgorithm, StoredKey};
use crate::{
    cx::Portal,
    kernel::{MasterKey, Timestamp, new_uuid, sha256},
    store::{StoreError, Tx, issuer::keys as rows},
};

/// A new key is published for so long before it signs, so that clients and other replicas know it by then.
pub const PUBLISHED_BEFORE: Duration = Duration::minutes(15);
/// What was read is remembered for so long.
const REMEMBERED: Duration = Duration::seconds(30);

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The machine's cryptography refuses.
    #[error("the machine's cryptography makes no key")]
    NotMade,
    /// Sealed with another master key.
    #[error("a signing key does not open with this master key")]
    Sealed,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

enum Pair {
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
}

/// What a token is, as its header says (`typ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An access token (RFC 9068 §2.1).
    Access,
    /// An id token.
    Id,
    /// A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4).
    Logout,
}

impl TokenType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::Logout => "logout+jwt",
        }
    }
}

/// A key that can sign.
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    kid: String,
    pair: Pair,
    public: Map<String, Value>,
    signs_from: Timestamp,
    generation: i32,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm, self.kid)
    }
}

/// A fresh private key as PKCS#8 (RFC 5208).
fn generate(algorithm: SigningAlgorithm) -> Option<Vec<u8>> {
    match algorithm {
        SigningAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
            Some(pair.to_pkcs8v1().ok()?.as_ref().to_vec())
        }
        SigningAlgorithm::EdDsa => Some(Ed25519KeyPair::generate().ok()?.to_pkcs8().ok()?.as_ref().to_vec()),
        SigningAlgorithm::Rs256 => {
            use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
            let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
            Some(der.as_ref().to_vec())
        }
    }
}

/// The public half (RFC 7517, RFC 7518 §6, RFC 8037 §2) with exactly the members that its thumbprint is made of (RFC 7638 §3.2).
fn public_half(pair: &Pair) -> Option<Map<String, Value>> {
    let text = |bytes: &[u8]| Value::String(URL_SAFE_NO_PAD.encode(bytes));
    let members = match pair {
        Pair::Ecdsa(pair) => {
            // An uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
            let point = pair.public_key().as_ref();
            json!({ "crv": "P-256", "kty": "EC", "x": text(point.get(1..33)?), "y": text(point.get(33..65)?) })
        }
        Pair::Ed25519(pair) => json!({ "crv": "Ed25519", "kty": "OKP", "x": text(pair.public_key().as_ref()) }),
        Pair::Rsa(pair) => {
            let public = pair.public_key();
            json!({
                "e": text(public.exponent().big_endian_without_leading_zero()),
                "kty": "RSA",
                "n": text(public.modulus().big_endian_without_leading_zero()),
            })
        }
    };
    members.as_object().cloned()
}

impl SigningKey {
    fn from_pkcs8(algorithm: SigningAlgorithm, der: &[u8], signs_from: Timestamp, generation: i32) -> Option<Self> {
        let pair = match algorithm {
            SigningAlgorithm::Es256 => Pair::Ecdsa(Box::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?)),
            SigningAlgorithm::EdDsa => Pair::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8(der).ok()?)),
            SigningAlgorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).ok()?)),
        };
        let mut public = public_half(&pair)?;
        // serde_json keeps members in lexical order, as the thumbprint wants them.
        let kid = URL_SAFE_NO_PAD.encode(sha256(Value::Object(public.clone()).to_string()));
        for (name, value) in [("alg", algorithm.as_str()), ("kid", &kid), ("use", "sig")] {
            public.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        Some(Self {
            algorithm,
            kid,
            pair,
            public,
            signs_from,
            generation,
        })
    }

    fn open(stored: &StoredKey, master_key: &MasterKey) -> Result<Self, KeyError> {
        let der = master_key.open(&stored.sealed).map_err(|_| KeyError::Sealed)?;
        Self::from_pkcs8(stored.algorithm, &der, stored.signs_from, stored.generation).ok_or(KeyError::Sealed)
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Its public half with name and use.
    #[must_use]
    pub const fn public(&self) -> &Map<String, Value> {
        &self.public
    }

    /// A signed token in compact form (RFC 7515 §3.1).
    ///
    /// # Errors
    /// [`KeyError::NotMade`] when the machine's cryptography refuses.
    pub fn sign(&self, kind: TokenType, claims: &Map<String, Value>) -> Result<String, KeyError> {
        let header = json!({ "alg": self.algorithm.as_str(), "typ": kind.as_str(), "kid": self.kid });
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(|_| KeyError::NotMade)?, &mut token);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => pair
                .sign(&random, token.as_bytes())
                .map_err(|_| KeyError::NotMade)?
                .as_ref()
                .to_vec(),
            Pair::Ed25519(pair) => pair.sign(token.as_bytes()).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature)
                    .map_err(|_| KeyError::NotMade)?;
                signature
            }
        };
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// The keys that are published now.
#[derive(Debug)]
pub struct Published {
    keys: Vec<SigningKey>,
    read_at: Timestamp,
}

impl Published {
    /// The one that signs: the newest whose time has come.
    #[must_use]
    pub fn signing(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<&SigningKey> {
        self.keys
            .iter()
            .filter(|key| key.algorithm == algorithm && key.signs_from <= now)
            .max_by_key(|key| key.generation)
    }

    /// The algorithms that nothing can be signed by.
    fn missing(&self, now: Timestamp) -> Vec<SigningAlgorithm> {
        let all = SigningAlgorithm::ALL.iter().copied();
        all.filter(|algorithm| self.signing(*algorithm, now).is_none()).collect()
    }

    /// A key by its name.
    #[must_use]
    pub fn named(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The key set as it is published (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| Value::Object(key.public.clone())).collect::<Vec<_>>() })
    }

    /// The claims of a token of ours; none when we did not sign it so. Ends are not looked at.
    #[must_use]
    pub fn verified(&self, kind: TokenType, token: &str) -> Option<Map<String, Value>> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = self.named(header.kid.as_deref()?)?;
        let named = serde_json::to_value(header.alg).ok()?;
        if named != key.algorithm.as_str() || header.typ.as_deref() != Some(kind.as_str()) {
            return None;
        }
        let public: jsonwebtoken::jwk::Jwk = serde_json::from_value(Value::Object(key.public.clone())).ok()?;
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        // Ends are held against our own clock by whoever asks.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoding = jsonwebtoken::DecodingKey::from_jwk(&public).ok()?;
        let data = jsonwebtoken::decode::<Map<String, Value>>(token, &decoding, &validation).ok()?;
        Some(data.claims)
    }
}

/// The keys as this process remembers them.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Arc<RwLock<Option<Arc<Published>>>>);

impl KeyRing {
    fn remembered(&self, now: Timestamp) -> Option<Arc<Published>> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known
            .as_ref()
            .filter(|published| published.read_at <= now && now < published.read_at + REMEMBERED)
            .cloned()
    }

    async fn read(&self, portal: &Portal, now: Timestamp) -> Result<Arc<Published>, KeyError> {
        let rows = rows::published(&portal.store.reader(), now).await?;
        let keys = rows
            .iter()
            .map(|row| SigningKey::open(row, &portal.master_key))
            .collect::<Result<Vec<_>, _>>()?;
        let published = Arc::new(Published { keys, read_at: now });
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(published.clone());
        Ok(published)
    }

    /// The keys that are published now; there is one of every kind that clients may choose, made when it is first asked for.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn published(&self, portal: &Portal) -> Result<Arc<Published>, KeyError> {
        let now = portal.clock.now();
        // On a new portal somebody may have remembered that there are none, and be making them at this moment.
        if let Some(known) = self.remembered(now).filter(|known| known.missing(now).is_empty()) {
            return Ok(known);
        }
        let known = self.read(portal, now).await?;
        let missing = known.missing(now);
        if missing.is_empty() {
            return Ok(known);
        }
        let mut made = Vec::new();
        for algorithm in missing {
            // Requests that began a moment before, and share a transaction with this one, sign with it too.
            made.push(new_key(portal, algorithm, 1, now, now - Duration::minutes(1))?);
        }
        let tx = portal.store.begin().await?;
        for key in &made {
            rows::insert(&tx, key).await?;
        }
        tx.commit().await?;
        self.read(portal, now).await
    }

    /// The claims of a token that we signed at some time, also with a key that is published no longer: good as a hint, which opens nothing.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn verified_ever(&self, portal: &Portal, kind: TokenType, token: &str) -> Result<Option<Map<String, Value>>, KeyError> {
        if let Some(claims) = self.published(portal).await?.verified(kind, token) {
            return Ok(Some(claims));
        }
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
            return Ok(None);
        };
        let Some(stored) = rows::named(&portal.store.reader(), &kid).await? else {
            return Ok(None);
        };
        let retired = Published {
            keys: vec![SigningKey::open(&stored, &portal.master_key)?],
            read_at: portal.clock.now(),
        };
        Ok(retired.verified(kind, token))
    }

    /// Forgets what was read, after this process changed it.
    pub fn forget(&self) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

fn new_key(
    portal: &Portal,
    algorithm: SigningAlgorithm,
    generation: i32,
    now: Timestamp,
    signs_from: Timestamp,
) -> Result<StoredKey, KeyError> {
    let der = generate(algorithm).ok_or(KeyError::NotMade)?;
    let key = SigningKey::from_pkcs8(algorithm, &der, signs_from, generation).ok_or(KeyError::NotMade)?;
    let mut rng = portal.entropy.rng();
    Ok(StoredKey {
        id: new_uuid(now, &mut rng),
        algorithm,
        generation,
        kid: key.kid,
        sealed: portal.master_key.seal(&der, &mut rng),
        created_at: now,
        signs_from,
        retires_at: None,
    })
}

/// Makes the next key of an algorithm: published at once, signing after [`PUBLISHED_BEFORE`]; its forerunners are published until the last
/// token they can have signed has ended. Answers the new key's name; none when somebody else did so at the same moment.
///
/// # Errors
/// [`KeyError`].
pub async fn rotate(tx: &Tx, portal: &Portal, algorithm: SigningAlgorithm) -> Result<Option<String>, KeyError> {
    let now = portal.clock.now();
    let newest = rows::published(tx, now)
        .await?
        .into_iter()
        .filter(|key| key.algorithm == algorithm)
        .map(|key| key.generation)
        .max();
    // The very first key has nobody who could know another.
    let signs_from = if newest.is_some() { now + PUBLISHED_BEFORE } else { now };
    let key = new_key(portal, algorithm, newest.unwrap_or_default() + 1, now, signs_from)?;
    if !rows::insert(tx, &key).await? {
        return Ok(None);
    }
    let last_end = signs_from + REMEMBERED + Duration::seconds(i64::from(MOST_ACCESS_SECONDS));
    rows::retire_before(tx, algorithm, key.generation, last_end).await?;
    Ok(Some(key.kid))
}
