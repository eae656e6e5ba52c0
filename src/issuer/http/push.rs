//! `POST /oauth/par`: a client pushes its request before the browser comes with it (RFC 9126).

use axum::{
    Extension, Form, Json,
    extract::{FromRequest as _, Request, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{
        OAuthError, PUSHED_SECONDS, commands,
        failing::HeldOff,
        request::{PUSHED, Parameters},
    },
    LONGEST,
    client_auth::{Asking, Presented, authenticate},
    fresh,
    possession::proven,
    refusal,
    token::acting,
};
use crate::web::{WebState, meta_of, routes};

#[derive(Debug, Deserialize)]
struct PushForm {
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    #[serde(flatten)]
    parameters: Parameters,
}

/// `POST /oauth/par`.
pub(super) async fn push(State(state): State<WebState>, Extension(held_off): Extension<HeldOff>, request: Request) -> Response {
    let meta = meta_of(request.headers(), request.extensions(), state.trust_forwarded);
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
        let asking = Asking {
            portal: &state.portal,
            held_off: &held_off,
            meta: &meta,
            headers: &headers,
        };
        let client = authenticate(&asking, &presented).await?;
        let mut parameters = form.parameters.without_empty();
        // A proof here binds the code like dpop_jkt (RFC 9449 §10.1).
        if let Some(jkt) = proven(&state.portal, &headers, "POST", routes::OAUTH_PUSH, None).await? {
            if parameters.dpop_jkt.as_ref().is_some_and(|named| *named != jkt) {
                return Err(OAuthError::refused("invalid_dpop_proof", "dpop_jkt is not the key of the proof."));
            }
            parameters.dpop_jkt = Some(jkt);
        }
        let text = serde_json::to_string(&parameters).unwrap_or_default();
        if text.len() > LONGEST {
            return Err(OAuthError::request("The request is too long."));
        }
        let mut cx = state.portal.begin(acting(&client), meta.clone()).await?;
        let value = commands::push(&mut cx, &client, parameters).await?;
        cx.commit().await?;
        Ok(json!({ "request_uri": format!("{PUSHED}{}", value.reveal()), "expires_in": PUSHED_SECONDS }))
    }
    .await;
    match outcome {
        Ok(body) => fresh((StatusCode::CREATED, Json(body)).into_response()),
        Err(error) => refusal(&error),
    }
}
