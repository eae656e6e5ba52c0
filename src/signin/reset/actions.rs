//! Forms of the forgotten password.

use leptos::prelude::*;

use super::commands::{self, ResetError};
use crate::{
    kernel::{EmailAddress, Password},
    ui::Flash,
    web::{Done, FieldErrors, Post, RequestCx, routes},
};

/// `POST /do/request-reset`: mails a link, if there is an account; the answer is the same if there is none.
#[server(prefix = "/do", endpoint = "request-reset")]
pub async fn request_reset(#[server(default)] email: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("forgot", routes::FORGOT, [("email", email.clone())]).await?;
    let outcome = async {
        let mut errors = FieldErrors::default();
        let address = errors.take("email", email.parse::<EmailAddress>());
        let Some(address) = address else { return Err(errors.refusal()) };
        commands::request_reset(&mut post.cx, &address).await?;
        Ok(Done::to(format!("{}?sent=1", routes::FORGOT)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/reset-password`: sets the new password of the link's person.
#[server(prefix = "/do", endpoint = "reset-password")]
pub async fn reset_password(#[server(default)] token: String, #[server(default)] password: String) -> Result<(), ServerFnError> {
    let well_formed = is_token(&token);
    let back = if well_formed {
        routes::reset(&token)
    } else {
        routes::FORGOT.to_owned()
    };
    let prepared = match RequestCx::current() {
        Some(request) if well_formed => commands::prepare_reset(&request.portal, &token, &Password::new(password)).await,
        _ => Err(ResetError::Dead),
    };
    let mut post = Post::begin("reset", back, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let outcome = match prepared {
            Ok(hashed) => commands::reset_password(&mut post.cx, &token, hashed).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(ResetError::Dead) => Ok(Done::to(routes::FORGOT).saying(Flash::warn(ResetError::Dead.to_string()))),
            other => other
                .map(|()| {
                    Done::to(routes::SIGN_IN).saying(Flash::good(
                        "Your new password is set, and you were signed out everywhere. Sign in with it.",
                    ))
                })
                .map_err(Into::into),
        }
    }
    .await;
    post.finish(outcome).await
}

/// Whether a text can be the value of a link (base64url), and so can stand in an address.
pub(super) fn is_token(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
