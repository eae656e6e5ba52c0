//! The second factor: a code of the authenticator, counted, checked and used up; and the fresh one before administrative actions.

use chrono::Duration;

use super::{
    super::{throttle, totp::TotpSecret, trail},
    SignInError,
    attempt::record_refused,
};
use crate::{
    access::{Refused, STEP_UP_MINUTES, SignedIn},
    audit::{Event, EventKind, Subject},
    cx::Cx,
    kernel::Timestamp,
    mail::{self, Letter},
    people::Person,
    store::{self, StoreError, sessions::SignedInAs},
    web::routes,
};

/// Whether a second factor was given in this session just now.
#[must_use]
pub fn is_fresh(person: &SignedIn, now: Timestamp) -> bool {
    person
        .second_factor_at
        .is_some_and(|at| now < at + Duration::minutes(STEP_UP_MINUTES))
}

/// Checks the authenticator's code and uses its time step up (RFC 6238 §5.2: a code is accepted once).
///
/// # Errors
/// [`SignInError`]; commit all the same, the attempt is counted and recorded.
pub async fn prove_totp(cx: &mut Cx, person: &Person, code: &str) -> Result<(), SignInError> {
    count(cx, person, "authenticator").await?;
    let credentials = store::people::credentials(&cx.tx, person.id).await?.ok_or(SignInError::WrongCode)?;
    let Some(sealed) = credentials.totp_secret.filter(|_| credentials.totp_confirmed_at.is_some()) else {
        return refused(cx, person, "authenticator", SignInError::WrongCode).await;
    };
    let secret = cx.master_key.open(&sealed).map(TotpSecret::new).map_err(|_| StoreError::Corrupt {
        column: "people.totp_secret",
    })?;
    let Some(step) = secret.step_of(code, cx.now) else {
        return refused(cx, person, "authenticator", SignInError::WrongCode).await;
    };
    if !store::people::use_totp_step(&cx.tx, person.id, step).await? {
        return refused(cx, person, "authenticator", SignInError::CodeUsed).await;
    }
    accepted(cx, person).await?;
    Ok(())
}

/// Uses a recovery code up and answers how many are left.
pub(super) async fn prove_recovery_code(cx: &mut Cx, person: &Person, hash: &[u8]) -> Result<u64, SignInError> {
    count(cx, person, "recovery code").await?;
    if !store::credentials::use_recovery_code(&cx.tx, person.id, hash, cx.now).await? {
        return refused(cx, person, "recovery code", SignInError::WrongRecoveryCode).await;
    }
    accepted(cx, person).await?;
    Ok(store::credentials::recovery_codes_left(&cx.tx, person.id).await?)
}

async fn count(cx: &mut Cx, person: &Person, factor: &'static str) -> Result<(), SignInError> {
    let whose = person.id.to_string();
    let mut throttled = throttle::count(cx, &[(throttle::CODES_PER_ACCOUNT, &whose)]).await?;
    // What is not looked at now is no wrong code of the day.
    if throttled.is_none() {
        throttled = throttle::count(cx, &[(throttle::CODES_PER_DAY, &whose)]).await?;
    }
    let Some(throttled) = throttled else { return Ok(()) };
    if throttled.first {
        record_refused(cx, EventKind::SignInThrottled, Some(person), factor).await?;
    }
    Err(SignInError::Throttled(throttled.minutes_from(cx.now)))
}

async fn refused<T>(cx: &mut Cx, person: &Person, factor: &'static str, error: SignInError) -> Result<T, SignInError> {
    record_refused(cx, EventKind::SignInFailed, Some(person), factor).await?;
    if let Some(until) = throttle::used_up(cx, &throttle::CODES_PER_DAY, &person.id.to_string()).await? {
        let letter = Letter::SecondFactorGuessed {
            wrong: throttle::CODES_PER_DAY.most,
            until,
            link: routes::absolute(&cx.settings.public_url, routes::FORGOT),
        };
        mail::queue(cx, &person.email, None, letter).await?;
    }
    Err(error)
}

/// Forgets the tries before a right code. The wrong ones of the day stay counted: the person's own sign-ins give nobody new tries.
async fn accepted(cx: &Cx, person: &Person) -> Result<(), StoreError> {
    let whose = person.id.to_string();
    throttle::forget(cx, &[throttle::CODES_PER_ACCOUNT], &whose).await?;
    throttle::take_back(cx, &throttle::CODES_PER_DAY, &whose).await
}

/// Gives a fresh second factor in a session that exists; the session goes on under a new cookie value.
///
/// # Errors
/// [`SignInError`]; commit all the same, the attempt is recorded.
pub async fn step_up(cx: &mut Cx, session: SignedInAs, code: &str) -> Result<SignedInAs, SignInError> {
    let me = cx.actor.person().map(|me| me.id).ok_or(Refused::SignedOut)?;
    let person = store::people::get(&cx.tx, me).await?.ok_or(Refused::SignedOut)?;
    prove_totp(cx, &person, code).await?;
    let event = Event::new(EventKind::SteppedUp).subject(Subject::new("person", person.id, person.name.clone()));
    trail::record(cx, person.id, event).await?;
    Ok(SignedInAs {
        second_factor_at: Some(cx.now),
        ..session
    })
}
