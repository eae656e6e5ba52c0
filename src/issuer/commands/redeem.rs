//! Redeeming an authorization code (RFC 6749 §4.1.3), once.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    super::{
        OAuthError,
        keys::Published,
        model::{Client, GrantType},
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
}

/// Whether a verifier is well made (RFC 7636 §4.1) and fits its challenge.
fn fits(verifier: &str, challenge: &str) -> bool {
    let well_made =
        (43..=128).contains(&verifier.len()) && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    well_made && constant_time_eq(URL_SAFE_NO_PAD.encode(sha256(verifier)).as_bytes(), challenge.as_bytes())
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
    let code = grants::code(&cx.tx, &hash).await?.ok_or_else(worthless)?;
    let grant = grants::get(&cx.tx, code.grant).await?.ok_or_else(worthless)?;
    if grant.client != client.id {
        return Err(worthless());
    }
    if redemption.redirect_uri.as_ref().is_some_and(|uri| *uri != code.redirect_uri) {
        return Err(OAuthError::grant("redirect_uri is not the one of the request."));
    }
    if !fits(&redemption.verifier, &code.challenge) {
        return Err(OAuthError::grant("code_verifier does not fit the challenge of the request."));
    }
    if !grants::use_code(&cx.tx, &hash, cx.now).await? {
        end(cx, client, &grant, "Its code was used a second time.").await?;
        return Err(worthless());
    }
    if code.expires_at <= cx.now || grant.revoked_at.is_some() {
        return Err(worthless());
    }
    let standing = match stand(&cx.tx, &cx.policies, &cx.tenant, &Who::from(&grant), grant.application, cx.now).await? {
        Ok(standing) => standing,
        Err(refusal) => {
            refuse(cx, client, &grant, &refusal).await?;
            end(cx, client, &grant, &refusal.reason()).await?;
            return Err(OAuthError::grant(refusal.reason()));
        }
    };
    let scopes = standing.given(&grant.scopes);
    if scopes.is_empty() {
        let refusal = Refusal::Nobody(NOTHING_LEFT.to_owned());
        refuse(cx, client, &grant, &refusal).await?;
        end(cx, client, &grant, NOTHING_LEFT).await?;
        return Err(OAuthError::grant(NOTHING_LEFT));
    }
    issue_to_person(cx, keys, client, &grant, &standing, &scopes, GrantType::AuthorizationCode).await
}
