//! Activating, suspending and offboarding a partner.

use thiserror::Error;

use super::{idle_since, partner_locked, same_version, tell_owners};
use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    mail::Letter,
    organizations::{Organization, OrganizationError, OrganizationStatus},
    store::{self, StoreError},
    web::routes,
};

/// Why a partner's state is not changed.
#[derive(Debug, Error)]
pub enum StatusError {
    /// The state of the partner does not allow it.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// Nobody answers for the partner.
    #[error("Nobody answers for this partner yet. Name an owner first, then activate it.")]
    NoOwner,
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change of a partner's state.
#[derive(Clone, Debug)]
pub struct ChangeStatus {
    /// Which, by its short name.
    pub organization: String,
    /// The version the page was made from.
    pub version: i32,
    /// Why; not needed for activating.
    pub reason: String,
}

/// Opens access, for the first time or again after a suspension.
///
/// # Errors
/// [`StatusError`]: among others when only a certification may lift the suspension.
pub async fn activate_partner(cx: &mut Cx, input: ChangeStatus) -> Result<Organization, StatusError> {
    let organization = begin(cx, &input).await?;
    if organization.owner.is_none() {
        return Err(StatusError::NoOwner);
    }
    if organization.certification_lapsed_at(cx.now, cx.tenant.certification_grace_days) {
        return Err(OrganizationError::NeedsCertification.into());
    }
    let organization = organization.activate()?;
    store::organizations::update(&cx.tx, &organization).await?;
    let event = event(EventKind::OrganizationActivated, &organization).reason_given((!input.reason.is_empty()).then_some(input.reason));
    audit::record(cx, event).await?;
    Ok(organization)
}

/// Pauses access of everyone at once, reversibly. Assignments stay and count again after reactivation.
///
/// # Errors
/// [`StatusError`] when already suspended or over.
pub async fn suspend_partner(cx: &mut Cx, input: ChangeStatus) -> Result<Organization, StatusError> {
    let organization = begin(cx, &input).await?.suspend(input.reason.clone(), false)?;
    end_access(cx, &organization, EventKind::OrganizationSuspended, input.reason).await?;
    Ok(organization)
}

/// Ends the relationship for good.
///
/// # Errors
/// [`StatusError`] when already over.
pub async fn offboard_partner(cx: &mut Cx, input: ChangeStatus) -> Result<Organization, StatusError> {
    let organization = begin(cx, &input).await?.offboard(input.reason.clone())?;
    end_access(cx, &organization, EventKind::OrganizationOffboarded, input.reason).await?;
    Ok(organization)
}

async fn begin(cx: &Cx, input: &ChangeStatus) -> Result<Organization, StatusError> {
    let organization: Organization = partner_locked::<StatusError>(cx, &input.organization).await?;
    cx.authorise(Action::ChangeOrganizationStatus, &organization)?;
    same_version(&organization, input.version)?;
    Ok(organization)
}

fn event(kind: EventKind, organization: &Organization) -> Event {
    Event::new(kind)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
}

/// Stores the new state, ends every session of the organization in the same transaction, and tells the trail and the owners.
pub(crate) async fn end_access(cx: &mut Cx, organization: &Organization, kind: EventKind, reason: String) -> Result<(), StoreError> {
    store::organizations::update(&cx.tx, organization).await?;
    let held = store::contracts::outliving(&cx.tx, organization.id, cx.now, idle_since(cx)).await?;
    let ended = store::sessions::end_of_organization(&cx.tx, organization.id, cx.now).await?;
    let links = store::federation::setup_links::end_of_organization(&cx.tx, organization.id, cx.now).await?;
    let event = event(kind, organization)
        .reason(reason.clone())
        .detail("people", held.people)
        .detail("assignments", held.assignments)
        .ended(ended)
        .detail("setup_links_withdrawn", links);
    audit::record(cx, event).await?;
    let link = format!("{}{}", cx.settings.public_url, routes::partner(&organization.slug));
    let name = organization.name.clone();
    let letter = if organization.status == OrganizationStatus::Offboarded {
        Letter::PartnerOffboarded {
            organization: name,
            reason,
            link,
        }
    } else {
        Letter::PartnerSuspended {
            organization: name,
            reason,
            link,
        }
    };
    tell_owners(cx, organization, &letter).await
}
