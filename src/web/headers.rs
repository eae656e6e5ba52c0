//! Security headers: each page brings its own Content-Security-Policy with a nonce; everything else gets the strictest one.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::router::WebState;

/// The policy of a page whose scripts carry `nonce`.
#[must_use]
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )
}

/// Adds what a response does not say itself.
pub async fn secure(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let fallback = if html {
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    let mut absent = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    absent(header::CONTENT_SECURITY_POLICY, fallback);
    absent(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    absent(header::REFERRER_POLICY, "same-origin");
    absent(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    absent(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    absent(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    );
    absent(header::CACHE_CONTROL, "private, no-store");
    if state.https {
        absent(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}
