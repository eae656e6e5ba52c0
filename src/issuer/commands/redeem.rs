//! Redeeming an authorization code (RFC 6749 §4.1.3), once.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    super::{
        OAuthError,
        keys::Published,
        model::{Client, ClientAuthentication, Code, Grant, GrantType},
        standing::{Refusal, Who, stand},
    },
    Issued, NOTHING_LEFT, end,
    issue::issue_to_person,
    refuse,
};
use crate::{
    cx::Cx,
    kernel::{constant_time_eq, sha256},
    store::issuer::grants,
};

/// What comes to the token endpoint with a code.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The code.
    pub code: String,
    /// Where the browser was sent with it; OAuth 2.1 leaves it out.
    pub redirect_uri: Option<String>,
    /// PKCE.
    pub verifier: String,
    /// Thumbprint of the key that the request proved (RFC 9449).
    pub jkt: Option<String>,
}

/// Whether a verifier is well made (RFC 7636 §4.1) and fits its challenge.
fn fits(verifier: &str, challenge: &str) -> bool {
    let well_made =
        (43..=128).contains(&verifier.len()) && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    well_made && constant_time_eq(URL_SAFE_NO_PAD.encode(sha256(verifier)).as_bytes(), challenge.as_bytes())
}

/// What of the client's request does not fit the one that the code came of.
fn misfit(redemption: &Redemption, code: &Code, grant: &Grant) -> Option<&'static str> {
    if redemption.redirect_uri.as_ref().is_some_and(|uri| *uri != code.redirect_uri) {
        return Some("redirect_uri is not the one of the request.");
    }
    if !fits(&redemption.verifier, &code.challenge) {
        return Some("code_verifier does not fit the challenge of the request.");
    }
    (grant.jkt.is_some() && grant.jkt != redemption.jkt).then_some("The code is bound to another key (dpop_jkt).")
}

/// Exchanges a code for tokens.
///
/// # Errors
/// [`OAuthError`]; commit all the same: a code that comes twice ends everything it ever gave (RFC 9700 §4.5.3), and a refusal is recorded.
pub async fn redeem(cx: &mut Cx, keys: &Published, client: &Client, redemption: &Redemption) -> Result<Issued, OAuthError> {
    if !client.may(GrantType::AuthorizationCode) {
        return Err(OAuthError::refused("unauthorized_client", "This client does not sign people in."));
    }
    let worthless = || OAuthError::grant("The code is worth nothing: it was used, has expired, or belongs to somebody else.");
    let hash = sha256(&redemption.code);
    let (code, grant) = grants::code(&cx.tx, &hash).await?.ok_or_else(worthless)?;
    // Whoever has a code that is not theirs has taken it from somewhere: the trail tells of it.
    if grant.client != client.id {
        refuse(
            cx,
            client,
            &grant,
            &Refusal::Nobody("The code belongs to another application.".to_owned()),
            &grant.scopes,
        )
        .await?;
        return Err(worthless());
    }
    if let Some(reason) = misfit(redemption, &code, &grant) {
        refuse(cx, client, &grant, &Refusal::Nobody(reason.to_owned()), &grant.scopes).await?;
        return Err(OAuthError::grant(reason));
    }
    if !grants::use_code(&cx.tx, &hash, cx.now).await? {
        end(cx, client, &grant, "Its code was used a second time.").await?;
        return Err(worthless());
    }
    if code.expires_at <= cx.now || grant.revoked_at.is_some() {
        let why = if grant.revoked_at.is_some() {
            "What stood behind the code was ended."
        } else {
            "The code has expired."
        };
        refuse(cx, client, &grant, &Refusal::Nobody(why.to_owned()), &grant.scopes).await?;
        return Err(worthless());
    }
    let standing = match stand(&cx.tx, &cx.policies, &cx.tenant, &Who::from(&grant), grant.application, cx.now).await? {
        Ok(standing) => standing,
        Err(refusal) => {
            refuse(cx, client, &grant, &refusal, &grant.scopes).await?;
            end(cx, client, &grant, &refusal.reason()).await?;
            return Err(OAuthError::grant(refusal.reason()));
        }
    };
    let scopes = standing.given(&grant.scopes);
    if scopes.is_empty() {
        let refusal = Refusal::Nobody(NOTHING_LEFT.to_owned());
        refuse(cx, client, &grant, &refusal, &grant.scopes).await?;
        end(cx, client, &grant, NOTHING_LEFT).await?;
        return Err(OAuthError::grant(NOTHING_LEFT));
    }
    // Others prove who they are at each refresh, so their refresh tokens need no key (RFC 9449 §5).
    if let Some(jkt) = redemption
        .jkt
        .as_deref()
        .filter(|_| client.terms.authentication == ClientAuthentication::None)
    {
        grants::bind(&cx.tx, grant.id, jkt).await?;
    }
    let grant = Grant {
        jkt: redemption.jkt.clone(),
        ..grant
    };
    issue_to_person(
        cx,
        keys,
        client,
        &grant,
        &standing,
        (&grant.scopes, &scopes),
        GrantType::AuthorizationCode,
    )
    .await
}
