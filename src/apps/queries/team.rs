//! What a partner admin sees: what the organization holds, who has what, and whom it can be assigned to.

use std::collections::HashMap;

use chrono::Duration;

use crate::{
    access::{Action, Actor, LaunchFacts, Refused},
    apps::{Application, Assignment, Entitlement, Scope, chain::governing},
    cx::Qx,
    kernel::{ApplicationId, AssignmentId, Timestamp},
    organizations::{Contract, Organization},
    people::{Member, delegation::may_manage},
    store::{
        self,
        holdings::{Held, Position, SeatsTaken, Which},
        lookup::Somebody,
    },
    web::PageError,
};

/// An entitlement with what it is about and how full it is.
#[derive(Clone, Debug)]
pub struct TeamApp {
    /// The application.
    pub application: Application,
    /// What the organization holds.
    pub entitlement: Entitlement,
    /// The entitlement's scopes, by name.
    pub scopes: Vec<Scope>,
    /// Seats.
    pub seats: SeatsTaken,
    /// The first end of entitlement and contract.
    pub ends_at: Option<Timestamp>,
    /// Entitlement, application and contract all hold now.
    pub in_force: bool,
}

/// Everything an organization holds.
#[derive(Debug)]
pub struct TeamApps {
    /// Whose.
    pub organization: Organization,
    /// By name of the application.
    pub apps: Vec<TeamApp>,
    /// Whether the actor may assign.
    pub may_assign: bool,
}

/// The entitlements of the actor's organization.
///
/// # Errors
/// [`PageError`] when they may not see them.
pub async fn team_apps(qx: &Qx) -> Result<TeamApps, PageError> {
    let organization = own_organization(qx).await?;
    qx.authorise(Action::ViewTeamApps, &organization)?;
    let apps = held_by_organization(qx, &organization).await?;
    Ok(TeamApps {
        may_assign: qx.may(Action::AssignApplication, &organization),
        organization,
        apps,
    })
}

/// What an organization holds, for whoever was authorised already: six queries.
pub(super) async fn held_by_organization(qx: &Qx, organization: &Organization) -> Result<Vec<TeamApp>, PageError> {
    let entitlements = store::grants::entitlements_of(&qx.db, organization.id).await?;
    let ids: Vec<ApplicationId> = entitlements.iter().map(|entitlement| entitlement.application).collect();
    let mut applications: HashMap<_, _> = store::applications::get_many(&qx.db, &ids)
        .await?
        .into_iter()
        .map(|application| (application.id, application))
        .collect();
    let scopes = store::applications::scopes_of(&qx.db, &ids).await?;
    let soon = qx.now + Duration::days(qx.tenant.warning_days.into());
    let seats = store::holdings::seats_taken(&qx.db, organization.id, qx.now, soon).await?;
    let contract = contract_of(qx, organization).await?;
    let mut apps: Vec<TeamApp> = entitlements
        .into_iter()
        .filter_map(|entitlement| {
            let application = applications.remove(&entitlement.application)?;
            let seats = seats.get(&entitlement.id).copied().unwrap_or_default();
            Some(team_app(qx, application, entitlement, &scopes, seats, contract.as_ref()))
        })
        .collect();
    apps.sort_by_key(|app| app.application.name.to_lowercase());
    Ok(apps)
}

fn team_app(
    qx: &Qx,
    application: Application,
    entitlement: Entitlement,
    scopes: &[Scope],
    seats: SeatsTaken,
    contract: Option<&Contract>,
) -> TeamApp {
    let scopes = scopes
        .iter()
        .filter(|scope| entitlement.scopes.contains(&scope.id))
        .cloned()
        .collect();
    let ends_at = entitlement
        .ends_at
        .into_iter()
        .chain(contract.map(|contract| contract.ends_at))
        .min();
    let in_force =
        application.is_offered() && entitlement.is_in_force_at(qx.now) && contract.is_some_and(|contract| contract.is_in_force_at(qx.now));
    TeamApp {
        application,
        entitlement,
        scopes,
        seats,
        ends_at,
        in_force,
    }
}

