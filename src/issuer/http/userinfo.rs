//! `GET` and `POST /oauth/userinfo` (OpenID Connect Core §5.3), with a bearer token (RFC 6750).

use axum::{
    Extension, Form, Json,
    extract::{FromRequest as _, Request, State, rejection::FormRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    super::{
        OAuthError,
        claims::{subject, userinfo},
        keys::KeyRing,
        verify::live,
    },
    fresh, refusal,
};
use crate::web::WebState;

#[derive(Debug, Default, Deserialize)]
struct TokenForm {
    access_token: Option<String>,
}

/// The token of the Authorization header.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// A refusal in the header (RFC 6750 §3).
fn challenge(status: StatusCode, code: &str, description: &str) -> Response {
    let value = if code.is_empty() {
        "Bearer realm=\"portico\"".to_owned()
    } else {
        format!("Bearer realm=\"portico\", error=\"{code}\", error_description=\"{description}\"")
    };
    let mut response = (status, Json(serde_json::json!({ "error": code, "error_description": description }))).into_response();
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    fresh(response)
}

/// `GET /oauth/userinfo`.
pub(super) async fn by_header(State(state): State<WebState>, Extension(ring): Extension<KeyRing>, headers: HeaderMap) -> Response {
    answered(&state, &ring, bearer(&headers)).await
}

/// `POST /oauth/userinfo`: the token in the header or in the form, not in both (RFC 6750 §2).
pub(super) async fn by_form(State(state): State<WebState>, Extension(ring): Extension<KeyRing>, request: Request) -> Response {
    let in_header = bearer(request.headers());
    let form: Result<Form<TokenForm>, FormRejection> = Form::from_request(request, &()).await;
    let in_form = form.ok().and_then(|Form(form)| form.access_token);
    if in_header.is_some() && in_form.is_some() {
        return challenge(StatusCode::BAD_REQUEST, "invalid_request", "The token comes twice.");
    }
    answered(&state, &ring, in_header.or(in_form)).await
}

async fn answered(state: &WebState, ring: &KeyRing, token: Option<String>) -> Response {
    let Some(token) = token else {
        return challenge(StatusCode::UNAUTHORIZED, "", "");
    };
    let portal = &state.portal;
    let outcome = async {
        let keys = ring.published(portal).await?;
        let db = portal.store.reader();
        let tenant = crate::store::tenant::get(&db)
            .await?
            .unwrap_or_else(crate::organizations::Tenant::unnamed);
        let now = portal.clock.now();
        Ok::<_, OAuthError>(live(&db, &portal.policies, &tenant, &portal.settings.public_url, &keys, &token, now).await?)
    }
    .await;
    let found = match outcome {
        Ok(found) => found,
        Err(error) => return refusal(&error),
    };
    let Some(found) = found else {
        return challenge(StatusCode::UNAUTHORIZED, "invalid_token", "The token is worth nothing (any more).");
    };
    let scopes = found.scopes();
    let Some((grant, standing)) = found.person.as_ref().filter(|_| scopes.iter().any(|scope| scope == "openid")) else {
        return challenge(StatusCode::FORBIDDEN, "insufficient_scope", "The token needs the scope openid.");
    };
    let known_as = subject(&found.client, grant.application, grant.member, &portal.master_key);
    fresh(Json(userinfo(&known_as, standing, &scopes)).into_response())
}
