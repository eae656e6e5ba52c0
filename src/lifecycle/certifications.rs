//! Certifications that nobody renewed: reminders first, then suspension; with a circuit breaker against mass suspension.

use chrono::Duration;

use super::{begin, settle};
use crate::{
    audit::{self, Event, EventKind, Outcome},
    certification::commands::lapse,
    cx::{Cx, Portal},
    kernel::OrganizationId,
    mail::{self, Letter},
    organizations::commands::{able_owners, operators},
    store::{self, StoreError},
    web::routes,
};

/// More than so many partners at once, and more than a fifth of all active ones: something is wrong with the clock or the data.
const BREAKER_COUNT: usize = 5;
const BREAKER_SHARE: u64 = 5;

/// The partners to suspend; none when there are suspiciously many, which is noted in the trail once a day and in the log. Their people
/// are refused at decision time all the same.
pub(super) async fn to_suspend(portal: &Portal) -> Result<Option<Vec<OrganizationId>>, StoreError> {
    let db = portal.store.reader();
    let now = portal.clock.now();
    let grace = store::tenant::get(&db).await?.map_or(0, |tenant| tenant.certification_grace_days);
    let lapsed = store::lifecycle::lapsed(&db, now - Duration::days(grace.into())).await?;
    if lapsed.len() <= BREAKER_COUNT {
        return Ok(Some(lapsed));
    }
    let active = store::lifecycle::active_organizations(&db).await?;
    if lapsed.len() as u64 * BREAKER_SHARE <= active {
        return Ok(Some(lapsed));
    }
    tracing::error!(
        would_suspend = lapsed.len(),
        active,
        "the sweep would suspend too many partners at once and suspended none; check the clock and the certification dates"
    );
    metrics::counter!("portico_sweeps_stopped_total").increment(1);
    alert(portal, lapsed.len(), active).await?;
    Ok(None)
}

async fn alert(portal: &Portal, would_suspend: usize, active: u64) -> Result<(), StoreError> {
    let mut cx = begin(portal).await?;
    // One sweeper at a time, so that the trail has the alert once.
    store::tenant::get_locked(&cx.tx).await?;
    if store::lifecycle::happened_since(&cx.tx, EventKind::SweepStopped.as_str(), cx.now - Duration::days(1)).await? {
        return cx.tx.rollback().await;
    }
    let event = Event::new(EventKind::SweepStopped)
        .outcome(Outcome::Failure)
        .reason("So many certifications are overdue at once that no partner was suspended. Check the clock and the dates, then certify.")
        .detail("would_suspend", would_suspend)
        .detail("active_partners", active);
    audit::record(&mut cx, event).await?;
    cx.commit().await
}

/// Suspends each of them in a transaction of its own; answers how many.
pub(super) async fn suspend(portal: &Portal, lapsed: Vec<OrganizationId>) -> Result<u64, StoreError> {
    let mut count = 0;
    for id in lapsed {
        let mut cx = begin(portal).await?;
        let outcome = suspend_one(&mut cx, id).await;
        count += settle(cx, outcome).await?;
    }
    Ok(count)
}

async fn suspend_one(cx: &mut Cx, id: OrganizationId) -> Result<bool, StoreError> {
    // Read again under lock: another sweeper or an owner may have been faster.
    let Some(organization) = store::organizations::get_locked(&cx.tx, id).await? else {
        return Ok(false);
    };
    Ok(lapse(cx, organization).await?.is_some())
}

/// Reminds whoever can decide of what is due soon or overdue, once per stage and due date; where nobody can, the operators, who can name
/// somebody. Answers of how many partners.
pub(super) async fn remind(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let now = portal.clock.now();
    let warning = store::tenant::get(&db).await?.map_or(0, |tenant| tenant.warning_days);
    let mut count = 0;
    for due in store::lifecycle::due(&db, now + Duration::days(warning.into())).await? {
        let stage = if due.due_at <= now { "overdue" } else { "soon" };
        let reminder = format!("{stage}@{}", due.due_at.timestamp());
        if due.reminder.as_ref() == Some(&reminder) {
            continue;
        }
        let mut cx = begin(portal).await?;
        let outcome = remind_one(&mut cx, due.id, &reminder).await;
        count += settle(cx, outcome).await?;
    }
    Ok(count)
}

async fn remind_one(cx: &mut Cx, id: OrganizationId, reminder: &str) -> Result<bool, StoreError> {
    let Some(organization) = store::organizations::get_locked(&cx.tx, id).await? else {
        return Ok(false);
    };
    let Some(due_at) = organization.certification_due_at else {
        return Ok(false);
    };
    let owners = able_owners(cx, &organization).await?;
    let by_owners = !owners.is_empty();
    // Noted in another way, so that somebody who is named afterwards is reminded all the same.
    let (readers, reminder) = if by_owners {
        (owners, reminder.to_owned())
    } else {
        (operators(cx).await?, format!("{reminder} operators"))
    };
    // Nobody to write to now; once there is somebody they are told.
    if readers.is_empty() || !store::lifecycle::note_reminder(&cx.tx, id, &reminder).await? {
        return Ok(false);
    }
    let grace_days = cx.tenant.certification_grace_days;
    let suspended_at = due_at + Duration::days(grace_days.into());
    let paused = organization.certification_lapsed_at(cx.now, grace_days);
    let page = |part: &str| routes::absolute(&cx.settings.public_url, &routes::partner_part(&organization.slug, part));
    let name = organization.name.clone();
    let letter = if by_owners {
        Letter::CertificationDue {
            organization: name,
            due_at,
            suspended_at,
            paused,
            link: page("certify"),
        }
    } else {
        Letter::NobodyCertifies {
            organization: name,
            due_at,
            suspended_at,
            paused,
            link: page("edit"),
        }
    };
    for reader in readers {
        mail::queue(cx, &reader.email, Some(organization.id), letter.clone()).await?;
    }
    Ok(true)
}