/// Someone who holds an application.
#[derive(Debug)]
pub struct Holder {
    /// Who.
    pub somebody: Somebody,
    /// What they hold.
    pub assignment: Assignment,
    /// The chain of their launch.
    pub facts: LaunchFacts,
    /// Whether the actor's own role lets them act on this person.
    pub manageable: bool,
}

/// One application of the organization and who has it.
#[derive(Debug)]
pub struct TeamApplication {
    /// Whose.
    pub organization: Organization,
    /// What.
    pub app: TeamApp,
    /// A page of those who have it, the latest assignment first.
    pub holders: Vec<Holder>,
    /// Whether there are newer ones.
    pub newer: bool,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether the actor may assign.
    pub may_assign: bool,
}

/// How many people stand on one page.
const PAGE: usize = 50;

/// Who has an application, a page at a time.
///
/// # Errors
/// [`PageError::NotFound`] when the organization does not hold it.
pub async fn team_application(qx: &Qx, slug: &str, search: Option<&str>, position: Position) -> Result<TeamApplication, PageError> {
    let (organization, app, contract) = load(qx, slug).await?;
    let (rows, newer, older) = store::holdings::holders(&qx.db, organization.id, app.entitlement.id, search, position, PAGE).await?;
    let holders = rows
        .into_iter()
        .map(|(assignment, somebody)| holder(qx, &organization, &app, contract.as_ref(), assignment, somebody))
        .collect();
    Ok(TeamApplication {
        may_assign: qx.may(Action::AssignApplication, &organization),
        organization,
        app,
        holders,
        newer,
        older,
    })
}

async fn load(qx: &Qx, slug: &str) -> Result<(Organization, TeamApp, Option<Contract>), PageError> {
    let organization = own_organization(qx).await?;
    qx.authorise(Action::ViewTeamApps, &organization)?;
    let application = store::applications::find_by_slug(&qx.db, slug).await?.ok_or(PageError::NotFound)?;
    let entitlement = store::grants::entitlement_for(&qx.db, organization.id, application.id)
        .await?
        .ok_or(PageError::NotFound)?;
    let scopes = store::applications::scopes_of(&qx.db, &[application.id]).await?;
    let soon = qx.now + Duration::days(qx.tenant.warning_days.into());
    let seats = store::holdings::seats_taken(&qx.db, organization.id, qx.now, soon).await?;
    let seats = seats.get(&entitlement.id).copied().unwrap_or_default();
    let contract = contract_of(qx, &organization).await?;
    let app = team_app(qx, application, entitlement, &scopes, seats, contract.as_ref());
    Ok((organization, app, contract))
}

fn holder(
    qx: &Qx,
    organization: &Organization,
    app: &TeamApp,
    contract: Option<&Contract>,
    assignment: Assignment,
    somebody: Somebody,
) -> Holder {
    let facts = LaunchFacts::new(
        organization,
        contract,
        &somebody.member,
        &app.application,
        Some(&app.entitlement),
        Some(&assignment),
        &app.scopes,
        qx.tenant.certification_grace_days,
        qx.now,
    );
    Holder {
        manageable: may_manage(&qx.actor, &somebody.member),
        somebody,
        assignment,
        facts,
    }
}

/// Whom an application can be assigned to.
#[derive(Debug)]
pub struct AssignChoices {
    /// What.
    pub app: TeamApp,
    /// Members who do not have it and whom the actor may act on, by name.
    pub members: Vec<Somebody>,
    /// There are more than shown.
    pub more: bool,
}

/// How many people are offered at a time.
const CHOICES: usize = 50;

/// What the page for assigning offers; `only` narrows it to one member.
///
/// # Errors
/// [`PageError`] when the organization does not hold it, or the actor may not assign.
pub async fn assign_choices(qx: &Qx, slug: &str, search: Option<&str>) -> Result<AssignChoices, PageError> {
    let (organization, app, _) = load(qx, slug).await?;
    qx.authorise(Action::AssignApplication, &organization)?;
    let mut members = store::lookup::candidates(&qx.db, organization.id, app.entitlement.id, search, qx.now, CHOICES as u64 + 1).await?;
    let more = members.len() > CHOICES;
    members.truncate(CHOICES);
    members.retain(|somebody| may_manage(&qx.actor, &somebody.member));
    Ok(AssignChoices { app, members, more })
}

