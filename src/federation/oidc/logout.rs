//! Logout: the token by which a provider ends sessions (OpenID Connect Back-Channel Logout 1.0 §2.6), and the way to end one there.

use openidconnect::core::CoreJwsSigningAlgorithm;
use serde_json::{Map, Value};
use url::Url;

use super::{
    OidcRefusal,
    discovery::Published,
    token::{ALGORITHMS, SKEW_SECONDS, payload},
};
use crate::{federation::OidcSettings, kernel::Timestamp};

/// The event a logout token must name.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whose sessions a provider ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// All sessions of this person.
    pub subject: Option<String>,
    /// One session.
    pub session: Option<String>,
    /// For single use.
    pub id: String,
    /// When it would be refused anyway.
    pub ends_at: Timestamp,
}

/// Checks a logout token.
///
/// # Errors
/// [`OidcRefusal`]; an unknown key may mean that the provider rotated its keys.
pub fn verify(settings: &OidcSettings, published: &Published, token: &str, now: Timestamp) -> Result<LogoutToken, OidcRefusal> {
    let claims = verified(settings, published, token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    if claims.contains_key("nonce") {
        return Err(OidcRefusal::Token("a logout token holds no nonce"));
    }
    if claims
        .get("events")
        .and_then(|events| events.get(EVENT))
        .is_none_or(|event| !event.is_object())
    {
        return Err(OidcRefusal::Token("it is no logout token"));
    }
    let (subject, session) = (text("sub"), text("sid"));
    if subject.is_none() && session.is_none() {
        return Err(OidcRefusal::Token("it names neither person nor session"));
    }
    let id = text("jti").ok_or(OidcRefusal::Token("it has no id"))?;
    let issued = claims
        .get("iat")
        .and_then(Value::as_i64)
        .ok_or(OidcRefusal::Token("it has no time"))?;
    // Two minutes are enough for a message between servers (§4).
    let ends = claims.get("exp").and_then(Value::as_i64).unwrap_or(issued + 120).min(issued + 600) + SKEW_SECONDS;
    if issued > now.timestamp() + SKEW_SECONDS || ends < now.timestamp() {
        return Err(OidcRefusal::Token("it has expired; compare the clocks of both sides"));
    }
    Ok(LogoutToken {
        subject,
        session,
        id,
        ends_at: Timestamp::from_timestamp(ends + SKEW_SECONDS, 0).unwrap_or(now),
    })
}

fn verified(settings: &OidcSettings, published: &Published, token: &str) -> Result<Map<String, Value>, OidcRefusal> {
    let keys = published.key_set().ok_or(OidcRefusal::NotSetUp)?;
    let wrong = OidcRefusal::Token("its signature is wrong");
    let header = jsonwebtoken::decode_header(token).map_err(|_| wrong.clone())?;
    if header
        .typ
        .as_deref()
        .is_some_and(|kind| !matches!(kind.to_ascii_lowercase().as_str(), "logout+jwt" | "jwt"))
    {
        return Err(OidcRefusal::Token("it is no logout token"));
    }
    let algorithm: CoreJwsSigningAlgorithm =
        serde_json::from_value(serde_json::to_value(header.alg).unwrap_or_default()).map_err(|_| wrong.clone())?;
    if !ALGORITHMS.contains(&algorithm) {
        return Err(OidcRefusal::Token("it is signed in a way that is not safe"));
    }
    let known: jsonwebtoken::jwk::JwkSet = serde_json::from_value(published.keys.clone()).map_err(|_| OidcRefusal::NotSetUp)?;
    let key = known
        .keys
        .iter()
        .find(|key| key.common.key_id == header.kid || (header.kid.is_none() && keys.keys().len() == 1))
        .ok_or(OidcRefusal::UnknownKey)?;
    let decoding = jsonwebtoken::DecodingKey::from_jwk(key).map_err(|_| wrong.clone())?;
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    // Times are checked against our own clock by the caller.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    validation.set_audience(&[&settings.client_id]);
    validation.set_issuer(&[published.configuration["issuer"].as_str().unwrap_or_default()]);
    jsonwebtoken::decode::<Map<String, Value>>(token, &decoding, &validation).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidAudience => {
            OidcRefusal::Token("it was issued for another application; check the client id")
        }
        jsonwebtoken::errors::ErrorKind::InvalidIssuer => OidcRefusal::Token("it names another issuer"),
        _ => wrong.clone(),
    })?;
    let claims = payload(token).ok_or(wrong)?;
    if claims.get("iss").is_none() || claims.get("aud").is_none() {
        return Err(OidcRefusal::Token("issuer or audience is missing"));
    }
    Ok(claims)
}

/// Where a browser goes to end its session at the provider too (OpenID Connect RP-Initiated Logout 1.0 §2).
#[must_use]
pub fn end_session(settings: &OidcSettings, published: &Published, back: &str) -> Option<Url> {
    let mut url = published.end_session_endpoint()?;
    // Without an `id_token_hint`: the token would have to be kept for as long as the session.
    url.query_pairs_mut()
        .append_pair("client_id", &settings.client_id)
        .append_pair("post_logout_redirect_uri", back);
    Some(url)
}
