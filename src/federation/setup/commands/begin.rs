//! A connection is begun as a draft.

use super::{SetupError, event};
use crate::{
    access::{Action, Actor},
    audit::{self, EventKind},
    cx::Cx,
    federation::{
        ClientAuth, IdentityProvider, Joining, OidcSettings, Preset, Protocol, SamlSettings, Secrets, commands::service_provider::new_key,
        oidc::ClientKey,
    },
    kernel::{ProviderId, new_uuid},
    organizations::Organization,
    store::{
        self,
        federation::{providers, setup_links},
    },
};

/// So many connections an organization may have.
pub const MAX_PROVIDERS: usize = 10;

/// So many connections a set-up link opens.
pub const MAX_BY_LINK: usize = 3;

/// Begins a connection. Nobody signs in through a draft.
///
/// # Errors
/// [`SetupError`].
pub async fn create_provider(
    cx: &mut Cx,
    organization: &Organization,
    preset: Preset,
    name: String,
) -> Result<IdentityProvider, SetupError> {
    cx.authorise(Action::SetUpConnection, organization)?;
    let known = providers::of_organization(&cx.tx, organization.id).await?;
    if known.len() >= MAX_PROVIDERS {
        return Err(SetupError::TooMany);
    }
    if known.iter().any(|other| other.name.to_lowercase() == name.to_lowercase()) {
        return Err(SetupError::NameTaken);
    }
    if let Actor::SetUp(set_up) = &cx.actor
        && setup_links::connections(&cx.tx, set_up.link).await?.len() >= MAX_BY_LINK
    {
        return Err(SetupError::TooManyByLink);
    }
    let mut secrets = Secrets::default();
    let protocol = if preset == Preset::Saml {
        secrets.sp_keys = vec![new_key(&cx.settings, cx.now, &mut cx.rng).ok_or(SetupError::NoKey)?];
        Protocol::Saml(SamlSettings {
            entity_id: String::new(),
            metadata_url: None,
            post_binding: false,
            accept_signed_response: false,
        })
    } else {
        secrets.client_key_pem = Some(ClientKey::generate().ok_or(SetupError::NoKey)?.pem().to_owned());
        Protocol::Oidc(OidcSettings {
            issuer: if preset == Preset::Google {
                "https://accounts.google.com".to_owned()
            } else {
                String::new()
            },
            client_id: String::new(),
            client_auth: ClientAuth::Basic,
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            userinfo: false,
        })
    };
    let provider = IdentityProvider {
        secrets: Some(secrets.seal(&cx.master_key, &mut cx.rng)),
        joining: first_joining(cx, organization).await?,
        ..IdentityProvider::draft(
            ProviderId::new(cx.now, &mut cx.rng),
            organization.id,
            name,
            preset,
            protocol,
            cx.now,
        )
    };
    providers::insert(&cx.tx, &provider).await?;
    if let Actor::SetUp(set_up) = &cx.actor {
        let id = new_uuid(cx.now, &mut cx.rng);
        setup_links::open_connection(&cx.tx, id, set_up.link, provider.id).await?;
    }
    let told = event(EventKind::ProviderCreated, organization, &provider).detail("kind", preset.as_str());
    audit::record(cx, told).await?;
    Ok(provider)
}

/// How people join at first: as the template of the organization said, but never with a role above the actor's own.
async fn first_joining(cx: &Cx, organization: &Organization) -> Result<Joining, SetupError> {
    let said = store::templates::joining_of(&cx.tx, organization.id).await?;
    let fits = |joining: &Joining| cx.actor.member().is_none_or(|actor| actor.role.may_grant(joining.role));
    Ok(said.filter(fits).unwrap_or_default())
}
