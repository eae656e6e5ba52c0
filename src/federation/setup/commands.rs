//! What may be done with a connection, from draft to switch-over and back.

use thiserror::Error;

use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::{
        ClientAuth, IdentityProvider, Joining, Mapping, OidcSettings, Preset, Protocol, ProviderStatus, Rules, SamlSettings, Secrets,
        commands::{last_certificate_end, service_provider::new_key},
        domains::DomainStatus,
        oidc::{ClientKey, Published},
        place::sign_in_of,
        saml::{IdpMetadata, MetadataError},
    },
    kernel::{MemberId, ProviderId, Timestamp},
    mail::{self, Letter},
    organizations::{Organization, commands::tell_owners},
    people::MemberRole,
    store::{
        self, StoreError,
        federation::{domains, links, providers},
    },
    web::{Refusal, routes},
};

/// So many connections an organization may have.
pub const MAX_PROVIDERS: usize = 10;

/// Why nothing is done with a connection.
#[derive(Debug, Error)]
pub enum SetupError {
    /// Too many.
    #[error("An organization can have at most {MAX_PROVIDERS} connections.")]
    TooMany,
    /// The name is taken.
    #[error("There is a connection with this name already.")]
    NameTaken,
    /// The machine's cryptography refuses.
    #[error("No key could be made for this connection. Try again; if it goes on, tell the company that runs this portal.")]
    NoKey,
    /// A SAML provider's metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A secret is needed.
    #[error("Enter the client secret that your provider shows for this portal.")]
    NoSecret,
    /// The secret of another provider must not travel to this one.
    #[error("Enter the client secret of this issuer. The one that is saved belongs to the issuer before.")]
    OtherIssuersSecret,
    /// A group gives an application that the organization does not hold.
    #[error("{0} is no short name of an application that your organization holds.")]
    GroupNotHeld(String),
    /// A role above one's own.
    #[error("You cannot let people join with a role above your own.")]
    RoleTooHigh,
    /// An application the organization does not hold.
    #[error("Choose applications that your organization holds.")]
    NotHeld,
    /// Nothing is proven.
    #[error("Prove a domain first, so that the portal knows whose addresses sign in there.")]
    NoDomain,
    /// Not tried since it was changed.
    #[error("Try the connection first. Since it was last changed, nobody has come in by it in a trial.")]
    NotTried,
    /// Nobody is left who could get in when the provider fails.
    #[error("Choose a partner admin with a password and an authenticator app who can still sign in here if your company's sign-in fails.")]
    NoBreakGlass,
    /// In use.
    #[error("Switch the connection off before you remove it.")]
    InUse,
    /// Already so.
    #[error("This was done already.")]
    AlreadySo,
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SetupError> for Refusal {
    fn from(error: SetupError) -> Self {
        let field = match &error {
            SetupError::Access(_) | SetupError::Store(_) => "",
            SetupError::NameTaken => "name",
            SetupError::Metadata(_) => "metadata",
            SetupError::NoSecret | SetupError::OtherIssuersSecret => "client_secret",
            SetupError::GroupNotHeld(_) => "group_applications",
            SetupError::RoleTooHigh => "role",
            SetupError::NoBreakGlass => "break_glass",
            _ => "",
        };
        match error {
            SetupError::Access(refused) => refused.into(),
            SetupError::Store(error) => error.into(),
            other if field.is_empty() => Self::because(other.to_string()),
            other => Self::field(field, other.to_string()),
        }
    }
}

fn event(kind: EventKind, organization: &Organization, provider: &IdentityProvider) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("identity_provider", provider.id, provider.name.clone()))
}

/// Whether a connection is the organization's; somebody else's does not exist.
///
/// # Errors
/// [`SetupError::Access`].
pub async fn ensure_theirs(cx: &Cx, organization: &Organization, id: ProviderId) -> Result<ProviderId, SetupError> {
    Ok(providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?.id)
}

