//! Where other parties' browsers and servers arrive: the way out, OpenID Connect's callback, back-channel logout, our keys.

use axum::{
    Extension, Form, Router,
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{
    IdentityProvider, Protocol, ProviderStatus, Secrets,
    arrival::Arrival,
    commands::{self, EnterError, Logout, Notes, Trial},
    oidc::{self, ClientKey, Coming, OidcRefusal, Published, exchange::Answer},
};
use crate::{
    kernel::{BearerSecret, ProviderId, constant_time_eq, sha256},
    store::{
        StoreError,
        federation::{providers, trips},
    },
    ui::Flash,
    web::{FLASH_KEY, RequestCx, WebState, error_page, onward, redirection, routes, take_wanted},
};

/// The value that binds trips to this browser.
pub const BROWSER_KEY: &str = "federation_browser";
/// An [`Away`].
pub const AWAY_KEY: &str = "federation_away";
/// An [`Away`]: where the session can be ended too after it ended here.
pub const FURTHER_KEY: &str = "federation_further";
/// A [`Trial`].
pub const TRIAL_KEY: &str = "federation_trial";

/// Where this browser is being sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Away {
    /// The provider's page.
    pub url: String,
    /// Fields to post there; none when it is a plain address.
    pub fields: Vec<(String, String)>,
    /// What the person knows the sign-in as.
    pub name: String,
}

/// The routes of federation.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route(routes::SIGN_IN_AWAY, get(away))
        .route(routes::OIDC_CALLBACK, get(callback))
        .route("/federation/oidc/{provider}/backchannel-logout", post(backchannel_logout))
        .route("/federation/oidc/{provider}/logged-out", get(logged_out))
        .route("/federation/oidc/{provider}/jwks", get(client_keys))
}

fn reference(request: &RequestCx) -> String {
    request.meta.request_id.clone().unwrap_or_default()
}

/// `GET /sign-in/away`: a page of its own between our form and the provider, because browsers hold a form's redirects to
/// `form-action 'self'`.
async fn away(Extension(request): Extension<RequestCx>) -> Response {
    let away: Option<Away> = request.session.get(AWAY_KEY).await.ok().flatten();
    match away {
        Some(away) => onward::page(&away.url, &away.fields, &away.name),
        None => redirection(routes::SIGN_IN),
    }
}

/// What ends a trip before the provider's word is weighed.
enum Trouble {
    /// Too late, another browser, used before.
    Lost,
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn callback(
    Extension(request): Extension<RequestCx>,
    answer: Result<Query<Answer>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(answer)) = answer else {
        return error_page(StatusCode::BAD_REQUEST, &reference(&request));
    };
    match come_back(&request, &answer).await {
        Ok(page) => redirection(&page),
        Err(Trouble::Lost) => {
            let flash = Flash::warn("This sign-in took too long, or it began in another browser. Start again.");
            let _ = request.session.insert(FLASH_KEY, flash).await;
            redirection(routes::SIGN_IN)
        }
        Err(Trouble::Store(error)) => {
            tracing::error!(%error, "an answer of an identity provider could not be handled");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(&request))
        }
    }
}

async fn come_back(request: &RequestCx, answer: &Answer) -> Result<String, Trouble> {
    let portal = &request.portal;
    let db = portal.store.reader();
    let now = portal.clock.now();
    let id = sha256(&answer.state);
    let trip = trips::find(&db, &id, now).await?.ok_or(Trouble::Lost)?;
    let browser: Option<String> = request.session.get(BROWSER_KEY).await.ok().flatten();
    if !browser.is_some_and(|value| constant_time_eq(&sha256(value), &trip.browser)) {
        return Err(Trouble::Lost);
    }
    let notes = Notes::open(&portal.master_key, &trip).ok_or(Trouble::Lost)?;
    let cx = request.begin().await?;
    let first = trips::use_up(&cx.tx, &id, now).await?;
    cx.commit().await?;
    if !first {
        return Err(Trouble::Lost);
    }
    let provider = providers::find(&db, trip.provider).await?.ok_or(Trouble::Lost)?;
    let trying = trip.purpose == trips::Purpose::Try;
    if !trying && provider.status != ProviderStatus::Live {
        return Err(Trouble::Lost);
    }
    // The network is asked with no transaction open.
    let outcome = believe(request, &provider, &notes, answer).await;
    if trying {
        finish_trial(request, &provider, outcome).await
    } else {
        finish_sign_in(request, &provider, outcome).await
    }
}

