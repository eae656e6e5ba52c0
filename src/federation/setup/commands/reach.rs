//! How a provider is reached: secrets, metadata, keys of ours. With another provider behind it, nobody is known there any more.

use super::{SetupError, at_version, keep};
use crate::{
    access::{Action, Refused},
    cx::Cx,
    federation::{
        ClientAuth, IdentityProvider, OidcSettings, Protocol, SamlSettings, Secrets,
        commands::{last_certificate_end, service_provider::new_key},
        oidc::Published,
        saml::IdpMetadata,
    },
    kernel::ProviderId,
    organizations::Organization,
    store::{self, federation::links},
};

/// How an OpenID Connect provider is reached, as typed.
#[derive(Debug)]
pub struct OidcConnection {
    /// How.
    pub settings: OidcSettings,
    /// A new secret; none keeps the old one.
    pub secret: Option<String>,
    /// What it publishes, read just now.
    pub published: Published,
}

/// Changes how an OpenID Connect provider is reached. The connection has to be tried again.
///
/// # Errors
/// [`SetupError`].
pub async fn change_oidc(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    connection: OidcConnection,
) -> Result<IdentityProvider, SetupError> {
    let mut provider = at_version(cx, organization, Action::SetUpConnection, id, version).await?;
    let Protocol::Oidc(before) = &provider.protocol else {
        return Err(Refused::NotFound.into());
    };
    let other_issuer = before.issuer != connection.settings.issuer;
    let mut secrets = Secrets::open(&cx.master_key, provider.secrets.as_deref()).unwrap_or_default();
    if connection.secret.is_some() {
        secrets.client_secret = connection.secret;
    } else if other_issuer && secrets.client_secret.take().is_some() && connection.settings.client_auth != ClientAuth::PrivateKeyJwt {
        // Whoever may change the address must not learn a secret by it that is never shown.
        return Err(SetupError::OtherIssuersSecret);
    }
    if connection.settings.client_auth != ClientAuth::PrivateKeyJwt && secrets.client_secret.is_none() {
        return Err(SetupError::NoSecret);
    }
    provider.secrets = Some(secrets.seal(&cx.master_key, &mut cx.rng));
    provider.protocol = Protocol::Oidc(connection.settings);
    provider.published = Some(connection.published.to_text());
    provider.published_at = Some(cx.now);
    provider.tried_at = None;
    if other_issuer {
        forget_identities(cx, organization, &provider).await?;
    }
    keep(cx, organization, &provider, "connection").await?;
    Ok(provider)
}

/// A subject names somebody within one issuer alone (OpenID Connect Core §2), a NameID within one entity: with another provider behind
/// the connection, the same name may be somebody else's.
pub(super) async fn forget_identities(cx: &Cx, organization: &Organization, provider: &IdentityProvider) -> Result<usize, SetupError> {
    let known = links::of_provider(&cx.tx, organization.id, provider.id).await?;
    for link in known.values() {
        links::delete(&cx.tx, link).await?;
    }
    store::sessions::end_through(&cx.tx, provider.id, None, None, cx.now).await?;
    store::issuer::ending::revoke_of_provider(
        &cx.tx,
        provider.id,
        None,
        "The sign-in of the person's company was set up anew.",
        cx.now,
    )
    .await?;
    Ok(known.len())
}

/// Changes how a SAML provider is reached: `xml` is its metadata, pasted or read from `metadata_url`.
///
/// # Errors
/// [`SetupError`].
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_saml(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    xml: String,
    metadata_url: Option<String>,
    post_binding: bool,
    accept_signed_response: bool,
) -> Result<IdentityProvider, SetupError> {
    let mut provider = at_version(cx, organization, Action::SetUpConnection, id, version).await?;
    let Protocol::Saml(before) = &provider.protocol else {
        return Err(Refused::NotFound.into());
    };
    let metadata = IdpMetadata::parse(&xml)?;
    metadata.ensure_current(cx.now)?;
    let other_entity = before.entity_id != metadata.entity_id;
    provider.certificate_ends_at = last_certificate_end(&metadata);
    provider.certificate_warned_at = None;
    provider.protocol = Protocol::Saml(SamlSettings {
        entity_id: metadata.entity_id,
        metadata_url,
        post_binding,
        accept_signed_response,
    });
    provider.published = Some(xml);
    provider.published_at = Some(cx.now);
    provider.tried_at = None;
    if other_entity {
        forget_identities(cx, organization, &provider).await?;
    }
    keep(cx, organization, &provider, "connection").await?;
    Ok(provider)
}

/// Puts a further key of ours into use towards a SAML provider, or drops the older one. While both are there, our metadata names both.
///
/// # Errors
/// [`SetupError`].
pub async fn change_key(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<IdentityProvider, SetupError> {
    let mut provider = at_version(cx, organization, Action::ManageSignIn, id, version).await?;
    if !matches!(provider.protocol, Protocol::Saml(_)) {
        return Err(Refused::NotFound.into());
    }
    let mut secrets = Secrets::open(&cx.master_key, provider.secrets.as_deref()).unwrap_or_default();
    let what = if secrets.sp_keys.len() > 1 {
        // The provider knows the new one by now: from here on it signs, alone.
        secrets.sp_keys.remove(0);
        "old key dropped"
    } else {
        secrets
            .sp_keys
            .push(new_key(&cx.settings, cx.now, &mut cx.rng).ok_or(SetupError::NoKey)?);
        "new key published"
    };
    provider.secrets = Some(secrets.seal(&cx.master_key, &mut cx.rng));
    keep(cx, organization, &provider, what).await?;
    Ok(provider)
}
