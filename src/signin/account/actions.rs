//! Forms of one's own account.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use leptos::prelude::*;

use super::{
    super::{
        actions::session_of,
        commands::{self as sign_in, PasswordAttempt, SignInError},
        passwords::{self, HashedPassword, PasswordError},
        pending::{self, CODES_KEY, SETUP_KEY, TotpSetup},
    },
    commands,
};
use crate::{
    access::Refused,
    kernel::Password,
    store,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, RequestCx, fields, routes},
};

const NOTHING: [(&str, String); 0] = [];

/// `POST /do/change-profile`.
#[server(prefix = "/do", endpoint = "change-profile")]
pub async fn change_profile(
    #[server(default)] name: String,
    #[server(default)] time_zone: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let values = [("name", name.clone()), ("time_zone", time_zone.clone())];
    let mut post = Post::begin("profile", routes::ME, values).await?;
    let outcome = async {
        session_of(&post.request).await?;
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &name, 100, "Enter your name.");
        let zone = fields::choice::<chrono_tz::Tz>(&mut errors, "time_zone", &time_zone);
        let (Some(name), Some(zone)) = (name, zone) else {
            return Err(errors.refusal());
        };
        let version = version.parse().map_err(|_| store::StoreError::Stale)?;
        commands::change_profile(&mut post.cx, name, zone, version).await?;
        Ok(Done::to(routes::ME).saying(Flash::good("Your profile is saved.")))
    }
    .await;
    post.finish(outcome).await
}

/// The present password of whoever asks, checked before the transaction; none when nobody is signed in or nothing was typed.
async fn check_present(typed: String) -> Option<Result<PasswordAttempt, SignInError>> {
    let request = RequestCx::current()?;
    let email = request.actor.person()?.email.parse().ok()?;
    if typed.is_empty() {
        return None;
    }
    Some(sign_in::check_password(&request.portal, &request.meta, &email, &Password::new(typed)).await)
}

fn missing_present(post: &Post) -> Refusal {
    match post.request.actor.person() {
        Some(_) => Refusal::field("current", "Enter your present password."),
        None => Refused::SignedOut.into(),
    }
}

