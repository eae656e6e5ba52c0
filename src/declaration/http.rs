//! `GET /demo-app/{slug}`: in demo mode, what an application of the demonstration opens.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
    routing::get,
};

use super::pages;
use crate::{
    store,
    web::{WebState, error_page},
};

/// The route; it answers 404 outside of demo mode.
pub fn routes() -> Router<WebState> {
    Router::new().route("/demo-app/{slug}", get(demo_app))
}

async fn demo_app(State(state): State<WebState>, Path(slug): Path<String>) -> Response {
    if !state.portal.settings.demo {
        return error_page(StatusCode::NOT_FOUND, "");
    }
    let db = state.portal.store.reader();
    let tenant = store::tenant::get(&db).await;
    match (store::applications::find_by_slug(&db, &slug).await, tenant) {
        (Ok(Some(application)), Ok(tenant)) => {
            let tenant = tenant.map_or_else(|| "Portico".to_owned(), |tenant| tenant.name);
            Html(pages::demo_app(&application.name, &application.description, &tenant)).into_response()
        }
        (Ok(None), _) => error_page(StatusCode::NOT_FOUND, ""),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "the page of a demonstration's application could not be made");
            error_page(StatusCode::SERVICE_UNAVAILABLE, "")
        }
    }
}
