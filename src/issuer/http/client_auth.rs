//! A client proves who it is (RFC 6749 §2.3, OpenID Connect Core §9), in exactly the way it is registered for.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::Duration;
use serde_json::{Map, Value};

use super::super::{
    OAuthError,
    failing::{HeldOff, throttled_until},
    known::{Known, KnownClients},
    model::{Client, ClientAuthentication},
};
use crate::{
    cx::{Portal, RequestMeta},
    kernel::{Timestamp, constant_time_eq, sha256},
    store::issuer::{clients, grants},
    web::routes,
};

/// The only type of assertion (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion may live so long at most; some client libraries (authlib) make them for an hour.
const MOST_ASSERTION: Duration = Duration::hours(1);

/// What a form says about the client.
#[derive(Clone, Debug, Default)]
pub(super) struct Presented<'a> {
    pub client_id: Option<&'a str>,
    pub client_secret: Option<&'a str>,
    pub client_assertion_type: Option<&'a str>,
    pub client_assertion: Option<&'a str>,
}

/// A request for which a client has to prove itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub portal: &'a Portal,
    pub held_off: &'a HeldOff,
    pub meta: &'a RequestMeta,
    pub headers: &'a HeaderMap,
}

impl Asking<'_> {
    fn until(&self, client: &Client) -> Option<Timestamp> {
        self.held_off.until(self.meta, client, self.portal.clock.now())
    }
}

enum Proof {
    Basic(String),
    Post(String),
    Assertion(String),
    None,
}

/// Credentials of the Authorization header; both halves are form-encoded (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<Result<(String, String), OAuthError>> {
    let value = headers.get(header::AUTHORIZATION)?;
    let wrong = || OAuthError::Client("The Authorization header cannot be read.");
    let read = || {
        let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((decoded(id)?, decoded(secret)?))
    };
    Some(read().ok_or_else(wrong))
}

fn decoded(text: &str) -> Option<String> {
    // As one value of a form: `+` is a space, `%` begins a byte.
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (None, _) => Some(String::new()),
        // What has an equals sign or ampersand in it was not encoded as it has to be.
        (Some((value, rest)), None) if rest.is_empty() && !text.contains('=') => Some(value.into_owned()),
        _ => None,
    }
}

fn proof(headers: &HeaderMap, form: &Presented<'_>) -> Result<(String, Proof), OAuthError> {
    let header = basic(headers).transpose()?;
    let ways = usize::from(header.is_some()) + usize::from(form.client_secret.is_some()) + usize::from(form.client_assertion.is_some());
    if ways > 1 {
        return Err(OAuthError::request(
            "The client proves itself in more than one way (RFC 6749 §2.3).",
        ));
    }
    if let Some((id, secret)) = header {
        if form.client_id.is_some_and(|named| named != id) {
            return Err(OAuthError::request("client_id is not the one of the Authorization header."));
        }
        return Ok((id, Proof::Basic(secret)));
    }
    if let Some(assertion) = form.client_assertion {
        if form.client_assertion_type != Some(JWT_BEARER) {
            return Err(OAuthError::request("client_assertion_type is not known."));
        }
        let claims = unverified(assertion).ok_or(OAuthError::Client("The assertion cannot be read."))?;
        let id = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        if form.client_id.is_some_and(|named| named != id) {
            return Err(OAuthError::request("client_id is not the one of the assertion."));
        }
        return Ok((id, Proof::Assertion(assertion.to_owned())));
    }
    let id = form
        .client_id
        .ok_or(OAuthError::Client("The client does not say who it is."))?
        .to_owned();
    Ok((id, form.client_secret.map_or(Proof::None, |secret| Proof::Post(secret.to_owned()))))
}

fn unverified(token: &str) -> Option<Map<String, Value>> {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

/// What comes without a value counts as left out (RFC 6749 §3.2).
fn without_empty<'a>(form: &Presented<'a>) -> Presented<'a> {
    let some = |value: Option<&'a str>| value.filter(|value| !value.is_empty());
    Presented {
        client_id: some(form.client_id),
        client_secret: some(form.client_secret),
        client_assertion_type: some(form.client_assertion_type),
        client_assertion: some(form.client_assertion),
    }
}

/// Whether a secret is the client's, in the way it is registered for.
fn knows_secret(client: &Client, proof: &Proof) -> bool {
    let ((ClientAuthentication::Basic, Proof::Basic(secret)) | (ClientAuthentication::Post, Proof::Post(secret))) =
        (client.terms.authentication, proof)
    else {
        return false;
    };
    client
        .secret_hash
        .as_deref()
        .is_some_and(|hash| constant_time_eq(hash, &sha256(secret)))
}

