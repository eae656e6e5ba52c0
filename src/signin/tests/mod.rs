//! Promises of sign-in, on both databases.

mod account;
mod hats;
mod passwords;
mod reset;
mod second_factor;
mod sign_in;
mod throttle;

use super::{commands, totp::TotpSecret};
use crate::{
    kernel::{Password, PersonId},
    store,
    testing::{Answer, Browser, World},
};

/// A password that passes the rules.
const PASSWORD: &str = "plinth gravel ocean tuba";
/// Another one.
const OTHER_PASSWORD: &str = "lantern moss quarrel yeti";

/// Gives a person [`PASSWORD`].
async fn give_password(world: &World, person: PersonId) {
    let mut cx = world.system().await;
    commands::set_password(&mut cx, person, Password::new(PASSWORD.to_owned()))
        .await
        .unwrap();
    cx.commit().await.unwrap();
}

/// Gives a person an authenticator that was confirmed long ago.
async fn give_authenticator(world: &World, person: PersonId) -> TotpSecret {
    let mut cx = world.system().await;
    let secret = TotpSecret::generate(&mut cx.rng);
    let sealed = cx.master_key.seal(secret.as_bytes(), &mut cx.rng);
    assert!(store::credentials::enrol_totp(&cx.tx, person, sealed, 0, cx.now).await.unwrap());
    cx.commit().await.unwrap();
    secret
}

/// Types address and password.
async fn type_password(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let answer = browser.post("/do/begin-sign-in", &[("email", email)]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/password"));
    browser
        .post("/do/check-password", &[("email", email), ("password", password)])
        .await
}

/// Whether the browser is signed in.
async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/me").await.status.as_u16() == 200
}
