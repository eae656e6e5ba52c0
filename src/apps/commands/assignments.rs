//! Assigning an application to a member, changing what they hold, taking it away, giving it back.

use super::AssignError;
use crate::{
    access::{Action, Actor, Refused},
    apps::{Application, Assignment, Entitlement, GrantError},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{AssignmentId, MemberId, ScopeId, Timestamp, last_day},
    mail::{self, Letter},
    organizations::Organization,
    people::{Member, MemberStatus, delegation, still_acting},
    store::{
        self,
        holdings::Which,
        issuer::{ending, grants::Whose},
    },
    web::routes,
};

/// Assigns an entitlement to a member, with some of its scopes, at the latest until `ends_at` (none: as long as the
/// entitlement). Holds the entitlement's row until the transaction ends, so that seats are counted one at a time.
/// An end beyond contract, membership or entitlement is drawn in to the first of these.
///
/// It does not authorise: that is the caller's part (assigning, accepting an invitation, rotating, applying a file).
///
/// # Errors
/// [`AssignError`] says what is in the way; nothing is written then.
pub async fn grant_assignment(
    cx: &mut Cx,
    organization: &Organization,
    member: &Member,
    entitlement: &Entitlement,
    scopes: Vec<ScopeId>,
    ends_at: Option<Timestamp>,
) -> Result<Assignment, AssignError> {
    let entitlement = store::grants::entitlement_locked(&cx.tx, organization.id, entitlement.id)
        .await?
        .ok_or(Refused::NotFound)?;
    if member.organization != organization.id {
        return Err(Refused::NotFound.into());
    }
    let application = store::applications::get(&cx.tx, entitlement.application)
        .await?
        .ok_or(Refused::NotFound)?;
    if !entitlement.is_in_force_at(cx.now) || !application.is_offered() {
        return Err(AssignError::NotEntitled);
    }
    let name = name_of(cx, member).await?;
    if member.status == MemberStatus::Removed || member.ends_at.is_some_and(|end| end <= cx.now) {
        return Err(AssignError::NotAMember { name });
    }
    clear_ended(cx, member, &entitlement).await?;
    if let Some(seats) = entitlement.seats {
        let taken = store::grants::entitlement_seats_taken(&cx.tx, entitlement.id, cx.now).await?;
        let held = store::grants::assignment_of(&cx.tx, member.id, entitlement.id).await?.is_some();
        if !held && taken >= u64::try_from(seats).unwrap_or_default() {
            return Err(AssignError::NoSeatLeft { seats });
        }
    }
    let blank = Assignment {
        id: AssignmentId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        entitlement: entitlement.id,
        application: entitlement.application,
        member: member.id,
        starts_at: cx.now,
        ends_at: None,
        revoked_at: None,
        last_used_at: None,
        scopes: Vec::new(),
        version: 1,
    };
    let bound = end_of_chain(cx, member, &entitlement).await?;
    if bound.is_some_and(|end| end <= cx.now) {
        return Err(GrantError::BeyondEnd.into());
    }
    let ends_at = ends_at.map(|end| bound.map_or(end, |bound| end.min(bound)));
    let assignment = blank.change(&entitlement, scopes, ends_at, cx.now)?;
    if !store::grants::insert_assignment(&cx.tx, &assignment, cx.now).await? {
        return Err(AssignError::AlreadyAssigned { name });
    }
    let event = Event::new(EventKind::AssignmentGranted)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("member", member.id, name))
        .application(application.id, &application.name)
        .detail("assignment", assignment.id.to_string())
        .detail("scopes", scope_names(cx, &assignment).await?)
        .detail("ends_at", assignment.ends_at.map(|end| end.to_rfc3339()));
    audit::record(cx, event).await?;
    Ok(assignment)
}

/// The first end above an assignment: entitlement, membership, contract (the one that ends last, in force or to come).
pub(super) async fn end_of_chain(cx: &Cx, member: &Member, entitlement: &Entitlement) -> Result<Option<Timestamp>, AssignError> {
    let contracts = store::contracts::of_organization(&cx.tx, member.organization).await?;
    let contract = contracts.first().map(|contract| contract.ends_at);
    Ok([contract, member.ends_at, entitlement.ends_at].into_iter().flatten().min())
}

