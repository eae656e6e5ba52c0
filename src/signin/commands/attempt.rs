//! Attempts to sign in: each is counted before it is looked at, and recorded whatever comes of it.

use super::{
    super::{identify, passwords, pending::PendingSignIn, recovery, throttle, throttle::Throttled, trail},
    SignInError,
    factor::{prove_recovery_code, prove_totp},
};
use crate::{
    access::Actor,
    audit::{Event, EventKind, Outcome, Subject},
    cx::{Cx, Portal, RequestMeta},
    kernel::{EmailAddress, Password, Timestamp},
    mail::{self, Letter},
    people::Person,
    store::{self, sessions::SignedInAs},
};

/// A typed password that was looked at, before anything of it is recorded.
#[derive(Debug)]
pub struct PasswordAttempt {
    email: EmailAddress,
    person: Option<Person>,
    verdict: Verdict,
}

#[derive(Debug)]
enum Verdict {
    Throttled(Throttled),
    Wrong,
    /// The stored hash it was checked against.
    Right(String),
}

impl PasswordAttempt {
    /// Whether the password was right.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        matches!(self.verdict, Verdict::Right(_))
    }
}

/// What follows a right password.
#[derive(Debug)]
pub enum NextStep {
    /// Signed in; no second factor is set up.
    SignedIn(SignedInAs),
    /// The second factor is asked for.
    SecondFactor(PendingSignIn),
}

/// Counts and checks a password without holding a transaction while it is hashed. Takes as long for an unknown address.
///
/// # Errors
/// [`SignInError::Store`] or [`SignInError::Hash`]; a wrong password is no error yet.
pub async fn check_password(
    portal: &Portal,
    meta: &RequestMeta,
    email: &EmailAddress,
    password: &Password,
) -> Result<PasswordAttempt, SignInError> {
    let cx = portal.begin(Actor::Anonymous, meta.clone()).await?;
    let account = email.normalized();
    let network = throttle::network(meta.address.as_deref());
    let mut limits = vec![(throttle::PASSWORDS_PER_ACCOUNT, account), (throttle::PASSWORDS_PER_DAY, account)];
    limits.extend(network.as_deref().map(|network| (throttle::PASSWORDS_PER_ADDRESS, network)));
    let throttled = throttle::count(&cx, &limits).await?;
    cx.commit().await?;

    let db = portal.store.reader();
    let person = store::people::find_by_email(&db, email)
        .await?
        .filter(|person| person.disabled_at.is_none());
    if let Some(throttled) = throttled {
        return Ok(PasswordAttempt {
            email: email.clone(),
            person,
            verdict: Verdict::Throttled(throttled),
        });
    }
    let credentials = match &person {
        Some(person) => store::people::credentials(&db, person.id).await?,
        None => None,
    };
    let phc = credentials.and_then(|credentials| credentials.password_hash);
    let right = passwords::verify(password, phc.as_deref()).await?;
    let verdict = phc.filter(|_| right).map_or(Verdict::Wrong, Verdict::Right);
    Ok(PasswordAttempt {
        email: email.clone(),
        person,
        verdict,
    })
}

/// Records an attempt and, when it was right, answers whose password it was and its stored hash.
async fn settle(cx: &mut Cx, attempt: PasswordAttempt) -> Result<(Person, String), SignInError> {
    let PasswordAttempt { email, person, verdict } = attempt;
    match (verdict, person) {
        (Verdict::Throttled(throttled), person) => {
            if throttled.first {
                record_refused(cx, EventKind::SignInThrottled, person.as_ref(), "password").await?;
            }
            Err(SignInError::Throttled(throttled.minutes_from(cx.now)))
        }
        (Verdict::Right(phc), Some(person)) => {
            let now = store::people::credentials(&cx.tx, person.id)
                .await?
                .and_then(|credentials| credentials.password_hash);
            if now.as_ref() != Some(&phc) {
                return Err(SignInError::WrongPassword);
            }
            throttle::forget(
                cx,
                &[throttle::PASSWORDS_PER_ACCOUNT, throttle::PASSWORDS_PER_DAY],
                email.normalized(),
            )
            .await?;
            if let Some(network) = throttle::network(cx.meta.address.as_deref()) {
                throttle::take_back(cx, &throttle::PASSWORDS_PER_ADDRESS, &network).await?;
            }
            Ok((person, phc))
        }
        (_, person) => {
            record_refused(cx, EventKind::SignInFailed, person.as_ref(), "password").await?;
            Err(SignInError::WrongPassword)
        }
    }
}

