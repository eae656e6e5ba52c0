//! What the pages about people show: the list of a team, one member, and what may be done to them.

use std::collections::HashMap;

use super::{Member, MemberCursor, MemberFilter, MemberPage, MemberRole, MemberStatus, Person, Standing, delegation};
use crate::{
    access::{Action, LaunchFacts, Refused},
    apps::{Application, Scope},
    cx::Qx,
    kernel::{ApplicationId, MemberId, Timestamp},
    organizations::{Contract, Organization},
    store::{self, StoreError},
    web::PageError,
};

/// How many people stand on one page.
pub const PAGE_SIZE: usize = 50;

/// One person of a list.
#[derive(Clone, Debug)]
pub struct TeamPerson {
    /// The membership.
    pub member: Member,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Where the membership stands.
    pub standing: Standing,
    /// How many applications they hold now.
    pub applications: u64,
    /// When the membership or the contract ends, whichever is first.
    pub ends_at: Option<Timestamp>,
}

/// A page of the people of an organization.
#[derive(Clone, Debug)]
pub struct Team {
    /// The people, in the wanted order.
    pub people: Vec<TeamPerson>,
    /// How many pass the filter.
    pub total: u64,
    /// Seats taken and seats of the contract in force.
    pub seats: Option<(u64, u64)>,
    /// Where the page before ends.
    pub before: Option<MemberCursor>,
    /// Where the next page begins.
    pub after: Option<MemberCursor>,
}

/// The organization whose hat is worn, for those who may see its people.
///
/// # Errors
/// [`PageError`]: not found without a partner's hat, forbidden for those who only use applications.
pub async fn own_team(qx: &Qx) -> Result<Organization, PageError> {
    if qx.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let id = qx.actor.organization().ok_or(Refused::NotFound)?;
    let organization = store::organizations::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    qx.authorise(Action::ViewTeam, &organization)?;
    Ok(organization)
}

/// A page of people.
///
/// # Errors
/// [`PageError`] when the actor may not see them, or the database does not answer.
pub async fn team(qx: &Qx, organization: &Organization, filter: &MemberFilter, page: &MemberPage) -> Result<Team, PageError> {
    qx.authorise(Action::ViewTeam, organization)?;
    let contract = store::contracts::in_force(&qx.db, organization.id, qx.now).await?;
    let listed = store::members::list(&qx.db, organization.id, filter, page, PAGE_SIZE, qx.now).await?;
    let total = store::members::count(&qx.db, organization.id, filter, qx.now).await?;
    let taken = store::members::seats_taken(&qx.db, organization.id, qx.now).await?;
    let ids: Vec<MemberId> = listed.rows.iter().map(|row| row.member.id).collect();
    let held = store::grants::held_by_members(&qx.db, &ids, qx.now).await?;
    let contract_end = contract.as_ref().map(|contract| contract.ends_at);
    let people = listed
        .rows
        .into_iter()
        .map(|row| team_person(row, &held, contract_end, qx.now))
        .collect();
    let seats = contract.map(|contract| (taken, u64::try_from(contract.seats).unwrap_or_default()));
    Ok(Team {
        people,
        total,
        seats,
        before: listed.before,
        after: listed.after,
    })
}

fn team_person(
    row: store::members::ListedMember,
    held: &HashMap<MemberId, u64>,
    contract_end: Option<Timestamp>,
    now: Timestamp,
) -> TeamPerson {
    let store::members::ListedMember { member, name, email } = row;
    let standing = member.standing_at(now);
    TeamPerson {
        name,
        email,
        standing,
        applications: if standing.is_over() {
            0
        } else {
            held.get(&member.id).copied().unwrap_or_default()
        },
        ends_at: if standing.is_over() {
            member.ends_at
        } else {
            member.ends_at.into_iter().chain(contract_end).min()
        },
        member,
    }
}

/// An application that a member holds.
#[derive(Clone, Debug)]
pub struct HeldApplication {
    /// Which.
    pub application: Application,
    /// Scopes that count now.
    pub scopes: Vec<Scope>,
}

/// What the actor may do to a member; for showing or hiding forms, the commands decide again.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// Suspend.
    pub suspend: bool,
    /// Reinstate.
    pub reinstate: bool,
    /// Remove.
    pub remove: bool,
    /// Set a leave date.
    pub leave: bool,
    /// Hand over to a successor.
    pub rotate: bool,
    /// Give one of these roles; empty when none.
    pub roles: Vec<MemberRole>,
}

/// One member, as their page shows them.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The organization.
    pub organization: Organization,
    /// The membership.
    pub member: Member,
    /// The person.
    pub person: Person,
    /// Where the membership stands.
    pub standing: Standing,
    /// The contract in force.
    pub contract: Option<Contract>,
    /// When the membership or the contract ends, whichever is first.
    pub ends_at: Option<Timestamp>,
    /// What they hold, by name.
    pub held: Vec<HeldApplication>,
    /// Whom they took over from, with the name.
    pub rotated_from: Option<(MemberId, String)>,
    /// Who took over from them, with the name.
    pub rotated_to: Option<(MemberId, String)>,
    /// Live sessions in this hat.
    pub sessions: u64,
    /// Whether the actor looks at themself.
    pub is_oneself: bool,
    /// What may be done.
    pub allowed: Allowed,
}

