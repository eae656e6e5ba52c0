//! `POST /do/upload-invitations`: turns the multipart form with a CSV file into the plain form of `preview-invitations`,
//! so that a file is reviewed exactly like pasted addresses. And the sample of such a file.

use axum::{
    Router,
    body::Body,
    extract::{FromRequest as _, Multipart, Request},
    http::{StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::plan::MAX_BYTES;
use crate::web::{WebState, fields::text_of_part, routes};

/// A file as it must be; holds nothing of anybody.
pub const SAMPLE: &str = "email,name,role,apps,until\n\
    bo.lind@example.com,Bo Lind,member,orders;tracking:read,2027-03-31\n\
    ana.ruiz@example.com,Ana Ruiz,user_manager,,\n";

/// `GET /team/invite/sample.csv`.
pub fn routes() -> Router<WebState> {
    Router::new().route(routes::INVITE_SAMPLE, get(sample))
}

async fn sample() -> impl axum::response::IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"invitations.csv\""),
    ];
    (headers, SAMPLE)
}

/// Where the plain form goes.
const PREVIEW: &str = "/do/preview-invitations";
/// A form has this many fields at most; more is no browser of ours.
const MAX_FIELDS: usize = 2_000;

/// Reads the file and passes the form on as if it had been typed.
pub async fn csv_as_form(request: Request, next: Next) -> Response {
    match as_form(request).await {
        Ok(request) => next.run(request).await,
        Err(status) => status.into_response(),
    }
}

async fn as_form(request: Request) -> Result<Request, StatusCode> {
    let (mut parts, body) = request.into_parts();
    let multipart = Request::from_parts(parts.clone(), body);
    let mut form = Multipart::from_request(multipart, &()).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut fields = vec![("by".to_owned(), "file".to_owned())];
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(|error| error.status())? {
        count += 1;
        if count > MAX_FIELDS {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|error| error.status())?;
        match name.as_str() {
            "by" | "csv" | "csv_error" => {}
            "file" if bytes.is_empty() => fields.push(("csv_error".to_owned(), "none".to_owned())),
            "file" if bytes.len() > MAX_BYTES => fields.push(("csv_error".to_owned(), "size".to_owned())),
            // UTF-16 without a mark at its beginning is UTF-8 with a NUL beside every letter.
            "file" => match text_of_part(&bytes) {
                Some(text) => fields.push(("csv".to_owned(), text)),
                None => fields.push(("csv_error".to_owned(), "encoding".to_owned())),
            },
            _ => fields.push((name, text_of_part(&bytes).ok_or(StatusCode::BAD_REQUEST)?)),
        }
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    parts.uri = Uri::from_static(PREVIEW);
    parts.headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    parts.headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(body.len()));
    Ok(Request::from_parts(parts, Body::from(body)))
}
