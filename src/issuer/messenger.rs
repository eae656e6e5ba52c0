//! The messenger: takes due sign-out notices out of the outbox, signs them, and posts them to their clients (OpenID Connect Back-Channel
//! Logout 1.0 §2.5), with a lease on each, so that several replicas share the work, and no transaction is open while the network is waited for.

use std::time::Duration as StdDuration;

use chrono::Duration;
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    SignOutNotice,
    claims::subject,
    keys::{KeyRing, TokenType},
};
use crate::{
    cx::Portal,
    kernel::new_uuid,
    mail::{MAX_ATTEMPTS, Message, back_off},
    outbound::OutboundError,
    store::{
        StoreError,
        issuer::clients,
        outbox::{self, Attempt},
    },
};

/// How long a claimed notice is left to its claimer: longer than a whole batch takes at the worst.
const LEASE: Duration = Duration::minutes(5);
/// How many notices are claimed at a time, and how many of them are under way at once.
const BATCH: u64 = 16;
const AT_ONCE: usize = 8;

const NOT_SIGNED: &str = "The notice could not be signed now.";
const NO_ADDRESS: &str = "The client's address for sign-outs is none.";

/// Why a notice was not taken.
struct Failure {
    text: String,
    /// Nobody answered at all, so nobody would for another one either.
    unreachable: bool,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, unreachable: false }
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// How long the other notices to an address wait that did not answer.
const PAUSE: Duration = Duration::minutes(1);

/// Delivers until told to stop; a request under way is finished first.
pub async fn run(portal: Portal, stop: CancellationToken) {
    let ring = KeyRing::default();
    let mut pause = StdDuration::from_secs(1);
    while !stop.is_cancelled() {
        match deliver_due(&portal, &ring).await {
            Ok(BATCH) => continue,
            Ok(_) => pause = StdDuration::from_secs(1),
            Err(error) => {
                tracing::warn!(%error, "sign-out notices could not be read");
                pause = (pause * 2).min(StdDuration::from_secs(30));
            }
        }
        tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(pause) => {} }
    }
}

/// Claims a batch of due notices and tries each once; answers how many were claimed.
///
/// # Errors
/// [`StoreError`] when nothing could be claimed; what was claimed before comes due again by itself.
pub async fn deliver_due(portal: &Portal, ring: &KeyRing) -> Result<u64, StoreError> {
    let now = portal.clock.now();
    let claimed = outbox::claim_logouts(&portal.store, now, now + LEASE, BATCH).await?;
    let taken = claimed.len() as u64;
    stream::iter(claimed)
        .for_each_concurrent(AT_ONCE, |message| attempt(portal, ring, message))
        .await;
    Ok(taken)
}

async fn attempt(portal: &Portal, ring: &KeyRing, message: Message) {
    let id = message.id;
    let result = if message.attempts > MAX_ATTEMPTS {
        Err("Delivery was interrupted too often.".into())
    } else {
        send(portal, ring, &message).await
    };
    let now = portal.clock.now();
    if result.as_ref().is_err_and(|failure| failure.unreachable)
        && let Err(error) = outbox::hold_back_logouts(&portal.store, &message, now + PAUSE).await
    {
        tracing::warn!(%error, "the other sign-out notices to an address that does not answer could not be held back");
    }
    let result = result.map_err(|failure| failure.text);
    let (word, attempt) = match result {
        Ok(()) => ("accepted", Attempt::Accepted { at: now }),
        Err(error) if message.attempts >= MAX_ATTEMPTS => ("given_up", Attempt::GivenUp { error }),
        Err(error) => {
            let until = now + back_off(message.attempts);
            ("postponed", Attempt::Postponed { until, error })
        }
    };
    metrics::counter!("portico_logout_attempts_total", "result" => word).increment(1);
    match outbox::settle(&portal.store, &message, attempt).await {
        Ok(true) => tracing::info!(message = %id, attempts = message.attempts, result = word, "tried to tell a client of a sign-out"),
        Ok(false) => tracing::warn!(message = %id, result = word, "a sign-out notice was taken over before its attempt was noted"),
        Err(error) => {
            tracing::error!(message = %id, result = word, %error, "an attempt could not be noted; the sign-out notice comes due again");
        }
    }
}

async fn send(portal: &Portal, ring: &KeyRing, message: &Message) -> Result<(), Failure> {
    let notice: SignOutNotice = serde_json::from_str(&message.text).map_err(|_| "The notice cannot be read.")?;
    let client = clients::get(&portal.store.reader(), notice.client)
        .await
        .map_err(|_| "The database did not answer.")?;
    // Switched off, or without an address meanwhile: there is nobody to tell any more.
    let Some((client, address)) = client
        .filter(|client| client.disabled_at.is_none())
        .and_then(|client| client.terms.backchannel_logout_uri.clone().map(|address| (client, address)))
    else {
        return Ok(());
    };
    let address: Url = address.parse().map_err(|_| NO_ADDRESS)?;
    let known_as = subject(&client, client.application, notice.member, &portal.master_key);
    let now = portal.clock.now();
    let token_id = new_uuid(now, &mut portal.entropy.rng()).to_string();
    let claims = notice.claims(&portal.settings.public_url, &client.terms.client_id, &known_as, &token_id, now);
    let keys = ring.published(portal).await.map_err(|_| NOT_SIGNED)?;
    let key = keys.signing(client.terms.signing, now).ok_or("There is no key to sign with.")?;
    let token = key.sign(TokenType::Logout, &claims).map_err(|_| NOT_SIGNED)?;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("logout_token", &token)
        .finish();
    let request = http::Request::post(address.as_str())
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(http::header::ACCEPT, "application/json")
        .body(body.into_bytes())
        .map_err(|_| NO_ADDRESS)?;
    let answer = portal.outbound.send(request).await.map_err(|error| Failure {
        unreachable: matches!(error, OutboundError::Unreachable(..)),
        text: error.to_string(),
    })?;
    // §2.8 says 200; frameworks turn an empty one into 204.
    match answer.status().as_u16() {
        200 | 204 => Ok(()),
        status => Err(format!("The client answered with status {status}.").into()),
    }
}
