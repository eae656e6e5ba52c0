//! Forms of signing in and out, stepping up and switching hats.

use leptos::prelude::*;

use super::{
    commands::{self, NextStep, SignInError},
    pending::{EMAIL_KEY, PENDING_KEY, PendingSignIn},
};
use crate::{
    access::{Actor, Refused},
    federation::{
        self,
        actions::{Led, Way},
        http::{FRESH_KEY, FURTHER_KEY},
    },
    kernel::{EmailAddress, Password, ProviderId},
    store::{federation::trips::Purpose, sessions::SignedInAs},
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, RequestCx, routes},
};

/// `POST /do/begin-sign-in`: remembers the address; the next step is the same for every address.
#[server(prefix = "/do", endpoint = "begin-sign-in")]
pub async fn begin_sign_in(#[server(default)] email: String, #[server(default)] another: String) -> Result<(), ServerFnError> {
    let address = email.parse::<EmailAddress>();
    let anew = !another.is_empty();
    // Before the transaction begins: what the company's own sign-in publishes may have to be fetched.
    let led = match (RequestCx::current(), &address) {
        (Some(request), Ok(address)) if request.actor.person().is_none() => federation::actions::way_in(&request, address, anew).await,
        _ => Ok(Led {
            way: Way::Local,
            note: None,
        }),
    };
    let mut post = Post::begin("sign-in", routes::SIGN_IN, [("email", email.clone())]).await?;
    let outcome = async {
        if post.request.actor.person().is_some() {
            return Ok(already_signed_in());
        }
        let mut errors = FieldErrors::default();
        let Some(address) = errors.take("email", address) else {
            return Err(errors.refusal());
        };
        let request = post.request.clone();
        let Led { way, note } = led?;
        let fresh = has_to_be_fresh(&request).await;
        let done = match way {
            Way::Away(ready) => federation::actions::leave(&mut post.cx, &request, *ready, Purpose::SignIn, Some(&address), fresh).await?,
            Way::Choose => Done::to(routes::SIGN_IN_CHOOSE),
            Way::Local => Done::to(routes::SIGN_IN_PASSWORD),
        };
        Ok(done.remembering(EMAIL_KEY, address).noting(note))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/choose-sign-in`: goes to one of several sign-ins of the company whose address was typed, and remembers it in this browser.
#[server(prefix = "/do", endpoint = "choose-sign-in")]
pub async fn choose_sign_in(#[server(default)] provider: String) -> Result<(), ServerFnError> {
    let typed = match RequestCx::current() {
        Some(request) if request.actor.person().is_none() => typed_address(&request)
            .await
            .and_then(|text| text.parse::<EmailAddress>().ok())
            .map(|email| (request, email)),
        _ => None,
    };
    let chosen = match (&typed, provider.parse::<ProviderId>()) {
        (Some((request, email)), Ok(id)) => federation::actions::chosen(request, email, id).await,
        _ => Ok(None),
    };
    let mut post = Post::begin("choose", routes::SIGN_IN_CHOOSE, [] as [(&str, String); 0]).await?;
    let outcome = async {
        if post.request.actor.person().is_some() {
            return Ok(already_signed_in());
        }
        let Some((request, email)) = typed else {
            return Ok(start_over());
        };
        let Some((ready, note)) = chosen? else {
            return Err(Refusal::because("This sign-in is not offered any more. Choose another."));
        };
        let fresh = has_to_be_fresh(&request).await;
        let done = federation::actions::leave(&mut post.cx, &request, ready, Purpose::SignIn, Some(&email), fresh).await?;
        Ok(done.noting(note))
    }
    .await;
    post.finish(outcome).await
}

/// Whether an application wants a new sign-in, at the person's own company too.
async fn has_to_be_fresh(request: &RequestCx) -> bool {
    matches!(request.session.get(FRESH_KEY).await, Ok(Some(true)))
}

/// The address typed in the first step.
pub(super) async fn typed_address(request: &RequestCx) -> Option<String> {
    request.session.get::<Option<String>>(EMAIL_KEY).await.ok().flatten().flatten()
}

/// `POST /do/check-password`: signs in, or asks for the second factor.
#[server(prefix = "/do", endpoint = "check-password")]
pub async fn check_password(#[server(default)] email: String, #[server(default)] password: String) -> Result<(), ServerFnError> {
    let address = email.parse::<EmailAddress>();
    // Before the transaction begins: hashing takes long, and the embedded database has one writer.
    let attempt = match (RequestCx::current(), &address) {
        (Some(request), Ok(address)) if !password.is_empty() && request.actor.person().is_none() => {
            Some(commands::check_password(&request.portal, &request.meta, address, &Password::new(password)).await)
        }
        _ => None,
    };
    let mut post = Post::begin("password", routes::SIGN_IN_PASSWORD, [] as [(&str, String); 0]).await?;
    let outcome = async {
        if post.request.actor.person().is_some() {
            return Ok(already_signed_in());
        }
        if address.is_err() {
            return Ok(Done::to(routes::SIGN_IN));
        }
        let Some(attempt) = attempt else {
            return Err(Refusal::field("password", "Enter your password."));
        };
        match commands::sign_in_with_password(&mut post.cx, attempt?).await? {
            NextStep::SecondFactor(pending) => Ok(Done::to(routes::SIGN_IN_CODE).remembering(PENDING_KEY, pending)),
            NextStep::SignedIn(who) => Ok(let_in(&post.request, who).await),
        }
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/check-code`: the authenticator's code, after the right password.
#[server(prefix = "/do", endpoint = "check-code")]
pub async fn check_code(#[server(default)] code: String) -> Result<(), ServerFnError> {
    second_step(
        "code",
        routes::SIGN_IN_CODE,
        &code,
        "Enter the six digits your authenticator app shows.",
        Factor::Authenticator,
    )
    .await
}

/// `POST /do/use-recovery-code`: a recovery code instead of the authenticator's.
#[server(prefix = "/do", endpoint = "use-recovery-code")]
pub async fn use_recovery_code(#[server(default)] code: String) -> Result<(), ServerFnError> {
    second_step(
        "recovery",
        routes::SIGN_IN_RECOVERY,
        &code,
        "Enter one of your recovery codes.",
        Factor::RecoveryCode,
    )
    .await
}

#[derive(Clone, Copy)]
enum Factor {
    Authenticator,
    RecoveryCode,
}

async fn second_step(form: &str, back: &str, code: &str, missing: &str, factor: Factor) -> Result<(), ServerFnError> {
    let mut post = Post::begin(form, back, [] as [(&str, String); 0]).await?;
    let outcome = async {
        if post.request.actor.person().is_some() {
            return Ok(already_signed_in());
        }
        let Some(pending) = pending(&post.request).await else {
            return Ok(start_over());
        };
        if code.trim().is_empty() {
            return Err(Refusal::field("code", missing));
        }
        let who = match factor {
            Factor::Authenticator => commands::sign_in_with_code(&mut post.cx, &pending, code).await,
            Factor::RecoveryCode => commands::sign_in_with_recovery_code(&mut post.cx, &pending, code).await,
        };
        match who {
            Ok(who) => Ok(let_in(&post.request, who).await),
            Err(SignInError::Expired) => Ok(start_over()),
            Err(error) => Err(error.into()),
        }
    }
    .await;
    post.finish(outcome).await
}

/// The sign-in that waits for its second factor in this browser.
pub(super) async fn pending(request: &RequestCx) -> Option<PendingSignIn> {
    request
        .session
        .get::<Option<PendingSignIn>>(PENDING_KEY)
        .await
        .ok()
        .flatten()
        .flatten()
}

fn start_over() -> Done {
    Done::to(routes::SIGN_IN).saying(Flash::warn("Too much time went by. Sign in again."))
}

fn already_signed_in() -> Done {
    Done::to(routes::HOME).saying(Flash::info(
        "You are signed in already. To sign in as someone else, sign out first.",
    ))
}

/// Goes on where the person wanted to go, signed in; the notes of the steps are dropped.
async fn let_in(request: &RequestCx, who: SignedInAs) -> Done {
    for key in [EMAIL_KEY, PENDING_KEY, FRESH_KEY] {
        let _ = request.session.remove_value(key).await;
    }
    Done::to_wanted_or(request, routes::HOME).await.signing_in(who)
}

/// `POST /do/step-up`: a fresh second factor in a session that exists.
#[server(prefix = "/do", endpoint = "step-up")]
pub async fn step_up(#[server(default)] code: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("step-up", routes::STEP_UP, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let Actor::Person(me) = &post.cx.actor else {
            return Ok(Done::to(routes::SIGN_IN));
        };
        if !me.has_second_factor {
            return Ok(Done::to(routes::MY_SECURITY).saying(Flash::info("Set up an authenticator app first.")));
        }
        if code.trim().is_empty() {
            return Err(Refusal::field("code", "Enter the six digits your authenticator app shows."));
        }
        let session = session_of(&post.request).await?;
        let who = commands::step_up(&mut post.cx, session, &code).await?;
        Ok(Done::to_wanted_or(&post.request, routes::HOME).await.signing_in(who))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/switch-hat`: `hat` is one of the person's memberships, or `tenant`.
#[server(prefix = "/do", endpoint = "switch-hat")]
pub async fn switch_hat(#[server(default)] hat: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("hat", routes::HOME, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let session = session_of(&post.request).await?;
        let hat = match hat.as_str() {
            "tenant" => None,
            id => Some(id.parse().map_err(|_| Refused::NotFound)?),
        };
        let (who, name) = commands::switch_hat(&mut post.cx, session, hat).await?;
        // What a form remembered was meant for the other organization.
        post.request.session.clear().await;
        Ok(Done::to(routes::HOME)
            .signing_in(who)
            .saying(Flash::info(format!("You now work for {name}."))))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/sign-out`.
#[server(prefix = "/do", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), ServerFnError> {
    let mut post = Post::begin("sign-out", routes::HOME, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let through = post.request.signed_in_as().await.and_then(|who| who.through);
        commands::sign_out(&mut post.cx).await?;
        let further = match through {
            Some(through) => federation::actions::way_out(&mut post.cx, &through).await?,
            None => None,
        };
        Ok(match further {
            Some(further) => Done::to(routes::SIGNED_OUT).signing_out().remembering(FURTHER_KEY, further),
            None => Done::to(routes::SIGN_IN).signing_out().saying(Flash::good("You are signed out.")),
        })
    }
    .await;
    post.finish(outcome).await
}

/// Who the session belongs to, as stored.
pub(super) async fn session_of(request: &RequestCx) -> Result<SignedInAs, Refused> {
    if request.actor.person().is_none() {
        return Err(Refused::SignedOut);
    }
    request.signed_in_as().await.ok_or(Refused::SignedOut)
}
