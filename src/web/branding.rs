//! An organization's colour and logo, as files that a strict Content-Security-Policy lets in.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::router::WebState;
use crate::{store, ui::branding::accent_stylesheet};

/// `GET /branding/{file}`: `SLUG.css`, `tenant.css` for the tenant's own, or `try.RRGGBB.css` for a colour that is only tried.
pub async fn stylesheet(State(state): State<WebState>, Path(file): Path<String>) -> Response {
    let Some(slug) = file.strip_suffix(".css") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let db = state.portal.store.reader();
    let accent = async {
        if let Some(tried) = slug.strip_prefix("try.") {
            return Ok::<_, crate::store::StoreError>(tried.parse().ok());
        }
        if slug != "tenant"
            && let Some(organization) = store::organizations::find_by_slug(&db, slug).await?
        {
            return Ok(Some(organization.accent));
        }
        store::tenant::get(&db).await.map(|tenant| tenant.map(|tenant| tenant.accent))
    };
    // An unknown slug answers like one without a colour of its own: it does not tell who is a partner.
    let css = match accent.await {
        Ok(accent) => accent_stylesheet(accent.unwrap_or_default().as_str()).unwrap_or_default(),
        Err(error) => {
            tracing::warn!(%error, "branding is not available");
            String::new()
        }
    };
    let mut response = css.into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60"));
    response
}

/// `GET /branding/{slug}/logo`: the stored image; SVG is never stored, so nothing in it can run.
pub async fn logo(State(state): State<WebState>, Path(slug): Path<String>) -> Response {
    let db = state.portal.store.reader();
    let found = async {
        let Some(organization) = store::organizations::find_by_slug(&db, &slug).await? else {
            return Ok(None);
        };
        store::organizations::logo(&db, organization.id).await
    };
    match found.await {
        Ok(Some((bytes, media_type))) => {
            let mut response = bytes.into_response();
            let media_type = HeaderValue::from_str(&media_type).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
            response.headers_mut().insert(header::CONTENT_TYPE, media_type);
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
            response
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::warn!(%error, "a logo is not available");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
