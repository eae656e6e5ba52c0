//! SAML 2.0: our metadata, the address that responses are posted to, and single logout.

use std::collections::BTreeSet;

use axum::{
    Extension, Form, Router,
    extract::{Path, RawQuery, rejection::FormRejection},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::{
    finish::{Believed, Trouble, answer, claim, finish},
    reference,
};
use crate::{
    access::Actor,
    federation::{
        Claims, IdentityProvider,
        arrival::{Arrival, Blame, Check, Disbelief, names_second_factor},
        commands::{
            self, Logout, Notes,
            service_provider::{Addresses, ServiceProvider, TRANSIENT, carried, random_id},
        },
        saml::{self, CLOCK_SKEW, Expectation, Incoming, LogoutExpectation, LogoutOutcome, SigningCertificate, SpDescription, SpKeys},
    },
    kernel::{ProviderId, Timestamp, sha256},
    store::{
        StoreError,
        federation::{providers, trips},
    },
    ui::Flash,
    web::{FLASH_KEY, RequestCx, WebState, error_page, onward, redirection, routes},
};

pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/federation/saml/{provider}/metadata", get(metadata))
        .route("/federation/saml/{provider}/acs", axum::routing::post(consume))
        .route("/federation/saml/finish/{state}", get(finished))
        .route("/federation/saml/{provider}/logout", get(logout_by_address).post(logout_by_form))
}

async fn provider_of(request: &RequestCx, id: &str) -> Result<Option<IdentityProvider>, StoreError> {
    match id.parse::<ProviderId>() {
        Ok(id) => providers::find(&request.portal.store.reader(), id).await,
        Err(_) => Ok(None),
    }
}

fn unavailable(request: &RequestCx, error: &StoreError) -> Response {
    tracing::error!(%error, "a message of an identity provider could not be handled");
    error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(request))
}

/// `GET /federation/saml/{provider}/metadata`: what the partner's administrator gives to their provider. It holds nothing secret.
async fn metadata(Extension(request): Extension<RequestCx>, Path(id): Path<String>) -> Response {
    let provider = match provider_of(&request, &id).await {
        Ok(provider) => provider,
        Err(error) => return unavailable(&request, &error),
    };
    let portal = &request.portal;
    let keys: Vec<SpKeys> = provider
        .as_ref()
        .and_then(|provider| crate::federation::Secrets::open(&portal.master_key, provider.secrets.as_deref()))
        .map(|secrets| secrets.sp_keys)
        .unwrap_or_default()
        .iter()
        .filter_map(|key| SpKeys::from_pem(&key.key_pem, &key.certificate_pem).ok())
        .collect();
    let (Some(provider), Some(first)) = (provider, keys.first()) else {
        return error_page(StatusCode::NOT_FOUND, &reference(&request));
    };
    let addresses = Addresses::of(&portal.settings, provider.id);
    let xml = saml::sp_metadata(&SpDescription {
        entity_id: &addresses.entity_id,
        acs_url: &addresses.acs,
        slo_url: Some(&addresses.slo),
        signing: keys.iter().map(SpKeys::certificate).collect(),
        encryption: vec![first.certificate()],
        name_id_formats: vec![saml::names::FORMAT_PERSISTENT, saml::names::FORMAT_EMAIL],
        valid_until: None,
    });
    ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response()
}

/// What a provider posts (bindings §3.5).
#[derive(Deserialize)]
struct ResponseForm {
    #[serde(rename = "SAMLResponse", default)]
    response: String,
    #[serde(rename = "RelayState", default)]
    relay_state: String,
}

/// What waits in the trip's row until the browser comes with its session.
#[derive(Serialize, Deserialize)]
enum Kept {
    Arrived(Box<Arrival>),
    Refused(Disbelief),
}

/// `POST /federation/saml/{provider}/acs`: a response. Browsers send no session along with a form of another site, so what it says is
/// kept sealed, and the browser fetches it with its session in a second step.
async fn consume(
    Extension(request): Extension<RequestCx>,
    Path(id): Path<String>,
    form: Result<Form<ResponseForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return error_page(StatusCode::BAD_REQUEST, &reference(&request));
    };
    match keep(&request, &id, &form).await {
        Ok(true) => redirection(&routes::saml_finish(&form.relay_state)),
        // A response that answers no request of ours (core §3.4.1.5): signing somebody in by it would be another's choice.
        Ok(false) => {
            let flash = Flash::warn("Start here: enter your e-mail address, and your company's sign-in opens.");
            let _ = request.session.insert(FLASH_KEY, flash).await;
            redirection(routes::SIGN_IN)
        }
        Err(error) => unavailable(&request, &error),
    }
}

