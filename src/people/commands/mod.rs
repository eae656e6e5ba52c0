//! What is done to members, one file per verb; here is what every one of them begins with: the organization held, the decision, the
//! member, and that an admin remains.

mod error;
mod leave;
mod role;
mod rotate;
mod standing;

pub use error::MembershipError;
pub use leave::{ScheduleLeave, schedule_leave};
pub use role::{ChangeRole, change_role};
pub use rotate::{LONGEST_OVERLAP_HOURS, RotateError, RotateMember, Rotated, rotate_member};
pub use standing::{EndMembership, ReinstateMember, reinstate_member, remove_member, suspend_member};

use super::{Member, Person, delegation, run_until, still_acting};
use crate::{
    access::{Action, Refused},
    audit::{Event, EventKind, Subject},
    cx::Cx,
    kernel::{MemberId, OrganizationId, Timestamp, last_day},
    organizations::Organization,
    store::{self, StoreError},
};

/// Which member of which organization, as the page showed them.
#[derive(Clone, Copy, Debug)]
pub struct MemberRef {
    /// From the hat of the actor, or from the partner's page for the tenant's people.
    pub organization: OrganizationId,
    /// Whom.
    pub member: MemberId,
    /// The version the page showed.
    pub version: i32,
}

/// A member about to be changed; nobody else changes members of the organization until the transaction ends.
#[derive(Clone, Debug)]
struct Opened {
    organization: Organization,
    member: Member,
    person: Person,
}

impl Opened {
    /// An event about this member in the organization's trail.
    fn event(&self, kind: EventKind) -> Event {
        Event::new(kind)
            .organization(self.organization.id, self.organization.name.clone())
            .subject(Subject::new("member", self.member.id, self.person.name.clone()))
    }
}

/// Holds the organization, asks the decision point, and loads the member: in this order, so that what was decided still holds when it
/// is written.
async fn open(cx: &Cx, action: Action, which: MemberRef) -> Result<Opened, MembershipError> {
    let organization = store::organizations::get_locked(&cx.tx, which.organization)
        .await?
        .ok_or(Refused::NotFound)?;
    cx.authorise(action, &organization)?;
    still_acting::<MembershipError>(cx).await?;
    let member = store::members::get(&cx.tx, organization.id, which.member)
        .await?
        .ok_or(Refused::NotFound)?;
    delegation::must_manage(&cx.actor, action, &member)?;
    if member.version != which.version {
        return Err(StoreError::Stale.into());
    }
    let person = store::people::get(&cx.tx, member.person).await?.ok_or(Refused::NotFound)?;
    Ok(Opened {
        organization,
        member,
        person,
    })
}

/// Asked before a form's fields are looked at: nobody learns from an error at a field that there is a member who is not theirs.
///
/// # Errors
/// [`MembershipError`] says how to answer.
pub(crate) async fn may(cx: &Cx, action: Action, which: MemberRef) -> Result<(), MembershipError> {
    open(cx, action, which).await.map(drop)
}

/// Refuses what one cannot do to oneself.
fn not_oneself(cx: &Cx, member: &Member) -> Result<(), MembershipError> {
    if delegation::is_oneself(&cx.actor, member) {
        Err(MembershipError::Yourself)
    } else {
        Ok(())
    }
}

/// When the organization's contracts are over; none when it has none.
async fn contract_end(cx: &Cx, organization: OrganizationId) -> Result<Option<Timestamp>, StoreError> {
    Ok(store::contracts::of_organization(&cx.tx, organization)
        .await?
        .first()
        .map(|contract| contract.ends_at))
}

/// The last-admin guard (mission E3): a change must not leave the organization without a partner admin any earlier than it would be
/// without the change, as long as its contract lasts.
async fn keep_an_admin(cx: &Cx, opened: &Opened, after: &Member) -> Result<(), MembershipError> {
    let before = &opened.member;
    if !before.runs_organization_at(cx.now) {
        return Ok(());
    }
    let admins = store::members::admins(&cx.tx, before.organization).await?;
    let others = run_until(admins.iter().filter(|other| other.id != before.id), cx.now);
    let kept = others.max(run_until([after], cx.now));
    let contract = contract_end(cx, before.organization).await?.unwrap_or(Timestamp::MAX_UTC);
    let needed = run_until([before], cx.now).min(contract);
    if kept >= needed {
        return Ok(());
    }
    Err(MembershipError::LastAdmin {
        name: opened.person.name.clone(),
        organization: opened.organization.name.clone(),
        until: (kept > cx.now).then(|| last_day(kept, cx.tenant.time_zone)),
    })
}
