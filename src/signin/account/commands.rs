//! Changes of one's own account. Everyone may change their own and nobody another's, so each command begins with who asks.

use chrono_tz::Tz;
use thiserror::Error;

use super::super::{
    commands::{PasswordAttempt, SignInError, confirm_password, is_fresh, store_password},
    passwords::{HashedPassword, PasswordError},
    pending::TotpSetup,
    recovery,
    totp::TotpSecret,
    trail,
};
use crate::{
    access::{Refused, SignedIn},
    audit::{Event, EventKind, Subject},
    cx::Cx,
    kernel::{CredentialId, MemberId},
    mail::{self, Letter},
    people::Person,
    store::{self, StoreError},
    web::Refusal,
};

/// Why a change of the account is refused.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The present password or a code was wrong, or tried too often.
    #[error(transparent)]
    Proof(#[from] SignInError),
    /// The new password is not good enough.
    #[error(transparent)]
    Rules(#[from] PasswordError),
    /// An authenticator is set up already.
    #[error("An authenticator app is set up already. Remove it first, then set up another one.")]
    HasAuthenticator,
    /// No authenticator is set up.
    #[error("No authenticator app is set up, so there is nothing to change.")]
    NoAuthenticator,
    /// The QR code was shown too long ago.
    #[error("Too much time went by since the QR code was shown. Begin again.")]
    SetupExpired,
    /// The code does not fit the QR code.
    #[error("This code is not right. Enter the six digits the app shows now, and check that the clock of your phone is right.")]
    WrongCode,
    /// Signed in through a partner's identity provider: what that opens is the partner's hat, not the account.
    #[error(
        "You signed in through your company, so the password and authenticator of your account here cannot be changed in this session. Sign in with your password to change them."
    )]
    ThroughProvider,
    /// Other organizations see the name too.
    #[error("You signed in through your company, so your name cannot be changed in this session: other organizations see it as well.")]
    NameThroughProvider,
    /// Not allowed.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Proof(error) => error.into(),
            AccountError::Rules(rule) => Self::field("password", rule.to_string()),
            AccountError::WrongCode => Self::field("code", error.to_string()),
            AccountError::HasAuthenticator | AccountError::NoAuthenticator | AccountError::SetupExpired | AccountError::ThroughProvider => {
                Self::because(error.to_string())
            }
            AccountError::NameThroughProvider => Self::field("name", error.to_string()),
            AccountError::Access(refused) => refused.into(),
            AccountError::Store(error) => error.into(),
        }
    }
}

fn me(cx: &Cx) -> Result<SignedIn, Refused> {
    cx.actor.person().cloned().ok_or(Refused::SignedOut)
}

/// Whoever asks, with the whole account open to them: a partner's provider vouches for that partner's people as such, and could
/// otherwise make itself a way into everything else they have.
fn account_holder(cx: &Cx) -> Result<SignedIn, AccountError> {
    let me = me(cx)?;
    if me.through.is_some() {
        Err(AccountError::ThroughProvider)
    } else {
        Ok(me)
    }
}

fn fresh_me(cx: &Cx) -> Result<SignedIn, Refused> {
    let me = me(cx)?;
    if is_fresh(&me, cx.now) { Ok(me) } else { Err(Refused::StepUp) }
}

async fn my_account(cx: &Cx, me: &SignedIn) -> Result<Person, AccountError> {
    Ok(store::people::get(&cx.tx, me.id).await?.ok_or(Refused::SignedOut)?)
}

async fn record(cx: &mut Cx, me: &SignedIn, event: Event) -> Result<(), StoreError> {
    trail::record(cx, me.id, event.subject(Subject::new("person", me.id, me.name.clone()))).await
}

