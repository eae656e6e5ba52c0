//! `POST /oauth/token` (RFC 6749 §3.2).

use axum::{
    Extension, Form, Json,
    extract::{FromRequest as _, Request, State, rejection::FormRejection},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    super::{
        OAuthError,
        commands::{self, Issued, Redemption},
        keys::{KeyRing, Published},
        model::{Client, ClientAuthentication},
        request::scopes,
    },
    client_auth::{Presented, authenticate},
    fresh, refusal,
};
use crate::{
    access::Actor,
    cx::{Cx, RequestMeta},
    web::{WebState, meta_of},
};

#[derive(Debug, Default, Deserialize)]
struct TokenForm {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
}

/// Under this name the trail shows what the authorization server does for a client.
pub(super) const ACTOR: Actor = Actor::System("Authorization server");

/// `POST /oauth/token`.
pub(super) async fn token(State(state): State<WebState>, Extension(ring): Extension<KeyRing>, request: Request) -> Response {
    let meta = meta_of(request.headers(), request.extensions(), state.trust_forwarded);
    let headers = request.headers().clone();
    let form: Result<Form<TokenForm>, FormRejection> = Form::from_request(request, &()).await;
    let outcome = async {
        let Form(form) = form.map_err(|_| OAuthError::request("The form cannot be read, or a parameter comes twice."))?;
        let presented = Presented {
            client_id: form.client_id.as_deref(),
            client_secret: form.client_secret.as_deref(),
            client_assertion_type: form.client_assertion_type.as_deref(),
            client_assertion: form.client_assertion.as_deref(),
        };
        let client = authenticate(&state.portal, &headers, &presented).await?;
        let keys = ring.published(&state.portal).await?;
        granted(&state, meta, &keys, &client, &form).await
    }
    .await;
    match outcome {
        Ok(issued) => fresh(Json(issued).into_response()),
        Err(error) => refusal(&error),
    }
}

async fn granted(state: &WebState, meta: RequestMeta, keys: &Published, client: &Client, form: &TokenForm) -> Result<Issued, OAuthError> {
    let missing = |name: &str| OAuthError::request(format!("{name} is missing"));
    let asked = scopes(form.scope.as_deref().unwrap_or_default())?;
    let begin = || state.portal.begin(ACTOR, meta);
    match form.grant_type.as_deref() {
        Some("authorization_code") => {
            let redemption = Redemption {
                code: form.code.clone().ok_or_else(|| missing("code"))?,
                redirect_uri: form.redirect_uri.clone(),
                verifier: form.code_verifier.clone().ok_or_else(|| missing("code_verifier"))?,
            };
            let mut cx = begin().await?;
            let outcome = commands::redeem(&mut cx, keys, client, &redemption).await;
            settled(cx, outcome).await
        }
        Some("refresh_token") => {
            let value = form.refresh_token.clone().ok_or_else(|| missing("refresh_token"))?;
            let mut cx = begin().await?;
            let outcome = commands::refresh(&mut cx, keys, client, &value, &asked).await;
            settled(cx, outcome).await
        }
        Some("client_credentials") => {
            if client.terms.authentication == ClientAuthentication::None {
                return Err(OAuthError::refused(
                    "unauthorized_client",
                    "A public client has no tokens of its own.",
                ));
            }
            let mut cx = begin().await?;
            let outcome = commands::issue_to_client(&mut cx, keys, client, &asked).await;
            settled(cx, outcome).await
        }
        None => Err(missing("grant_type")),
        Some(_) => Err(OAuthError::refused("unsupported_grant_type", "This grant_type is not offered.")),
    }
}

/// A token leaves only after its event is durable; a refusal keeps what it ended. What failed leaves nothing.
async fn settled(cx: Cx, outcome: Result<Issued, OAuthError>) -> Result<Issued, OAuthError> {
    match outcome {
        Ok(issued) => {
            cx.commit().await?;
            Ok(issued)
        }
        Err(error @ (OAuthError::Refused { .. } | OAuthError::Client(_))) => {
            cx.commit().await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}
