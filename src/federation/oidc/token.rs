//! Believing a signed token of a provider: the ID token (OpenID Connect Core §3.1.3.7) and the logout token.

use std::str::FromStr as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use openidconnect::{
    ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm},
};
use serde_json::{Map, Value};

use super::{discovery::Published, exchange::OidcRefusal};
use crate::kernel::{Timestamp, constant_time_eq};

/// Clocks may differ by so many seconds.
pub const SKEW_SECONDS: i64 = 120;

/// Signatures by public key alone: nothing that a client secret or a public key used as a secret could make.
pub const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The payload of a compact JWS, not yet believed.
pub fn payload(token: &str) -> Option<Map<String, Value>> {
    let middle = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).ok()?).ok()
}

/// Checks issuer, audience, signature, times and nonce of an ID token; answers all its claims.
pub fn id_token(
    published: &Published,
    client_id: &str,
    token: &str,
    nonce: &str,
    now: Timestamp,
) -> Result<(CoreIdToken, Map<String, Value>), OidcRefusal> {
    let keys = published.key_set().ok_or(OidcRefusal::NotSetUp)?;
    let issuer = published.configuration["issuer"].as_str().unwrap_or_default();
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| OidcRefusal::NotSetUp)?;
    let parsed = CoreIdToken::from_str(token).map_err(|_| OidcRefusal::Token("it is not a signed token"))?;
    let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new(client_id.to_owned()), issuer, keys)
        .set_allowed_algs(ALGORITHMS)
        .set_other_audience_verifier_fn(|_| false)
        .set_time_fn(move || now - Duration::seconds(SKEW_SECONDS))
        .set_issue_time_verifier_fn(move |issued| {
            if issued > now + Duration::seconds(SKEW_SECONDS) {
                Err("issued in the future".to_owned())
            } else {
                Ok(())
            }
        });
    let wanted = Nonce::new(nonce.to_owned());
    let checked = |given: Option<&Nonce>| match given {
        Some(given) if constant_time_eq(given.secret().as_bytes(), wanted.secret().as_bytes()) => Ok(()),
        _ => Err("another nonce".to_owned()),
    };
    parsed.claims(&verifier, checked).map_err(|error| refusal(&error))?;
    let claims = payload(token).ok_or(OidcRefusal::Token("it is not a signed token"))?;
    not_before(&claims, now)?;
    if claims.get("azp").and_then(Value::as_str).is_some_and(|party| party != client_id) {
        return Err(OidcRefusal::Token("it was issued to another application"));
    }
    Ok((parsed, claims))
}

fn not_before(claims: &Map<String, Value>, now: Timestamp) -> Result<(), OidcRefusal> {
    match claims.get("nbf").and_then(Value::as_i64) {
        Some(start) if start > now.timestamp() + SKEW_SECONDS => Err(OidcRefusal::Token("it is not valid yet")),
        _ => Ok(()),
    }
}

fn refusal(error: &ClaimsVerificationError) -> OidcRefusal {
    match error {
        ClaimsVerificationError::Expired(_) => OidcRefusal::Token("it has expired; compare the clocks of both sides"),
        ClaimsVerificationError::InvalidAudience(_) => OidcRefusal::Token("it was issued for another application; check the client id"),
        ClaimsVerificationError::InvalidIssuer(_) => OidcRefusal::Token("it names another issuer"),
        ClaimsVerificationError::InvalidNonce(_) => OidcRefusal::Token("it does not answer our request (nonce)"),
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => OidcRefusal::UnknownKey,
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_)
            | SignatureVerificationError::NoSignature,
        ) => OidcRefusal::Token("it is signed in a way that is not safe"),
        ClaimsVerificationError::SignatureVerification(_) => OidcRefusal::Token("its signature is wrong"),
        _ => OidcRefusal::Token("one of its claims is wrong"),
    }
}
