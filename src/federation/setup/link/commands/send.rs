//! Sending, sending again and withdrawing: what whoever answers for a partner does.

use chrono::Duration;

use super::{
    super::{LINK_DAYS, OPEN_HOURS, SetupLink},
    LinkError, event,
};
use crate::{
    access::{Action, Refused},
    audit::{self, EventKind},
    cx::Cx,
    federation::ProviderStatus,
    kernel::{BearerSecret, EmailAddress, ProviderId, SetupLinkId, new_uuid},
    mail::{self, Letter},
    organizations::{Organization, commands::may},
    store::{
        StoreError,
        federation::{providers, setup_links},
    },
    web::routes,
};

/// So many links of one organization may be open at a time.
pub const MAX_PENDING: usize = 5;
/// So many are looked at.
const LOOKED_AT: u64 = 200;

/// The partner of this name, held until the transaction ends, if links to set it up may be sent.
///
/// # Errors
/// [`LinkError::Access`].
pub async fn may_send(cx: &Cx, slug: &str) -> Result<Organization, LinkError> {
    may::<LinkError>(cx, slug, Action::SendSetupLink).await
}

fn ensure_open(cx: &Cx, organization: &Organization) -> Result<(), LinkError> {
    if organization.takes_changes_at(cx.now, cx.tenant.certification_grace_days) {
        Ok(())
    } else {
        Err(LinkError::Closed(organization.name.clone()))
    }
}

/// Sends a link; with `connection`, it opens that draft beside what is begun with it.
///
/// # Errors
/// [`LinkError`].
pub async fn send_link(
    cx: &mut Cx,
    organization: &Organization,
    email: EmailAddress,
    connection: Option<ProviderId>,
) -> Result<SetupLink, LinkError> {
    cx.authorise(Action::SendSetupLink, organization)?;
    let sender = cx.actor.person().map(|person| person.id).ok_or(Refused::SignedOut)?;
    ensure_open(cx, organization)?;
    let known = setup_links::of_organization(&cx.tx, organization.id, LOOKED_AT).await?;
    let pending: Vec<_> = known.iter().filter(|link| link.standing_at(cx.now).is_pending()).collect();
    if pending.iter().any(|link| link.email == email) {
        return Err(LinkError::Twice);
    }
    if pending.len() >= MAX_PENDING {
        return Err(LinkError::TooMany);
    }
    if let Some(id) = connection {
        let provider = providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
        if provider.status != ProviderStatus::Draft {
            return Err(LinkError::NoDraft);
        }
    }
    let secret = BearerSecret::generate(&mut cx.rng);
    let link = SetupLink {
        id: SetupLinkId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        email,
        token_hash: secret.hash(),
        created_by: sender,
        created_at: cx.now,
        sent_at: cx.now,
        expires_at: cx.now + Duration::days(LINK_DAYS),
        opened_at: None,
        browser: None,
        open_until: None,
        finished_at: None,
        revoked_at: None,
        version: 1,
    };
    setup_links::insert(&cx.tx, &link).await?;
    if let Some(provider) = connection {
        let id = new_uuid(cx.now, &mut cx.rng);
        setup_links::open_connection(&cx.tx, id, link.id, provider).await?;
    }
    let told = event(EventKind::SetupLinkSent, organization, &link)
        .detail("expires_at", link.expires_at.to_rfc3339())
        .detail("identity_provider", connection.map(|id| id.to_string()));
    audit::record(cx, told).await?;
    write(cx, organization, &link, &secret).await?;
    Ok(link)
}

async fn write(cx: &mut Cx, organization: &Organization, link: &SetupLink, secret: &BearerSecret) -> Result<(), StoreError> {
    let sender = cx
        .actor
        .person()
        .map_or_else(|| cx.tenant.name.clone(), |person| person.name.clone());
    let letter = Letter::SetupLink {
        organization: organization.name.clone(),
        sender,
        link: routes::absolute(&cx.settings.public_url, &routes::setup_link(secret.reveal())),
        expires_at: link.expires_at,
        hours: OPEN_HOURS,
    };
    mail::queue(cx, &link.email, Some(organization.id), letter).await
}

/// A link of the organization, at the version that the page showed.
async fn at_version(cx: &Cx, organization: &Organization, id: SetupLinkId, version: i32) -> Result<SetupLink, LinkError> {
    cx.authorise(Action::SendSetupLink, organization)?;
    let link = setup_links::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
    if link.version == version {
        Ok(link)
    } else {
        Err(StoreError::Stale.into())
    }
}

/// Sends it again under a new value: the old one, and a browser that had opened it, are out at once. What it opens stays.
///
/// # Errors
/// [`LinkError`].
pub async fn resend_link(cx: &mut Cx, organization: &Organization, id: SetupLinkId, version: i32) -> Result<SetupLink, LinkError> {
    let link = at_version(cx, organization, id, version).await?;
    ensure_open(cx, organization)?;
    if !link.standing_at(cx.now).can_be_sent_again() {
        return Err(LinkError::Over);
    }
    let secret = BearerSecret::generate(&mut cx.rng);
    let link = link.sent_again(secret.hash(), cx.now + Duration::days(LINK_DAYS), cx.now);
    setup_links::update(&cx.tx, &link).await?;
    let told = event(EventKind::SetupLinkResent, organization, &link).detail("expires_at", link.expires_at.to_rfc3339());
    audit::record(cx, told).await?;
    write(cx, organization, &link, &secret).await?;
    Ok(link)
}

/// Withdraws it: from now on it opens nothing, also where it is open.
///
/// # Errors
/// [`LinkError`].
pub async fn withdraw_link(cx: &mut Cx, organization: &Organization, id: SetupLinkId, version: i32) -> Result<SetupLink, LinkError> {
    let mut link = at_version(cx, organization, id, version).await?;
    if !link.standing_at(cx.now).can_be_sent_again() {
        return Err(LinkError::Over);
    }
    link.revoked_at = Some(cx.now);
    setup_links::update(&cx.tx, &link).await?;
    audit::record(cx, event(EventKind::SetupLinkWithdrawn, organization, &link)).await?;
    Ok(link)
}
