//! `GET` and `POST /oauth/userinfo` (OpenID Connect Core §5.3), with a bearer token (RFC 6750) or one that is bound to a key (RFC 9449).

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
        claims::{ACR_TWO, subject, userinfo},
        dpop::PROOF_ALGORITHMS,
        keys::KeyRing,
        verify::{Looked, looked_at},
    },
    fresh,
    possession::proven,
    refusal,
};
use crate::{
    access::{Asking, STEP_UP_MINUTES},
    web::{WebState, routes},
};

#[derive(Debug, Default, Deserialize)]
struct TokenForm {
    access_token: Option<String>,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// By whoever has it (RFC 6750).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449 §7.1).
    Dpop,
}

/// The token of the Authorization header.
fn shown(headers: &HeaderMap) -> Option<(Scheme, String)> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return None,
    };
    Some((scheme, token.trim().to_owned()))
}

/// A description as the header takes it (RFC 6750 §3): the reason of a policy may be written in any language, and with quotes.
fn quotable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' | '\\' => '\'',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

/// A refusal in the header (RFC 6750 §3, RFC 9449 §7.1).
fn challenge(scheme: Scheme, status: StatusCode, code: &str, description: &str) -> Response {
    let mut value = match scheme {
        Scheme::Bearer => "Bearer realm=\"portico\"".to_owned(),
        Scheme::Dpop => format!("DPoP realm=\"portico\", algs=\"{}\"", PROOF_ALGORITHMS.join(" ")),
    };
    if !code.is_empty() {
        let description = quotable(description);
        value.push_str(&format!(", error=\"{code}\", error_description=\"{description}\""));
    }
    let mut response = (status, Json(serde_json::json!({ "error": code, "error_description": description }))).into_response();
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    fresh(response)
}

/// The token would count again after a fresh second factor: what to ask the authorization endpoint for (RFC 9470 §3).
fn step_up(scheme: Scheme, reason: &str) -> Response {
    const CODE: &str = "insufficient_user_authentication";
    let mut response = challenge(scheme, StatusCode::UNAUTHORIZED, CODE, reason);
    let said = response
        .headers()
        .get(header::WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok());
    let asks = format!(
        "{}, acr_values=\"{ACR_TWO}\", max_age=\"{}\"",
        said.unwrap_or_default(),
        STEP_UP_MINUTES * 60
    );
    if let Ok(value) = HeaderValue::from_str(&asks) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// `GET /oauth/userinfo`.
pub(super) async fn by_header(State(state): State<WebState>, Extension(ring): Extension<KeyRing>, headers: HeaderMap) -> Response {
    answered(&state, &ring, &headers, "GET", shown(&headers)).await
}

/// `POST /oauth/userinfo`: the token in the header or in the form, not in both (RFC 6750 §2).
pub(super) async fn by_form(State(state): State<WebState>, Extension(ring): Extension<KeyRing>, request: Request) -> Response {
    let headers = request.headers().clone();
    let in_header = shown(&headers);
    let form: Result<Form<TokenForm>, FormRejection> = Form::from_request(request, &()).await;
    let in_form = form
        .ok()
        .and_then(|Form(form)| form.access_token)
        .map(|token| (Scheme::Bearer, token));
    if in_header.is_some() && in_form.is_some() {
        return challenge(Scheme::Bearer, StatusCode::BAD_REQUEST, "invalid_request", "The token comes twice.");
    }
    answered(&state, &ring, &headers, "POST", in_header.or(in_form)).await
}

async fn answered(state: &WebState, ring: &KeyRing, headers: &HeaderMap, method: &str, token: Option<(Scheme, String)>) -> Response {
    let Some((scheme, token)) = token else {
        return challenge(Scheme::Bearer, StatusCode::UNAUTHORIZED, "", "");
    };
    let portal = &state.portal;
    let outcome = async {
        let keys = ring.published(portal).await?;
        let db = portal.store.reader();
        let tenant = crate::store::tenant::get(&db)
            .await?
            .unwrap_or_else(crate::organizations::Tenant::unnamed);
        let now = portal.clock.now();
        let policies = portal.policies_as_of(&db, &tenant, Asking::by_api(tenant.time_zone)).await?;
        let found = looked_at(&db, &policies, &tenant, &portal.settings.public_url, &keys, &token, now).await?;
        // For a token that is worth nothing no proof is remembered: anybody can make both.
        let proven = match scheme {
            _ if matches!(found, Looked::Worthless) => None,
            Scheme::Bearer => None,
            Scheme::Dpop => proven(portal, headers, method, routes::OAUTH_USERINFO, Some(&token)).await?,
        };
        Ok::<_, OAuthError>((found, proven))
    }
    .await;
    let (found, proven) = match outcome {
        Ok(outcome) => outcome,
        Err(OAuthError::Refused { code, description }) => return challenge(scheme, StatusCode::UNAUTHORIZED, code, &description),
        Err(error) => return refusal(&error),
    };
    let found = match found {
        Looked::Live(found) => found,
        Looked::StepUp(reason) => return step_up(scheme, &reason),
        Looked::Worthless => {
            return challenge(
                scheme,
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "The token is worth nothing (any more).",
            );
        }
    };
    match (found.bound_to(), scheme) {
        (None, Scheme::Bearer) => {}
        // Without its key a bound token is worth nothing, however it is shown (RFC 9449 §7.2).
        (Some(_), Scheme::Bearer) => {
            return challenge(
                Scheme::Dpop,
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "The token needs a proof of its key.",
            );
        }
        (Some(key), Scheme::Dpop) if proven.as_deref() == Some(key) => {}
        (_, Scheme::Dpop) => {
            return challenge(
                scheme,
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "The token is not bound to the key that was proven.",
            );
        }
    }
    let scopes = found.scopes();
    let Some((grant, standing)) = found.person.as_ref().filter(|_| scopes.iter().any(|scope| scope == "openid")) else {
        return challenge(
            scheme,
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "The token needs the scope openid.",
        );
    };
    let known_as = subject(&found.client, grant.application, grant.member, &portal.master_key);
    fresh(Json(userinfo(&found.client, &known_as, standing, &scopes)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_in_any_language_still_asks_for_a_second_factor() {
        let response = step_up(Scheme::Bearer, "Größere \"Aufträge\" brauchen das.\r\nX: y");
        let value = response.headers()[header::WWW_AUTHENTICATE].to_str().expect("ASCII");
        assert!(value.contains("error=\"insufficient_user_authentication\", error_description=\"Gr??ere 'Auftr?ge' brauchen das.??X: y\""));
        assert!(value.contains(&format!("acr_values=\"{ACR_TWO}\"")), "{value}");
    }
}