/// An assignment that is past its end makes room for a new one of the same member.
async fn clear_ended(cx: &Cx, member: &Member, entitlement: &Entitlement) -> Result<(), AssignError> {
    let Some(old) = store::grants::assignment_of(&cx.tx, member.id, entitlement.id).await? else {
        return Ok(());
    };
    if let Some(end) = old.ends_at.filter(|end| *end <= cx.now) {
        store::grants::update_assignment(&cx.tx, &old.revoke(end)?).await?;
    }
    Ok(())
}

/// The member's name, for the trail and for messages.
pub(super) async fn name_of(cx: &Cx, member: &Member) -> Result<String, AssignError> {
    let person = store::people::get(&cx.tx, member.person).await?.ok_or(Refused::NotFound)?;
    Ok(person.name)
}

/// The names of an assignment's scopes, for the trail.
pub(super) async fn scope_names(cx: &Cx, assignment: &Assignment) -> Result<Vec<String>, AssignError> {
    let scopes = store::applications::scopes_of(&cx.tx, &[assignment.application]).await?;
    Ok(scopes
        .into_iter()
        .filter(|scope| assignment.scopes.contains(&scope.id))
        .map(|scope| scope.name)
        .collect())
}

/// An application for one or several members.
#[derive(Clone, Debug)]
pub struct AssignApplication {
    /// The application's name in addresses.
    pub application: String,
    /// For whom.
    pub members: Vec<MemberId>,
    /// Which of the organization's scopes.
    pub scopes: Vec<ScopeId>,
    /// Until when; none means as long as the organization holds it.
    pub ends_at: Option<Timestamp>,
}

