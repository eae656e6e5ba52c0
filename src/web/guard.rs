//! Bounds around everything that answers: no body is longer than a form may be, nothing that is sent has a character in it that no
//! database takes, and a panic is an error page, not a dropped connection.

use std::panic::AssertUnwindSafe;

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures::{FutureExt as _, StreamExt as _};

use super::{errors::error_page, request::RequestId};

/// The longest body of any request; the longest form of ours has a CSV file or a logo in it.
pub const LONGEST_BODY: usize = 2 * 1024 * 1024;
/// So much of a body that is too long is read and dropped: a browser shows the answer only after it has sent all of it.
const MOST_DRAINED: usize = 8 * LONGEST_BODY;

/// Where files come, in parts (RFC 7578): whoever takes them apart looks at each. Every other body is read as `name=value` pairs, whatever
/// it says it is.
const UPLOADS: &str = "/do/upload-";

fn reference(request: &Request) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Takes the body in before anything else happens, whether its length was announced or not (chunked). So nothing waits for a slow
/// sender with a transaction open, and whoever reads it later meets no limit of a framework halfway.
pub async fn bound_body(request: Request, next: Next) -> Response {
    let reference = reference(&request);
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.is_some_and(|length| length.parse::<usize>().is_ok_and(|length| length > MOST_DRAINED)) {
        return error_page(StatusCode::PAYLOAD_TOO_LARGE, &reference);
    }
    let (parts, body) = request.into_parts();
    match taken_in(body).await {
        Ok(bytes) if !parts.uri.path().starts_with(UPLOADS) && has_nul(&bytes) => {
            crate::issuer::http::unreadable_form(parts.uri.path()).unwrap_or_else(|| error_page(StatusCode::BAD_REQUEST, &reference))
        }
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(status) => error_page(status, &reference),
    }
}

/// Whether the character NUL (U+0000) is in a path, a query or a form. Encoded it is `%00`, whose `%` belongs to no other
/// escape.
fn has_nul(encoded: &[u8]) -> bool {
    encoded.contains(&0) || encoded.windows(3).any(|three| three == b"%00")
}

/// Refuses an address with the character NUL in it: nothing has it in its name, nobody searches for it, and PostgreSQL takes no text that
/// has it, so that the database would seem to be gone.
pub async fn refuse_nul(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if has_nul(uri.path().as_bytes()) {
        return error_page(StatusCode::NOT_FOUND, &reference(&request));
    }
    if uri.query().is_some_and(|query| has_nul(query.as_bytes())) {
        return error_page(StatusCode::BAD_REQUEST, &reference(&request));
    }
    next.run(request).await
}

async fn taken_in(body: Body) -> Result<Vec<u8>, StatusCode> {
    let mut chunks = body.into_data_stream();
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += chunk.len();
        if length > MOST_DRAINED {
            break;
        }
        if length <= LONGEST_BODY {
            kept.extend_from_slice(&chunk);
        }
    }
    if length > LONGEST_BODY {
        Err(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        Ok(kept)
    }
}

/// Answers a panic with the error page and its reference. What the panicking code held is dropped on the way: its transaction is
/// rolled back, its changes of the session are not written. The hook of [`crate::boot::telemetry`] has logged the place by then.
pub async fn survive_panics(request: Request, next: Next) -> Response {
    let reference = reference(&request);
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a request ended in a panic; the visitor got the reference of this line");
            error_page(StatusCode::INTERNAL_SERVER_ERROR, &reference)
        }
    }
}
