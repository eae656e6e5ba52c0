//! A connection is begun, and one that is not in use removed.

use leptos::prelude::*;

use super::{super::commands, NOTHING, id_of, typed::begun};
use crate::{
    federation::{
        Preset,
        commands::managed_organization,
        place::{connection_of, sign_in_of},
    },
    organizations::{actions::version_of, commands::same_team},
    ui::Flash,
    web::{Done, Post},
};

/// `POST /do/create-provider`: begins a connection.
#[server(prefix = "/do", endpoint = "create-provider")]
pub async fn create_provider(
    #[server(default)] organization: String,
    #[server(default)] team: String,
    #[server(default)] preset: String,
    #[server(default)] name: String,
) -> Result<(), ServerFnError> {
    let back = format!("{}/new", sign_in_of(&organization));
    let form = format!("create-{}", preset.parse::<Preset>().map_or("", Preset::as_str));
    let mut post = Post::begin(&form, back, [("name", name.clone())]).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        same_team(&post.cx, team.parse().ok())?;
        let (preset, name) = begun(&preset, &name)?;
        let provider = commands::create_provider(&mut post.cx, &found, preset, name).await?;
        Ok(Done::to(connection_of(&organization, &provider.id.to_string())).saying(Flash::good(
            "The connection is begun. Nobody signs in through it before you switch over.",
        )))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/remove-provider`: a connection that is not in use goes.
#[server(prefix = "/do", endpoint = "remove-provider")]
pub async fn remove_provider(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("remove", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        commands::remove_provider(&mut post.cx, &found, id, version_of(&version)).await?;
        Ok(Done::to(sign_in_of(&organization)).saying(Flash::good("The connection is removed.")))
    }
    .await;
    post.finish(outcome).await
}
