//! Setting and clearing a leave date (mission E3); it never outlives the contract.

use super::{MemberRef, MembershipError, contract_end, keep_an_admin, not_oneself, open};
use crate::{
    access::Action,
    audit::{self, EventKind},
    cx::Cx,
    kernel::{Day, end_of_day, last_day},
    organizations::Organization,
    people::Member,
    store,
};

/// Sets or clears the last day of a membership.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleLeave {
    /// Whom.
    pub which: MemberRef,
    /// The last day, in the tenant's zone; none means until the contract ends.
    pub last_day: Option<Day>,
}

/// Sets or clears the last day of a membership. Answers the member and the person's name.
///
/// # Errors
/// [`MembershipError::AfterContract`], [`MembershipError::LastAdmin`], [`MembershipError::NoSeatLeft`] when a member whose end has
/// passed would come back, [`MembershipError::Yourself`], or what the membership does not allow.
pub async fn schedule_leave(cx: &mut Cx, input: ScheduleLeave) -> Result<(Member, String), MembershipError> {
    let opened = open(cx, Action::ScheduleLeave, input.which).await?;
    not_oneself(cx, &opened.member)?;
    let zone = cx.tenant.time_zone;
    let contract = contract_end(cx, opened.organization.id).await?.ok_or(MembershipError::NoContract);
    let ends_at = match input.last_day {
        None => None,
        Some(day) => {
            let (ends_at, contract) = (end_of_day(day, zone), contract?);
            if day > last_day(contract, zone) {
                return Err(MembershipError::AfterContract(last_day(contract, zone)));
            }
            // A contract may end in the middle of its last day.
            Some(ends_at.min(contract))
        }
    };
    let member = opened.member.clone().leave_on(ends_at, cx.now)?;
    if opened.member.has_ended_at(cx.now) {
        a_seat_is_left(cx, &opened.organization).await?;
    }
    keep_an_admin(cx, &opened, &member).await?;
    store::members::update(&cx.tx, &member).await?;
    let day = |at: Option<_>| at.map_or(serde_json::Value::Null, |at| last_day(at, zone).to_string().into());
    let event = opened
        .event(EventKind::LeaveScheduled)
        .detail("from", day(opened.member.ends_at))
        .detail("to", day(member.ends_at));
    audit::record(cx, event).await?;
    Ok((member, opened.person.name))
}

/// A member past their end takes no seat; coming back does.
async fn a_seat_is_left(cx: &Cx, organization: &Organization) -> Result<(), MembershipError> {
    let contract = store::contracts::in_force(&cx.tx, organization.id, cx.now)
        .await?
        .ok_or(MembershipError::NoContract)?;
    let taken = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
    let reserved = store::invitations::seats_reserved(&cx.tx, organization.id, cx.now).await?;
    if taken + reserved < u64::try_from(contract.seats).unwrap_or_default() {
        Ok(())
    } else {
        Err(MembershipError::NoSeatLeft(contract.seats))
    }
}
