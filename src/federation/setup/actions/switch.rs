//! Switching over, and back.

use leptos::prelude::*;

use super::{super::commands, NOTHING, id_of};
use crate::{
    access::Refused,
    federation::{commands::managed_organization, place::connection_of},
    organizations::actions::version_of,
    ui::Flash,
    web::{Done, Post},
};

/// `POST /do/switch-over`: people sign in through it from now on.
#[server(prefix = "/do", endpoint = "switch-over")]
pub async fn switch_over(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] exclusive: String,
    #[server(default)] break_glass: String,
) -> Result<(), ServerFnError> {
    let values = [("exclusive", exclusive.clone()), ("break_glass", break_glass.clone())];
    let mut post = Post::begin("switch", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let exception = match break_glass.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| Refused::NotFound)?),
        };
        let switched = commands::switch_over(&mut post.cx, &found, id, version_of(&version), exclusive == "yes", exception).await?;
        let text = if switched.newly {
            format!("People of {} sign in with {} from now on.", found.name, switched.provider.name)
        } else {
            format!("Saved. People of {} go on signing in with {}.", found.name, switched.provider.name)
        };
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/pause-provider`: local passwords again.
#[server(prefix = "/do", endpoint = "pause-provider")]
pub async fn pause_provider(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("pause", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let ended = commands::pause_provider(&mut post.cx, &found, id, version_of(&version)).await?;
        let text = match ended {
            1 => "The connection is switched off. 1 session ended.".to_owned(),
            ended => format!("The connection is switched off. {ended} sessions ended."),
        };
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/end-fall-back`: local passwords are kept out again.
#[server(prefix = "/do", endpoint = "end-fall-back")]
pub async fn end_fall_back(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("fall-back", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        commands::end_fall_back(&mut post.cx, &found, id, version_of(&version)).await?;
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good("Local passwords are kept out again.")))
    }
    .await;
    post.finish(outcome).await
}
