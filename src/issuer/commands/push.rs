//! Keeping a request until the browser comes with it (RFC 9126).

use chrono::Duration;

use super::super::{OAuthError, PUSHED_SECONDS, model::Client, request::Parameters};
use crate::{
    cx::Cx,
    kernel::BearerSecret,
    store::{self, issuer::pushed},
};

/// Looks at a request as the authorization endpoint will, and keeps it. Answers the value that names it.
///
/// # Errors
/// [`OAuthError`] says what is wrong with the request.
pub async fn push(cx: &mut Cx, client: &Client, mut parameters: Parameters) -> Result<BearerSecret, OAuthError> {
    if parameters.request_uri.is_some() {
        return Err(OAuthError::request("request_uri cannot be pushed (RFC 9126 §2.1)"));
    }
    parameters.client_id = Some(client.terms.client_id.clone());
    parameters.answering(client).map_err(OAuthError::request)?;
    let application = store::applications::get(&cx.tx, client.application)
        .await?
        .ok_or_else(|| OAuthError::refused("unauthorized_client", "The application is no longer offered."))?;
    parameters.asked(client, &client.audience_for(&application.launch_url))?;
    let value = BearerSecret::generate(&mut cx.rng);
    let text = serde_json::to_string(&parameters).map_err(|_| OAuthError::request("The request cannot be kept."))?;
    let expires_at = cx.now + Duration::seconds(PUSHED_SECONDS);
    pushed::insert(&cx.tx, value.hash(), client.id, text, expires_at).await?;
    Ok(value)
}
