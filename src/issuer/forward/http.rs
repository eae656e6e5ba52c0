//! What a proxy asks for each request, and the way of a browser through the portal: `/.portico/` of an application's host leads here too.

use axum::{
    Extension, Router,
    extract::{Query, RawQuery, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{
    super::standing::Standing,
    commands::{self, Answer, Begun, scheme},
    forward_host, own_target,
};
use crate::{
    access::Refused,
    apps::{Application, commands::LaunchError, http::is_navigation},
    cx::Portal,
    kernel::{BearerSecret, sha256},
    store::{StoreError, issuer::forward as rows},
    web::{CONTINUE_KEY, RequestCx, WebState, error_page, meta_of, onward, plain_page_by_hand, redirection, routes},
};

/// What proxies ask, and the pages that they pass on from an application's host.
pub fn server_routes() -> Router<WebState> {
    Router::new()
        .route(routes::FORWARD_AUTH, get(ask))
        .route(routes::HOST_START, get(start_at_host))
        .route(routes::HOST_CALLBACK, get(callback))
        .route(routes::HOST_REFUSED, get(refused))
}

/// Where a browser comes with its session.
pub fn browser_routes() -> Router<WebState> {
    Router::new()
        .route(routes::FORWARD_START, get(start))
        .route(routes::FORWARD_CONTINUE, get(go_on))
}

/// The cookie of a host, once somebody was let in.
const VISIT: &str = "portico-visit";
/// The cookie of a host, on the way through the portal.
const ON_THE_WAY: &str = "portico-on-the-way";

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The host that was asked for, as the proxy says it; a proxy in front of the proxy must not have its say.
fn host(headers: &HeaderMap, portal: &Portal) -> Option<String> {
    let said = header_text(headers, "x-forwarded-host").or_else(|| header_text(headers, header::HOST.as_str()))?;
    forward_host(said, scheme(&portal.settings.public_url))
}

async fn application(headers: &HeaderMap, portal: &Portal) -> Result<Option<(String, Application)>, StoreError> {
    let Some(host) = host(headers, portal) else { return Ok(None) };
    let found = rows::application_at(&portal.store.reader(), &host).await?;
    Ok(found.map(|application| (host, application)))
}

fn is_secure(portal: &Portal) -> bool {
    scheme(&portal.settings.public_url) == "https"
}

fn cookie_name(portal: &Portal, name: &str) -> String {
    format!("{}{name}", if is_secure(portal) { "__Host-" } else { "" })
}

fn cookie(headers: &HeaderMap, portal: &Portal, name: &str) -> Option<String> {
    let name = cookie_name(portal, name);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// Whether it has the shape of a value of ours.
fn is_bearer(value: &str) -> bool {
    URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == 32)
}

fn set_cookie(response: &mut Response, portal: &Portal, name: &str, value: &str, seconds: Option<i64>) {
    let secure = if is_secure(portal) { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let name = cookie_name(portal, name);
    if let Ok(value) = HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn see(address: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(address) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// A page at an application's host, where the portal's own style sheet is reached below `/.portico/`.
fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = plain_page_by_hand(title, body);
    let html = html
        .replace("href=\"/portico.css\"", "href=\"/.portico/portico.css\"")
        .replace("<link rel=\"icon\" href=\"/favicon.svg\">", "");
    (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()
}

fn unavailable(error: &StoreError) -> Response {
    tracing::error!(%error, "forward authentication could not be decided");
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "The portal cannot answer right now",
        "<p>Try again in a minute.</p>",
    )
}

#[derive(Debug, Deserialize)]
struct Asked {
    /// `redirect`: proxies that pass our answer on get the way to sign in as one; nginx makes one itself of the header.
    answer: Option<String>,
}

/// `GET /forward-auth`: 200 with headers, 401 with where to sign in, or 403.
async fn ask(State(state): State<WebState>, Query(asked): Query<Asked>, request: Request) -> Response {
    let portal = &state.portal;
    let headers = request.headers();
    let meta = meta_of(headers, request.extensions(), state.trust_forwarded);
    let (host, application) = match application(headers, portal).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            tracing::warn!(host = host(headers, portal), "a proxy asks for a host that no application has");
            return no_entry(portal);
        }
        Err(error) => return unavailable(&error),
    };
    let cookie = cookie(headers, portal, VISIT);
    match commands::look(portal, meta, &application, &host, cookie.as_deref()).await {
        Ok(Answer::Allowed(standing)) => allowed(&standing),
        Ok(Answer::Refused(reason)) => {
            tracing::debug!(host, reason, "a request at a host was refused");
            no_entry(portal)
        }
        Ok(Answer::Unknown) => {
            let reads = header_text(headers, "x-forwarded-method").is_none_or(|method| matches!(method, "GET" | "HEAD"));
            // A script of the application cannot sign anybody in; it is told and reloads the page.
            let start = own_target(scheme(&portal.settings.public_url), &host, routes::HOST_START);
            let way = start.filter(|_| reads && is_navigation(headers)).map(|mut url| {
                let target = header_text(headers, "x-forwarded-uri").unwrap_or("/");
                url.query_pairs_mut().append_pair("to", target);
                url
            });
            sign_in(way.as_ref(), asked.answer.as_deref() == Some("redirect"))
        }
        Err(error) => unavailable(&error),
    }
}

fn no_entry(portal: &Portal) -> Response {
    let body = format!(
        "<p>You cannot use this application right now. Your access may have ended, or a rule does not allow it at this time or from this \
         place. <a href=\"{}/\">The portal</a> says which applications you have, and why.</p>",
        portal.settings.public_url
    );
    page(StatusCode::FORBIDDEN, "You may not use this application now", &body)
}

fn sign_in(way: Option<&url::Url>, redirect: bool) -> Response {
    let Some(way) = way else {
        return page(
            StatusCode::UNAUTHORIZED,
            "You are not signed in",
            "<p><a href=\"/\">Sign in</a></p>",
        );
    };
    let mut response = see(way.as_str());
    if redirect {
        *response.status_mut() = StatusCode::FOUND;
    } else {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        // Named, so that it is not taken for an answer without a page.
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    }
    response
}

/// Who somebody is, as applications read it (docs/forward-auth.md).
fn allowed(standing: &Standing) -> Response {
    let circumstances = &standing.circumstances;
    let scopes: Vec<&str> = standing.scopes().collect();
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        ("remote-user", circumstances.member.id.to_string()),
        ("remote-name", standing.person.name.clone()),
        ("remote-email", standing.person.email.as_str().to_owned()),
        ("remote-groups", scopes.join(",")),
        ("x-portico-organization", circumstances.organization.slug.clone()),
        ("x-portico-organization-name", circumstances.organization.name.clone()),
        ("x-portico-role", circumstances.member.role.as_str().to_owned()),
        ("x-portico-scopes", scopes.join(" ")),
    ] {
        // Names are people's: UTF-8 is sent as it is, what would end a header is not.
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    to: String,
}

/// `GET /.portico/start` at the host: notes in this browser that it goes to the portal, and sends it there.
async fn start_at_host(State(state): State<WebState>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let portal = &state.portal;
    let host = match application(&headers, portal).await {
        Ok(Some((host, _))) => host,
        Ok(None) => return no_entry(portal),
        Err(error) => return unavailable(&error),
    };
    // Several pages may be on their way at once in one browser: they share what is noted there.
    let held = cookie(&headers, portal, ON_THE_WAY).filter(|held| is_bearer(held));
    let held = held.unwrap_or_else(|| BearerSecret::generate(&mut portal.entropy.rng()).reveal().to_owned());
    let pairs = [
        ("host", host),
        ("to", wanted.to),
        ("challenge", URL_SAFE_NO_PAD.encode(sha256(&held))),
    ];
    let path = routes::with_query(routes::FORWARD_START, pairs);
    let mut response = see(&routes::absolute(&portal.settings.public_url, &path));
    set_cookie(&mut response, portal, ON_THE_WAY, &held, Some(600));
    response
}

#[derive(Debug, Deserialize)]
struct Start {
    #[serde(default)]
    host: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    challenge: String,
}

/// `GET /forward-auth/start`: the portal decides and hands the browser over to the host.
async fn start(
    Extension(request): Extension<RequestCx>,
    Query(start): Query<Start>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let reference = request.meta.request_id.clone().unwrap_or_default();
    if !is_navigation(&headers) {
        return error_page(StatusCode::NOT_FOUND, &reference);
    }
    let challenge = URL_SAFE_NO_PAD.decode(&start.challenge).ok().filter(|hash| hash.len() == 32);
    let host = forward_host(&start.host, scheme(&request.portal.settings.public_url));
    let (Some(challenge), Some(host)) = (challenge, host) else {
        return error_page(StatusCode::BAD_REQUEST, &reference);
    };
    match decide(&request, &host, &start.to, challenge).await {
        Ok(Begun::Go(value)) => {
            let Some(mut url) = own_target(scheme(&request.portal.settings.public_url), &host, routes::HOST_CALLBACK) else {
                return error_page(StatusCode::BAD_REQUEST, &reference);
            };
            url.query_pairs_mut().append_pair("code", value.reveal());
            see(url.as_str())
        }
        Ok(Begun::StepUp) => go_on_after(&request, routes::STEP_UP, query).await,
        Err(LaunchError::Access(Refused::SignedOut)) => go_on_after(&request, routes::SIGN_IN, query).await,
        Ok(Begun::Denied) | Err(LaunchError::Access(_)) => error_page(StatusCode::FORBIDDEN, &reference),
        Err(LaunchError::Store(error)) => {
            tracing::error!(%error, "the way to an application's host could not be decided");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference)
        }
    }
}

/// Decides in a transaction of its own: the event is written whatever was decided.
async fn decide(request: &RequestCx, host: &str, target: &str, challenge: Vec<u8>) -> Result<Begun, LaunchError> {
    if request.actor.person().is_none() {
        // Whether a host is an application's is told to those who are signed in alone.
        return Err(Refused::SignedOut.into());
    }
    let mut cx = request.begin().await?;
    let begun = commands::begin(&mut cx, host, target, challenge).await?;
    cx.commit().await?;
    Ok(begun)
}

/// Sends the person to prove who they are, and remembers the way.
async fn go_on_after(request: &RequestCx, page: &str, query: Option<String>) -> Response {
    let there = format!("{}?{}", routes::FORWARD_CONTINUE, query.unwrap_or_default());
    if let Err(error) = request.session.insert(CONTINUE_KEY, there).await {
        tracing::error!(%error, "the way to an application's host could not be remembered");
    }
    redirection(page)
}

/// `GET /forward-auth/continue`: goes on after a form of ours, which may redirect to pages of ours alone (`form-action 'self'`).
async fn go_on(Extension(request): Extension<RequestCx>, RawQuery(query): RawQuery) -> Response {
    let path = format!("{}?{}", routes::FORWARD_START, query.unwrap_or_default());
    onward::back_to_application(&routes::absolute(&request.portal.settings.public_url, &path), &[])
}

#[derive(Debug, Deserialize)]
struct Arrived {
    #[serde(default)]
    code: String,
}

/// `GET /.portico/callback` at the host: the browser comes back from the portal and gets the host's cookie.
async fn callback(State(state): State<WebState>, Query(arrived): Query<Arrived>, request: Request) -> Response {
    let portal = &state.portal;
    let headers = request.headers();
    let meta = meta_of(headers, request.extensions(), state.trust_forwarded);
    let again = || {
        page(
            StatusCode::BAD_REQUEST,
            "Signing in did not work this time",
            "<p><a href=\"/\">Try again</a></p>",
        )
    };
    let (Some(host), Some(held)) = (host(headers, portal), cookie(headers, portal, ON_THE_WAY)) else {
        return again();
    };
    match commands::arrive(portal, meta, &host, &arrived.code, &held).await {
        Ok(Some((secret, target))) => {
            let mut response = see(&target);
            set_cookie(&mut response, portal, VISIT, secret.reveal(), None);
            response
        }
        Ok(None) => again(),
        Err(error) => unavailable(&error),
    }
}

/// `GET /.portico/refused` at the host: what nginx shows in place of its own page.
async fn refused(State(state): State<WebState>) -> Response {
    no_entry(&state.portal)
}
