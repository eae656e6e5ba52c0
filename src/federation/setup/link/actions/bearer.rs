//! What whoever has a set-up link does: open it, begin and connect, try, be finished. None of these forms asks who is signed in: the
//! link that this browser has opened decides, and it is looked at in each command's own transaction.

use leptos::prelude::*;

use super::super::{
    Reach,
    bearer::{AtWork, HELD_KEY, Held, at_work},
    commands::{self, WorkError},
    queries,
};
use crate::{
    access::Refused,
    federation::{
        IdentityProvider, Preset,
        actions::{Ready, leave},
        commands::read_metadata,
        oidc::discovery,
        setup::{
            actions::typed::{NamesTyped, OidcTyped, SamlTyped, begun},
            commands as setup,
        },
    },
    kernel::ProviderId,
    organizations::{Organization, actions::version_of},
    store::federation::trips::Purpose,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, RequestCx, routes},
};

const NOTHING: [(&str, String); 0] = [];

/// `POST /do/open-setup-link`: from the landing page's button; from now on the link opens nothing for anybody else.
#[server(prefix = "/do", endpoint = "open-setup-link")]
pub async fn open_setup_link(#[server(default)] token: String) -> Result<(), ServerFnError> {
    // Goes into a Location: only what a secret of ours is made of.
    let plain = !token.is_empty() && token.len() <= 100 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let back = if plain {
        routes::setup_link(&token)
    } else {
        routes::SET_UP.to_owned()
    };
    let mut post = Post::begin("open", back, NOTHING).await?;
    let request = post.request.clone();
    let outcome = commands::open_link(&mut post.cx, &token).await;
    let opened = outcome.is_ok();
    let done = outcome
        .map(|held| Done::to(routes::SET_UP).remembering(HELD_KEY, held))
        .map_err(Refusal::from);
    post.finish(done).await?;
    // After the commit, because the session is written by the same single writer: whoever knew the cookie before does not come in with it.
    if opened
        && request.actor.person().is_none()
        && let Err(error) = request.session.cycle_id().await
    {
        tracing::error!(%error, "the session of a set-up did not get a new value");
    }
    Ok(())
}

/// The page of a connection; what is no id is left out.
fn page_of(provider: &str) -> String {
    match provider.parse::<ProviderId>() {
        Ok(id) => routes::set_up_connection(&id.to_string()),
        Err(_) => routes::SET_UP.to_owned(),
    }
}

/// The organization and what the link opens; from here on the command is the link's.
async fn entered(post: &mut Post) -> Result<(Organization, Reach), Refusal> {
    let held = Held::of(&post.request).await;
    Ok(commands::enter(&mut post.cx, held.as_ref()).await?)
}

/// The same, and the connection that the form is about.
async fn entered_at(post: &mut Post, provider: &str) -> Result<(Organization, IdentityProvider), Refusal> {
    let (organization, _) = entered(post).await?;
    let id = provider.parse().map_err(|_| Refused::NotFound)?;
    let provider = setup::theirs(&post.cx, &organization, id).await?;
    Ok((organization, provider))
}

/// Whether the link opens this connection: the network is asked for nobody else.
async fn reached(provider: &str) -> Result<(RequestCx, AtWork, IdentityProvider), Refusal> {
    let request = RequestCx::current().ok_or(Refused::NotFound)?;
    let work = at_work(&request).await?.ok_or(WorkError::NotOpen)?;
    let id: ProviderId = provider.parse().map_err(|_| Refused::NotFound)?;
    let found = queries::opened(&work).await?.connections.into_iter().find(|found| found.id == id);
    Ok((request, work, found.ok_or(Refused::NotFound)?))
}