/// Assigns an application to members of the actor's own organization: to all of them or to none (mission C1, E4).
///
/// # Errors
/// [`AssignError`] says what is in the way.
pub async fn assign_application(cx: &mut Cx, input: AssignApplication) -> Result<Vec<Assignment>, AssignError> {
    let organization = own_organization(cx).await?;
    cx.authorise(Action::AssignApplication, &organization)?;
    let application = store::applications::find_by_slug(&cx.tx, &input.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let entitlement = store::grants::entitlement_for(&cx.tx, organization.id, application.id)
        .await?
        .ok_or(Refused::NotFound)?;
    if input.members.is_empty() {
        return Err(AssignError::Nobody);
    }
    let mut granted = Vec::with_capacity(input.members.len());
    let mut members = input.members;
    members.sort_unstable();
    members.dedup();
    for id in members {
        let member = managed_member(cx, &organization, id).await?;
        let ends_at = within_bounds(cx, &member, &entitlement, input.ends_at).await?;
        let assignment = grant_assignment(cx, &organization, &member, &entitlement, input.scopes.clone(), ends_at).await?;
        tell(cx, &organization, &application, &member, &assignment).await?;
        granted.push(assignment);
    }
    Ok(granted)
}

/// Writes to whom an application was assigned, unless they did it themselves.
async fn tell(
    cx: &mut Cx,
    organization: &Organization,
    application: &Application,
    member: &Member,
    assignment: &Assignment,
) -> Result<(), AssignError> {
    let Some(by) = cx.actor.person().filter(|by| by.id != member.person).map(|by| by.name.clone()) else {
        return Ok(());
    };
    let person = store::people::get(&cx.tx, member.person).await?.ok_or(Refused::NotFound)?;
    let letter = Letter::ApplicationAssigned {
        organization: organization.name.clone(),
        application: application.name.clone(),
        by,
        ends_at: assignment.ends_at,
        link: format!("{}{}", cx.settings.public_url, routes::app(&application.slug)),
    };
    Ok(mail::queue(cx, &person.email, Some(organization.id), letter).await?)
}

/// Other scopes or another end for something a member holds.
#[derive(Clone, Debug)]
pub struct ChangeAssignment {
    /// Which.
    pub assignment: AssignmentId,
    /// As it was when the page was made.
    pub version: i32,
    /// Which of the organization's scopes.
    pub scopes: Vec<ScopeId>,
    /// Until when; none means as long as the organization holds it.
    pub ends_at: Option<Timestamp>,
}

/// An assignment that was changed or ended, with whom and what it concerned.
#[derive(Clone, Debug)]
pub struct ChangedAssignment {
    /// As it is now.
    pub assignment: Assignment,
    /// The application.
    pub application: Application,
    /// The member's name.
    pub name: String,
}

/// Narrows, widens or moves the end of an assignment, never beyond the entitlement.
///
/// # Errors
/// [`AssignError`] says what is in the way; [`store::StoreError::Stale`] when it was changed meanwhile.
pub async fn change_assignment(cx: &mut Cx, input: ChangeAssignment) -> Result<ChangedAssignment, AssignError> {
    let organization = own_organization(cx).await?;
    cx.authorise(Action::AssignApplication, &organization)?;
    let assignment = store::grants::assignment(&cx.tx, organization.id, input.assignment)
        .await?
        .ok_or(Refused::NotFound)?;
    let member = managed_member(cx, &organization, assignment.member).await?;
    let entitlement = store::grants::entitlement_locked(&cx.tx, organization.id, assignment.entitlement)
        .await?
        .ok_or(Refused::NotFound)?;
    if !entitlement.is_in_force_at(cx.now) {
        return Err(AssignError::NotEntitled);
    }
    if assignment.revoked_at.is_none() && assignment.version != input.version {
        return Err(store::StoreError::Stale.into());
    }
    let name = name_of(cx, &member).await?;
    if member.status == MemberStatus::Removed {
        return Err(AssignError::NotAMember { name });
    }
    let ends_at = within_bounds(cx, &member, &entitlement, input.ends_at).await?;
    let had_ended = assignment.ends_at.is_some_and(|end| end <= cx.now);
    let changed = assignment.clone().change(&entitlement, input.scopes, ends_at, cx.now)?;
    if let Some(seats) = entitlement.seats.filter(|_| had_ended) {
        // It comes back to life, so it takes a seat again.
        if store::grants::entitlement_seats_taken(&cx.tx, entitlement.id, cx.now).await? >= u64::try_from(seats).unwrap_or_default() {
            return Err(AssignError::NoSeatLeft { seats });
        }
    }
    store::grants::update_assignment(&cx.tx, &changed).await?;
    let application = store::applications::get(&cx.tx, changed.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let event = Event::new(EventKind::AssignmentChanged)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("member", member.id, &name))
        .application(application.id, &application.name)
        .detail("assignment", changed.id.to_string())
        .detail("scopes_before", scope_names(cx, &assignment).await?)
        .detail("scopes", scope_names(cx, &changed).await?)
        .detail("ends_at_before", assignment.ends_at.map(|end| end.to_rfc3339()))
        .detail("ends_at", changed.ends_at.map(|end| end.to_rfc3339()));
    audit::record(cx, event).await?;
    Ok(ChangedAssignment {
        assignment: changed,
        application,
        name,
    })
}

/// Takes an assignment away, at once.
///
/// # Errors
/// [`GrantError::Revoked`] when it already was.
pub async fn revoke_assignment(cx: &mut Cx, id: AssignmentId, reason: Option<String>) -> Result<ChangedAssignment, AssignError> {
    let organization = own_organization(cx).await?;
    cx.authorise(Action::AssignApplication, &organization)?;
    let assignment = store::grants::assignment(&cx.tx, organization.id, id)
        .await?
        .ok_or(Refused::NotFound)?;
    managed_member(cx, &organization, assignment.member).await?;
    end_assignment(cx, &organization, assignment, EventKind::AssignmentRevoked, reason).await
}

/// Gives an application back: the active member ends their own assignment. It needs no role, because it only takes from oneself.
///
/// # Errors
/// [`Refused::NotFound`] when they hold nothing of that name.
pub async fn return_application(cx: &mut Cx, slug: &str) -> Result<ChangedAssignment, AssignError> {
    let organization = own_organization(cx).await?;
    let member = cx.actor.member().map(|member| member.id).ok_or(Refused::NotFound)?;
    let held = store::holdings::held_by_member(&cx.tx, member, Which::Named(slug)).await?;
    let assignment = held.into_iter().map(|held| held.assignment).next_back().ok_or(Refused::NotFound)?;
    end_assignment(cx, &organization, assignment, EventKind::AssignmentReturned, None).await
}

/// Asked before a form's fields are looked at: whether the actor may assign, and application and members are the organization's own.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_assign(cx: &Cx, application: &str, members: &[MemberId]) -> Result<(), AssignError> {
    let organization = own_organization(cx).await?;
    cx.authorise(Action::AssignApplication, &organization)?;
    let application = store::applications::find_by_slug(&cx.tx, application)
        .await?
        .ok_or(Refused::NotFound)?;
    store::grants::entitlement_for(&cx.tx, organization.id, application.id)
        .await?
        .ok_or(Refused::NotFound)?;
    for id in members {
        managed_member(cx, &organization, *id).await?;
    }
    Ok(())
}