async fn believe(
    request: &RequestCx,
    provider: &IdentityProvider,
    notes: &Notes,
    answer: &Answer,
) -> Result<(Arrival, Option<Published>), OidcRefusal> {
    let portal = &request.portal;
    let Protocol::Oidc(settings) = &provider.protocol else {
        return Err(OidcRefusal::NotSetUp);
    };
    let secrets = Secrets::open(&portal.master_key, provider.secrets.as_deref()).ok_or(OidcRefusal::NotSetUp)?;
    let published = Published::from_text(provider.published.as_deref()).ok_or(OidcRefusal::NotSetUp)?;
    let coming = Coming {
        settings,
        secrets: &secrets,
        published: &published,
        redirect: &routes::absolute(&portal.settings.public_url, routes::OIDC_CALLBACK),
        nonce: &notes.nonce,
        verifier: &notes.verifier,
        assertion_id: BearerSecret::generate(&mut portal.entropy.rng()).reveal().to_owned(),
        now: portal.clock.now(),
    };
    let code = coming.code(answer)?;
    coming.exchange(&portal.outbound, code).await
}

async fn finish_sign_in(
    request: &RequestCx,
    provider: &IdentityProvider,
    outcome: Result<(Arrival, Option<Published>), OidcRefusal>,
) -> Result<String, Trouble> {
    let mut cx = request.begin().await?;
    let (arrival, newer) = match outcome {
        Ok(found) => found,
        Err(refusal) => {
            if refusal.is_of_the_connection() {
                commands::note_failure(&mut cx, provider, &refusal.to_string()).await?;
                cx.commit().await?;
            }
            let text = if refusal.is_of_the_connection() {
                format!(
                    "The sign-in of {} did not work, so you are not signed in. Try again in a few minutes. If it goes on, tell the person who runs your team here.",
                    provider.name
                )
            } else {
                format!("{} did not let you in.", provider.name)
            };
            return Ok(sent_back(request, text).await);
        }
    };
    if let Some(newer) = newer {
        providers::keep_published(&cx.tx, provider.id, &newer.to_text(), provider.certificate_ends_at, cx.now).await?;
    }
    match commands::enter(&mut cx, provider, &arrival).await {
        Ok(who) => {
            cx.commit().await?;
            for key in [AWAY_KEY, BROWSER_KEY] {
                let _ = request.session.remove_value(key).await;
            }
            let page = take_wanted(request).await.unwrap_or_else(|| routes::HOME.to_owned());
            request
                .sign_in(&who)
                .await
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            Ok(page)
        }
        Err(EnterError::Store(error)) => Err(error.into()),
        Err(error) => {
            cx.commit().await?;
            Ok(sent_back(request, error.to_string()).await)
        }
    }
}

async fn sent_back(request: &RequestCx, text: String) -> String {
    let _ = request.session.insert(FLASH_KEY, Flash::bad(text)).await;
    routes::SIGN_IN.to_owned()
}

async fn finish_trial(
    request: &RequestCx,
    provider: &IdentityProvider,
    outcome: Result<(Arrival, Option<Published>), OidcRefusal>,
) -> Result<String, Trouble> {
    let mut cx = request.begin().await?;
    let trial = match outcome {
        Ok((arrival, newer)) => {
            if let Some(newer) = newer {
                providers::keep_published(&cx.tx, provider.id, &newer.to_text(), provider.certificate_ends_at, cx.now).await?;
            }
            let trial = commands::foresee(&cx.tx, provider, &arrival, cx.now).await?;
            if trial.lets_in {
                commands::note_trial(&mut cx, provider).await?;
            }
            trial
        }
        Err(refusal) => Trial::refused(provider.id, cx.now, refusal.to_string()),
    };
    cx.commit().await?;
    request
        .session
        .insert(TRIAL_KEY, trial)
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(routes::trial(&provider.id.to_string()))
}

