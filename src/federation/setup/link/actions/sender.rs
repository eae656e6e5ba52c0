//! Sending, sending again and withdrawing, from the partner's page.

use leptos::prelude::*;

use super::super::commands::{self, LinkError};
use crate::{
    access::Refused,
    federation::place::sign_in_of,
    kernel::{EmailAddress, ProviderId, SetupLinkId},
    organizations::actions::version_of,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal},
};

/// `POST /do/send-setup-link`: somebody without an account gets a link.
#[server(prefix = "/do", endpoint = "send-setup-link")]
pub async fn send_setup_link(
    #[server(default)] organization: String,
    #[server(default)] email: String,
    #[server(default)] connection: String,
) -> Result<(), ServerFnError> {
    let back = sign_in_of(&organization);
    let values = [("email", email.clone()), ("connection", connection.clone())];
    let mut post = Post::begin("setup-link", back.clone(), values).await?;
    let outcome = async {
        let found = commands::may_send(&post.cx, &organization).await?;
        let mut errors = FieldErrors::default();
        let email = errors.take("email", email.parse::<EmailAddress>());
        let connection = match connection.as_str() {
            "" => Some(None),
            id => errors
                .take("connection", id.parse::<ProviderId>().map_err(|_| LinkError::NoDraft))
                .map(Some),
        };
        let (Some(email), Some(connection)) = (email, connection) else {
            return Err(errors.refusal());
        };
        let link = commands::send_link(&mut post.cx, &found, email, connection).await?;
        Ok(Done::to(back).saying(Flash::good(format!("A link is on its way to {}.", link.email))))
    }
    .await;
    post.finish(outcome).await
}

fn id_of(link: &str) -> Result<SetupLinkId, Refusal> {
    Ok(link.parse().map_err(|_| Refused::NotFound)?)
}

/// `POST /do/resend-setup-link`: a new link; the old one stops working.
#[server(prefix = "/do", endpoint = "resend-setup-link")]
pub async fn resend_setup_link(
    #[server(default)] organization: String,
    #[server(default)] link: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let back = sign_in_of(&organization);
    let mut post = Post::begin("setup-links", back.clone(), [] as [(&str, String); 0]).await?;
    let outcome = async {
        let found = commands::may_send(&post.cx, &organization).await?;
        let link = commands::resend_link(&mut post.cx, &found, id_of(&link)?, version_of(&version)).await?;
        let text = format!("A new link is on its way to {}. The earlier one no longer works.", link.email);
        Ok(Done::to(back).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/withdraw-setup-link`: it stops working, also where it is open.
#[server(prefix = "/do", endpoint = "withdraw-setup-link")]
pub async fn withdraw_setup_link(
    #[server(default)] organization: String,
    #[server(default)] link: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let back = sign_in_of(&organization);
    let mut post = Post::begin("setup-links", back.clone(), [] as [(&str, String); 0]).await?;
    let outcome = async {
        let found = commands::may_send(&post.cx, &organization).await?;
        let link = commands::withdraw_link(&mut post.cx, &found, id_of(&link)?, version_of(&version)).await?;
        let text = format!(
            "The link to {} is withdrawn. It no longer works, also where it was open.",
            link.email
        );
        Ok(Done::to(back).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}
