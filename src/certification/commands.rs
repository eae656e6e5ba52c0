//! Certifying a partner, and declining to. Only its owner or deputy may: nobody certifies in their place.

use serde_json::json;
use thiserror::Error;

use super::{Certification, CertificationDecision, Evidence, evidence::gather};
use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{CertificationId, Timestamp},
    organizations::{
        Organization, OrganizationError,
        commands::{end_access, partner_locked, same_version},
    },
    store::{self, StoreError},
};

/// Why nothing is decided.
#[derive(Debug, Error)]
pub enum CertifyError {
    /// The state of the partner does not allow it.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A yes.
#[derive(Clone, Debug)]
pub struct CertifyPartner {
    /// Which, by its short name.
    pub organization: String,
    /// The version the page was made from.
    pub version: i32,
    /// Why the relationship is still needed.
    pub reason: String,
    /// When the next decision is due.
    pub next_due_at: Timestamp,
}

/// Confirms that the relationship is still needed, and keeps what was known. Lifts a suspension that a missing
/// certification caused, and no other.
///
/// # Errors
/// [`CertifyError`]: among others when the next date is not ahead, or somebody else decided meanwhile ([`StoreError::Stale`]).
pub async fn certify_partner(cx: &mut Cx, input: CertifyPartner) -> Result<Organization, CertifyError> {
    let before: Organization = partner_locked::<CertifyError>(cx, &input.organization).await?;
    cx.authorise(Action::Certify, &before)?;
    same_version(&before, input.version)?;
    let organization = before.clone().certify(input.next_due_at, cx.now)?;
    let lifted = before.status != organization.status;
    store::organizations::update(&cx.tx, &organization).await?;
    let decision = keep(
        cx,
        &organization,
        CertificationDecision::Certified,
        &input.reason,
        Some(input.next_due_at),
    )
    .await?;
    let event = about(EventKind::Certified, &organization, &decision)
        .detail("next_due_at", json!(input.next_due_at))
        .detail("lifted_suspension", lifted);
    audit::record(cx, event).await?;
    if lifted {
        let event = Event::new(EventKind::OrganizationActivated)
            .organization(organization.id, &organization.name)
            .subject(Subject::new("organization", organization.id, &organization.name))
            .reason("Its certification was renewed.");
        audit::record(cx, event).await?;
    }
    Ok(organization)
}

/// A no.
#[derive(Clone, Debug)]
pub struct DeclinePartner {
    /// Which, by its short name.
    pub organization: String,
    /// The version the page was made from.
    pub version: i32,
    /// Why not.
    pub reason: String,
}

/// Declines to certify: the partner is suspended at once, reversibly, until somebody certifies it.
///
/// # Errors
/// [`CertifyError`] unless the partner is active.
pub async fn decline_partner(cx: &mut Cx, input: DeclinePartner) -> Result<Organization, CertifyError> {
    let organization: Organization = partner_locked::<CertifyError>(cx, &input.organization).await?;
    cx.authorise(Action::Certify, &organization)?;
    same_version(&organization, input.version)?;
    let organization = organization.decline(format!("Certification declined: {}", input.reason))?;
    let decision = keep(cx, &organization, CertificationDecision::Declined, &input.reason, None).await?;
    audit::record(cx, about(EventKind::CertificationDeclined, &organization, &decision)).await?;
    let reason = organization.status_reason.clone().unwrap_or_default();
    end_access(cx, &organization, EventKind::OrganizationSuspended, reason).await?;
    Ok(organization)
}

/// Suspends a partner that nobody certified in time. Answers none when there is nothing (any more) to do.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Stale`] when somebody decided at the same moment.
pub async fn lapse(cx: &mut Cx, organization: Organization) -> Result<Option<Organization>, StoreError> {
    let due = organization
        .certification_due_at
        .map(|due| crate::kernel::last_day(due, cx.tenant.time_zone));
    let reason = due.map_or_else(
        || "Nobody certified this partner in time.".to_owned(),
        |day| {
            format!(
                "The certification was due by {day} and nobody renewed it in time.",
                day = day.format("%-d %b %Y")
            )
        },
    );
    let Ok(organization) = organization.lapse(reason.clone(), cx.tenant.certification_grace_days, cx.now) else {
        return Ok(None);
    };
    let decision = keep(cx, &organization, CertificationDecision::Lapsed, &reason, None).await?;
    let event =
        about(EventKind::CertificationLapsed, &organization, &decision).detail("was_due_at", json!(organization.certification_due_at));
    audit::record(cx, event).await?;
    end_access(cx, &organization, EventKind::OrganizationSuspended, reason).await?;
    Ok(Some(organization))
}

async fn keep(
    cx: &mut Cx,
    organization: &Organization,
    decision: CertificationDecision,
    reason: &str,
    next_due_at: Option<Timestamp>,
) -> Result<Certification, StoreError> {
    let evidence: Evidence = gather(&cx.tx, organization.id, cx.now).await?;
    let certification = Certification {
        id: CertificationId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        decided_by: cx.actor.person().map(|person| person.id),
        decision,
        reason: reason.to_owned(),
        evidence,
        decided_at: cx.now,
        next_due_at,
    };
    store::certifications::insert(&cx.tx, &certification).await?;
    Ok(certification)
}

fn about(kind: EventKind, organization: &Organization, certification: &Certification) -> Event {
    Event::new(kind)
        .organization(organization.id, &organization.name)
        .subject(Subject::new(
            "certification",
            certification.id,
            format!("Certification of {}", organization.name),
        ))
        .reason(certification.reason.clone())
        .detail("people", certification.evidence.people_count)
        .detail("applications", certification.evidence.applications.len())
        .detail("last_used_at", json!(certification.evidence.last_used_at()))
}
