//! Setting a password, for whoever may: the person, the bearer of a mailed link, a declaration.

use thiserror::Error;

use super::super::{
    passwords::{self, HashedPassword, PasswordError},
    trail,
};
use crate::{
    access::Refused,
    audit::{Event, EventKind, Subject},
    cx::Cx,
    kernel::{Password, PersonId},
    mail::{self, Letter},
    people::Person,
    store::{self, Db, StoreError},
    web::Refusal,
};

/// Why a password is not set.
#[derive(Debug, Error)]
pub enum SetPasswordError {
    /// The password is not good enough.
    #[error(transparent)]
    Rules(#[from] PasswordError),
    /// No such person.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SetPasswordError> for Refusal {
    fn from(error: SetPasswordError) -> Self {
        match error {
            SetPasswordError::Rules(rule) => Self::field("password", rule.to_string()),
            SetPasswordError::Access(refused) => refused.into(),
            SetPasswordError::Store(error) => error.into(),
        }
    }
}

/// What a password of this person must not be made of: name, address, companies.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn person_words(db: &impl Db, person: &Person, tenant_name: &str) -> Result<Vec<String>, StoreError> {
    let mut words = vec![person.name.clone(), person.email.as_str().to_owned(), tenant_name.to_owned()];
    for member in store::members::of_person(db, person.id).await? {
        words.extend(
            store::organizations::get(db, member.organization)
                .await?
                .map(|organization| organization.name),
        );
    }
    Ok(words)
}

/// Checks, hashes and stores a password. Who may is decided by the caller: the person themself, the bearer of a mailed link, a declaration.
/// Hashing takes some 30 ms of the transaction; a form's command hashes before it with [`passwords::prepare`] and calls [`store_password`].
///
/// # Errors
/// [`SetPasswordError`] tells what to do.
pub async fn set_password(cx: &mut Cx, person: PersonId, password: Password) -> Result<(), SetPasswordError> {
    let person = store::people::get(&cx.tx, person).await?.ok_or(Refused::NotFound)?;
    let words = person_words(&cx.tx, &person, &cx.tenant.name).await?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let hashed = passwords::prepare(&password, &words, &mut cx.rng).await?;
    Ok(store_password(cx, &person, hashed).await?)
}

/// Stores a password that was hashed before. Every other session of the person and every reset link ends with it.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn store_password(cx: &mut Cx, person: &Person, hashed: HashedPassword) -> Result<(), StoreError> {
    store::people::set_password(&cx.tx, person.id, &hashed.0, cx.now).await?;
    store::credentials::void_resets(&cx.tx, person.id, cx.now).await?;
    let own = cx
        .actor
        .person()
        .filter(|actor| actor.id == person.id)
        .map(|actor| actor.session_key.clone());
    let ended = store::sessions::end_others(&cx.tx, person.id, own.as_deref(), cx.now).await?;
    let event = Event::new(EventKind::PasswordChanged)
        .subject(Subject::new("person", person.id, person.name.clone()))
        .ended(ended);
    trail::record(cx, person.id, event).await?;
    if person.has_password {
        mail::queue(cx, &person.email, None, Letter::PasswordChanged { at: cx.now }).await?;
    }
    Ok(())
}