async fn keep(request: &RequestCx, id: &str, form: &ResponseForm) -> Result<bool, StoreError> {
    let portal = &request.portal;
    let now = portal.clock.now();
    let trip_id = sha256(&form.relay_state);
    let db = portal.store.reader();
    let (Some(provider), Some(trip)) = (provider_of(request, id).await?, trips::find(&db, &trip_id, now).await?) else {
        return Ok(false);
    };
    if trip.provider != provider.id {
        return Ok(false);
    }
    let Some(notes) = Notes::open(&portal.master_key, &trip) else {
        return Ok(false);
    };
    let Some(us) = ServiceProvider::of(&provider, provider.published.as_deref(), &portal.settings, &portal.master_key) else {
        return Ok(false);
    };
    let mut cx = portal.begin(Actor::Anonymous, request.meta.clone()).await?;
    let mut kept = examine(&us, &notes, &form.response, now, &provider.mapping.subject);
    if let Ok((_, assertion, ends)) = &kept
        && !trips::first_use(&cx.tx, sha256(format!("assertion {} {assertion}", provider.id)), *ends).await?
    {
        kept = Err(Disbelief {
            reason: "The assertion was used before.".to_owned(),
            blame: Blame::Browser,
            checks: Vec::new(),
        });
    }
    let kept = match kept {
        Ok((arrival, ..)) => Kept::Arrived(Box::new(arrival)),
        Err(disbelief) => Kept::Refused(disbelief),
    };
    let sealed = cx.master_key.seal(&serde_json::to_vec(&kept).unwrap_or_default(), &mut cx.rng);
    let first = trips::keep_arrival(&cx.tx, &trip_id, sealed, now).await?;
    cx.commit().await?;
    Ok(first)
}

type Examined = Result<(Arrival, String, Timestamp), Disbelief>;

/// Believes a response, or not; with the assertion's id and when it need not be remembered any more.
fn examine(us: &ServiceProvider, notes: &Notes, response: &str, now: Timestamp, subject: &str) -> Examined {
    let outstanding = BTreeSet::from([notes.request_id.clone()]);
    let found = saml::examine_response(
        &Expectation {
            idp_entity_id: &us.settings.entity_id,
            trusted: &us.metadata.signing,
            entity_id: &us.addresses.entity_id,
            acs_url: &us.addresses.acs,
            outstanding: &outstanding,
            unsolicited_accepted: false,
            clock_skew: CLOCK_SKEW,
            decryption_keys: &us.keys,
            signed_response_suffices: us.settings.accept_signed_response,
        },
        response,
        now,
    );
    let checks: Vec<Check> = found
        .trace
        .iter()
        .map(|(what, found)| Check::passed(what.to_string(), found))
        .collect();
    let arrival = match found.result {
        Ok(arrival) => arrival,
        Err(refusal) => {
            // Only what stands behind a good signature can have come from the provider.
            let signed = found
                .trace
                .iter()
                .any(|(what, _)| matches!(what, saml::Check::AssertionSignature | saml::Check::ResponseSignature));
            let blame = if signed { Blame::Connection } else { Blame::Browser };
            return Err(Disbelief {
                reason: refusal.to_string(),
                blame,
                checks,
            });
        }
    };
    if subject == NAME_ID && arrival.subject.format.as_deref() == Some(TRANSIENT) {
        return Err(Disbelief {
            reason: "The provider names people differently at every sign-in (a transient NameID). Let it send a persistent NameID or an e-mail address, or choose another attribute that names them.".to_owned(),
            blame: Blame::Connection,
            checks,
        });
    }
    let ends = arrival.not_on_or_after + CLOCK_SKEW;
    let id = arrival.assertion_id.clone();
    Ok((taken_over(arrival, checks, now), id, ends))
}

/// The claim that holds the NameID.
const NAME_ID: &str = "NameID";

/// The assertion in the words all protocols share.
fn taken_over(arrival: saml::Arrival, checks: Vec<Check>, now: Timestamp) -> Arrival {
    let context = arrival.authn_context_class.as_deref();
    let second_factor = names_second_factor(&[], context).then(|| arrival.authn_instant.min(now));
    let mut claims = arrival.attributes;
    claims.insert(NAME_ID.to_owned(), vec![arrival.subject.value.clone()]);
    if let Some(context) = arrival.authn_context_class {
        claims.insert("AuthnContextClassRef".to_owned(), vec![context]);
    }
    let name = [
        Some(arrival.subject.value),
        arrival.subject.format,
        arrival.subject.name_qualifier,
        arrival.subject.sp_name_qualifier,
    ];
    Arrival {
        claims: Claims(claims),
        session: arrival.session_index,
        session_ends_at: arrival.session_not_on_or_after,
        second_factor_at: second_factor,
        authenticated_at: Some(arrival.authn_instant.min(now)),
        logout_name: serde_json::to_string(&name).ok(),
        checks,
    }
}

