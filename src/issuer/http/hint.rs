//! Whom an application expects to be here (OpenID Connect Core §3.1.2.1 `id_token_hint`, §5.5.1 `sub`).

use serde_json::Value;

use super::super::{
    OAuthError,
    claims::subject,
    keys::{KeyRing, TokenType},
    model::Client,
    request::{Asked, Parameters},
};
use crate::web::RequestCx;

/// What a hint says about whoever is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The request names nobody.
    Anybody,
    /// It is them.
    Them,
    /// It names another person, or the same one in another hat.
    SomebodyElse,
}

/// Compares whom the request names with whoever is signed in. An ended token is a good hint: nothing is given for it.
///
/// # Errors
/// `invalid_request` when it is no id token that this client got from us.
pub(super) async fn expected(
    request: &RequestCx,
    ring: &KeyRing,
    client: &Client,
    parameters: &Parameters,
    asked: &Asked,
) -> Result<Expected, OAuthError> {
    let portal = &request.portal;
    let member = request.actor.person().and_then(|me| me.member.as_ref());
    let here = member.map(|member| subject(client, client.application, member.id, &portal.master_key));
    let is = |name: &str| {
        if here.as_deref() == Some(name) {
            Expected::Them
        } else {
            Expected::SomebodyElse
        }
    };
    let by_claim = asked.subject.as_deref().map(is);
    let Some(token) = parameters.id_token_hint.as_deref() else {
        return Ok(by_claim.unwrap_or(Expected::Anybody));
    };
    let claims = ring.verified_ever(portal, TokenType::Id, token).await?;
    let claims = claims.filter(|claims| claims.get("aud").and_then(Value::as_str) == Some(&client.terms.client_id));
    let Some(claims) = claims else {
        return Err(OAuthError::request("id_token_hint is no id token that this client got here"));
    };
    Ok(match by_claim {
        Some(Expected::SomebodyElse) => Expected::SomebodyElse,
        _ => is(claims.get("sub").and_then(Value::as_str).unwrap_or_default()),
    })
}
