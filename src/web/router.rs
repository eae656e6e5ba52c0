//! The axum router: layers in order, pages by Leptos, forms by server functions, and the few plain handlers.

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{FromRef, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list, handle_server_fns_with_context, render_app_async_with_context};
use tower::ServiceBuilder;
use tower_http::{compression::CompressionLayer, services::ServeDir, timeout::TimeoutLayer};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};

use super::{
    App, RequestCx, branding, csrf, errors, guard, headers, request,
    request::{Committed, RequestId},
    shell::shell,
};
use crate::{cx::Portal, store::sessions::SessionRows, ui::time::Viewing};

/// What handlers and middleware share; each of them has a copy for each request.
#[derive(Clone, Debug)]
pub struct WebState(Arc<Shared>);

/// What is behind it.
#[derive(Debug)]
pub struct Shared {
    /// The running portal.
    pub portal: Portal,
    /// Where the built site is.
    pub leptos: LeptosOptions,
    /// The public address is https.
    pub https: bool,
    /// A reverse proxy of ours sets `X-Forwarded-For`.
    pub trust_forwarded: bool,
    /// Renders the metrics page.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
}

impl From<Shared> for WebState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for WebState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<WebState> for LeptosOptions {
    fn from_ref(state: &WebState) -> Self {
        state.leptos.clone()
    }
}

/// The whole service.
pub fn router(state: WebState) -> Router {
    assembled(state, Router::new())
}

/// The whole service, with more handlers beside those of the domains; tests bring handlers that go wrong.
pub(super) fn assembled(state: WebState, more: Router<WebState>) -> Router {
    let settings = state.portal.settings.clone();
    let sessions = SessionRows {
        store: state.portal.store.clone(),
        clock: state.portal.clock.clone(),
        idle: chrono::Duration::minutes(settings.session_idle_minutes),
        absolute: chrono::Duration::hours(settings.session_hours),
    };
    let session_layer = SessionManagerLayer::new(sessions)
        .with_name(if state.https { "__Host-portico" } else { "portico" })
        .with_secure(state.https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(settings.session_hours)));

    let keys = crate::issuer::keys::KeyRing::default();
    let routes = generate_route_list(App);
    let options = state.leptos.clone();
    let pages = render_app_async_with_context(provide_page_context, move || shell(options.clone()));

    let portal = Router::new()
        .route(
            "/do/upload-invitations",
            post(server_function).layer(from_fn(crate::people::invitations::http::csv_as_form)),
        )
        .route(
            "/do/upload-branding",
            post(server_function).layer(from_fn(crate::organizations::http::logo_as_form)),
        )
        .route("/do/{*function}", post(server_function))
        .leptos_routes_with_handler(routes, get(pages.clone()))
        .merge(crate::apps::http::routes())
        .merge(crate::audit::http::routes())
        .merge(crate::people::invitations::http::routes())
        .merge(crate::people::http::routes())
        .merge(crate::certification::http::routes())
        .merge(crate::federation::http::routes())
        .merge(crate::issuer::http::browser_routes(keys.clone()))
        .merge(more)
        .fallback(get(pages))
        .layer(from_fn_with_state(state.clone(), request::identify_request))
        .layer(session_layer)
        .layer(from_fn_with_state(state.clone(), csrf::refuse_cross_site));

    let site_root = state.leptos.site_root.to_string();
    let package_folder = format!("{site_root}/{}", state.leptos.site_pkg_dir);
    let immutable = from_fn(|request: Request, next: Next| async move {
        let mut response = next.run(request).await;
        if response.status().is_success() {
            response.headers_mut().insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            );
        }
        response
    });
    let packages = ServiceBuilder::new()
        .layer(immutable)
        .service(ServeDir::new(package_folder).precompressed_br().precompressed_gzip());

    Router::new()
        .route("/portico.css", get(stylesheet))
        .route("/.portico/portico.css", get(stylesheet))
        .route("/branding/{file}", get(branding::stylesheet))
        .route("/branding/{slug}/logo", get(branding::logo))
        .nest_service(&format!("/{}", state.leptos.site_pkg_dir), packages)
        .route("/favicon.svg", get(public_file))
        .route(
            "/favicon.ico",
            get(|| async { axum::response::Redirect::permanent("/favicon.svg") }),
        )
        .route("/theme.js", get(public_file))
        .route("/onward.js", get(public_file))
        .merge(crate::declaration::http::routes())
        .merge(crate::issuer::http::server_routes(keys))
        .merge(portal)
        .layer(
            CompressionLayer::new()
                .br(true)
                .gzip(true)
                .quality(tower_http::CompressionLevel::Fastest),
        )
        .layer(from_fn(guard::bound_body))
        .layer(from_fn(guard::refuse_nul))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(30),
        ))
        .layer(from_fn(render_errors))
        .layer(from_fn(guard::survive_panics))
        .merge(crate::boot::health::routes())
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(from_fn_with_state(state.clone(), crate::boot::telemetry::observe))
        .with_state(state)
}

