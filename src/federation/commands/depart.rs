//! The way out: a browser is sent to a provider, and what must be remembered of it is kept sealed.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    cx::{Cx, Portal},
    federation::{
        IdentityProvider, Protocol,
        oidc::{self, DiscoveryError, Published},
    },
    kernel::{MasterKey, sha256},
    store::{
        StoreError,
        federation::{
            providers,
            trips::{self, Purpose, Trip},
        },
    },
    web::{Refusal, routes},
};

/// So many minutes a browser may take to come back.
pub const TRIP_MINUTES: i64 = 15;
/// What a provider publishes is read again after so many hours.
const PUBLISHED_HOURS: i64 = 12;

/// What is remembered of a trip; sealed in its row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notes {
    /// In the ID token (OpenID Connect).
    pub nonce: String,
    /// At the token endpoint (OpenID Connect).
    pub verifier: String,
    /// Of the request (SAML).
    pub request_id: String,
}

/// Why a browser cannot be sent to the provider.
#[derive(Debug, Error)]
pub enum DepartError {
    /// The provider does not answer, or not as it should.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// Something is missing.
    #[error("The connection is not set up completely.")]
    NotSetUp,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DepartError> for Refusal {
    fn from(error: DepartError) -> Self {
        match error {
            DepartError::Store(error) => error.into(),
            other => Self::because(other.to_string()),
        }
    }
}

/// What the provider publishes, read anew when the copy was old.
#[derive(Clone, Debug)]
pub struct Prepared {
    text: Option<String>,
    fresh: bool,
}

/// Reads what the provider publishes when our copy is missing or old. No transaction may be open: it asks the network.
/// An old copy serves when the provider does not answer.
///
/// # Errors
/// [`DepartError::Discovery`] when there is no copy at all.
pub async fn prepare(portal: &Portal, provider: &IdentityProvider) -> Result<Prepared, DepartError> {
    let kept = Prepared {
        text: provider.published.clone(),
        fresh: false,
    };
    let Protocol::Oidc(settings) = &provider.protocol else {
        return Ok(kept);
    };
    let young = portal.clock.now() - Duration::hours(PUBLISHED_HOURS);
    if kept.text.is_some() && provider.published_at.is_some_and(|at| at > young) {
        return Ok(kept);
    }
    match oidc::discovery::fetch(&portal.outbound, &settings.issuer).await {
        Ok(published) => Ok(Prepared {
            text: Some(published.to_text()),
            fresh: true,
        }),
        Err(_) if kept.text.is_some() => Ok(kept),
        Err(error) => Err(error.into()),
    }
}

/// A browser on its way.
#[derive(Clone, Debug)]
pub struct Departure {
    /// Where to.
    pub url: String,
    /// Fields to post there; none when it is a plain redirect.
    pub fields: Vec<(String, String)>,
}

/// Begins a trip of the browser that holds `browser`. With `fresh`, the provider asks the person again although they are signed in there.
///
/// # Errors
/// [`DepartError`].
pub async fn depart(
    cx: &mut Cx,
    provider: &IdentityProvider,
    prepared: Prepared,
    purpose: Purpose,
    browser: &str,
    login_hint: Option<&str>,
    fresh: bool,
) -> Result<Departure, DepartError> {
    if let (true, Some(text)) = (prepared.fresh, &prepared.text) {
        providers::keep_published(&cx.tx, provider.id, text, provider.certificate_ends_at, cx.now).await?;
    }
    let (id, notes, departure) = match &provider.protocol {
        Protocol::Oidc(settings) => {
            let published = Published::from_text(prepared.text.as_deref()).ok_or(DepartError::NotSetUp)?;
            let redirect = routes::absolute(&cx.settings.public_url, routes::OIDC_CALLBACK);
            let asked = oidc::request::authorization(settings, &published, &redirect, login_hint, fresh, &mut cx.rng)
                .ok_or(DepartError::NotSetUp)?;
            let notes = Notes {
                nonce: asked.nonce,
                verifier: asked.verifier,
                request_id: String::new(),
            };
            let departure = Departure {
                url: asked.url.to_string(),
                fields: Vec::new(),
            };
            (asked.state.hash(), notes, departure)
        }
        Protocol::Saml(_) => return Err(DepartError::NotSetUp),
    };
    store_trip(cx, provider, id, purpose, browser, &notes).await?;
    Ok(departure)
}

async fn store_trip(
    cx: &mut Cx,
    provider: &IdentityProvider,
    id: Vec<u8>,
    purpose: Purpose,
    browser: &str,
    notes: &Notes,
) -> Result<(), StoreError> {
    let sealed = cx.master_key.seal(&serde_json::to_vec(notes).unwrap_or_default(), &mut cx.rng);
    let trip = Trip {
        id,
        provider: provider.id,
        purpose,
        browser: sha256(browser),
        sealed,
        arrival: None,
        ends_at: cx.now + Duration::minutes(TRIP_MINUTES),
    };
    trips::insert(&cx.tx, trip, cx.now).await
}

impl Notes {
    /// The notes of a trip; none when the master key is another one.
    #[must_use]
    pub fn open(key: &MasterKey, trip: &Trip) -> Option<Self> {
        serde_json::from_slice(&key.open(&trip.sealed).ok()?).ok()
    }
}
