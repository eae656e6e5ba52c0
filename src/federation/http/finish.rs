//! The end of a trip, whatever protocol it went by: the browser is the one that left, the provider's word is weighed, somebody is signed
//! in or a trial is shown.

use axum::{http::StatusCode, response::Response};

use super::{AWAY_KEY, BROWSER_KEY, FRESH_KEY, TRIAL_KEY, reference};
use crate::{
    federation::{
        IdentityProvider, ProviderStatus,
        arrival::{Arrival, Blame, Disbelief},
        commands::{self, EnterError, Notes, Trial},
        oidc::Published,
    },
    kernel::{constant_time_eq, sha256},
    store::{
        StoreError,
        federation::{
            providers,
            trips::{self, Purpose, Trip},
        },
    },
    ui::Flash,
    web::{FLASH_KEY, RequestCx, error_page, redirection, routes, take_wanted},
};

/// What ends a trip before the provider's word is weighed.
pub(super) enum Trouble {
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

/// Answers with the next page, or with what went wrong.
pub(super) async fn answer(request: &RequestCx, outcome: Result<String, Trouble>) -> Response {
    match outcome {
        Ok(page) => redirection(&page),
        Err(Trouble::Lost) => {
            let flash = Flash::warn("This sign-in took too long, or it began in another browser. Start again.");
            let _ = request.session.insert(FLASH_KEY, flash).await;
            redirection(routes::SIGN_IN)
        }
        Err(Trouble::Store(error)) => {
            tracing::error!(%error, "an answer of an identity provider could not be handled");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(request))
        }
    }
}

/// The trip of this very browser, used up, with its notes and its provider.
pub(super) async fn claim(request: &RequestCx, state: &str) -> Result<(Trip, Notes, IdentityProvider), Trouble> {
    let portal = &request.portal;
    let db = portal.store.reader();
    let now = portal.clock.now();
    let id = sha256(state);
    let trip = trips::find(&db, &id, now).await?.ok_or(Trouble::Lost)?;
    let browser: Option<String> = request.session.get(BROWSER_KEY).await.ok().flatten();
    if !browser.is_some_and(|value| constant_time_eq(&sha256(value), &trip.browser)) {
        return Err(Trouble::Lost);
    }
    let notes = Notes::open(&portal.master_key, &trip).ok_or(Trouble::Lost)?;
    let cx = request.begin().await?;
    let first = trips::use_up(&cx.tx, &id, now).await?;
    cx.commit().await?;
    let provider = providers::find(&db, trip.provider).await?.ok_or(Trouble::Lost)?;
    if !first || (trip.purpose == Purpose::SignIn && provider.status != ProviderStatus::Live) {
        return Err(Trouble::Lost);
    }
    Ok((trip, notes, provider))
}

/// What came of the provider's answer; with newer keys when it rotated them.
pub(super) type Believed = Result<(Arrival, Option<Published>), Disbelief>;

/// Signs in or shows the trial; answers the next page.
pub(super) async fn finish(
    request: &RequestCx,
    purpose: Purpose,
    notes: &Notes,
    provider: &IdentityProvider,
    outcome: Believed,
) -> Result<String, Trouble> {
    match purpose {
        Purpose::SignIn => finish_sign_in(request, notes, provider, outcome).await,
        Purpose::Try => finish_trial(request, provider, outcome).await,
    }
}

async fn finish_sign_in(request: &RequestCx, notes: &Notes, provider: &IdentityProvider, outcome: Believed) -> Result<String, Trouble> {
    let (arrival, newer) = match outcome {
        Ok(found) => found,
        Err(disbelief) => {
            let mut cx = request.begin().await?;
            commands::note_disbelief(&mut cx, provider, &disbelief).await?;
            cx.commit().await?;
            let text = if disbelief.blame == Blame::Person {
                format!("{} did not let you in.", provider.name)
            } else {
                format!(
                    "The sign-in of {} did not work, so you are not signed in. Try again in a few minutes. If it goes on, tell the person who runs your team here.",
                    provider.name
                )
            };
            return Ok(sent_back(request, text).await);
        }
    };
    if let Some(newer) = newer {
        let cx = request.begin().await?;
        providers::keep_published(&cx.tx, provider.id, &newer.to_text(), provider.certificate_ends_at, cx.now).await?;
        cx.commit().await?;
    }
    let mut cx = request.begin().await?;
    // Of a confirmation the second factor's own time decides; an application that wants a new sign-in gets one or none.
    let wanted = matches!(request.session.get::<bool>(FRESH_KEY).await, Ok(Some(true)));
    if wanted && !notes.is_fresh_enough(arrival.authenticated_at) {
        // Not counted against the connection: it works, although not for this.
        let disbelief = Disbelief {
            reason: "A new sign-in was asked for, but the provider did not ask the person again, or does not say when it did.".to_owned(),
            blame: Blame::Browser,
            checks: Vec::new(),
        };
        commands::note_disbelief(&mut cx, provider, &disbelief).await?;
        cx.commit().await?;
        let text = format!(
            "{} did not ask you to sign in again, which is needed here. Sign out there and try again, or tell the person who runs your team here.",
            provider.name
        );
        return Ok(sent_back(request, text).await);
    }
    match commands::enter(&mut cx, provider, &arrival).await {
        Ok(who) => {
            cx.commit().await?;
            for key in [AWAY_KEY, BROWSER_KEY, FRESH_KEY] {
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
            if error.takes_effect() {
                cx.commit().await?;
            } else {
                cx.tx.rollback().await?;
                let mut cx = request.begin().await?;
                commands::note_refusal(&mut cx, provider, &error).await?;
                cx.commit().await?;
            }
            Ok(sent_back(request, error.to_string()).await)
        }
    }
}

async fn sent_back(request: &RequestCx, text: String) -> String {
    let _ = request.session.insert(FLASH_KEY, Flash::bad(text)).await;
    routes::SIGN_IN.to_owned()
}

async fn finish_trial(request: &RequestCx, provider: &IdentityProvider, outcome: Believed) -> Result<String, Trouble> {
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
        Err(disbelief) => Trial::refused(provider.id, cx.now, disbelief),
    };
    cx.commit().await?;
    request
        .session
        .insert(TRIAL_KEY, trial)
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(routes::trial(&provider.id.to_string()))
}
