//! Suspending, reinstating and removing a member (mission E3): effective at once, also in sessions that are open.

use super::{MemberRef, MembershipError, keep_an_admin, not_oneself, open};
use crate::{
    access::Action,
    audit::{self, EventKind},
    cx::Cx,
    mail::{self, Letter},
    people::{Member, invitations::withdraw_hand_over},
    store,
    web::routes,
};

/// Pauses or ends a membership.
#[derive(Clone, Debug)]
pub struct EndMembership {
    /// Whom.
    pub which: MemberRef,
    /// Why, in the words of the actor.
    pub reason: Option<String>,
}

/// Takes a suspension back.
#[derive(Clone, Copy, Debug)]
pub struct ReinstateMember {
    /// Whom.
    pub which: MemberRef,
}

/// Pauses a membership; sessions in this hat end with the transaction. Answers the member and the person's name.
///
/// # Errors
/// [`MembershipError::Yourself`], [`MembershipError::LastAdmin`], or what the membership does not allow.
pub async fn suspend_member(cx: &mut Cx, input: EndMembership) -> Result<(Member, String), MembershipError> {
    let opened = open(cx, Action::SuspendMember, input.which).await?;
    not_oneself(cx, &opened.member)?;
    let member = opened.member.clone().suspend(input.reason.clone())?;
    keep_an_admin(cx, &opened, &member).await?;
    store::members::update(&cx.tx, &member).await?;
    let ended = store::sessions::end_of_member(&cx.tx, member.id, cx.now).await?;
    let event = opened
        .event(EventKind::MemberSuspended)
        .reason_given(input.reason.clone())
        .ended(ended);
    audit::record(cx, event).await?;
    let letter = Letter::MembershipSuspended {
        organization: opened.organization.name.clone(),
        reason: input.reason,
    };
    mail::queue(cx, &opened.person.email, Some(opened.organization.id), letter).await?;
    Ok((member, opened.person.name))
}

/// Takes a suspension back; everything the member held is there again, as far as it has not ended. Answers the member and the
/// person's name.
///
/// # Errors
/// [`crate::people::MemberError::Ended`] when the leave date has passed meanwhile.
pub async fn reinstate_member(cx: &mut Cx, input: ReinstateMember) -> Result<(Member, String), MembershipError> {
    let opened = open(cx, Action::ReinstateMember, input.which).await?;
    not_oneself(cx, &opened.member)?;
    let member = opened.member.clone().reinstate(cx.now)?;
    store::members::update(&cx.tx, &member).await?;
    // What the company's own sign-in suspended is settled: a later suspension by a human is not lifted by it.
    store::federation::links::forget_rules(&cx.tx, member.id).await?;
    audit::record(cx, opened.event(EventKind::MemberReinstated)).await?;
    let letter = Letter::MembershipReinstated {
        organization: opened.organization.name.clone(),
        link: format!("{}{}", cx.settings.public_url, routes::HOME),
    };
    mail::queue(cx, &opened.person.email, Some(opened.organization.id), letter).await?;
    Ok((member, opened.person.name))
}

/// Ends a membership for good: assignments are taken away and sessions in this hat end with the transaction; the person's other
/// memberships are untouched. Answers the member and the person's name.
///
/// # Errors
/// [`MembershipError::Yourself`], [`MembershipError::LastAdmin`], or what the membership does not allow.
pub async fn remove_member(cx: &mut Cx, input: EndMembership) -> Result<(Member, String), MembershipError> {
    let opened = open(cx, Action::RemoveMember, input.which).await?;
    not_oneself(cx, &opened.member)?;
    let member = opened.member.clone().remove(input.reason.clone(), cx.now)?;
    keep_an_admin(cx, &opened, &member).await?;
    store::members::update(&cx.tx, &member).await?;
    let assignments = store::grants::revoke_assignments_of_member(&cx.tx, member.id, cx.now).await?;
    let ended = store::sessions::end_of_member(&cx.tx, member.id, cx.now).await?;
    let event = opened
        .event(EventKind::MemberRemoved)
        .reason_given(input.reason)
        .detail("assignments_ended", assignments)
        .ended(ended);
    audit::record(cx, event).await?;
    withdraw_hand_over(cx, &opened.organization, member.id).await?;
    let letter = Letter::MembershipEnded {
        organization: opened.organization.name.clone(),
    };
    mail::queue(cx, &opened.person.email, Some(opened.organization.id), letter).await?;
    Ok((member, opened.person.name))
}