/// One assignment of the organization.
///
/// # Errors
/// [`PageError::NotFound`] when it is another organization's, another application's, or was taken away.
pub async fn team_assignment(qx: &Qx, slug: &str, id: AssignmentId) -> Result<(TeamApp, Holder, bool), PageError> {
    let (organization, app, contract) = load(qx, slug).await?;
    let assignment = store::grants::assignment(&qx.db, organization.id, id)
        .await?
        .filter(|assignment| assignment.entitlement == app.entitlement.id && assignment.revoked_at.is_none())
        .ok_or(PageError::NotFound)?;
    let member = store::members::get(&qx.db, organization.id, assignment.member)
        .await?
        .ok_or(PageError::NotFound)?;
    let person = store::people::get(&qx.db, member.person).await?.ok_or(PageError::NotFound)?;
    let somebody = Somebody {
        member,
        name: person.name,
        email: person.email.as_str().to_owned(),
    };
    let holder = holder(qx, &organization, &app, contract.as_ref(), assignment, somebody);
    let may_assign = holder.manageable && qx.may(Action::AssignApplication, &organization);
    Ok((app, holder, may_assign))
}

/// What one member of an organization holds, and what else could be assigned to them.
#[derive(Debug)]
pub struct MemberHoldings {
    /// Holdings with their chain, by name of the application.
    pub held: Vec<(Held, LaunchFacts)>,
    /// What the organization holds now and the member does not.
    pub available: Vec<Application>,
    /// Whether the actor may assign.
    pub may_assign: bool,
}

/// What a member holds, for the page about them.
///
/// # Errors
/// [`PageError`] when the actor may not see the organization's applications.
pub async fn holdings_of_member(qx: &Qx, organization: &Organization, member: &Member) -> Result<MemberHoldings, PageError> {
    qx.authorise(Action::ViewTeamApps, organization)?;
    if member.organization != organization.id {
        return Err(PageError::NotFound);
    }
    let contract = contract_of(qx, organization).await?;
    let mut held: Vec<_> = store::holdings::held_by_member(&qx.db, member.id, Which::All)
        .await?
        .into_iter()
        .map(|held| {
            let facts = LaunchFacts::new(
                organization,
                contract.as_ref(),
                member,
                &held.application,
                Some(&held.entitlement),
                Some(&held.assignment),
                &held.scopes,
                qx.tenant.certification_grace_days,
                qx.now,
            );
            (held, facts)
        })
        .collect();
    held.sort_by_key(|(held, _)| held.application.name.to_lowercase());
    let stays = !member.standing_at(qx.now).is_over() && !member.read_only;
    let may_assign = stays
        && may_manage(&qx.actor, member)
        && qx.actor.organization() == Some(organization.id)
        && qx.may(Action::AssignApplication, organization);
    let available = if may_assign {
        available(qx, organization, &held).await?
    } else {
        Vec::new()
    };
    Ok(MemberHoldings {
        held,
        available,
        may_assign,
    })
}

async fn available(qx: &Qx, organization: &Organization, held: &[(Held, LaunchFacts)]) -> Result<Vec<Application>, PageError> {
    let entitlements = store::grants::entitlements_of(&qx.db, organization.id).await?;
    let holds = |entitlement: &Entitlement| {
        held.iter()
            .any(|(held, _)| held.entitlement.id == entitlement.id && held.assignment.is_in_force_at(qx.now))
    };
    let ids: Vec<ApplicationId> = entitlements
        .iter()
        .filter(|entitlement| entitlement.is_in_force_at(qx.now) && !holds(entitlement))
        .map(|entitlement| entitlement.application)
        .collect();
    let applications = store::applications::get_many(&qx.db, &ids).await?;
    Ok(applications.into_iter().filter(Application::is_offered).collect())
}

pub(super) async fn contract_of(qx: &Qx, organization: &Organization) -> Result<Option<Contract>, PageError> {
    Ok(governing(store::contracts::of_organization(&qx.db, organization.id).await?, qx.now))
}

async fn own_organization(qx: &Qx) -> Result<Organization, PageError> {
    if matches!(*qx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    let id = qx.actor.organization().ok_or(PageError::NotFound)?;
    store::organizations::get(&qx.db, id).await?.ok_or(PageError::NotFound)
}
