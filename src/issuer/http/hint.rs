//! Whom an application expects to be here (OpenID Connect Core §3.1.2.1 `id_token_hint`).

use serde_json::Value;

use super::super::{
    OAuthError,
    claims::subject,
    keys::{KeyRing, TokenType},
    model::Client,
    request::Parameters,
};
use crate::web::RequestCx;

/// What a hint says about whoever is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// There is no hint.
    Anybody,
    /// It is them.
    Them,
    /// It names another person, or the same one in another hat.
    SomebodyElse,
}

/// Compares the hint with whoever is signed in. An ended token is a good hint: nothing is given for it.
///
/// # Errors
/// `invalid_request` when it is no id token that this client got from us.
pub(super) async fn expected(
    request: &RequestCx,
    ring: &KeyRing,
    client: &Client,
    parameters: &Parameters,
) -> Result<Expected, OAuthError> {
    let Some(token) = parameters.id_token_hint.as_deref() else {
        return Ok(Expected::Anybody);
    };
    let portal = &request.portal;
    let claims = ring.published(portal).await?.verified(TokenType::Id, token);
    let claims = claims.filter(|claims| claims.get("aud").and_then(Value::as_str) == Some(&client.terms.client_id));
    let Some(claims) = claims else {
        return Err(OAuthError::request("id_token_hint is no id token that this client got here"));
    };
    let member = request.actor.person().and_then(|me| me.member.as_ref());
    let here = member.map(|member| subject(client, client.application, member.id, &portal.master_key));
    let same = here.is_some() && here.as_deref() == claims.get("sub").and_then(Value::as_str);
    Ok(if same { Expected::Them } else { Expected::SomebodyElse })
}
