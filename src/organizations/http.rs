//! `POST /do/upload-branding`: turns the multipart form with a logo into the plain form of `change-branding`.

use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart, Request},
    http::{StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::profile::LOGO_MAX;
use crate::web::fields::text_of_part;

/// Where the plain form goes.
const CHANGE_BRANDING: &str = "/do/change-branding";
/// A form has this many fields at most; more is no browser of ours.
const MAX_FIELDS: usize = 20;

/// Reads the image and passes the form on as if it had been typed.
pub async fn logo_as_form(request: Request, next: Next) -> Response {
    match as_form(request).await {
        Ok(request) => next.run(request).await,
        Err(status) => status.into_response(),
    }
}

async fn as_form(request: Request) -> Result<Request, StatusCode> {
    let (mut parts, body) = request.into_parts();
    let multipart = Request::from_parts(parts.clone(), body);
    let mut form = Multipart::from_request(multipart, &()).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(|error| error.status())? {
        count += 1;
        if count > MAX_FIELDS {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|error| error.status())?;
        match name.as_str() {
            "logo" if bytes.is_empty() => {}
            // One byte too many is enough for the command to say so; the rest is not carried along.
            "logo" => {
                let bytes = &bytes[..bytes.len().min(LOGO_MAX + 1)];
                fields.push((name, URL_SAFE_NO_PAD.encode(bytes)));
            }
            _ => fields.push((name, text_of_part(&bytes).ok_or(StatusCode::BAD_REQUEST)?)),
        }
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    parts.uri = Uri::from_static(CHANGE_BRANDING);
    parts.headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    parts.headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(body.len()));
    Ok(Request::from_parts(parts, Body::from(body)))
}
