//! Clients that fail to prove themselves: it is in the trail, and whoever goes on trying is neither counted nor told of for a while.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Client, OAuthError};
use crate::{
    access::Actor,
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::{Cx, Portal, RequestMeta},
    kernel::Timestamp,
    signin::throttle::{self, PROOFS_PER_CLIENT},
    store::{self, StoreError},
};

/// So many are remembered at most.
const MOST: usize = 10_000;

/// Whose wrong proofs are answered with 429, and until when, as far as this process knows; a right one is always let in. The counters are in
/// the database, which all replicas share; each learns of a limit with the first wrong proof that comes to it.
#[derive(Clone, Debug, Default)]
pub struct HeldOff(Arc<RwLock<HashMap<String, Timestamp>>>);

impl HeldOff {
    /// Until when wrong proofs of a client from the address of this request are neither counted nor told of.
    #[must_use]
    pub fn until(&self, meta: &RequestMeta, client: &Client, now: Timestamp) -> Option<Timestamp> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if held.is_empty() {
            return None;
        }
        held.get(&whose(meta, client)).copied().filter(|until| *until > now)
    }

    fn note(&self, whose: String, until: Timestamp, now: Timestamp) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.retain(|_, until| *until > now);
        }
        if held.len() < MOST {
            held.insert(whose, until);
        }
    }

    /// Counts a proof that was wrong and tells the trail. Answers what the client is told.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be counted.
    pub async fn failed(&self, portal: &Portal, meta: &RequestMeta, client: &Client) -> Result<OAuthError, StoreError> {
        let whose = whose(meta, client);
        let mut cx = portal.begin(Actor::Anonymous, meta.clone()).await?;
        let throttled = throttle::count(&cx, &[(PROOFS_PER_CLIENT, &whose)]).await?;
        if throttled.is_none_or(|throttled| throttled.first) {
            tell(&mut cx, client, throttled.is_some()).await?;
        }
        let now = cx.now;
        cx.commit().await?;
        Ok(match throttled {
            None => OAuthError::Client("The client is not known, or its proof is wrong."),
            Some(throttled) => {
                self.note(whose, throttled.until, now);
                throttled_until(throttled.until, now)
            }
        })
    }
}

/// What a client hears that is not listened to.
#[must_use]
pub fn throttled_until(until: Timestamp, now: Timestamp) -> OAuthError {
    OAuthError::Throttled {
        seconds: (until - now).num_seconds().max(1),
    }
}

/// One client at one address: whoever tries elsewhere does not keep the client itself out.
fn whose(meta: &RequestMeta, client: &Client) -> String {
    let network = throttle::network(meta.address.as_deref()).unwrap_or_default();
    format!("{} {network}", client.id)
}

async fn tell(cx: &mut Cx, client: &Client, throttled: bool) -> Result<(), StoreError> {
    let mut event = Event::new(EventKind::ClientFailed)
        .outcome(Outcome::Failure)
        .subject(Subject::new("client", client.id, client.terms.name.clone()))
        .detail("client", client.terms.client_id.clone())
        .reason(if throttled {
            "Its proof was wrong too often. From this address it is not listened to for a while."
        } else {
            "Its proof was wrong."
        });
    if let Some(application) = store::applications::get(&cx.tx, client.application).await? {
        event = event.application(application.id, application.name);
    }
    audit::record(cx, event).await
}