/// The same for something that a member holds.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_change_assignment(cx: &Cx, id: AssignmentId) -> Result<(), AssignError> {
    let organization = own_organization(cx).await?;
    cx.authorise(Action::AssignApplication, &organization)?;
    let assignment = store::grants::assignment(&cx.tx, organization.id, id)
        .await?
        .ok_or(Refused::NotFound)?;
    managed_member(cx, &organization, assignment.member).await?;
    Ok(())
}

/// A member of the organization, when the actor's own role lets them act on that one.
async fn managed_member(cx: &Cx, organization: &Organization, id: MemberId) -> Result<Member, AssignError> {
    let member = store::members::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
    delegation::must_manage(&cx.actor, Action::AssignApplication, &member)?;
    Ok(member)
}

async fn end_assignment(
    cx: &mut Cx,
    organization: &Organization,
    assignment: Assignment,
    kind: EventKind,
    reason: Option<String>,
) -> Result<ChangedAssignment, AssignError> {
    let member = store::members::get(&cx.tx, organization.id, assignment.member)
        .await?
        .ok_or(Refused::NotFound)?;
    let name = name_of(cx, &member).await?;
    let application = store::applications::get(&cx.tx, assignment.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let assignment = assignment.revoke(cx.now)?;
    store::grants::update_assignment(&cx.tx, &assignment).await?;
    let because = "The assignment was taken away.";
    let ended = ending::end_at(&cx.tx, Whose::Member(member.id), application.id, because, cx.now).await?;
    let event = Event::new(kind)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("member", member.id, &name))
        .application(application.id, &application.name)
        .reason_given(reason)
        .ended(ended)
        .detail("assignment", assignment.id.to_string())
        .detail("scopes", scope_names(cx, &assignment).await?);
    audit::record(cx, event).await?;
    Ok(ChangedAssignment {
        assignment,
        application,
        name,
    })
}

/// The organization in whose name the actor acts, and still does, held until the transaction ends; there is none in the tenant's hat.
pub(super) async fn own_organization(cx: &Cx) -> Result<Organization, AssignError> {
    if matches!(cx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    let id = cx.actor.organization().ok_or(Refused::NotFound)?;
    let organization = store::organizations::get_locked(&cx.tx, id).await?.ok_or(Refused::NotFound)?;
    still_acting::<AssignError>(cx).await?;
    Ok(organization)
}

/// The wanted end, when it is not on a later day than what it is part of; on the very last day it is that thing's own end.
async fn within_bounds(
    cx: &Cx,
    member: &Member,
    entitlement: &Entitlement,
    ends_at: Option<Timestamp>,
) -> Result<Option<Timestamp>, AssignError> {
    let Some(ends_at) = ends_at else { return Ok(None) };
    let Some(bound) = end_of_chain(cx, member, entitlement).await? else {
        return Ok(Some(ends_at));
    };
    let possible = last_day(bound, cx.tenant.time_zone);
    if last_day(ends_at, cx.tenant.time_zone) > possible {
        return Err(AssignError::TooLate {
            name: name_of(cx, member).await?,
            last_day: possible,
        });
    }
    Ok(Some(ends_at.min(bound)))
}