/// `GET /federation/saml/finish/{state}`: the browser that left fetches what the provider said about it.
async fn finished(Extension(request): Extension<RequestCx>, Path(state): Path<String>) -> Response {
    let outcome = async {
        let (trip, notes, provider) = claim(&request, &state).await?;
        let key = &request.portal.master_key;
        let kept = trip
            .arrival
            .and_then(|sealed| key.open(&sealed).ok())
            .and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok())
            .ok_or(Trouble::Lost)?;
        let believed: Believed = match kept {
            Kept::Arrived(arrival) => Ok((*arrival, None)),
            Kept::Refused(disbelief) => Err(disbelief),
        };
        finish(&request, trip.purpose, &notes, &provider, believed).await
    }
    .await;
    answer(&request, outcome).await
}

/// What a provider posts to the logout address.
#[derive(Deserialize)]
struct LogoutForm {
    #[serde(rename = "SAMLRequest")]
    request: Option<String>,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

/// `GET /federation/saml/{provider}/logout`: a logout message in the address.
async fn logout_by_address(Extension(request): Extension<RequestCx>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let asks = url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "SAMLRequest");
    if !asks {
        return signed_out(&request).await;
    }
    log_out(&request, &id, Incoming::Redirect { query: &query }).await
}

/// `POST /federation/saml/{provider}/logout`: a logout message in a form.
async fn logout_by_form(
    Extension(request): Extension<RequestCx>,
    Path(id): Path<String>,
    form: Result<Form<LogoutForm>, FormRejection>,
) -> Response {
    match form {
        Ok(Form(LogoutForm {
            request: Some(message),
            relay_state,
        })) => {
            let incoming = Incoming::Post {
                message: &message,
                relay_state: relay_state.as_deref(),
            };
            log_out(&request, &id, incoming).await
        }
        Ok(_) => signed_out(&request).await,
        Err(_) => error_page(StatusCode::BAD_REQUEST, &reference(&request)),
    }
}

/// The provider's answer to a logout that began here: nothing depends on what it says.
async fn signed_out(request: &RequestCx) -> Response {
    if request.actor.person().is_none() {
        let _ = request.session.insert(FLASH_KEY, Flash::good("You are signed out.")).await;
    }
    redirection(routes::SIGN_IN)
}

async fn log_out(request: &RequestCx, id: &str, incoming: Incoming<'_>) -> Response {
    match logged_out(request, id, incoming).await {
        Ok(Some((url, fields, name))) => onward::page(&url, &fields, &name, None),
        Ok(None) => error_page(StatusCode::BAD_REQUEST, &reference(request)),
        Err(error) => unavailable(request, &error),
    }
}

type Reply = (String, Vec<(String, String)>, String);

/// Ends the sessions that a signed request names, and answers it; none when it is not believed.
async fn logged_out(request: &RequestCx, id: &str, incoming: Incoming<'_>) -> Result<Option<Reply>, StoreError> {
    let portal = &request.portal;
    let Some(provider) = provider_of(request, id).await? else {
        return Ok(None);
    };
    let Some(us) = ServiceProvider::of(&provider, provider.published.as_deref(), &portal.settings, &portal.master_key) else {
        return Ok(None);
    };
    let now = portal.clock.now();
    let trusted: &[SigningCertificate] = &us.metadata.signing;
    let expectation = LogoutExpectation {
        idp_entity_id: &us.settings.entity_id,
        trusted,
        slo_url: &us.addresses.slo,
        clock_skew: CLOCK_SKEW,
        decryption_keys: &us.keys,
    };
    let Ok(asked) = saml::validate_logout_request(&expectation, incoming, now) else {
        return Ok(None);
    };
    let mut cx = portal.begin(Actor::System("identity provider"), request.meta.clone()).await?;
    let sessions: Vec<Option<String>> = match asked.session_indexes.is_empty() {
        true => vec![None],
        false => asked.session_indexes.iter().cloned().map(Some).collect(),
    };
    for (number, session) in sessions.into_iter().enumerate() {
        // The NameID names them only where the mapping takes the subject from it.
        let subject = (provider.mapping.subject == NAME_ID).then(|| asked.name_id.value.clone());
        let logout = Logout {
            subject,
            session,
            message: format!("{} {number}", asked.id),
            ends_at: now + CLOCK_SKEW * 10,
        };
        commands::end_by_provider(&mut cx, &provider, &logout).await?;
    }
    let random = random_id(&mut cx.rng);
    cx.commit().await?;
    let answer = us
        .connection()
        .and_then(|connection| saml::logout_response(&connection, &asked, LogoutOutcome::Complete, random, now).ok());
    Ok(answer.map(|outgoing| {
        let (url, fields) = carried(outgoing);
        (url, fields, provider.name)
    }))
}
