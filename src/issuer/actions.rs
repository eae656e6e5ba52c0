//! Forms about clients of applications.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ClientAuthentication, ClientTerms, GrantType, SigningAlgorithm, SubjectKind, commands};
use crate::{
    access::Refused,
    apps::actions::segment,
    kernel::{ClientId, SealError},
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
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

fn lines(typed: &str) -> Vec<String> {
    typed
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn seconds(errors: &mut FieldErrors, name: &'static str, typed: &str) -> Option<i32> {
    if typed.trim().is_empty() {
        None
    } else {
        fields::number(errors, name, typed, 60..=31_536_000)
    }
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
    #[server(default)] key_set: String,
    #[server(default)] own_scopes: Vec<String>,
    #[server(default)] signing: String,
    #[server(default)] subjects: String,
    #[server(default)] access_seconds: String,
    #[server(default)] refresh_seconds: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let mut kept = vec![
        ("client_id", client_id.clone()),
        ("name", name.clone()),
        ("authentication", authentication.clone()),
        ("redirect_uris", redirect_uris.clone()),
        ("key_set", key_set.clone()),
        ("signing", signing.clone()),
        ("subjects", subjects.clone()),
        ("access_seconds", access_seconds.clone()),
        ("refresh_seconds", refresh_seconds.clone()),
    ];
    kept.extend(own_scopes.iter().map(|scope| ("own_scopes[]", scope.clone())));
    let back = routes::admin_app_clients(&application);
    let mut post = Post::begin("client", back.clone(), kept).await?;
    let outcome = async {
        let application = commands::may_change_clients(&post.cx, &application).await?;
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &name, 100, "Enter what people know the application as.");
        let authentication = fields::choice::<ClientAuthentication>(&mut errors, "authentication", &authentication);
        let signing = fields::choice::<SigningAlgorithm>(&mut errors, "signing", &signing);
        let subjects = fields::choice::<SubjectKind>(&mut errors, "subjects", &subjects);
        let (access, refresh) = (
            seconds(&mut errors, "access_seconds", &access_seconds),
            seconds(&mut errors, "refresh_seconds", &refresh_seconds),
        );
        let (Some(name), Some(authentication), Some(signing), Some(subjects)) = (name, authentication, signing, subjects) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let redirect_uris = lines(&redirect_uris);
        let mut grant_types = Vec::new();
        if !redirect_uris.is_empty() {
            grant_types.extend([GrantType::AuthorizationCode, GrantType::RefreshToken]);
        }
        if !own_scopes.is_empty() {
            grant_types.push(GrantType::ClientCredentials);
        }
        if grant_types.is_empty() {
            return Err(Refusal::field(
                "redirect_uris",
                "Enter where to go back to, or choose permissions of its own.",
            ));
        }
        let terms = ClientTerms {
            authentication,
            key_set: Some(key_set.trim().to_owned()).filter(|text| !text.is_empty()),
            redirect_uris,
            signing,
            subjects,
            grant_types,
            own_scopes,
            access_seconds: access,
            refresh_seconds: refresh,
            ..ClientTerms::new(client_id.trim(), name)
        };
        let (client, secret) = commands::register_client(&mut post.cx, &application, terms, None).await?;
        let done = Done::to(back).saying(Flash::good(format!("{} is registered.", client.terms.name)));
        Ok(match secret {
            Some(secret) => {
                let sealed = sealed(&mut post, client.terms.client_id, secret);
                done.remembering(SECRET_KEY, sealed)
            }
            None => done,
        })
    }
    .await;
    post.finish(outcome).await
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
