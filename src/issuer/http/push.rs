//! `POST /oauth/par`: a client pushes its request before the browser comes with it (RFC 9126).

use axum::{
    Form, Json,
    extract::{FromRequest as _, Request, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        OAuthError,
        request::{PUSHED, Parameters},
    },
    authorize::LONGEST,
    client_auth::{Presented, authenticate},
    fresh, refusal,
};
use crate::{
    cx::Portal,
    kernel::BearerSecret,
    store::{self, issuer::pushed},
    web::WebState,
};

/// Seconds in which the browser has to come, and the person to sign in.
const PUSHED_SECONDS: i64 = 600;

#[derive(Debug, Deserialize)]
struct PushForm {
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    #[serde(flatten)]
    parameters: Parameters,
}

/// `POST /oauth/par`.
pub(super) async fn push(State(state): State<WebState>, request: Request) -> Response {
    let headers = request.headers().clone();
    let form: Result<Form<PushForm>, FormRejection> = Form::from_request(request, &()).await;
    let outcome = async {
        let Form(form) = form.map_err(|_| OAuthError::request("The form cannot be read, or a parameter comes twice."))?;
        let presented = Presented {
            client_id: form.parameters.client_id.as_deref(),
            client_secret: form.client_secret.as_deref(),
            client_assertion_type: form.client_assertion_type.as_deref(),
            client_assertion: form.client_assertion.as_deref(),
        };
        let client = authenticate(&state.portal, &headers, &presented).await?;
        pushed_by(&state.portal, &client, form.parameters.without_empty()).await
    }
    .await;
    match outcome {
        Ok(body) => fresh((StatusCode::CREATED, Json(body)).into_response()),
        Err(error) => refusal(&error),
    }
}

async fn pushed_by(portal: &Portal, client: &super::super::Client, mut parameters: Parameters) -> Result<Value, OAuthError> {
    if parameters.request_uri.is_some() {
        return Err(OAuthError::request("request_uri cannot be pushed (RFC 9126 §2.1)"));
    }
    parameters.client_id = Some(client.client_id.clone());
    parameters.answering(client).map_err(OAuthError::request)?;
    let application = store::applications::get(&portal.store.reader(), client.application)
        .await?
        .ok_or_else(|| OAuthError::refused("unauthorized_client", "The application is no longer offered."))?;
    parameters.asked(client, &client.audience_for(&application.launch_url))?;
    let value = BearerSecret::generate(&mut portal.entropy.rng());
    let text = serde_json::to_string(&parameters).map_err(|_| OAuthError::request("The request cannot be kept."))?;
    if text.len() > LONGEST {
        return Err(OAuthError::request("The request is too long."));
    }
    let tx = portal.store.begin().await?;
    let expires_at = portal.clock.now() + Duration::seconds(PUSHED_SECONDS);
    pushed::insert(&tx, value.hash(), client.id, text, expires_at).await?;
    tx.commit().await?;
    Ok(json!({ "request_uri": format!("{PUSHED}{}", value.reveal()), "expires_in": PUSHED_SECONDS }))
}
