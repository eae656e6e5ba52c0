//! Asking for a reset link and using it. Nothing answers differently for an address without an account.

use chrono::Duration;
use thiserror::Error;

use super::super::{
    commands::{person_words, store_password},
    passwords::{self, HashedPassword, PasswordError},
    throttle, trail,
};
use crate::{
    access::Actor,
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::{Cx, Portal},
    kernel::{BearerSecret, CredentialId, EmailAddress, Password, sha256},
    mail::{self, Letter},
    store::{self, StoreError, credentials::NewReset},
    web::{Refusal, routes},
};

/// Why no link is sent or no password is set.
#[derive(Debug, Error)]
pub enum ResetError {
    /// Too many links were asked for.
    #[error("Too many links were asked for. Wait {0} minutes, then try again.")]
    Throttled(i64),
    /// The link was used, replaced by a newer one, or is too old.
    #[error("This link does not work any more. Ask for a new one.")]
    Dead,
    /// The new password is not good enough.
    #[error(transparent)]
    Rules(#[from] PasswordError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ResetError> for Refusal {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Throttled(_) => Self::because(error.to_string()).kept(),
            ResetError::Dead => Self::because(error.to_string()),
            ResetError::Rules(rule) => Self::field("password", rule.to_string()),
            ResetError::Store(error) => error.into(),
        }
    }
}

/// Mails a link to set a new password, if the address has an account; earlier links stop working.
///
/// # Errors
/// [`ResetError::Throttled`] by what was typed, whether it has an account or not; commit all the same.
pub async fn request_reset(cx: &mut Cx, email: &EmailAddress) -> Result<(), ResetError> {
    let network = throttle::network(cx.meta.address.as_deref());
    let mut limits = vec![(throttle::RESETS_PER_ACCOUNT, email.normalized())];
    limits.extend(network.as_deref().map(|network| (throttle::RESETS_PER_ADDRESS, network)));
    if let Some(throttled) = throttle::count(cx, &limits).await? {
        return Err(ResetError::Throttled(throttled.minutes_from(cx.now)));
    }
    let event = Event::new(EventKind::PasswordResetRequested);
    let Some(person) = store::people::find_by_email(&cx.tx, email)
        .await?
        .filter(|person| person.disabled_at.is_none())
    else {
        return Ok(audit::record(cx, event.outcome(Outcome::Failure).detail("account", "unknown")).await?);
    };
    store::credentials::void_resets(&cx.tx, person.id, cx.now).await?;
    let secret = BearerSecret::generate(&mut cx.rng);
    let expires_at = cx.now + Duration::minutes(cx.settings.reset_minutes);
    let id = CredentialId::new(cx.now, &mut cx.rng);
    let reset = NewReset {
        id,
        person: person.id,
        token_hash: secret.hash(),
        expires_at,
    };
    store::credentials::insert_reset(&cx.tx, reset, cx.now).await?;
    trail::record(cx, person.id, event.subject(Subject::new("person", person.id, person.name.clone()))).await?;
    let link = format!("{}{}", cx.settings.public_url, routes::reset(secret.reveal()));
    mail::queue(cx, &person.email, None, Letter::PasswordReset { link, expires_at }).await?;
    Ok(())
}

/// Checks a new password for the person behind a link and hashes it, before any transaction.
///
/// # Errors
/// [`ResetError::Dead`], or [`ResetError::Rules`].
pub async fn prepare_reset(portal: &Portal, token: &str, password: &Password) -> Result<HashedPassword, ResetError> {
    let qx = portal
        .query(std::sync::Arc::new(Actor::Anonymous), &crate::cx::RequestMeta::default())
        .await?;
    let person = store::credentials::find_reset(&qx.db, &sha256(token), qx.now)
        .await?
        .ok_or(ResetError::Dead)?;
    let person = store::people::get(&qx.db, person).await?.ok_or(ResetError::Dead)?;
    let words = person_words(&qx.db, &person, &qx.tenant.name).await?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(passwords::prepare(password, &words, &mut portal.entropy.rng()).await?)
}

/// Sets the password of the person behind a link, uses the link up, and ends every session of the person.
///
/// # Errors
/// [`ResetError::Dead`] when somebody was quicker or it became too old.
pub async fn reset_password(cx: &mut Cx, token: &str, hashed: HashedPassword) -> Result<(), ResetError> {
    let hash = sha256(token);
    let person = store::credentials::find_reset(&cx.tx, &hash, cx.now)
        .await?
        .ok_or(ResetError::Dead)?;
    if !store::credentials::use_reset(&cx.tx, &hash, cx.now).await? {
        return Err(ResetError::Dead);
    }
    let person = store::people::get(&cx.tx, person)
        .await?
        .filter(|person| person.disabled_at.is_none())
        .ok_or(ResetError::Dead)?;
    store_password(cx, &person, hashed).await?;
    // Whoever can read the mailbox proved more than a password would, so earlier failures no longer keep them out.
    let account = person.email.normalized().to_owned();
    throttle::forget(cx, &[throttle::PASSWORDS_PER_ACCOUNT, throttle::PASSWORDS_PER_DAY], &account).await?;
    Ok(())
}

/// Whether a link still works; looking changes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn link_works(qx: &crate::cx::Qx, token: &str) -> Result<bool, StoreError> {
    Ok(store::credentials::find_reset(&qx.db, &sha256(token), qx.now).await?.is_some())
}
