//! The application's pages: what it was told, sign-in, sign-out, and where the portal ends its sessions.

use axum::{
    Form, Json, Router,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use super::{Shared, page, party::PartyError};
use crate::kernel::constant_time_eq;

/// All of them.
pub fn routes(shared: Shared) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/logout", post(logout))
        .route("/backchannel-logout", post(backchannel_logout))
        .route("/style.css", get(style))
        .route("/healthz", get(|| async { "ok" }))
        .fallback(|| async {
            page_of(
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "<p><a href=\"/\">Go to the start page</a></p>",
            )
        })
        .layer(from_fn_with_state(shared.clone(), secure))
        .with_state(shared)
}

/// Headers of every answer. A logout form is answered by going to the portal, so its address is allowed as well.
async fn secure(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let issuer = url::Url::parse(&shared.party.options.issuer).map(|url| url.origin().ascii_serialization());
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        issuer.unwrap_or_default()
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The cookie's value. Cookies do not know ports, so the client id is in the name.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

fn name(shared: &Shared, what: &str) -> String {
    let options = &shared.party.options;
    let prefix = if options.own_url().starts_with("https:") { "__Host-" } else { "" };
    format!("{prefix}{}-{what}", options.client_id)
}

fn set_cookie(shared: &Shared, what: &str, value: Option<&str>) -> (HeaderName, String) {
    let secure = if shared.party.options.own_url().starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let end = if value.is_none() { "; Max-Age=0" } else { "" };
    let name = name(shared, what);
    (
        header::SET_COOKIE,
        format!("{name}={}; Path=/; HttpOnly; SameSite=Lax{secure}{end}", value.unwrap_or_default()),
    )
}

fn page_of(status: StatusCode, title: &str, body: &str) -> Response {
    (status, Html(page::page(title, body))).into_response()
}

fn failed(error: &PartyError) -> Response {
    tracing::info!(%error, "nobody was signed in");
    let status = match error {
        PartyError::OtherIssuer | PartyError::NotAsked => StatusCode::BAD_REQUEST,
        PartyError::Refused(_) => StatusCode::FORBIDDEN,
        PartyError::Unusable(_) => StatusCode::BAD_GATEWAY,
    };
    let text = page::escaped(&error.to_string());
    page_of(
        status,
        "You are not signed in",
        &format!("<p>{text}</p><p><a href=\"/\">Start again</a></p>"),
    )
}

async fn home(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let signed_in = cookie(&headers, &name(&shared, "session")).and_then(|value| shared.memory.person(&value, shared.party.clock.now()));
    let options = &shared.party.options;
    let body = match signed_in {
        Some(person) => page::signed_in(&person),
        None => page::signed_out(&options.issuer),
    };
    page_of(StatusCode::OK, &options.name, &body)
}

#[derive(Debug, Deserialize)]
struct Begin {
    iss: Option<String>,
    login_hint: Option<String>,
    target_link_uri: Option<String>,
}

/// `GET /login`: begins a sign-in, also when the portal asks for it (OpenID Connect Core §4).
async fn login(State(shared): State<Shared>, Query(begin): Query<Begin>) -> Response {
    let party = &shared.party;
    let (hint, target) = (begin.login_hint.as_deref(), begin.target_link_uri.as_deref());
    match party.begin(begin.iss.as_deref(), hint, target).await {
        Ok((url, asked)) => {
            let secret = shared.memory.remember(asked, &mut party.rng(), party.clock.now());
            ([set_cookie(&shared, "asked", Some(secret.reveal()))], Redirect::to(url.as_str())).into_response()
        }
        Err(error) => failed(&error),
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// `GET /callback`: the portal answers.
async fn callback(State(shared): State<Shared>, Query(answer): Query<Answer>, headers: HeaderMap) -> Response {
    match arrive(&shared, answer, &headers).await {
        Ok(response) => response,
        Err(error) => failed(&error),
    }
}

async fn arrive(shared: &Shared, answer: Answer, headers: &HeaderMap) -> Result<Response, PartyError> {
    let (party, now) = (&shared.party, shared.party.clock.now());
    let asked = cookie(headers, &name(shared, "asked"))
        .and_then(|secret| shared.memory.take_asked(&secret, now))
        .filter(|asked| constant_time_eq(asked.state.as_bytes(), answer.state.unwrap_or_default().as_bytes()))
        .ok_or(PartyError::NotAsked)?;
    // The portal promises its name in every answer (RFC 9207 §2.4).
    if answer.iss.as_deref() != Some(party.options.issuer.as_str()) {
        return Err(PartyError::OtherIssuer);
    }
    if let Some(error) = answer.error {
        return Err(PartyError::Refused(answer.error_description.unwrap_or(error)));
    }
    let person = party.finish(&asked, &answer.code.unwrap_or_default()).await?;
    let session = shared.memory.sign_in(person, &mut party.rng(), now);
    let mut response = Redirect::to(&asked.target).into_response();
    for (header, value) in [
        set_cookie(shared, "asked", None),
        set_cookie(shared, "session", Some(session.reveal())),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(header, value);
        }
    }
    Ok(response)
}

/// `POST /logout`: signs out here, then at the portal.
async fn logout(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    // Another site's page must not sign anybody out; browsers that do not say are old.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return page_of(StatusCode::FORBIDDEN, "You are still signed in", "<p><a href=\"/\">Go back</a></p>");
    }
    let session = cookie(&headers, &name(&shared, "session"));
    let person = session.and_then(|value| shared.memory.sign_out(&value, shared.party.clock.now()));
    let there = match person {
        Some(person) => shared.party.sign_out_url(&person).await.map(String::from),
        None => Ok("/".to_owned()),
    };
    let cookie = set_cookie(&shared, "session", None);
    match there {
        Ok(there) => ([cookie], Redirect::to(&there)).into_response(),
        Err(error) => ([cookie], failed(&error)).into_response(),
    }
}

#[derive(Debug, Default, Deserialize)]
struct Ending {
    logout_token: String,
}

/// `POST /backchannel-logout`: the portal ends sessions here (OpenID Connect Back-Channel Logout 1.0 §2.5).
async fn backchannel_logout(State(shared): State<Shared>, form: Result<Form<Ending>, axum::extract::rejection::FormRejection>) -> Response {
    let refused = |text: &str| {
        tracing::info!(reason = text, "a logout token was refused");
        (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "invalid_request", "error_description": text })),
        )
            .into_response()
    };
    let Ok(Form(ending)) = form else {
        return refused("logout_token is missing");
    };
    let token = match shared.party.logout_token(&ending.logout_token).await {
        Ok(token) => token,
        Err(error) => return refused(&error.to_string()),
    };
    let now = shared.party.clock.now();
    match shared
        .memory
        .end(&token.id, token.ends_at, token.subject.as_deref(), token.session.as_deref(), now)
    {
        Some(ended) => {
            tracing::info!(ended, "the portal ended sessions");
            StatusCode::OK.into_response()
        }
        None => refused("this logout token came already"),
    }
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, page::STYLE).into_response()
}