/// A connection of the organization, at the version that the form showed.
async fn at_version(cx: &Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<IdentityProvider, SetupError> {
    cx.authorise(Action::ManageSignIn, organization)?;
    let provider = providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
    if provider.version == version {
        Ok(provider)
    } else {
        Err(StoreError::Stale.into())
    }
}

async fn keep(cx: &mut Cx, organization: &Organization, provider: &IdentityProvider, what: &'static str) -> Result<(), SetupError> {
    providers::update(&cx.tx, provider).await?;
    let told = event(EventKind::ProviderChanged, organization, provider).detail("changed", what);
    Ok(audit::record(cx, told).await?)
}

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
    cx.authorise(Action::ManageSignIn, organization)?;
    let known = providers::of_organization(&cx.tx, organization.id).await?;
    if known.len() >= MAX_PROVIDERS {
        return Err(SetupError::TooMany);
    }
    if known.iter().any(|other| other.name.to_lowercase() == name.to_lowercase()) {
        return Err(SetupError::NameTaken);
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
        id: ProviderId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        name,
        preset,
        protocol,
        status: ProviderStatus::Draft,
        secrets: Some(secrets.seal(&cx.master_key, &mut cx.rng)),
        published: None,
        published_at: None,
        mapping: Mapping::of(preset),
        rules: Rules::default(),
        joining: first_joining(cx, organization).await?,
        trusts_second_factor: false,
        exclusive: false,
        break_glass: None,
        failures: 0,
        fell_back_at: None,
        tried_at: None,
        certificate_ends_at: None,
        certificate_warned_at: None,
        created_at: cx.now,
        version: 1,
    };
    providers::insert(&cx.tx, &provider).await?;
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
    let mut provider = at_version(cx, organization, id, version).await?;
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
async fn forget_identities(cx: &Cx, organization: &Organization, provider: &IdentityProvider) -> Result<usize, SetupError> {
    let known = links::of_provider(&cx.tx, organization.id, provider.id).await?;
    for link in known.values() {
        links::delete(&cx.tx, link).await?;
    }
    store::sessions::end_through(&cx.tx, provider.id, None, None).await?;
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
    let mut provider = at_version(cx, organization, id, version).await?;
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
    let mut provider = at_version(cx, organization, id, version).await?;
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

/// Changes which claims become what. The connection has to be tried again.
///
/// # Errors
/// [`SetupError`].
pub async fn change_mapping(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    mapping: Mapping,
) -> Result<(), SetupError> {
    let mut provider = at_version(cx, organization, id, version).await?;
    if let Some(actor) = cx.actor.member()
        && mapping.group_roles.iter().any(|rule| !actor.role.may_grant(rule.role))
    {
        return Err(SetupError::RoleTooHigh);
    }
    for rule in &mapping.group_applications {
        let application = store::applications::find_by_slug(&cx.tx, &rule.application).await?;
        let held = match &application {
            Some(application) => store::grants::entitlement_for(&cx.tx, organization.id, application.id).await?,
            None => None,
        };
        if held.is_none() {
            return Err(SetupError::GroupNotHeld(rule.application.clone()));
        }
    }
    provider.mapping = mapping;
    provider.tried_at = None;
    keep(cx, organization, &provider, "mapping").await
}

/// Who may come in, as typed.
#[derive(Debug)]
pub struct Admission {
    /// Unknown people.
    pub joining: Joining,
    /// What the claims must hold.
    pub rules: Rules,
    /// The provider's word for a second factor counts.
    pub trusts_second_factor: bool,
}

/// Changes who may come in. Nobody gets a role above the actor's own, nor an application that the organization does not hold.
///
/// # Errors
/// [`SetupError`].
pub async fn change_admission(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    admission: Admission,
) -> Result<(), SetupError> {
    let mut provider = at_version(cx, organization, id, version).await?;
    if let Some(actor) = cx.actor.member()
        && !actor.role.may_grant(admission.joining.role)
    {
        return Err(SetupError::RoleTooHigh);
    }
    for application in &admission.joining.applications {
        if store::grants::entitlement_for(&cx.tx, organization.id, *application)
            .await?
            .is_none()
        {
            return Err(SetupError::NotHeld);
        }
    }
    provider.joining = admission.joining;
    provider.rules = admission.rules;
    provider.trusts_second_factor = admission.trusts_second_factor;
    keep(cx, organization, &provider, "admission").await
}

/// From now on people sign in through it.
///
/// # Errors
/// [`SetupError`].
pub async fn switch_over(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    exclusive: bool,
    break_glass: Option<MemberId>,
) -> Result<IdentityProvider, SetupError> {
    let mut provider = at_version(cx, organization, id, version).await?;
    if provider.tried_at.is_none() {
        return Err(SetupError::NotTried);
    }
    let own = domains::of_organization(&cx.tx, organization.id).await?;
    let covered = |domain: &crate::federation::domains::Domain| {
        domain.status == DomainStatus::Proven && domain.provider.is_none_or(|bound| bound == id)
    };
    if !own.iter().any(covered) {
        return Err(SetupError::NoDomain);
    }
    let exception = match break_glass {
        Some(member) => Some(admin_with_both_factors(cx, organization, member).await?),
        None => None,
    };
    if exclusive && exception.is_none() {
        return Err(SetupError::NoBreakGlass);
    }
    provider.status = ProviderStatus::Live;
    provider.exclusive = exclusive;
    provider.break_glass = exception;
    provider.failures = 0;
    provider.fell_back_at = None;
    providers::update(&cx.tx, &provider).await?;
    let told = event(EventKind::ProviderSwitchedOver, organization, &provider)
        .detail("exclusive", exclusive)
        .detail("break_glass", exception.map(|member| member.to_string()));
    audit::record(cx, told).await?;
    tell_everybody(cx, organization, &provider, true).await?;
    Ok(provider)
}

async fn admin_with_both_factors(cx: &Cx, organization: &Organization, id: MemberId) -> Result<MemberId, SetupError> {
    let member = store::members::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
    let person = store::people::get(&cx.tx, member.person).await?.ok_or(Refused::NotFound)?;
    let fits = member.role == MemberRole::PartnerAdmin && member.runs_organization_at(cx.now);
    if fits && person.has_password && person.totp_confirmed_at.is_some() {
        Ok(member.id)
    } else {
        Err(SetupError::NoBreakGlass)
    }
}

/// Switches a connection off: sessions that it opened end, local passwords work again.
///
/// # Errors
/// [`SetupError`].
pub async fn pause_provider(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<u64, SetupError> {
    let mut provider = at_version(cx, organization, id, version).await?;
    if provider.status != ProviderStatus::Live {
        return Err(SetupError::AlreadySo);
    }
    provider.status = ProviderStatus::Paused;
    providers::update(&cx.tx, &provider).await?;
    let ended = store::sessions::end_through(&cx.tx, provider.id, None, None).await?;
    let told = event(EventKind::ProviderPaused, organization, &provider).detail("sessions_ended", ended);
    audit::record(cx, told).await?;
    tell_everybody(cx, organization, &provider, false).await?;
    Ok(ended)
}

/// Removes a connection that is not in use, with what it knows about who is who.
///
/// # Errors
/// [`SetupError`].
pub async fn remove_provider(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<(), SetupError> {
    let provider = at_version(cx, organization, id, version).await?;
    if provider.status == ProviderStatus::Live {
        return Err(SetupError::InUse);
    }
    let known = forget_identities(cx, organization, &provider).await?;
    for mut domain in domains::of_organization(&cx.tx, organization.id).await? {
        if domain.provider == Some(id) {
            domain.provider = None;
            domains::update(&cx.tx, &domain).await?;
        }
    }
    store::federation::trips::end_of_provider(&cx.tx, id).await?;
    providers::delete(&cx.tx, id).await?;
    let told = event(EventKind::ProviderRemoved, organization, &provider).detail("identities", known);
    Ok(audit::record(cx, told).await?)
}

/// Keeps local passwords out again, after too many sign-ins had failed.
///
/// # Errors
/// [`SetupError`].
pub async fn end_fall_back(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<(), SetupError> {
    let mut provider = at_version(cx, organization, id, version).await?;
    if provider.fell_back_at.take().is_none() {
        return Err(SetupError::AlreadySo);
    }
    provider.failures = 0;
    keep(cx, organization, &provider, "fall-back ended").await
}

/// Whoever runs the organization, and whoever answers for it, hears of a switch.
async fn tell_everybody(cx: &mut Cx, organization: &Organization, provider: &IdentityProvider, live: bool) -> Result<(), StoreError> {
    let acting = cx.actor.person().map(|person| person.id);
    let at: Timestamp = cx.now;
    let public_url = cx.settings.public_url.clone();
    let letter = |page: String| Letter::SignInSwitched {
        organization: organization.name.clone(),
        provider: provider.name.clone(),
        live,
        at,
        link: routes::absolute(&public_url, &page),
    };
    let own = letter(routes::provider(&provider.id.to_string()));
    for admin in store::members::admins(&cx.tx, organization.id).await? {
        if admin.runs_organization_at(cx.now)
            && Some(admin.person) != acting
            && let Some(person) = store::people::get(&cx.tx, admin.person).await?
        {
            mail::queue(cx, &person.email, Some(organization.id), own.clone()).await?;
        }
    }
    // Owners and deputies open it from the partner's page.
    let theirs = letter(format!("{}/{}", sign_in_of(&organization.slug), provider.id));
    tell_owners(cx, organization, &theirs).await
}