/// The client that asks, if this process remembers it and its secret is right. None says nothing: [`authenticate`] asks the database.
pub(super) fn remembered(known: &KnownClients, headers: &HeaderMap, form: &Presented<'_>) -> Option<Arc<Known>> {
    let (id, proof) = proof(headers, &without_empty(form)).ok()?;
    known
        .get(&id)
        .filter(|known| known.client.disabled_at.is_none() && knows_secret(&known.client, &proof))
}

/// Finds out which client asks.
///
/// # Errors
/// [`OAuthError::Client`] without a word about what was wrong, and [`OAuthError::Throttled`] for whoever goes on trying.
pub(super) async fn authenticate(asking: &Asking<'_>, form: &Presented<'_>) -> Result<Client, OAuthError> {
    let portal = asking.portal;
    let (id, proof) = proof(asking.headers, &without_empty(form))?;
    let refused = OAuthError::Client("The client is not known, or its proof is wrong.");
    // No client is called so, and PostgreSQL takes no text with it. Forms have none; headers and assertions may.
    if id.contains('\0') {
        return Err(refused);
    }
    let client = clients::by_name(&portal.store.reader(), &id).await?;
    let Some(client) = client.filter(|client| client.disabled_at.is_none()) else {
        return Err(refused);
    };
    let right = match (client.terms.authentication, proof) {
        (ClientAuthentication::PrivateKeyJwt, Proof::Assertion(assertion)) => asserted(portal, &client, &assertion).await?,
        (ClientAuthentication::None, Proof::None) => true,
        (_, proof) => knows_secret(&client, &proof),
    };
    if right {
        return Ok(client);
    }
    // Whoever knows the secret is let in all the same: it cannot be guessed, and a wrong one elsewhere in the network keeps nobody out.
    if let Some(until) = asking.until(&client) {
        return Err(throttled_until(until, portal.clock.now()));
    }
    // A public client has nothing to prove, and a page anywhere can make browsers ask in its name.
    if client.terms.authentication == ClientAuthentication::None {
        return Err(refused);
    }
    Err(asking.held_off.failed(portal, asking.meta, &client).await?)
}

/// Whether an assertion is the client's, for us, in time, and new (RFC 7523 §3).
async fn asserted(portal: &Portal, client: &Client, assertion: &str) -> Result<bool, OAuthError> {
    let now = portal.clock.now();
    let Some((id, ends)) = checked(portal, client, assertion, now) else {
        return Ok(false);
    };
    let tx = portal.store.begin().await?;
    let first = grants::spend(&tx, sha256(format!("assertion {} {id}", client.id)), ends).await?;
    tx.commit().await?;
    Ok(first)
}

fn checked(portal: &Portal, client: &Client, assertion: &str, now: Timestamp) -> Option<(String, Timestamp)> {
    use jsonwebtoken::Algorithm;
    let header = jsonwebtoken::decode_header(assertion).ok()?;
    if !matches!(
        header.alg,
        Algorithm::ES256 | Algorithm::EdDSA | Algorithm::RS256 | Algorithm::PS256
    ) {
        return None;
    }
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(client.terms.key_set.as_deref()?).ok()?;
    let mut fitting = keys
        .keys
        .iter()
        .filter(|key| header.kid.is_none() || key.common.key_id == header.kid);
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    // Times and audience are held against ours below.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = fitting.find_map(|key| {
        let key = jsonwebtoken::DecodingKey::from_jwk(key).ok()?;
        jsonwebtoken::decode::<Map<String, Value>>(assertion, &key, &validation)
            .ok()
            .map(|data| data.claims)
    })?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(&client.terms.client_id) || text("sub") != Some(&client.terms.client_id) {
        return None;
    }
    let public_url = &portal.settings.public_url;
    let ours = [
        public_url.clone(),
        routes::absolute(public_url, routes::OAUTH_TOKEN),
        routes::absolute(public_url, routes::OAUTH_PUSH),
        routes::absolute(public_url, routes::OAUTH_INTROSPECT),
        routes::absolute(public_url, routes::OAUTH_REVOKE),
    ];
    let for_us = match claims.get("aud")? {
        Value::String(audience) => ours.contains(audience),
        Value::Array(audiences) => audiences
            .iter()
            .filter_map(Value::as_str)
            .any(|audience| ours.iter().any(|own| own == audience)),
        _ => false,
    };
    let ends = Timestamp::from_timestamp(claims.get("exp")?.as_i64()?, 0)?;
    let begins = claims.get("nbf").and_then(Value::as_i64).unwrap_or_default();
    let skew = Duration::seconds(60);
    let ends = ends.checked_add_signed(skew)?;
    let in_time = ends > now && ends <= now + MOST_ASSERTION + skew + skew && begins <= (now + skew).timestamp();
    let id = text("jti").filter(|id| !id.is_empty() && id.len() <= 500)?;
    (for_us && in_time).then(|| (id.to_owned(), ends))
}