/// Changes name and time zone.
///
/// # Errors
/// [`StoreError::Stale`] when the profile was changed since `version` was read; [`AccountError::NameThroughProvider`].
pub async fn change_profile(cx: &mut Cx, name: String, time_zone: Tz, version: i32) -> Result<(), AccountError> {
    let me = me(cx)?;
    let mut person = my_account(cx, &me).await?;
    if person.version != version {
        return Err(StoreError::Stale.into());
    }
    if name != person.name && is_known_elsewhere(cx, &me).await? {
        return Err(AccountError::NameThroughProvider);
    }
    person.name = name;
    person.time_zone = time_zone;
    store::people::update_profile(&cx.tx, &person).await?;
    Ok(record_profile(cx, &person, me.name).await?)
}

/// Records what somebody calls themself from now on, and in which time zone they are; `known_as` is what they were called.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub(crate) async fn record_profile(cx: &mut Cx, person: &Person, known_as: String) -> Result<(), StoreError> {
    let event = Event::new(EventKind::ProfileChanged)
        .subject(Subject::new("person", person.id, known_as))
        .detail("name", person.name.clone())
        .detail("time_zone", person.time_zone.name());
    trail::record(cx, person.id, event).await
}

/// Whether the session speaks for one organization while the account belongs to others too.
async fn is_known_elsewhere(cx: &Cx, me: &SignedIn) -> Result<bool, StoreError> {
    let Some(through) = me.through else { return Ok(false) };
    let members = store::members::of_person(&cx.tx, me.id).await?;
    Ok(members.iter().any(|member| member.organization != through) || !store::tenant::roles_of(&cx.tx, me.id).await?.is_empty())
}

/// Changes the password; every other session ends.
///
/// # Errors
/// [`AccountError::Proof`] when the present password is wrong (commit all the same); [`AccountError::Rules`] for a weak new one.
pub async fn change_password(
    cx: &mut Cx,
    present: PasswordAttempt,
    new: Result<HashedPassword, PasswordError>,
) -> Result<(), AccountError> {
    account_holder(cx)?;
    let person = confirm_password(cx, present).await?;
    Ok(store_password(cx, &person, new?).await?)
}

/// Begins setting up an authenticator: a secret that the caller keeps sealed until it is confirmed.
///
/// # Errors
/// [`AccountError::HasAuthenticator`]; [`AccountError::Proof`] when the present password is wrong (commit all the same).
pub async fn begin_totp(cx: &mut Cx, present: PasswordAttempt) -> Result<TotpSetup, AccountError> {
    account_holder(cx)?;
    let person = confirm_password(cx, present).await?;
    if person.totp_confirmed_at.is_some() {
        return Err(AccountError::HasAuthenticator);
    }
    let secret = TotpSecret::generate(&mut cx.rng);
    Ok(TotpSetup {
        person: person.id,
        at: cx.now,
        secret: secret.as_bytes().to_vec(),
    })
}

/// Confirms the authenticator with its first code, and answers the recovery codes to show once.
///
/// # Errors
/// [`AccountError::SetupExpired`], [`AccountError::WrongCode`] or [`AccountError::HasAuthenticator`].
pub async fn confirm_totp(cx: &mut Cx, setup: Option<TotpSetup>, code: &str) -> Result<Vec<String>, AccountError> {
    let me = account_holder(cx)?;
    let setup = setup
        .filter(|setup| setup.is_open_for(me.id, cx.now))
        .ok_or(AccountError::SetupExpired)?;
    let step = TotpSecret::new(setup.secret.clone())
        .step_of(code, cx.now)
        .ok_or(AccountError::WrongCode)?;
    let sealed = cx.master_key.seal(&setup.secret, &mut cx.rng);
    if !store::credentials::enrol_totp(&cx.tx, me.id, sealed, step, cx.now).await? {
        return Err(AccountError::HasAuthenticator);
    }
    record(cx, &me, Event::new(EventKind::TotpEnrolled)).await?;
    let codes = new_codes(cx, &me).await?;
    tell(
        cx,
        &me,
        "An authenticator app was set up. From now on its code is asked for when you sign in.",
    )
    .await?;
    Ok(codes)
}

