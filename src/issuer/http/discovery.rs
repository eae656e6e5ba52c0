//! What clients learn by themselves: the metadata (OpenID Connect Discovery §3, RFC 8414) and the keys (RFC 7517).

use axum::{
    Extension, Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    super::{
        ClientAuthentication, GrantType, OPENID_SCOPES, SigningAlgorithm,
        claims::{ACR_ONE, ACR_TWO},
        dpop::PROOF_ALGORITHMS,
        keys::KeyRing,
    },
    refusal,
};
use crate::web::{WebState, routes};

fn metadata(public_url: &str) -> Value {
    let at = |path: &str| routes::absolute(public_url, path);
    let authentications: Vec<&str> = ClientAuthentication::ALL.iter().map(|way| way.as_str()).collect();
    // Whoever proves nothing learns nothing of tokens (RFC 7662 §2.1).
    let proving: Vec<&str> = authentications.iter().copied().filter(|way| *way != "none").collect();
    let assertions = ["ES256", "EdDSA", "RS256", "PS256"];
    json!({
        "issuer": public_url,
        "authorization_endpoint": at(routes::OAUTH_AUTHORIZE),
        "token_endpoint": at(routes::OAUTH_TOKEN),
        "userinfo_endpoint": at(routes::OAUTH_USERINFO),
        "jwks_uri": at(routes::OAUTH_JWKS),
        "pushed_authorization_request_endpoint": at(routes::OAUTH_PUSH),
        "require_pushed_authorization_requests": false,
        "introspection_endpoint": at(routes::OAUTH_INTROSPECT),
        "revocation_endpoint": at(routes::OAUTH_REVOKE),
        "end_session_endpoint": at(routes::OAUTH_LOGOUT),
        "scopes_supported": OPENID_SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GrantType::ALL.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": SigningAlgorithm::ALL.iter().map(|way| way.as_str()).collect::<Vec<_>>(),
        "token_endpoint_auth_methods_supported": authentications,
        "token_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_endpoint_auth_methods_supported": proving,
        "introspection_endpoint_auth_signing_alg_values_supported": assertions,
        "revocation_endpoint_auth_methods_supported": authentications,
        "revocation_endpoint_auth_signing_alg_values_supported": assertions,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": PROOF_ALGORITHMS,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "display_values_supported": ["page"],
        "acr_values_supported": [ACR_ONE, ACR_TWO],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "name", "zoneinfo", "email", "email_verified",
            "organization_id", "organization_name", "contract_id", "contract_ends_at", "membership_role", "assignment_id", "act", "may_act",
        ],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    })
}

fn published(body: Value) -> Response {
    (
        [
            (header::CACHE_CONTROL, "public, max-age=300"),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        ],
        Json(body),
    )
        .into_response()
}

/// `GET /.well-known/openid-configuration`.
pub(super) async fn openid(State(state): State<WebState>) -> Response {
    published(metadata(&state.portal.settings.public_url))
}

/// `GET /.well-known/oauth-authorization-server`.
pub(super) async fn oauth(State(state): State<WebState>) -> Response {
    published(metadata(&state.portal.settings.public_url))
}

/// `GET /oauth/jwks`: every key that may have signed a token that has not ended, and those that sign next.
pub(super) async fn keys(State(state): State<WebState>, Extension(ring): Extension<KeyRing>) -> Response {
    match ring.published(&state.portal).await {
        Ok(keys) => published(keys.key_set()),
        Err(error) => refusal(&error.into()),
    }
}