/// One member of an organization the actor may see.
///
/// # Errors
/// [`PageError`]: not found for a member of another organization.
pub async fn profile(qx: &Qx, organization: Organization, id: MemberId) -> Result<Profile, PageError> {
    qx.authorise(Action::ViewTeam, &organization)?;
    let member = store::members::get(&qx.db, organization.id, id).await?.ok_or(PageError::NotFound)?;
    let person = store::people::get(&qx.db, member.person).await?.ok_or(PageError::NotFound)?;
    let contract = store::contracts::in_force(&qx.db, organization.id, qx.now).await?;
    let standing = member.standing_at(qx.now);
    let contract_end = contract.as_ref().map(|contract| contract.ends_at);
    let idle = chrono::Duration::minutes(qx.settings.session_idle_minutes);
    Ok(Profile {
        held: held_applications(qx, &organization, contract.as_ref(), &member).await?,
        rotated_from: named(qx, &organization, member.rotated_from).await?,
        rotated_to: named(qx, &organization, member.rotated_to).await?,
        sessions: store::sessions::live_of_member(&qx.db, member.id, qx.now, idle).await?,
        ends_at: if standing.is_over() {
            member.ends_at
        } else {
            member.ends_at.into_iter().chain(contract_end).min()
        },
        is_oneself: delegation::is_oneself(&qx.actor, &member),
        allowed: allowed(qx, &organization, &member, standing),
        standing,
        contract,
        person,
        member,
        organization,
    })
}

async fn named(qx: &Qx, organization: &Organization, id: Option<MemberId>) -> Result<Option<(MemberId, String)>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    let Some(member) = store::members::get(&qx.db, organization.id, id).await? else {
        return Ok(None);
    };
    let person = store::people::get(&qx.db, member.person).await?;
    Ok(person.map(|person| (id, person.name)))
}

async fn held_applications(
    qx: &Qx,
    organization: &Organization,
    contract: Option<&Contract>,
    member: &Member,
) -> Result<Vec<HeldApplication>, StoreError> {
    let assignments = store::grants::assignments_of_member(&qx.db, member.id).await?;
    if assignments.is_empty() {
        return Ok(Vec::new());
    }
    let entitlements = store::grants::entitlements_of(&qx.db, organization.id).await?;
    let ids: Vec<ApplicationId> = assignments.iter().map(|assignment| assignment.application).collect();
    let catalogue: HashMap<ApplicationId, Application> = store::applications::all(&qx.db)
        .await?
        .into_iter()
        .map(|application| (application.id, application))
        .collect();
    let scopes = store::applications::scopes_of(&qx.db, &ids).await?;
    let grace = qx.tenant.certification_grace_days;
    let mut held = Vec::with_capacity(assignments.len());
    for assignment in assignments {
        let Some(application) = catalogue.get(&assignment.application) else {
            continue;
        };
        let entitlement = entitlements.iter().find(|entitlement| entitlement.id == assignment.entitlement);
        let own: Vec<Scope> = scopes.iter().filter(|scope| scope.application == application.id).cloned().collect();
        let facts = LaunchFacts::new(
            organization,
            contract,
            member,
            application,
            entitlement,
            Some(&assignment),
            &own,
            grace,
            qx.now,
        );
        held.push(HeldApplication {
            scopes: facts.scopes,
            application: application.clone(),
        });
    }
    held.sort_by_key(|held| held.application.name.to_lowercase());
    Ok(held)
}

fn allowed(qx: &Qx, organization: &Organization, member: &Member, standing: Standing) -> Allowed {
    let manages = delegation::may_manage(&qx.actor, member);
    let oneself = delegation::is_oneself(&qx.actor, member);
    let removed = member.status == MemberStatus::Removed;
    let may = |action| qx.may(action, organization);
    let on_others = manages && !oneself && !removed;
    let roles = if on_others && !member.read_only && may(Action::ChangeRole) {
        MemberRole::ALL
            .iter()
            .copied()
            .filter(|role| *role != member.role && delegation::may_grant(&qx.actor, *role))
            .collect()
    } else {
        Vec::new()
    };
    Allowed {
        suspend: on_others && member.status == MemberStatus::Active && may(Action::SuspendMember),
        reinstate: on_others && standing == Standing::Suspended && may(Action::ReinstateMember),
        remove: on_others && may(Action::RemoveMember),
        leave: on_others && !member.read_only && may(Action::ScheduleLeave),
        rotate: manages
            && !member.read_only
            && !standing.is_over()
            && delegation::may_grant(&qx.actor, member.role)
            && may(Action::RotateMember),
        roles,
    }
}
