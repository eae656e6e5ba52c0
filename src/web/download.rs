//! Files to download: CSV that no spreadsheet takes for formulas, the answer that carries a file, and the answer when there is none.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};

use super::{PageError, RequestCx, error_page, redirection, routes};
use crate::access::Refused;

/// The media type of CSV as we write it.
pub const CSV: &str = "text/csv; charset=utf-8";

/// Lines of CSV (RFC 4180), each cell inert.
#[must_use]
pub fn csv_lines<const COLUMNS: usize>(lines: impl IntoIterator<Item = [String; COLUMNS]>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        // Writing into memory does not fail, and every line has as many cells as the first.
        let _ = writer.write_record(line.map(inert));
    }
    writer.into_inner().unwrap_or_default()
}

/// A cell that no spreadsheet takes for a formula.
#[must_use]
pub fn inert(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// The answer that browsers keep as a file of this name.
#[must_use]
pub fn attachment(name: &str, media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition.unwrap_or(HeaderValue::from_static("attachment")),
    );
    response
}

/// The answer when a file is not handed out: the way to sign in, or a page that says why.
#[must_use]
pub fn refused(request: &RequestCx, error: &PageError) -> Response<Body> {
    let status = match error {
        PageError::Access(Refused::SignedOut) => return redirection(routes::SIGN_IN),
        PageError::Access(Refused::StepUp) => return redirection(routes::STEP_UP),
        PageError::SeeOther(path) => return redirection(path),
        PageError::NotFound | PageError::Access(Refused::NotFound) => StatusCode::NOT_FOUND,
        PageError::Access(Refused::Forbidden { .. }) => StatusCode::FORBIDDEN,
        PageError::Store(error) => {
            tracing::error!(%error, "a file could not be made");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    error_page(status, request.meta.request_id.as_deref().unwrap_or_default())
}