/// Leaves a trace of a refused attempt; of an unknown address nothing but the attempt, because a password may have been typed there.
pub(super) async fn record_refused(cx: &mut Cx, kind: EventKind, person: Option<&Person>, factor: &'static str) -> Result<(), SignInError> {
    let event = Event::new(kind).outcome(Outcome::Failure).detail("factor", factor);
    match person {
        Some(person) => {
            let event = event.subject(Subject::new("person", person.id, person.name.clone()));
            trail::record(cx, person.id, event).await?;
        }
        None => crate::audit::record(cx, event.detail("account", "unknown")).await?,
    }
    Ok(())
}

/// Signs in with a checked password, or asks for the second factor when one is set up.
///
/// # Errors
/// [`SignInError`]; commit all the same, the attempt is recorded.
pub async fn sign_in_with_password(cx: &mut Cx, attempt: PasswordAttempt) -> Result<NextStep, SignInError> {
    let (person, phc) = settle(cx, attempt).await?;
    if person.totp_confirmed_at.is_some() {
        return Ok(NextStep::SecondFactor(PendingSignIn::new(person.id, &phc, cx.now)));
    }
    Ok(NextStep::SignedIn(enter(cx, &person, "none", None).await?))
}

/// Confirms that the signed-in person knows their present password.
///
/// # Errors
/// [`SignInError`]; commit all the same, the attempt is recorded.
pub async fn confirm_password(cx: &mut Cx, attempt: PasswordAttempt) -> Result<Person, SignInError> {
    let me = cx.actor.person().map(|me| me.id).ok_or(crate::access::Refused::SignedOut)?;
    match settle(cx, attempt).await {
        Ok((person, _)) if person.id == me => Ok(person),
        Ok(_) | Err(SignInError::WrongPassword) => Err(SignInError::WrongCurrentPassword),
        Err(error) => Err(error),
    }
}

/// The second step with the authenticator's code.
///
/// # Errors
/// [`SignInError`]; commit all the same, the attempt is recorded.
pub async fn sign_in_with_code(cx: &mut Cx, pending: &PendingSignIn, code: &str) -> Result<SignedInAs, SignInError> {
    let person = expected(cx, pending).await?;
    prove_totp(cx, &person, code).await?;
    let now = cx.now;
    enter(cx, &person, "authenticator", Some(now)).await
}

/// The second step with a recovery code.
///
/// # Errors
/// [`SignInError`]; commit all the same, the attempt is recorded.
pub async fn sign_in_with_recovery_code(cx: &mut Cx, pending: &PendingSignIn, code: &str) -> Result<SignedInAs, SignInError> {
    let person = expected(cx, pending).await?;
    let hash = recovery::hash(&cx.master_key, person.id, code);
    let left = prove_recovery_code(cx, &person, &hash).await?;
    let now = cx.now;
    let who = enter(cx, &person, "recovery code", Some(now)).await?;
    let event = Event::new(EventKind::RecoveryCodeUsed)
        .subject(Subject::new("person", person.id, person.name.clone()))
        .detail("left", left);
    trail::record(cx, person.id, event).await?;
    let what = format!("One of your recovery codes was used to sign in. You have {left} left.");
    mail::queue(cx, &person.email, None, Letter::SecondFactorChanged { at: now, what }).await?;
    Ok(who)
}

/// The person whose second factor is awaited: not too late, not disabled, password unchanged.
async fn expected(cx: &Cx, pending: &PendingSignIn) -> Result<Person, SignInError> {
    if !pending.is_open_at(cx.now) {
        return Err(SignInError::Expired);
    }
    let person = store::people::get(&cx.tx, pending.person)
        .await?
        .filter(|person| person.disabled_at.is_none())
        .ok_or(SignInError::Expired)?;
    let credentials = store::people::credentials(&cx.tx, person.id).await?.ok_or(SignInError::Expired)?;
    if !pending.is_of(credentials.password_hash.as_deref()) {
        return Err(SignInError::Expired);
    }
    Ok(person)
}

/// Lets someone in: chooses the hat, makes them the actor, records it.
async fn enter(cx: &mut Cx, person: &Person, factor: &'static str, second_factor_at: Option<Timestamp>) -> Result<SignedInAs, SignInError> {
    let mut who = SignedInAs {
        person: person.id,
        member: None,
        at: cx.now,
        second_factor_at,
        through: None,
    };
    let Some(found) = identify(&cx.tx, &who, Vec::new(), &cx.tenant, cx.now).await? else {
        return Err(SignInError::WrongPassword);
    };
    who.member = found.actor.member().map(|member| member.id);
    cx.actor = found.actor;
    let event = Event::new(EventKind::SignedIn)
        .subject(Subject::new("person", person.id, person.name.clone()))
        .detail("second_factor", factor);
    trail::record(cx, person.id, event).await?;
    Ok(who)
}