/// `POST /do/set-up-begin`: begins a connection.
#[server(prefix = "/do", endpoint = "set-up-begin")]
pub async fn set_up_begin(#[server(default)] preset: String, #[server(default)] name: String) -> Result<(), ServerFnError> {
    let form = format!("create-{}", preset.parse::<Preset>().map_or("", Preset::as_str));
    let mut post = Post::begin(&form, routes::SET_UP_NEW, [("name", name.clone())]).await?;
    let outcome = async {
        let (organization, _) = entered(&mut post).await?;
        let (preset, name) = begun(&preset, &name)?;
        let provider = setup::create_provider(&mut post.cx, &organization, preset, name).await?;
        Ok(Done::to(routes::set_up_connection(&provider.id.to_string()))
            .saying(Flash::good("The connection is begun. Nobody signs in through it yet.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/set-up-oidc`: issuer and client. The provider's configuration is read at once.
#[server(prefix = "/do", endpoint = "set-up-oidc")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn set_up_oidc(
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] issuer: String,
    #[server(default)] client_id: String,
    #[server(default)] client_secret: String,
    #[server(default)] client_auth: String,
    #[server(default)] scopes: String,
    #[server(default)] userinfo: String,
) -> Result<(), ServerFnError> {
    let typed = OidcTyped {
        issuer: issuer.trim().to_owned(),
        client_id,
        client_secret,
        client_auth,
        scopes,
        userinfo,
    };
    // Before the transaction: the network takes its time.
    let read = match reached(&provider).await {
        Ok((request, ..)) => Ok(discovery::fetch(&request.portal.outbound, &typed.issuer).await),
        Err(refusal) => Err(refusal),
    };
    let mut post = Post::begin("connection", page_of(&provider), typed.values()).await?;
    let outcome = async {
        let (organization, found) = entered_at(&mut post, &provider).await?;
        let connection = typed.connection(read?)?;
        setup::change_oidc(&mut post.cx, &organization, found.id, version_of(&version), connection).await?;
        Ok(Done::to(page_of(&provider)).saying(Flash::good("The connection is saved and the provider answers. Try it next.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/set-up-saml`: metadata, pasted or by address.
#[server(prefix = "/do", endpoint = "set-up-saml")]
pub async fn set_up_saml(
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] metadata_url: String,
    #[server(default)] metadata: String,
    #[server(default)] post_binding: String,
    #[server(default)] accept_signed_response: String,
) -> Result<(), ServerFnError> {
    let typed = SamlTyped {
        metadata_url: metadata_url.trim().to_owned(),
        metadata,
        post_binding,
        accept_signed_response,
    };
    let read = match (reached(&provider).await, typed.metadata_url.is_empty()) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), true) => Ok(None),
        (Ok((request, ..)), false) => Ok(Some(read_metadata(&request.portal, &typed.metadata_url).await)),
    };
    let mut post = Post::begin("connection", page_of(&provider), typed.values()).await?;
    let outcome = async {
        let (organization, found) = entered_at(&mut post, &provider).await?;
        let xml = typed.xml(read?)?;
        setup::change_saml(
            &mut post.cx,
            &organization,
            found.id,
            version_of(&version),
            xml,
            typed.address(),
            typed.post_binding == "yes",
            typed.accept_signed_response == "yes",
        )
        .await?;
        Ok(Done::to(page_of(&provider)).saying(Flash::good("The metadata is saved. Try the connection next.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/set-up-mapping`: which claims name somebody. Groups and attributes are not read here.
#[server(prefix = "/do", endpoint = "set-up-mapping")]
pub async fn set_up_mapping(
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] subject: String,
    #[server(default)] email: String,
    #[server(default)] given_name: String,
    #[server(default)] family_name: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("subject", subject.clone()),
        ("email", email.clone()),
        ("given_name", given_name.clone()),
        ("family_name", family_name.clone()),
    ];
    let mut post = Post::begin("mapping", page_of(&provider), values).await?;
    let outcome = async {
        let (organization, found) = entered_at(&mut post, &provider).await?;
        let mut errors = FieldErrors::default();
        let mut mapping = found.mapping.clone();
        let names = NamesTyped {
            subject: &subject,
            email: &email,
            given_name: &given_name,
            family_name: &family_name,
        };
        names.put_into(&mut errors, &mut mapping);
        errors.check()?;
        setup::change_mapping(&mut post.cx, &organization, found.id, version_of(&version), mapping).await?;
        Ok(Done::to(page_of(&provider)).saying(Flash::good("Saved. Try the connection to see what is read now.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/set-up-try`: signs in at the provider to see what it says; nobody is signed in here by it.
#[server(prefix = "/do", endpoint = "set-up-try")]
pub async fn set_up_try(#[server(default)] provider: String) -> Result<(), ServerFnError> {
    let ready = match reached(&provider).await {
        Ok((request, _, found)) => Ok(Ready::of(&request.portal, found).await),
        Err(refusal) => Err(refusal),
    };
    let mut post = Post::begin("try", page_of(&provider), NOTHING).await?;
    let outcome = async {
        let (organization, _) = entered_at(&mut post, &provider).await?;
        let ready = ready?;
        commands::note_trial(&mut post.cx, &organization, ready.provider()).await?;
        let request = post.request.clone();
        leave(&mut post.cx, &request, ready, Purpose::Try, None, false).await
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/finish-set-up`: the link is spent, and the people who can switch over are told.
#[server(prefix = "/do", endpoint = "finish-set-up")]
pub async fn finish_set_up() -> Result<(), ServerFnError> {
    let mut post = Post::begin("finish", routes::SET_UP, NOTHING).await?;
    let outcome = async {
        let (organization, reach) = entered(&mut post).await?;
        commands::finish(&mut post.cx, &organization, &reach).await?;
        Ok(Done::to(routes::SET_UP_DONE).remembering(HELD_KEY, None::<Held>))
    }
    .await;
    post.finish(outcome).await
}
