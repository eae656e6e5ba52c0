//! Who may act on whom, and give which role (mission E4): never above one's own. The tenant's own people stand outside of the
//! partner's roles; what they may do the policies say.

use super::{Member, MemberRole};
use crate::access::{Action, Actor, Refused};

/// Whether the actor's own role lets them act on this member. Nobody acts on themself, except to hand over.
#[must_use]
pub fn may_manage(actor: &Actor, member: &Member) -> bool {
    match (actor, actor.member()) {
        (_, Some(acting)) => acting.role.may_manage(member.role),
        (Actor::Person(_) | Actor::System(_), None) => true,
        (Actor::Anonymous | Actor::SetUp(_) | Actor::Client(_), None) => false,
    }
}

/// The same, as a refusal of what they were about to do.
///
/// # Errors
/// [`Refused::Forbidden`] says that the member's role is above the actor's own.
pub fn must_manage(actor: &Actor, action: Action, member: &Member) -> Result<(), Refused> {
    if may_manage(actor, member) {
        return Ok(());
    }
    let reason = format!("A {} has more rights than you.", member.role.title().to_lowercase());
    Err(Refused::Forbidden { action, reason })
}

/// Whether the actor's own role lets them give this role to someone.
#[must_use]
pub fn may_grant(actor: &Actor, role: MemberRole) -> bool {
    match (actor, actor.member()) {
        (_, Some(acting)) => acting.role.may_grant(role),
        (Actor::Person(_) | Actor::System(_), None) => true,
        (Actor::Anonymous | Actor::SetUp(_) | Actor::Client(_), None) => false,
    }
}

/// Whether the member is the actor, in whatever hat.
#[must_use]
pub fn is_oneself(actor: &Actor, member: &Member) -> bool {
    actor.person().is_some_and(|person| person.id == member.person)
}
