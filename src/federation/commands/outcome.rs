//! What else comes of a provider's word: trials, failures that add up, and logouts that the provider begins.

use crate::{
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    federation::{
        IdentityProvider,
        arrival::{Blame, Disbelief},
        model::FALL_BACK_AFTER,
    },
    kernel::{Timestamp, sha256},
    organizations::Organization,
    store::{
        self, StoreError,
        federation::{links, providers, trips},
    },
};

/// Notes that somebody tried the connection and everything was right; not when it was changed since the trial began.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn note_trial(cx: &mut Cx, provider: &IdentityProvider) -> Result<(), StoreError> {
    providers::note_trial(&cx.tx, provider.id, provider.version, cx.now).await
}

/// Records that a provider's answer was not believed, and counts it when only the provider itself could have brought that about.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn note_disbelief(cx: &mut Cx, provider: &IdentityProvider, disbelief: &Disbelief) -> Result<(), StoreError> {
    if disbelief.blame == Blame::Connection {
        return note_failure(cx, provider, &disbelief.reason).await;
    }
    record_failure(cx, provider, &disbelief.reason).await.map(|_| ())
}

pub(super) async fn record_failure(cx: &mut Cx, provider: &IdentityProvider, reason: &str) -> Result<Option<Organization>, StoreError> {
    let Some(organization) = store::organizations::get(&cx.tx, provider.organization).await? else {
        return Ok(None);
    };
    let event = Event::new(EventKind::SignInFailed)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("identity_provider", provider.id, provider.name.clone()))
        .outcome(Outcome::Failure)
        .reason(reason)
        .detail("factor", "identity provider");
    audit::record(cx, event).await?;
    Ok(Some(organization))
}

/// Counts a sign-in that failed because of the connection. After too many in a row, local passwords are let in again.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn note_failure(cx: &mut Cx, provider: &IdentityProvider, reason: &str) -> Result<(), StoreError> {
    let Some(organization) = record_failure(cx, provider, reason).await? else {
        return Ok(());
    };
    let subject = Subject::new("identity_provider", provider.id, provider.name.clone());
    let failures = providers::count_failure(&cx.tx, provider.id).await?;
    if failures >= FALL_BACK_AFTER && provider.is_live() && providers::fall_back(&cx.tx, provider.id, cx.now).await? {
        let event = Event::new(EventKind::ProviderFellBack)
            .organization(organization.id, organization.name.clone())
            .subject(subject)
            .reason(format!(
                "{failures} sign-ins in a row failed. People can use their local passwords again."
            ));
        audit::record(cx, event).await?;
    }
    Ok(())
}

/// Whose sessions a provider ends.
#[derive(Clone, Debug)]
pub struct Logout {
    /// All sessions of this person.
    pub subject: Option<String>,
    /// One session.
    pub session: Option<String>,
    /// The message's id, for single use.
    pub message: String,
    /// When the message would be refused anyway.
    pub ends_at: Timestamp,
}

/// Ends sessions because the provider says so; answers how many, or none when the message was used before.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn end_by_provider(cx: &mut Cx, provider: &IdentityProvider, logout: &Logout) -> Result<Option<u64>, StoreError> {
    let key = sha256(format!("logout {} {}", provider.id, logout.message));
    if !trips::first_use(&cx.tx, key, logout.ends_at).await? {
        return Ok(None);
    }
    let member = match &logout.subject {
        Some(subject) => match links::find(&cx.tx, provider.id, subject).await? {
            Some(link) => Some(link.member),
            None => return Ok(Some(0)),
        },
        None => None,
    };
    if member.is_none() && logout.session.is_none() {
        return Ok(Some(0));
    }
    let ended = store::sessions::end_through(&cx.tx, provider.id, member, logout.session.as_deref(), cx.now).await?;
    let organization = store::organizations::get(&cx.tx, provider.organization).await?;
    let mut event = Event::new(EventKind::SessionsEnded)
        .reason("Their company's sign-in ended the session.")
        .detail("identity_provider", provider.name.clone())
        .detail("sessions_ended", ended);
    if let Some(organization) = organization {
        if let Some(member) = member
            && let Some(found) = store::members::get(&cx.tx, organization.id, member).await?
            && let Some(person) = store::people::get(&cx.tx, found.person).await?
        {
            event = event.subject(Subject::new("member", member, person.name));
        }
        event = event.organization(organization.id, organization.name);
    }
    audit::record(cx, event).await?;
    Ok(Some(ended))
}
