//! OpenID Connect's callback, back-channel logout, the way back from a logout, and our keys.

use axum::{
    Extension, Form, Router,
    extract::{
        Path, Query,
        rejection::{FormRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    finish::{Believed, answer, claim, finish},
    reference,
};
use crate::{
    federation::{
        IdentityProvider, Protocol, Secrets,
        arrival::{Arrival, Disbelief},
        commands::{self, Logout, Notes},
        oidc::{self, ClientKey, Coming, OidcRefusal, Published, exchange::Answer},
    },
    kernel::{BearerSecret, ProviderId},
    signin::throttle,
    store::{StoreError, federation::providers},
    ui::Flash,
    web::{FLASH_KEY, RequestCx, WebState, error_page, redirection, routes},
};

pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(routes::OIDC_CALLBACK, get(callback))
        .route("/federation/oidc/{provider}/backchannel-logout", post(backchannel_logout))
        .route("/federation/oidc/{provider}/logged-out", get(logged_out))
        .route("/federation/oidc/{provider}/jwks", get(client_keys))
}

/// `GET /federation/oidc/callback`: the browser comes back (RFC 6749 §4.1.2).
async fn callback(Extension(request): Extension<RequestCx>, query: Result<Query<Answer>, QueryRejection>) -> Response {
    let Ok(Query(query)) = query else {
        return error_page(StatusCode::BAD_REQUEST, &reference(&request));
    };
    let outcome = async {
        let (trip, notes, provider) = claim(&request, &query.state).await?;
        // The network is asked with no transaction open.
        let believed: Believed = believe(&request, &provider, &notes, &query).await.map_err(|refusal| Disbelief {
            reason: refusal.to_string(),
            blame: refusal.blame(),
            checks: Vec::new(),
        });
        finish(&request, trip.purpose, &notes, &provider, believed).await
    }
    .await;
    answer(&request, outcome).await
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

/// What a provider posts (OpenID Connect Back-Channel Logout 1.0 §2.5).
#[derive(Deserialize)]
struct LogoutForm {
    logout_token: String,
}

/// `POST /federation/oidc/{provider}/backchannel-logout`: the provider ends sessions it opened.
async fn backchannel_logout(
    Extension(request): Extension<RequestCx>,
    Path(id): Path<String>,
    form: Result<Form<LogoutForm>, FormRejection>,
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
        && may_ask_for_keys(request, provider.id).await?
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

/// Whether the provider may be asked for its keys now: anybody can send a message that names an unknown one.
async fn may_ask_for_keys(request: &RequestCx, id: ProviderId) -> Result<bool, StoreError> {
    let cx = request.begin().await?;
    let throttled = throttle::count(&cx, &[(throttle::KEYS_PER_PROVIDER, &id.to_string())]).await?;
    cx.commit().await?;
    Ok(throttled.is_none())
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
