//! Logs and metrics of requests: an id each, a line each, nothing personal beyond ids.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, header::HeaderName},
    middleware::Next,
    response::Response,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Instrument as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::config::{Config, ConfigError, LogFormat};
use crate::web::{RequestId, WebState};

/// Sets up logging once per process.
///
/// # Errors
/// [`ConfigError`] when the filter does not parse.
pub fn log(config: &Config) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|error| ConfigError(format!("portico.log_filter is {:?}: {error}", config.log_filter)))?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let _ = match config.log_format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    note_panics();
    Ok(())
}

/// Logs where a panic was, within the request's span, instead of printing its text: a text made at run time can hold what somebody
/// typed. One that stands in the source cannot.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(text left out)");
        tracing::error!(place, text, "panicked");
    }));
}

/// Installs the recorder of metrics; none when one is installed already (tests).
#[must_use]
pub fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// Gives each request an id, logs its end, counts it.
pub async fn observe(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let now = state.portal.clock.now();
    let id = crate::kernel::new_uuid(now, &mut state.portal.entropy.rng()).simple().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // The route's pattern, never the path: a path can carry an invitation's secret.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let started = Instant::now();
    let span = tracing::info_span!("request", id = %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let seconds = started.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    metrics::counter!("portico_http_requests_total", "method" => method.to_string(), "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("portico_http_request_seconds", "route" => route.clone()).record(seconds);
    if route != "/healthz" && route != "/readyz" {
        span.in_scope(|| tracing::info!(%method, route, status, milliseconds = seconds * 1000.0, "answered"));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}
