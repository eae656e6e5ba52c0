//! Forms about clients of applications.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{commands, typed::Typed};
use crate::{
    access::Refused,
    apps::actions::segment,
    kernel::{ClientId, SealError},
    ui::Flash,
    web::{Done, Post, routes},
};

/// The key under which a new secret waits to be shown once, sealed.
pub const SECRET_KEY: &str = "new_client_secret";

/// A secret that was made just now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSecret {
    /// Whose.
    pub client_id: String,
    /// It.
    pub secret: String,
}

/// Opens what [`sealed`] made.
///
/// # Errors
/// [`SealError`].
pub fn opened(master_key: &crate::kernel::MasterKey, bytes: &[u8]) -> Result<NewSecret, SealError> {
    serde_json::from_slice(&master_key.open(bytes)?).map_err(|_| SealError)
}

fn sealed(post: &mut Post, client_id: String, secret: String) -> Vec<u8> {
    let text = serde_json::to_vec(&NewSecret { client_id, secret }).unwrap_or_default();
    post.cx.master_key.seal(&text, &mut post.cx.rng)
}

/// Registers a client.
#[server(prefix = "/do", endpoint = "register-client")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn register_client(
    #[server(default)] application: String,
    #[server(default)] client_id: String,
    #[server(default)] name: String,
    #[server(default)] authentication: String,
    #[server(default)] redirect_uris: String,
    #[server(default)] post_logout_redirect_uris: String,
    #[server(default)] backchannel_logout_uri: String,
    #[server(default)] initiate_login_uri: String,
    #[server(default)] key_set: String,
    #[server(default)] audience: String,
    #[server(default)] own_scopes: Vec<String>,
    #[server(default)] signing: String,
    #[server(default)] subjects: String,
    #[server(default)] first_party: String,
    #[server(default)] may_act_for: String,
    #[server(default)] sender_constrained: String,
    #[server(default)] claim_names: String,
    #[server(default)] access_seconds: String,
    #[server(default)] id_seconds: String,
    #[server(default)] refresh_seconds: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let typed = Typed {
        name,
        authentication,
        redirect_uris,
        post_logout_redirect_uris,
        backchannel_logout_uri,
        initiate_login_uri,
        key_set,
        audience,
        own_scopes,
        signing,
        subjects,
        first_party,
        may_act_for,
        sender_constrained,
        claim_names,
        access_seconds,
        id_seconds,
        refresh_seconds,
    };
    let mut kept = typed.kept();
    kept.push(("client_id", client_id.clone()));
    let back = routes::admin_app_clients(&application);
    let mut post = Post::begin("client", back.clone(), kept).await?;
    let outcome = async {
        let application = commands::may_change_clients(&post.cx, &application).await?;
        let (client, secret) = commands::register_client(&mut post.cx, &application, typed.terms(&client_id)?, None).await?;
        let done = Done::to(back).saying(Flash::good(format!("{} is registered.", client.terms.name)));
        Ok(with_secret(&mut post, done, client.terms.client_id, secret))
    }
    .await;
    post.finish(outcome).await
}

/// Changes everything of a client but its id.
#[server(prefix = "/do", endpoint = "change-client")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn change_client(
    #[server(default)] application: String,
    #[server(default)] client: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] authentication: String,
    #[server(default)] redirect_uris: String,
    #[server(default)] post_logout_redirect_uris: String,
    #[server(default)] backchannel_logout_uri: String,
    #[server(default)] initiate_login_uri: String,
    #[server(default)] key_set: String,
    #[server(default)] audience: String,
    #[server(default)] own_scopes: Vec<String>,
    #[server(default)] signing: String,
    #[server(default)] subjects: String,
    #[server(default)] first_party: String,
    #[server(default)] may_act_for: String,
    #[server(default)] sender_constrained: String,
    #[server(default)] claim_names: String,
    #[server(default)] access_seconds: String,
    #[server(default)] id_seconds: String,
    #[server(default)] refresh_seconds: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let typed = Typed {
        name,
        authentication,
        redirect_uris,
        post_logout_redirect_uris,
        backchannel_logout_uri,
        initiate_login_uri,
        key_set,
        audience,
        own_scopes,
        signing,
        subjects,
        first_party,
        may_act_for,
        sender_constrained,
        claim_names,
        access_seconds,
        id_seconds,
        refresh_seconds,
    };
    let here = routes::admin_app_client(&application, segment(&client));
    let mut post = Post::begin("client", here, typed.kept()).await?;
    let outcome = async {
        let application = commands::may_change_clients(&post.cx, &application).await?;
        let id: ClientId = client.parse().map_err(|_| Refused::NotFound)?;
        let version = version.parse().unwrap_or(-1);
        let (client, secret) = commands::change_client(&mut post.cx, &application, (id, version), typed.terms("")?).await?;
        let done = Done::to(routes::admin_app_clients(&application.slug)).saying(Flash::good(format!("{} is saved.", client.terms.name)));
        Ok(with_secret(&mut post, done, client.terms.client_id, secret))
    }
    .await;
    post.finish(outcome).await
}

/// Goes on to where a secret is shown that was made just now.
fn with_secret(post: &mut Post, done: Done, client_id: String, secret: Option<String>) -> Done {
    match secret {
        Some(secret) => {
            let sealed = sealed(post, client_id, secret);
            done.remembering(SECRET_KEY, sealed)
        }
        None => done,
    }
}

/// Makes a new secret.
#[server(prefix = "/do", endpoint = "renew-client-secret")]
pub async fn renew_client_secret(
    #[server(default)] application: String,
    #[server(default)] client: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let back = routes::admin_app_clients(&segment(&application));
    let mut post = Post::begin("client-change", back.clone(), [] as [(&str, String); 0]).await?;
    let outcome = async {
        commands::may_change_clients(&post.cx, &segment(&application)).await?;
        let id: ClientId = client.parse().map_err(|_| Refused::NotFound)?;
        let (client_id, secret) = commands::renew_secret(&mut post.cx, id, version.parse().unwrap_or(-1)).await?;
        let sealed = sealed(&mut post, client_id, secret);
        Ok(Done::to(back).remembering(SECRET_KEY, sealed).saying(Flash::warn(
            "The old secret has stopped working. Give the new one to the application.",
        )))
    }
    .await;
    post.finish(outcome).await
}

/// Switches a client off or on.
#[server(prefix = "/do", endpoint = "switch-client")]
pub async fn switch_client(
    #[server(default)] application: String,
    #[server(default)] client: String,
    #[server(default)] version: String,
    #[server(default)] on: String,
) -> Result<(), ServerFnError> {
    let back = routes::admin_app_clients(&segment(&application));
    let mut post = Post::begin("client-change", back.clone(), [] as [(&str, String); 0]).await?;
    let outcome = async {
        commands::may_change_clients(&post.cx, &segment(&application)).await?;
        let id: ClientId = client.parse().map_err(|_| Refused::NotFound)?;
        let client = commands::switch_client(&mut post.cx, id, version.parse().unwrap_or(-1), on == "yes").await?;
        let said = if client.disabled_at.is_none() {
            Flash::good(format!("{} works again.", client.terms.name))
        } else {
            Flash::warn(format!("{} is switched off. Its tokens count for nothing now.", client.terms.name))
        };
        Ok(Done::to(back).saying(said))
    }
    .await;
    post.finish(outcome).await
}
