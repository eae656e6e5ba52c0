//! Refreshing (RFC 6749 §6): every refresh token counts once, and everything is decided anew.

use super::{
    super::{
        OAuthError,
        keys::Published,
        model::{Client, ClientAuthentication, Grant, GrantType, RefreshToken},
        standing::{Refusal, Who, stand},
    },
    Issued, NOTHING_LEFT, end,
    issue::issue_to_person,
    refuse,
};
use crate::{cx::Cx, federation, kernel::sha256, organizations::Lifetimes, store::issuer::grants};

/// What of a refresh token does not fit whoever brings it: why, for the trail, and what the client is told when that is more than that the
/// token is worth nothing.
fn misfit(
    cx: &Cx,
    client: &Client,
    token: &RefreshToken,
    grant: &Grant,
    asked: &[String],
    jkt: Option<&str>,
) -> Option<(&'static str, Option<OAuthError>)> {
    if grant.client != client.id {
        return Some(("The refresh token belongs to another application.", None));
    }
    if grant.revoked_at.is_some() {
        return Some(("What stood behind the refresh token was ended.", None));
    }
    if token.expires_at <= cx.now {
        return Some(("The refresh token has expired.", None));
    }
    // Whoever stole it from a public client has it without its key (RFC 9449 §5).
    if client.terms.authentication == ClientAuthentication::None && grant.jkt.is_some() && grant.jkt.as_deref() != jkt {
        let why = "The refresh token is bound to another key.";
        return Some((why, Some(OAuthError::grant(why))));
    }
    if asked.iter().any(|scope| !grant.has(scope)) {
        let why = "A scope was asked for that was not given at first.";
        return Some((why, Some(OAuthError::refused("invalid_scope", why))));
    }
    None
}

/// Exchanges a refresh token for new tokens; `asked` narrows the access token, and is empty for all that was given. `jkt` is the thumbprint of
/// the key that the request proved.
///
/// # Errors
/// [`OAuthError`]; commit all the same: a token that comes twice was stolen, so its whole family ends (RFC 9700 §4.14.2).
pub async fn refresh(
    cx: &mut Cx,
    keys: &Published,
    client: &Client,
    value: &str,
    asked: &[String],
    jkt: Option<String>,
) -> Result<Issued, OAuthError> {
    if !client.may(GrantType::RefreshToken) {
        return Err(OAuthError::refused("unauthorized_client", "This client has no refresh tokens."));
    }
    let worthless = || OAuthError::grant("The refresh token is worth nothing: it was used, has expired, or belongs to somebody else.");
    let hash = sha256(value);
    let (token, grant) = grants::refresh(&cx.tx, &hash).await?.ok_or_else(worthless)?;
    if let Some((why, error)) = misfit(cx, client, &token, &grant, asked, jkt.as_deref()) {
        refuse(cx, client, &grant, &Refusal::Nobody(why.to_owned()), asked).await?;
        return Err(error.unwrap_or_else(worthless));
    }
    if let Some(provider) = grant.provider
        && let Some(broken) = federation::commands::recheck(cx, grant.organization, provider, grant.member).await?
    {
        let refusal = Refusal::Nobody(broken.reason);
        refuse(cx, client, &grant, &refusal, asked).await?;
        end(cx, client, &grant, &refusal.reason()).await?;
        return Err(OAuthError::grant(refusal.reason()));
    }
    let standing = match stand(&cx.tx, &cx.policies, &cx.tenant, &Who::from(&grant), grant.application, cx.now).await? {
        Ok(standing) => standing,
        // Nothing is lost: the person confirms at the authorization endpoint, and the client goes on with what it gets there.
        Err(refusal @ Refusal::StepUp(_)) => {
            refuse(cx, client, &grant, &refusal, asked).await?;
            return Err(OAuthError::grant(format!(
                "insufficient_user_authentication: send the person to the authorization endpoint. {}",
                refusal.reason()
            )));
        }
        Err(refusal) => {
            refuse(cx, client, &grant, &refusal, asked).await?;
            end(cx, client, &grant, &refusal.reason()).await?;
            return Err(OAuthError::grant(refusal.reason()));
        }
    };
    // A limit that was shortened since counts for the tokens that are out, too (mission D2).
    let limit = standing.circumstances.organization.lifetimes.refresh_seconds;
    if token.created_at + Lifetimes::shorter(limit, client.refresh_life()) <= cx.now {
        refuse(
            cx,
            client,
            &grant,
            &Refusal::Nobody("The refresh token has expired.".to_owned()),
            asked,
        )
        .await?;
        return Err(worthless());
    }
    let scopes = standing.given(if asked.is_empty() { &grant.scopes } else { asked });
    if scopes.is_empty() && !asked.is_empty() {
        // Not used up: the client may ask for what is left.
        return Err(OAuthError::refused("invalid_scope", NOTHING_LEFT));
    }
    if !grants::use_refresh(&cx.tx, &hash, cx.now).await? {
        end(
            cx,
            client,
            &grant,
            "A refresh token was used a second time, so somebody else may have it.",
        )
        .await?;
        return Err(worthless());
    }
    if scopes.is_empty() {
        let refusal = Refusal::Nobody(NOTHING_LEFT.to_owned());
        refuse(cx, client, &grant, &refusal, asked).await?;
        end(cx, client, &grant, NOTHING_LEFT).await?;
        return Err(OAuthError::grant(NOTHING_LEFT));
    }
    // The new refresh token of a client without a proof of its own is bound to the key from now on (RFC 9449 §5).
    if let Some(jkt) = jkt
        .as_deref()
        .filter(|_| client.terms.authentication == ClientAuthentication::None && grant.jkt.is_none())
    {
        grants::bind(&cx.tx, grant.id, jkt).await?;
    }
    let asked = if asked.is_empty() { grant.scopes.clone() } else { asked.to_vec() };
    let grant = Grant { jkt, ..grant };
    issue_to_person(cx, keys, client, &grant, &standing, (&asked, &scopes), GrantType::RefreshToken).await
}
