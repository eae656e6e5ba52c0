//! The authorization server's endpoints: one for browsers, the others for servers, which have no session and answer JSON.

mod again;
mod asking;
mod authorize;
mod client_auth;
mod discovery;
mod hint;
mod inspect;
mod logout;
mod possession;
mod push;
mod token;
mod userinfo;

use axum::{
    Extension, Form, Json, Router,
    extract::{Request, rejection::FormRejection},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::json;

use super::{OAuthError, failing::HeldOff, keys::KeyRing, known::KnownClients};
use crate::web::{RequestCx, WebState, error_page, redirection, routes};

/// The endpoints that browsers come to, with their session.
pub fn browser_routes(keys: KeyRing) -> Router<WebState> {
    Router::new()
        .route(routes::OAUTH_AUTHORIZE, get(authorize::authorize).post(authorize::by_form))
        .route(routes::OAUTH_CONTINUE, get(authorize::go_on))
        .route(routes::OAUTH_SIGN_IN_AGAIN, post(again::confirmed))
        .route(routes::OAUTH_LOGOUT, get(logout::logout).post(logout::by_form))
        .route(routes::OAUTH_LOGOUT_CONFIRM, post(logout::confirmed))
        .merge(super::forward::http::browser_routes())
        .layer(Extension(keys))
}

/// Programs in browsers come from any site, with what they hold themselves (Fetch §3.2): no cookie counts at these endpoints. By hand, because
/// a library's layer is copied with all its lists for each request.
async fn from_any_site(request: Request, next: Next) -> Response {
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks {
        StatusCode::OK.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut says = |name, value| headers.insert(name, HeaderValue::from_static(value));
    says(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if asks {
        says(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        says(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop");
        says(header::ACCESS_CONTROL_MAX_AGE, "600");
    } else {
        says(header::ACCESS_CONTROL_EXPOSE_HEADERS, "www-authenticate");
    }
    response
}

/// The endpoints that servers come to.
pub fn server_routes(keys: KeyRing) -> Router<WebState> {
    Router::new()
        .route(routes::OAUTH_TOKEN, post(token::token))
        .route(routes::OAUTH_PUSH, post(push::push))
        .route(routes::OAUTH_REVOKE, post(inspect::revoke))
        .route(routes::OAUTH_USERINFO, get(userinfo::by_header).post(userinfo::by_form))
        .layer(from_fn(from_any_site))
        .route("/.well-known/openid-configuration", get(discovery::openid))
        .route("/.well-known/oauth-authorization-server", get(discovery::oauth))
        .route(routes::OAUTH_JWKS, get(discovery::keys))
        .route(routes::OAUTH_INTROSPECT, post(inspect::introspect))
        .merge(super::forward::http::server_routes())
        .layer(Extension(keys))
        .layer(Extension(KnownClients::default()))
        .layer(Extension(HeldOff::default()))
}

/// A request is at most so long, in bytes: it may have to be remembered while somebody signs in.
const LONGEST: usize = 8_000;

/// A form whose fields are read later.
type TypedForm = Result<Form<Vec<(String, String)>>, FormRejection>;

fn reference(request: &RequestCx) -> String {
    request.meta.request_id.clone().unwrap_or_default()
}

/// Goes on with a form as an address: a browser does not bring its session with a form of another site.
fn as_address(request: &RequestCx, form: TypedForm, path: &str) -> Response {
    let query = form
        .ok()
        .map(|Form(pairs)| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish());
    match query.filter(|query| query.len() <= LONGEST) {
        Some(query) => redirection(&format!("{path}?{query}")),
        None => error_page(StatusCode::BAD_REQUEST, &reference(request)),
    }
}

/// The answer to a form that no value can be read from, where servers read it; none where a browser shows a page.
#[must_use]
pub fn unreadable_form(path: &str) -> Option<Response> {
    let servers = [
        routes::OAUTH_TOKEN,
        routes::OAUTH_PUSH,
        routes::OAUTH_INTROSPECT,
        routes::OAUTH_REVOKE,
        routes::OAUTH_USERINFO,
    ];
    let error = OAuthError::request("The form has the character U+0000 in it, which no value can have.");
    servers.contains(&path).then(|| refusal(&error))
}

/// An answer that no cache keeps (RFC 6749 §5.1).
fn fresh(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A refusal as clients read it (RFC 6749 §5.2).
fn refusal(error: &OAuthError) -> Response {
    let body = |code: &str, description: &str| Json(json!({ "error": code, "error_description": description }));
    fresh(match error {
        OAuthError::Refused { code, description } => (StatusCode::BAD_REQUEST, body(code, description)).into_response(),
        OAuthError::Client(description) => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Basic realm=\"portico\"")],
            body("invalid_client", description),
        )
            .into_response(),
        OAuthError::Throttled { seconds } => (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, seconds.to_string())],
            body(
                "invalid_client",
                "Too many wrong proofs of this client from here. Wait until Retry-After.",
            ),
        )
            .into_response(),
        OAuthError::Key(_) | OAuthError::Store(_) => {
            tracing::error!(%error, "the authorization server could not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                body("temporarily_unavailable", "Try again in a moment."),
            )
                .into_response()
        }
    })
}
