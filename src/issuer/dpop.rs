//! Proofs of possession (RFC 9449): a client shows with each request that it holds the key its tokens are bound to. Pure: whoever asks
//! keeps the proofs that were used.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};
use serde_json::{Map, Value, json};
use url::Url;

use crate::kernel::{Timestamp, constant_time_eq, sha256};

/// A proof counts for so many seconds before and after the moment that it names (RFC 9449 §11.1).
pub const PROOF_SECONDS: i64 = 60;
/// How proofs may be signed: by public key alone.
pub const PROOF_ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

/// Members of private and symmetric keys (RFC 7518 §6).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The request that a proof has to be for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its address, without query.
    pub address: &'a str,
    /// The access token that comes with it.
    pub access_token: Option<&'a str>,
}

/// A proof that fits its request. It is worth something once: the caller spends [`Proof::spent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of the key (RFC 7638), as it stands in `cnf.jkt`.
    pub thumbprint: String,
    /// The name under which it is kept once used.
    pub spent: Vec<u8>,
    /// When it would be refused anyway.
    pub ends_at: Timestamp,
}

/// Checks a proof in the order of RFC 9449 §4.3.
///
/// # Errors
/// A sentence for the client's developer.
pub fn examine(proof: &str, request: Request<'_>, now: Timestamp) -> Result<Proof, &'static str> {
    let unreadable = "The proof cannot be read.";
    if proof.len() > 8_000 {
        return Err("The proof is too long.");
    }
    let header = proof.split('.').next().ok_or(unreadable)?;
    let header: Map<String, Value> = URL_SAFE_NO_PAD
        .decode(header)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(unreadable)?;
    if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
        return Err("The proof's typ is not dpop+jwt.");
    }
    let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if !PROOF_ALGORITHMS.contains(&name) {
        return Err("The proof is signed in a way that is not offered.");
    }
    let jwk = header
        .get("jwk")
        .and_then(Value::as_object)
        .ok_or("The proof does not hold its public key.")?;
    if SECRET_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
        return Err("The proof holds a private key. Nobody but its owner may see it: replace it.");
    }
    let public = public_members(jwk, name).ok_or("The proof's key does not fit its algorithm.")?;
    let claims = signed(proof, name, &public).ok_or("The proof's signature is wrong.")?;
    let text = |member: &str| claims.get(member).and_then(Value::as_str).unwrap_or_default();
    if text("htm") != request.method {
        return Err("The proof is for another method (htm).");
    }
    if !same_place(text("htu"), request.address) {
        return Err("The proof is for another address (htu).");
    }
    let made_at = claims
        .get("iat")
        .and_then(Value::as_f64)
        .ok_or("The proof does not say when it was made (iat).")?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "out of range becomes the nearest end, which the window refuses"
    )]
    let made_at = Timestamp::from_timestamp(made_at as i64, 0).ok_or("The proof was made at no moment (iat).")?;
    let window = Duration::seconds(PROOF_SECONDS);
    if made_at > now + window || made_at + window < now {
        return Err("The proof was not made just now (iat).");
    }
    let id = text("jti");
    if id.is_empty() || id.len() > 500 {
        return Err("The proof has no name of its own (jti).");
    }
    if let Some(token) = request.access_token {
        let expected = URL_SAFE_NO_PAD.encode(sha256(token));
        if !constant_time_eq(expected.as_bytes(), text("ath").as_bytes()) {
            return Err("The proof is for another access token (ath).");
        }
    }
    let thumbprint = thumbprint(&public);
    Ok(Proof {
        spent: sha256(format!("dpop {thumbprint} {id}")),
        thumbprint,
        ends_at: made_at + window + Duration::seconds(1),
    })
}

/// The members that make the public key and its thumbprint, when they are of the algorithm's kind.
fn public_members(jwk: &Map<String, Value>, algorithm: &str) -> Option<Value> {
    let text = |member: &str| jwk.get(member).and_then(Value::as_str);
    let public = match algorithm {
        "ES256" => json!({ "crv": "P-256", "kty": "EC", "x": text("x")?, "y": text("y")? }),
        "EdDSA" => json!({ "crv": "Ed25519", "kty": "OKP", "x": text("x")? }),
        "RS256" => {
            let modulus = URL_SAFE_NO_PAD.decode(text("n")?).ok()?;
            // At least 2048 bits (RFC 7518 §3.3), and no more than a check should take.
            if !(256..=1024).contains(&modulus.len()) {
                return None;
            }
            json!({ "e": text("e")?, "kty": "RSA", "n": text("n")? })
        }
        _ => return None,
    };
    let same = |member: &str| public.get(member).and_then(Value::as_str) == text(member) || public.get(member).is_none();
    (same("kty") && same("crv")).then_some(public)
}

/// The claims, when the key in the header signed them.
fn signed(proof: &str, algorithm: &str, public: &Value) -> Option<Map<String, Value>> {
    let algorithm = match algorithm {
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        "RS256" => Algorithm::RS256,
        _ => return None,
    };
    let key: Jwk = serde_json::from_value(public.clone()).ok()?;
    let key = DecodingKey::from_jwk(&key).ok()?;
    let mut validation = Validation::new(algorithm);
    // Times are held against our own clock, and nobody is named as audience.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<Map<String, Value>>(proof, &key, &validation)
        .ok()
        .map(|data| data.claims)
}

/// RFC 7638 §3: serde_json keeps members in lexical order and writes no spaces.
fn thumbprint(public: &Value) -> String {
    URL_SAFE_NO_PAD.encode(sha256(public.to_string()))
}

/// Whether two addresses are the same without query and fragment (RFC 9449 §4.3), however they are written (RFC 3986 §6.2.2).
fn same_place(named: &str, ours: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(named).is_some_and(|named| Some(named) == bare(ours))
}

/// Whether a text can be a thumbprint: a SHA-256 in base64url.
#[must_use]
pub fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}
