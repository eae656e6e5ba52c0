//! The way out: a browser is sent to a provider, and what must be remembered of it is kept sealed.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::service_provider::{ServiceProvider, carried, random_id};
use crate::{
    cx::{Cx, Portal},
    federation::{
        IdentityProvider, Protocol,
        oidc::{self, DiscoveryError, Published},
        saml::{self, IdpMetadata, MetadataError, SignInRequest, SigningCertificate},
    },
    kernel::{BearerSecret, MasterKey, Timestamp, sha256},
    outbound::OutboundError,
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

/// The clocks of both sides may differ by so many seconds.
pub const FRESH_SKEW_SECONDS: i64 = 120;

/// What is remembered of a trip; sealed in its row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notes {
    /// In the ID token (OpenID Connect).
    pub nonce: String,
    /// At the token endpoint (OpenID Connect).
    pub verifier: String,
    /// Of the request (SAML).
    pub request_id: String,
    /// The person has to prove anew who they are, not before this moment; none when a session there is enough.
    #[serde(default)]
    pub fresh_since: Option<Timestamp>,
}

/// Why a browser cannot be sent to the provider.
#[derive(Debug, Error)]
pub enum DepartError {
    /// The provider does not answer, or not as it should.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// A SAML provider's metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The metadata is another provider's.
    #[error("The metadata now describes another provider, {0}. If that is right, set the connection up again.")]
    OtherEntity(String),
    /// Not an address, or not a text there.
    #[error("There is no metadata at this address.")]
    NotAnAddress,
    /// No answer.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
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
    certificate_ends_at: Option<Timestamp>,
    fresh: bool,
}

impl Prepared {
    /// The text to keep.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// When the provider's last signing certificate ends (SAML).
    #[must_use]
    pub const fn certificate_ends_at(&self) -> Option<Timestamp> {
        self.certificate_ends_at
    }
}

/// Reads what the provider publishes when our copy is missing or old. No transaction may be open: it asks the network.
/// An old copy serves when the provider does not answer.
///
/// # Errors
/// [`DepartError::Discovery`] when there is no copy at all.
pub async fn prepare(portal: &Portal, provider: &IdentityProvider) -> Result<Prepared, DepartError> {
    let kept = Prepared {
        text: provider.published.clone(),
        certificate_ends_at: provider.certificate_ends_at,
        fresh: false,
    };
    let young = portal.clock.now() - Duration::hours(PUBLISHED_HOURS);
    if kept.text.is_some() && provider.published_at.is_some_and(|at| at > young) {
        return Ok(kept);
    }
    match fetch(portal, provider).await {
        Ok(Some(fresh)) => Ok(fresh),
        Ok(None) => Ok(kept),
        Err(_) if kept.text.is_some() => Ok(kept),
        Err(error) => Err(error),
    }
}

/// Reads what the provider publishes; none when it was given to us by hand.
///
/// # Errors
/// [`DepartError`] when it does not answer, or not as it should.
pub async fn fetch(portal: &Portal, provider: &IdentityProvider) -> Result<Option<Prepared>, DepartError> {
    let (text, certificate_ends_at) = match &provider.protocol {
        Protocol::Oidc(settings) => (oidc::discovery::fetch(&portal.outbound, &settings.issuer).await?.to_text(), None),
        Protocol::Saml(settings) => {
            let Some(address) = &settings.metadata_url else { return Ok(None) };
            let (xml, metadata) = read_metadata(portal, address).await?;
            // Another entity is another provider, whoever runs the address.
            if metadata.entity_id != settings.entity_id {
                return Err(DepartError::OtherEntity(metadata.entity_id));
            }
            (xml, last_certificate_end(&metadata))
        }
    };
    Ok(Some(Prepared {
        text: Some(text),
        certificate_ends_at,
        fresh: true,
    }))
}

/// Reads SAML metadata at an address.
///
/// # Errors
/// [`DepartError`] says what to correct.
pub async fn read_metadata(portal: &Portal, address: &str) -> Result<(String, IdpMetadata), DepartError> {
    let url: url::Url = address.parse().map_err(|_| DepartError::NotAnAddress)?;
    let bytes = portal
        .outbound
        .get(&url, "application/samlmetadata+xml, application/xml, text/xml")
        .await?;
    let xml = String::from_utf8(bytes).map_err(|_| DepartError::NotAnAddress)?;
    let metadata = IdpMetadata::parse(&xml)?;
    metadata.ensure_current(portal.clock.now())?;
    Ok((xml, metadata))
}

/// When the last of a provider's signing certificates ends: from then on nothing of it is believed.
#[must_use]
pub fn last_certificate_end(metadata: &IdpMetadata) -> Option<Timestamp> {
    metadata.signing.iter().map(SigningCertificate::not_after).max()
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
        providers::keep_published(&cx.tx, provider.id, text, prepared.certificate_ends_at, cx.now).await?;
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
                fresh_since: fresh.then_some(cx.now),
            };
            let departure = Departure {
                url: asked.url.to_string(),
                fields: Vec::new(),
            };
            (asked.state.hash(), notes, departure)
        }
        Protocol::Saml(_) => {
            let us = ServiceProvider::of(provider, prepared.text.as_deref(), &cx.settings, &cx.master_key).ok_or(DepartError::NotSetUp)?;
            us.metadata.ensure_current(cx.now)?;
            let relay = BearerSecret::generate(&mut cx.rng);
            let request = SignInRequest {
                random: random_id(&mut cx.rng),
                now: cx.now,
                force_authn: fresh,
                relay_state: Some(relay.reveal()),
            };
            let connection = us.connection().ok_or(DepartError::NotSetUp)?;
            let issued = saml::authn_request(&connection, request).map_err(|_| DepartError::NotSetUp)?;
            let notes = Notes {
                nonce: String::new(),
                verifier: String::new(),
                request_id: issued.id,
                fresh_since: fresh.then_some(cx.now),
            };
            let (url, fields) = carried(issued.outgoing);
            (relay.hash(), notes, Departure { url, fields })
        }
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
    /// Whether somebody who proved at `at` who they are did so as the request wanted (OpenID Connect Core §3.1.2.1 `max_age`, SAML core
    /// §3.4.1 `ForceAuthn`). A provider that does not say when did not.
    #[must_use]
    pub fn is_fresh_enough(&self, at: Option<Timestamp>) -> bool {
        let skew = Duration::seconds(FRESH_SKEW_SECONDS);
        self.fresh_since.is_none_or(|since| at.is_some_and(|at| since <= at + skew))
    }

    /// The notes of a trip; none when the master key is another one.
    #[must_use]
    pub fn open(key: &MasterKey, trip: &Trip) -> Option<Self> {
        serde_json::from_slice(&key.open(&trip.sealed).ok()?).ok()
    }
}
