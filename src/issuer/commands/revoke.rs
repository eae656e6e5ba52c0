//! Revocation (RFC 7009): a refresh token ends its whole family, an access token ends alone.

use serde_json::Value;

use super::{
    super::{
        keys::{Published, TokenType},
        model::Client,
    },
    about, end,
};
use crate::{
    audit::{self, Event, EventKind},
    cx::Cx,
    kernel::{Timestamp, sha256},
    store::{StoreError, issuer::grants},
};

/// Ends a token of the client; of others it does nothing, and says nothing.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn revoke(cx: &mut Cx, keys: &Published, client: &Client, token: &str) -> Result<(), StoreError> {
    if let Some((_, grant)) = grants::refresh(&cx.tx, &sha256(token)).await? {
        if grant.client == client.id {
            end(cx, client, &grant, "The application gave it back.").await?;
        }
        return Ok(());
    }
    let Some(claims) = keys.verified(TokenType::Access, token) else {
        return Ok(());
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let ends = claims
        .get("exp")
        .and_then(Value::as_i64)
        .and_then(|seconds| Timestamp::from_timestamp(seconds, 0));
    let (Some(id), Some(ends)) = (text("jti"), ends) else {
        return Ok(());
    };
    if text("client_id") != Some(&client.terms.client_id) || ends <= cx.now {
        return Ok(());
    }
    if grants::spend(&cx.tx, spent_token(id), ends).await? {
        let grant = match text("grant_id").and_then(|id| id.parse().ok()) {
            Some(grant) => grants::get(&cx.tx, grant).await?,
            None => None,
        };
        let event = match &grant {
            Some(grant) => about(cx, EventKind::TokensRevoked, client, grant).await?,
            None => Event::new(EventKind::TokensRevoked).detail("client", client.terms.client_id.clone()),
        };
        let event = event.detail("token", id).reason("The application gave it back.");
        audit::record(cx, event).await?;
    }
    Ok(())
}

/// The name under which a revoked access token is kept.
pub(in crate::issuer) fn spent_token(id: &str) -> Vec<u8> {
    sha256(format!("access token {id}"))
}
