//! Memberships past their end, sessions without a contract, and rows that are of no use any more.

use super::{begin, idle, settle};
use crate::{
    audit::{self, Event, EventKind, Subject},
    cx::{Cx, Portal},
    kernel::{MemberId, OrganizationId},
    mail::{self, Letter},
    people::close_ended,
    store::{
        self, StoreError,
        issuer::{
            ending,
            grants::Whose,
            sweeping::{self, HeldAt, Window},
        },
    },
};

/// Members looked up at a time.
const BATCH: u64 = 500;

/// Marks memberships past their end (leave date, or end of a rotation's overlap) as over; answers how many.
pub(super) async fn members(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let mut count = 0;
    loop {
        let over = store::lifecycle::members_past_end(&db, portal.clock.now(), BATCH).await?;
        let mut done = 0;
        for (organization, member) in &over {
            let mut cx = begin(portal).await?;
            let outcome = end_member(&mut cx, *organization, *member).await;
            done += settle(cx, outcome).await?;
        }
        count += done;
        if (over.len() as u64) < BATCH || done == 0 {
            return Ok(count);
        }
    }
}

/// The seat was free and access refused since the end came; now the sessions, the assignments and the row follow.
async fn end_member(cx: &mut Cx, organization: OrganizationId, member: MemberId) -> Result<bool, StoreError> {
    let Some(organization) = store::organizations::get_locked(&cx.tx, organization).await? else {
        return Ok(false);
    };
    let Some(member) = store::members::get(&cx.tx, organization.id, member).await? else {
        return Ok(false);
    };
    // Read again under lock: somebody may have moved the leave date meanwhile.
    if member.ends_at.is_none_or(|end| cx.now < end) {
        return Ok(false);
    }
    let Ok(member) = member.remove(Some("The end date came.".to_owned()), cx.now) else {
        return Ok(false);
    };
    let Some(person) = store::people::get(&cx.tx, member.person).await? else {
        return Ok(false);
    };
    close_ended(cx, &organization, &member, &person.name).await?;
    mail::queue(
        cx,
        &person.email,
        Some(organization.id),
        Letter::MembershipEnded {
            organization: organization.name.clone(),
        },
    )
    .await?;
    Ok(true)
}

/// Ends the sessions of organizations whose contract is over; answers how many sessions.
pub(super) async fn sessions_without_contract(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let mut count = 0;
    for id in store::lifecycle::sessions_without_contract(&db, portal.clock.now()).await? {
        let mut cx = begin(portal).await?;
        let mut sessions = 0;
        let outcome = end_sessions(&mut cx, id, &mut sessions).await;
        if settle(cx, outcome).await? == 1 {
            count += sessions;
        }
    }
    Ok(count)
}

async fn end_sessions(cx: &mut Cx, id: OrganizationId, sessions: &mut u64) -> Result<bool, StoreError> {
    let Some(organization) = store::organizations::get_locked(&cx.tx, id).await? else {
        return Ok(false);
    };
    if store::contracts::in_force(&cx.tx, id, cx.now).await?.is_some() {
        return Ok(false);
    }
    let ended = store::sessions::end_of_organization(&cx.tx, id, cx.now).await?;
    *sessions = ended.sessions;
    if ended.is_nothing() {
        return Ok(false);
    }
    let event = Event::new(EventKind::SessionsEnded)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
        .reason("No contract is in force.")
        .ended(ended);
    audit::record(cx, event).await?;
    Ok(true)
}

/// An assignment or entitlement that ended longer ago than this, while no portal ran, is left to the decision at the next use of a token.
const DAYS_BACK: i64 = 30;

/// Ends what clients have of assignments and entitlements whose end has come; answers for how many members and applications.
pub(super) async fn applications(portal: &Portal) -> Result<u64, StoreError> {
    let now = portal.clock.now();
    let window = Window {
        since: now - chrono::Duration::days(DAYS_BACK),
        now,
        only: None,
    };
    let mut count = 0;
    for held in sweeping::past_end(&portal.store.reader(), window).await? {
        let mut cx = begin(portal).await?;
        let outcome = end_application(&mut cx, window, held).await;
        count += settle(cx, outcome).await?;
    }
    Ok(count)
}

async fn end_application(cx: &mut Cx, window: Window, held: HeldAt) -> Result<bool, StoreError> {
    let Some(organization) = store::organizations::get_locked(&cx.tx, held.organization).await? else {
        return Ok(false);
    };
    // Looked for again under lock: somebody may have moved the end meanwhile.
    let only = Window {
        only: Some(held),
        ..window
    };
    let (false, Some(member), Some(application)) = (
        sweeping::past_end(&cx.tx, only).await?.is_empty(),
        store::members::get(&cx.tx, organization.id, held.member).await?,
        store::applications::get(&cx.tx, held.application).await?,
    ) else {
        return Ok(false);
    };
    let Some(person) = store::people::get(&cx.tx, member.person).await? else {
        return Ok(false);
    };
    let reason = "The end of what they held there came.";
    let ended = ending::end_at(&cx.tx, Whose::Member(member.id), application.id, reason, cx.now).await?;
    let event = Event::new(EventKind::TokensRevoked)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("member", member.id, &person.name))
        .application(application.id, &application.name)
        .reason(reason)
        .ended(ended);
    audit::record(cx, event).await?;
    Ok(true)
}

/// What clients held is remembered so long after nobody uses it any more; the trail tells of it for longer.
const DAYS_OF_GRANTS: i64 = 90;

/// Deletes sessions, attempt counters, reset links, codes, refresh tokens and grants that are over anyway; answers how many.
pub(super) async fn delete_expired(portal: &Portal) -> Result<u64, StoreError> {
    let now = portal.clock.now();
    // A day longer than they count, so that a code or refresh token that comes again is known for what it is.
    let tokens_before = now - chrono::Duration::days(1);
    let grants_before = now - chrono::Duration::days(DAYS_OF_GRANTS);
    let db = portal.store.reader();
    if !(store::lifecycle::anything_expired(&db, now, idle(portal)).await?
        || sweeping::any_tokens(&db, tokens_before, now).await?
        || sweeping::any_grants(&db, grants_before).await?)
    {
        return Ok(0);
    }
    let cx = begin(portal).await?;
    let sessions = store::sessions::sweep(&cx.tx, now, idle(portal)).await?;
    let others = store::lifecycle::delete_expired(&cx.tx, now).await?;
    let trips = store::federation::trips::sweep(&cx.tx, now).await?;
    let tokens = sweeping::tokens(&cx.tx, tokens_before, now).await?;
    let grants = sweeping::grants(&cx.tx, grants_before).await?;
    cx.commit().await?;
    Ok(sessions + others + trips + tokens + grants)
}
