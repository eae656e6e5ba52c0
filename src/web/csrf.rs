//! Cross-site request forgery: a request that changes something must come from a page of ours.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{errors::error_page, request::RequestId, router::WebState};

/// Where other parties post by protocol: what they send proves itself, and no session counts there.
const BY_PROTOCOL: [&str; 2] = ["/federation/", "/oauth/"];

/// Refuses unsafe methods from other sites: `Sec-Fetch-Site` must say same-origin (Fetch Metadata), or `Origin` must be ours.
pub async fn refuse_cross_site(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let by_protocol = BY_PROTOCOL.iter().any(|prefix| request.uri().path().starts_with(prefix));
    if safe || by_protocol || is_same_origin(&request, &state.portal.settings.public_url) {
        return next.run(request).await;
    }
    let reference = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    error_page(StatusCode::FORBIDDEN, &reference)
}

fn is_same_origin(request: &Request, public_url: &str) -> bool {
    let header_text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header_text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = header_text(header::ORIGIN.as_str()) else {
        return false;
    };
    let host = header_text(header::HOST.as_str()).unwrap_or_default();
    origin == public_url || origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}