/// Takes the authenticator and the recovery codes off; from then on the password alone signs in.
///
/// # Errors
/// [`Refused::StepUp`] without a fresh second factor; [`AccountError::NoAuthenticator`].
pub async fn remove_totp(cx: &mut Cx) -> Result<(), AccountError> {
    let me = account_holder(cx)?;
    if my_account(cx, &me).await?.totp_confirmed_at.is_none() {
        return Err(AccountError::NoAuthenticator);
    }
    let me = fresh_me(cx)?;
    store::people::set_totp(&cx.tx, me.id, None, None).await?;
    store::credentials::replace_recovery_codes(&cx.tx, me.id, Vec::new(), cx.now).await?;
    record(cx, &me, Event::new(EventKind::TotpRemoved)).await?;
    tell(cx, &me, "The authenticator app was removed. Your password alone signs you in now.").await
}

/// Makes new recovery codes, shown once; the old ones stop working.
///
/// # Errors
/// [`Refused::StepUp`] without a fresh second factor; [`AccountError::NoAuthenticator`].
pub async fn create_recovery_codes(cx: &mut Cx) -> Result<Vec<String>, AccountError> {
    let me = account_holder(cx)?;
    if my_account(cx, &me).await?.totp_confirmed_at.is_none() {
        return Err(AccountError::NoAuthenticator);
    }
    let me = fresh_me(cx)?;
    let codes = new_codes(cx, &me).await?;
    tell(cx, &me, "New recovery codes were made. The old ones no longer work.").await?;
    Ok(codes)
}

async fn new_codes(cx: &mut Cx, me: &SignedIn) -> Result<Vec<String>, AccountError> {
    let codes = recovery::generate(&mut cx.rng);
    let hashes = codes
        .iter()
        .map(|code| (CredentialId::new(cx.now, &mut cx.rng), recovery::hash(&cx.master_key, me.id, code)))
        .collect();
    store::credentials::replace_recovery_codes(&cx.tx, me.id, hashes, cx.now).await?;
    record(cx, me, Event::new(EventKind::RecoveryCodesCreated)).await?;
    Ok(codes)
}

async fn tell(cx: &mut Cx, me: &SignedIn, what: &str) -> Result<(), AccountError> {
    let person = my_account(cx, me).await?;
    Ok(mail::queue(
        cx,
        &person.email,
        None,
        Letter::SecondFactorChanged {
            at: cx.now,
            what: what.to_owned(),
        },
    )
    .await?)
}

/// The one membership whose sessions somebody may end who signed in through a partner's provider.
fn only(me: &SignedIn) -> Option<MemberId> {
    me.through.and_then(|_| me.member.as_ref().map(|member| member.id))
}

/// Ends one session of one's own; answers false when it was over already, or never one's own.
///
/// # Errors
/// [`AccountError::Store`] when it cannot be written.
pub async fn end_session(cx: &mut Cx, key: &[u8]) -> Result<bool, AccountError> {
    let me = me(cx)?;
    let ended = store::sessions::end_one(&cx.tx, me.id, only(&me), key, cx.now).await?;
    if ended {
        record(cx, &me, Event::new(EventKind::SessionsEnded).detail("sessions_ended", 1)).await?;
    }
    Ok(ended)
}

/// Ends every session of one's own but this one; answers how many.
///
/// # Errors
/// [`AccountError::Store`] when it cannot be written.
pub async fn end_other_sessions(cx: &mut Cx) -> Result<u64, AccountError> {
    let me = me(cx)?;
    let ended = match only(&me) {
        None => store::sessions::end_others(&cx.tx, me.id, Some(&me.session_key), cx.now).await?,
        Some(member) => store::sessions::end_others_of_member(&cx.tx, member, &me.session_key, cx.now).await?,
    };
    if !ended.is_nothing() {
        record(cx, &me, Event::new(EventKind::SessionsEnded).ended(ended)).await?;
    }
    Ok(ended.sessions)
}
