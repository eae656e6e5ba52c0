//! `GET /launch/{app}`: decides, records and redirects into the application.
//!
//! It is the one address that acts on GET, because it is a link people keep and send. What it does when another site
//! leads a browser here is harmless: the answer is a redirect to the address in the catalogue, which that site cannot
//! choose, read or frame, and the trail says that it happened. Requests that are no navigation of a whole window
//! (images, frames, scripts, prefetching) do nothing at all.

use axum::{
    Extension, Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::get,
};

use super::commands::{self, LaunchError, LaunchOutcome};
use crate::{
    access::Refused,
    store::StoreError,
    web::{CONTINUE_KEY, RequestCx, WebState, error_page, plain_page_by_hand, redirection, routes},
};

/// The launch route.
pub fn routes() -> Router<WebState> {
    Router::new().route("/launch/{app}", get(launch))
}

async fn launch(Extension(request): Extension<RequestCx>, Path(app): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let reference = request.meta.request_id.clone().unwrap_or_default();
    if method != Method::GET {
        return error_page(StatusCode::METHOD_NOT_ALLOWED, &reference);
    }
    if is_prefetch(&headers) {
        return error_page(StatusCode::SERVICE_UNAVAILABLE, &reference);
    }
    if !is_navigation(&headers) {
        return error_page(StatusCode::NOT_FOUND, &reference);
    }
    if request.path_and_query.ends_with(AFTER_FORM) {
        return go_on(&app, &reference);
    }
    match decide(&request, &app).await {
        Ok(LaunchOutcome::Go(url)) => {
            let mut response = Redirect::to(url.as_str()).into_response();
            // The application does not need to learn which page of the portal was open.
            response
                .headers_mut()
                .insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            response
        }
        Ok(LaunchOutcome::StepUp) => go_on_after(&request, routes::STEP_UP).await,
        Err(LaunchError::Access(Refused::SignedOut)) => go_on_after(&request, routes::SIGN_IN).await,
        Ok(LaunchOutcome::Denied) | Err(LaunchError::Access(_)) => error_page(StatusCode::NOT_FOUND, &reference),
        Err(LaunchError::Store(error)) => {
            tracing::error!(%error, "a launch could not be decided");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference)
        }
    }
}

/// Decides in a transaction of its own: the event and the note of use are written together, whatever was decided.
async fn decide(request: &RequestCx, app: &str) -> Result<LaunchOutcome, LaunchError> {
    if request.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let mut cx = request.begin().await?;
    let outcome = commands::launch(&mut cx, app).await?;
    cx.commit().await?;
    Ok(outcome)
}

/// Marks a launch that follows a form (of sign-in, of a second factor).
const AFTER_FORM: &str = "?after=form";

/// Begins the launch as a navigation of its own. Browsers hold a form's redirects to `form-action 'self'` (CSP), which
/// an application's address never is; a page that goes on by itself ends the form's chain of redirects.
fn go_on(app: &str, reference: &str) -> Response {
    let fits = !app.is_empty() && app.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let there = routes::launch(app);
    let Some(refresh) = HeaderValue::from_str(&format!("0; url={there}")).ok().filter(|_| fits) else {
        return error_page(StatusCode::NOT_FOUND, reference);
    };
    let title = "Opening the application";
    let inner = format!("<p><a href=\"{there}\">Go on</a> if nothing happens.</p>");
    let mut response = Html(plain_page_by_hand(title, &inner)).into_response();
    response.headers_mut().insert(header::REFRESH, refresh);
    response
}

/// Sends the person to prove who they are, and remembers what they wanted to start.
async fn go_on_after(request: &RequestCx, page: &str) -> Response {
    if let Err(error) = request
        .session
        .insert(CONTINUE_KEY, format!("{}{AFTER_FORM}", request.path()))
        .await
    {
        let error = StoreError::Unavailable(error.to_string());
        tracing::error!(%error, "a launch could not be remembered");
    }
    redirection(page)
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"]
        .iter()
        .any(|name| headers.get(*name).is_some_and(|value| value.as_bytes().starts_with(b"prefetch")))
}

/// Whether a whole window goes here (Fetch Metadata); browsers that do not say are believed.
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    let says = |name: &str, wanted: &[u8]| headers.get(name).is_none_or(|value| value.as_bytes() == wanted);
    says("sec-fetch-mode", b"navigate") && says("sec-fetch-dest", b"document")
}