/// What a provider posts (OpenID Connect Back-Channel Logout 1.0 §2.5).
#[derive(Deserialize)]
struct LogoutForm {
    logout_token: String,
}

/// `POST /federation/oidc/{provider}/backchannel-logout`: the provider ends sessions it opened.
async fn backchannel_logout(
    Extension(request): Extension<RequestCx>,
    Path(id): Path<String>,
    form: Result<Form<LogoutForm>, axum::extract::rejection::FormRejection>,
) -> Response {
    let refused = |status: StatusCode| {
        let body = r#"{"error":"invalid_request"}"#;
        (
            status,
            [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")],
            body,
        )
            .into_response()
    };
    let (Ok(id), Ok(Form(form))) = (id.parse::<ProviderId>(), form) else {
        return refused(StatusCode::BAD_REQUEST);
    };
    match log_out(&request, id, &form.logout_token).await {
        Ok(true) => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Ok(false) => refused(StatusCode::BAD_REQUEST),
        Err(error) => {
            tracing::error!(%error, "a logout of an identity provider could not be handled");
            refused(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

async fn log_out(request: &RequestCx, id: ProviderId, token: &str) -> Result<bool, StoreError> {
    let portal = &request.portal;
    let Some(provider) = providers::find(&portal.store.reader(), id).await? else {
        return Ok(false);
    };
    let (Protocol::Oidc(settings), Some(published)) = (&provider.protocol, Published::from_text(provider.published.as_deref())) else {
        return Ok(false);
    };
    let now = portal.clock.now();
    let mut checked = oidc::logout::verify(settings, &published, token, now);
    let mut newer = None;
    if matches!(checked, Err(OidcRefusal::UnknownKey))
        && let Ok(refreshed) = oidc::discovery::refresh_keys(&portal.outbound, &published).await
    {
        checked = oidc::logout::verify(settings, &refreshed, token, now);
        newer = Some(refreshed);
    }
    let Ok(token) = checked else {
        return Ok(false);
    };
    let mut cx = portal
        .begin(crate::access::Actor::System("identity provider"), request.meta.clone())
        .await?;
    if let Some(newer) = newer {
        providers::keep_published(&cx.tx, provider.id, &newer.to_text(), provider.certificate_ends_at, cx.now).await?;
    }
    let logout = Logout {
        subject: token.subject,
        session: token.session,
        message: token.id,
        ends_at: token.ends_at,
    };
    let ended = commands::end_by_provider(&mut cx, &provider, &logout).await?;
    cx.commit().await?;
    Ok(ended.is_some())
}

/// `GET /federation/oidc/{provider}/logged-out`: the provider sends the browser back after a logout.
async fn logged_out(Extension(request): Extension<RequestCx>) -> Response {
    if request.actor.person().is_none() {
        let _ = request.session.insert(FLASH_KEY, Flash::good("You are signed out.")).await;
    }
    redirection(routes::SIGN_IN)
}

/// `GET /federation/oidc/{provider}/jwks`: our public key for `private_key_jwt`; an empty set when the connection has none.
async fn client_keys(Extension(request): Extension<RequestCx>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<ProviderId>() else {
        return error_page(StatusCode::NOT_FOUND, &reference(&request));
    };
    let portal = &request.portal;
    let provider = match providers::find(&portal.store.reader(), id).await {
        Ok(provider) => provider,
        Err(error) => {
            tracing::error!(%error, "keys could not be read");
            return error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(&request));
        }
    };
    let keys = provider
        .and_then(|provider| Secrets::open(&portal.master_key, provider.secrets.as_deref()))
        .and_then(|secrets| secrets.client_key_pem)
        .map_or_else(|| serde_json::json!({ "keys": [] }), |pem| ClientKey::from_pem(pem).key_set());
    ([(header::CONTENT_TYPE, "application/jwk-set+json")], keys.to_string()).into_response()
}
