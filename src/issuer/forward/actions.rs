//! The form about an application's hosts.

use leptos::prelude::*;

use super::commands::{self, HostError};
use crate::{
    apps::actions::segment,
    ui::Flash,
    web::{Done, Post, Refusal, routes},
};

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Access(refused) => refused.into(),
            HostError::Store(error) => error.into(),
            other => Self::field("hosts", other.to_string()),
        }
    }
}

/// Says at which hosts an application is, behind a proxy that asks the portal.
#[server(prefix = "/do", endpoint = "set-forward-hosts")]
pub async fn set_forward_hosts(
    #[server(default)] application: String,
    #[server(default)] version: String,
    #[server(default)] hosts: String,
) -> Result<(), ServerFnError> {
    let slug = segment(&application);
    let back = routes::admin_app_clients(&slug);
    let mut post = Post::begin("hosts", back.clone(), [("hosts", hosts.clone())]).await?;
    let outcome = async {
        let typed: Vec<String> = hosts.split_whitespace().map(str::to_owned).collect();
        let set = commands::set_hosts(&mut post.cx, &slug, version.parse().unwrap_or(-1), &typed).await?;
        Ok(Done::to(back).saying(Flash::good(match set.len() {
            0 => "The application has no host any more; a proxy that asks is told no.".to_owned(),
            1 => format!("A proxy in front of {} can ask the portal now.", set[0]),
            more => format!("Proxies in front of {more} hosts can ask the portal now."),
        })))
    }
    .await;
    post.finish(outcome).await
}
