//! Accepting an opened invitation: with a new account and its password, or as the signed-in owner of the address.

use super::{
    super::{Invitation, plan::MAX_NAME},
    AcceptError, Accepted, Opened, settle,
};
use crate::{
    access::Refused,
    cx::{Cx, Qx},
    kernel::{EmailAddress, Password, PersonId, Rng},
    organizations::Organization,
    people::Person,
    signin::{
        account::commands::record_profile,
        commands::store_password,
        passwords::{self, HashedPassword, PasswordError},
    },
    store,
};

/// Accepts for an address without an account (or whose account has no password yet): makes the account and the membership.
///
/// # Errors
/// [`AcceptError`]; nothing is written then.
pub async fn accept_invitation(
    cx: &mut Cx,
    opened: &Opened,
    name: &str,
    password: Result<HashedPassword, PasswordError>,
) -> Result<Accepted, AcceptError> {
    let (organization, invitation) = locked(cx, opened).await?;
    if let Some(person) = cx.actor.person() {
        let same = person.email.parse::<EmailAddress>().is_ok_and(|email| email == invitation.email);
        return Err(if same {
            AcceptError::SignInFirst
        } else {
            AcceptError::OtherAccount
        });
    }
    let name = checked_name(name)?;
    let (person, known_as) = account(cx, &invitation, name).await?;
    let accepted = settle(cx, &organization, &invitation, opened, &person).await?;
    // By now the person acts, so that the trail says it of them.
    if let Some(known_as) = known_as {
        record_profile(cx, &person, known_as).await?;
    }
    store_password(cx, &person, password?).await?;
    Ok(accepted)
}

/// Checks the password for whoever accepts and hashes it, before any transaction: hashing takes some 30 ms, and SQLite has one writer.
///
/// # Errors
/// [`PasswordError`] tells what to do; [`accept_invitation`] says so once everything else is in order.
pub async fn prepare_password(
    qx: &Qx,
    opened: &Opened,
    name: &str,
    password: &Password,
    rng: &mut Rng,
) -> Result<HashedPassword, PasswordError> {
    let Ok(Some(invitation)) = opened.usable(&qx.db, qx.now).await else {
        return Err(PasswordError::NotHashed);
    };
    let mut words = vec![name.to_owned(), invitation.email.as_str().to_owned(), qx.tenant.name.clone()];
    if let Ok(Some(organization)) = store::organizations::get(&qx.db, opened.organization).await {
        words.push(organization.name);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    passwords::prepare(password, &words, rng).await
}

/// Accepts for the signed-in owner of the invited address: a further membership for a person who has one account.
///
/// # Errors
/// [`AcceptError`]; nothing is written then.
pub async fn join_organization(cx: &mut Cx, opened: &Opened) -> Result<Accepted, AcceptError> {
    let Some(signed_in) = cx.actor.person() else {
        return Err(Refused::SignedOut.into());
    };
    let id = signed_in.id;
    let (organization, invitation) = locked(cx, opened).await?;
    let person = store::people::get(&cx.tx, id).await?.ok_or(Refused::SignedOut)?;
    if person.email != invitation.email {
        return Err(AcceptError::OtherAccount);
    }
    settle(cx, &organization, &invitation, opened, &person).await
}

/// Holds the organization, then reads the invitation: whoever withdraws it or takes the last seat is before or after, never between.
async fn locked(cx: &Cx, opened: &Opened) -> Result<(Organization, Invitation), AcceptError> {
    let organization = store::organizations::get_locked(&cx.tx, opened.organization)
        .await?
        .ok_or(AcceptError::Unusable)?;
    let invitation = opened.usable(&cx.tx, cx.now).await?.ok_or(AcceptError::Unusable)?;
    Ok((organization, invitation))
}

fn checked_name(typed: &str) -> Result<String, AcceptError> {
    let name = typed.trim();
    if name.is_empty() {
        return Err(AcceptError::Name("Enter your name."));
    }
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(AcceptError::Name("Use at most 200 characters that can be shown."));
    }
    Ok(name.to_owned())
}

/// The account of the invited address: a new one, or the one without a password, and what that was called when its name is another one now.
/// Never one that somebody signs in to.
async fn account(cx: &mut Cx, invitation: &Invitation, name: String) -> Result<(Person, Option<String>), AcceptError> {
    if let Some(mut person) = store::people::find_by_email(&cx.tx, &invitation.email).await? {
        if person.disabled_at.is_some() {
            return Err(AcceptError::AccountOff);
        }
        if person.has_password {
            return Err(AcceptError::SignInFirst);
        }
        if person.name == name {
            return Ok((person, None));
        }
        let known_as = std::mem::replace(&mut person.name, name);
        store::people::update_profile(&cx.tx, &person).await?;
        person.version += 1;
        return Ok((person, Some(known_as)));
    }
    let person = Person {
        id: PersonId::new(cx.now, &mut cx.rng),
        email: invitation.email.clone(),
        name,
        time_zone: cx.tenant.time_zone,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    if !store::people::insert(&cx.tx, &person).await? {
        // Somebody made the account in this very moment.
        return Err(AcceptError::SignInFirst);
    }
    Ok((person, None))
}