/// What pages find in their context: the moment and zone they are viewed in, and a policy for their scripts.
fn provide_page_context() {
    let Some(request) = RequestCx::current() else { return };
    let zone = request.actor.person().map_or(chrono_tz::Tz::UTC, |person| person.time_zone);
    provide_context(Viewing {
        now: request.portal.clock.now(),
        zone,
    });
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    if let Ok(policy) = HeaderValue::from_str(&headers::page_policy(&nonce.to_string())) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Runs a server function. What goes wrong becomes an error page; Leptos's own error redirect is never sent.
async fn server_function(request: Request) -> Response {
    let reference = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let response = handle_server_fns_with_context(|| (), request).await.into_response();
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return errors::error_page(status, &reference);
    }
    // Our own answers are 303; a 302 is the framework's, for a form it could not read.
    if status == StatusCode::FOUND || location.contains("__err=") || location.is_empty() {
        return errors::error_page(StatusCode::BAD_REQUEST, &reference);
    }
    response
}

/// Gives bare refusals of the framework (method not allowed, out of time) a page; and whatever fails after a command was committed one that
/// says so, whether the form's answer or the layer of the session could not write.
async fn render_errors(mut request: Request, next: Next) -> Response {
    let reference = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let committed = Committed::default();
    request.extensions_mut().insert(committed.clone());
    let response = next.run(request).await;
    let status = response.status();
    if let Some(left) = committed.left().filter(|_| status.is_server_error()) {
        return errors::done_page(left, &reference);
    }
    let bare = !response.headers().contains_key(header::CONTENT_TYPE)
        || response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    if (status.is_client_error() || status.is_server_error()) && bare {
        errors::error_page(status, &reference)
    } else {
        response
    }
}

/// `GET /favicon.svg`, `/theme.js`, `/onward.js`: single files of the built site.
async fn public_file(State(state): State<WebState>, request: Request) -> Response {
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let media_type = if name.ends_with(".svg") {
        "image/svg+xml"
    } else {
        "text/javascript; charset=utf-8"
    };
    site_file(&format!("{}/{name}", state.leptos.site_root), media_type).await
}

/// `GET /portico.css`: the stylesheet under a fixed name, for error pages made outside of the application.
async fn stylesheet(State(state): State<WebState>) -> Response {
    let folder = format!("{}/{}", state.leptos.site_root, state.leptos.site_pkg_dir);
    let Ok(mut files) = tokio::fs::read_dir(&folder).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    while let Ok(Some(file)) = files.next_entry().await {
        let name = file.file_name();
        if name.to_string_lossy().ends_with(".css") {
            return site_file(&format!("{folder}/{}", name.to_string_lossy()), "text/css; charset=utf-8").await;
        }
    }
    StatusCode::NOT_FOUND.into_response()
}

async fn site_file(path: &str, media_type: &'static str) -> Response {
    match tokio::fs::read(path).await {
        Ok(bytes) => Response::builder()
            .header(header::CONTENT_TYPE, media_type)
            .header(header::CACHE_CONTROL, "public, max-age=300")
            .body(Body::from(bytes))
            .unwrap_or_default(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
