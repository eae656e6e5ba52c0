//! The operator's form about messages.

use leptos::prelude::*;

use super::commands;
use crate::{
    access::Refused,
    ui::Flash,
    web::{Done, Post, routes},
};

/// Puts a dead message back into the queue.
#[server(prefix = "/do", endpoint = "retry-message")]
pub async fn retry_message(#[server(default)] message: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("retry", routes::ADMIN_OUTBOX, [("message", message.clone())]).await?;
    let outcome = async {
        let Ok(id) = message.parse() else {
            return Err(Refused::NotFound.into());
        };
        commands::retry_message(&mut post.cx, id).await?;
        Ok(Done::to(routes::admin_message(id)).saying(Flash::good("The message is back in the queue and is tried again now.")))
    }
    .await;
    post.finish(outcome).await
}
