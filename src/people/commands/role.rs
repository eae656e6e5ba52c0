//! Changing a member's role (mission E4): never above one's own.

use super::{MemberRef, MembershipError, keep_an_admin, not_oneself, open};
use crate::{
    access::Action,
    audit::{self, EventKind},
    cx::Cx,
    people::{Member, MemberRole, delegation},
    store,
};

/// Gives a member another role.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRole {
    /// Whom.
    pub which: MemberRef,
    /// The new role.
    pub role: MemberRole,
}

/// Gives a member another role. Their open sessions have it from their next request on. Answers the member and the person's name.
///
/// # Errors
/// [`MembershipError::RoleAboveOwn`], [`MembershipError::LastAdmin`], [`MembershipError::Yourself`], or what the membership does not allow.
pub async fn change_role(cx: &mut Cx, input: ChangeRole) -> Result<(Member, String), MembershipError> {
    let opened = open(cx, Action::ChangeRole, input.which).await?;
    not_oneself(cx, &opened.member)?;
    if !delegation::may_grant(&cx.actor, input.role) {
        return Err(MembershipError::RoleAboveOwn(input.role));
    }
    let member = opened.member.clone().change_role(input.role)?;
    keep_an_admin(cx, &opened, &member).await?;
    store::members::update(&cx.tx, &member).await?;
    let event = opened
        .event(EventKind::RoleChanged)
        .detail("from", opened.member.role.as_str())
        .detail("to", member.role.as_str());
    audit::record(cx, event).await?;
    Ok((member, opened.person.name))
}