/// The new password, checked and hashed before the transaction.
async fn prepare_new(typed: String) -> Result<HashedPassword, PasswordError> {
    let request = RequestCx::current().ok_or(PasswordError::NotHashed)?;
    let person = request.actor.person().ok_or(PasswordError::NotHashed)?;
    let mut words = vec![person.name.clone(), person.email.clone()];
    words.extend(person.hats.iter().map(|hat| hat.organization_name.clone()));
    if let Ok(qx) = request.query().await {
        words.push(qx.tenant.name.clone());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    passwords::prepare(&Password::new(typed), &words, &mut request.portal.entropy.rng()).await
}

/// `POST /do/change-password`: asks for the present one, ends every other session.
#[server(prefix = "/do", endpoint = "change-password")]
pub async fn change_password(#[server(default)] current: String, #[server(default)] password: String) -> Result<(), ServerFnError> {
    let present = check_present(current).await;
    let new = match &present {
        Some(Ok(attempt)) if attempt.is_right() => prepare_new(password).await,
        // Never looked at: the present password is refused first.
        _ => Err(PasswordError::NotHashed),
    };
    let mut post = Post::begin("password", routes::MY_SECURITY, NOTHING).await?;
    let outcome = async {
        let Some(present) = present else {
            return Err(missing_present(&post));
        };
        commands::change_password(&mut post.cx, present?, new).await?;
        Ok(Done::to(routes::MY_SECURITY).saying(Flash::good("Your password is changed. Every other session was signed out.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/begin-totp`: shows the QR code of an authenticator to set up.
#[server(prefix = "/do", endpoint = "begin-totp")]
pub async fn begin_totp(#[server(default)] current: String) -> Result<(), ServerFnError> {
    let present = check_present(current).await;
    let mut post = Post::begin("begin-totp", routes::MY_SECURITY, NOTHING).await?;
    let outcome = async {
        let Some(present) = present else {
            return Err(missing_present(&post));
        };
        let setup = commands::begin_totp(&mut post.cx, present?).await?;
        let sealed = pending::seal(&post.cx.master_key, &setup, &mut post.cx.rng);
        Ok(Done::to(routes::MY_SECURITY).remembering(SETUP_KEY, sealed))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/confirm-totp`: the first code; recovery codes are shown next, once.
#[server(prefix = "/do", endpoint = "confirm-totp")]
pub async fn confirm_totp(#[server(default)] code: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("confirm-totp", routes::MY_SECURITY, NOTHING).await?;
    let outcome = async {
        let mut session = session_of(&post.request).await?;
        let setup = remembered::<TotpSetup>(&post.request, SETUP_KEY).await;
        let codes = commands::confirm_totp(&mut post.cx, setup, &code).await?;
        session.second_factor_at = Some(post.cx.now);
        let sealed = pending::seal(&post.cx.master_key, &codes, &mut post.cx.rng);
        let _ = post.request.session.remove_value(SETUP_KEY).await;
        Ok(Done::to(routes::MY_SECURITY)
            .signing_in(session)
            .remembering(CODES_KEY, sealed)
            .saying(Flash::good("Your authenticator app is set up. Keep the recovery codes below.")))
    }
    .await;
    post.finish(outcome).await
}

/// A sealed value of the session, opened.
pub(super) async fn remembered<T: serde::de::DeserializeOwned>(request: &RequestCx, key: &str) -> Option<T> {
    let sealed = request.session.get::<Option<String>>(key).await.ok().flatten().flatten();
    pending::open(&request.portal.master_key, sealed.as_deref())
}

/// `POST /do/cancel-totp`: forgets a QR code that was not confirmed.
#[server(prefix = "/do", endpoint = "cancel-totp")]
pub async fn cancel_totp() -> Result<(), ServerFnError> {
    let post = Post::begin("cancel-totp", routes::MY_SECURITY, NOTHING).await?;
    let outcome = session_of(&post.request)
        .await
        .map(|_| Done::to(routes::MY_SECURITY).remembering(SETUP_KEY, ()))
        .map_err(Into::into);
    post.finish(outcome).await
}

/// `POST /do/remove-totp`: needs a fresh second factor.
#[server(prefix = "/do", endpoint = "remove-totp")]
pub async fn remove_totp() -> Result<(), ServerFnError> {
    let mut post = Post::begin("remove-totp", routes::MY_SECURITY, NOTHING).await?;
    let outcome = async {
        commands::remove_totp(&mut post.cx).await?;
        Ok(Done::to(routes::MY_SECURITY).saying(Flash::warn(
            "The authenticator app is removed. Your password alone signs you in now.",
        )))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/create-recovery-codes`: needs a fresh second factor; the codes are shown next, once.
#[server(prefix = "/do", endpoint = "create-recovery-codes")]
pub async fn create_recovery_codes() -> Result<(), ServerFnError> {
    let mut post = Post::begin("create-recovery-codes", routes::MY_SECURITY, NOTHING).await?;
    let outcome = async {
        let codes = commands::create_recovery_codes(&mut post.cx).await?;
        let sealed = pending::seal(&post.cx.master_key, &codes, &mut post.cx.rng);
        Ok(Done::to(routes::MY_SECURITY).remembering(CODES_KEY, sealed))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/end-session`: ends one session of one's own.
#[server(prefix = "/do", endpoint = "end-session")]
pub async fn end_session(#[server(default)] session: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("sessions", routes::MY_SESSIONS, NOTHING).await?;
    let outcome = async {
        let key = URL_SAFE_NO_PAD.decode(&session).unwrap_or_default();
        let is_this_one = post.request.actor.person().is_some_and(|me| me.session_key == key);
        let ended = commands::end_session(&mut post.cx, &key).await?;
        Ok(match (ended, is_this_one) {
            (true, true) => Done::to(routes::SIGN_IN).signing_out().saying(Flash::good("You are signed out.")),
            (true, false) => Done::to(routes::MY_SESSIONS).saying(Flash::good("The session is ended.")),
            (false, _) => Done::to(routes::MY_SESSIONS).saying(Flash::info("That session was over already.")),
        })
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/end-other-sessions`: signs out everywhere else.
#[server(prefix = "/do", endpoint = "end-other-sessions")]
pub async fn end_other_sessions() -> Result<(), ServerFnError> {
    let mut post = Post::begin("sessions", routes::MY_SESSIONS, NOTHING).await?;
    let outcome = async {
        let text = match commands::end_other_sessions(&mut post.cx).await? {
            0 => "There was no other session.".to_owned(),
            1 => "One other session is ended.".to_owned(),
            many => format!("{many} other sessions are ended."),
        };
        Ok(Done::to(routes::MY_SESSIONS).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}
