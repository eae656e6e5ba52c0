//! From an invitation in hand to the membership: uses it up, counts seats, makes the member and what was promised, or nothing.

use super::{
    super::{Invitation, InvitationStatus},
    AcceptError, Opened,
};
use crate::{
    access::Actor,
    apps::commands::{AssignError, grant_assignment},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{MemberId, PersonId},
    organizations::{Contract, Organization},
    people::{Member, MemberStatus, Person, close_ended},
    signin::identify,
    store::{self, StoreError, sessions::SignedInAs},
};

/// What came of an invitation.
#[derive(Debug)]
pub struct Accepted {
    /// Who.
    pub person: PersonId,
    /// Their membership.
    pub member: MemberId,
    /// Name of the organization.
    pub organization: String,
    /// Applications that were promised but that the organization cannot give any more.
    pub left_out: Vec<String>,
}

/// Makes the membership of `person`, with the organization locked by the caller.
pub(in crate::people::invitations) async fn settle(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    opened: &Opened,
    person: &Person,
) -> Result<Accepted, AcceptError> {
    let contract = store::contracts::in_force(&cx.tx, organization.id, cx.now).await?;
    let open = organization.takes_changes_at(cx.now, cx.tenant.certification_grace_days);
    let Some(contract) = contract.filter(|_| open) else {
        return Err(AcceptError::Closed(organization.name.clone()));
    };
    let member = match invitation.member {
        Some(id) => joiner(cx, organization, person, id).await?,
        None => new_member(cx, organization, invitation, person, &contract).await?,
    };
    // The end of the race: one of two acceptances finds the row still waiting.
    if !store::invitations::use_up(&cx.tx, invitation.id, &invitation.token_hash, member.id, cx.now).await? {
        return Err(AcceptError::Unusable);
    }
    let newcomer = matches!(cx.actor, Actor::Anonymous);
    if newcomer {
        become_actor(cx, person, &member).await?;
    }
    let event = Event::new(EventKind::InvitationAccepted)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("member", member.id, person.name.clone()))
        .detail("invitation", invitation.id.to_string())
        .detail("role", member.role.as_str())
        .detail("ends_at", member.ends_at.map(|end| end.to_rfc3339()))
        .detail("existing_account", !newcomer);
    audit::record(cx, event).await?;
    let left_out = grant_applications(cx, organization, invitation, &member).await?;
    debug_assert!(opened.id == invitation.id && invitation.status == InvitationStatus::Pending);
    Ok(Accepted {
        person: person.id,
        member: member.id,
        organization: organization.name.clone(),
        left_out,
    })
}

/// The member that a rotation made, whose account is set up now.
async fn joiner(cx: &Cx, organization: &Organization, person: &Person, id: MemberId) -> Result<Member, AcceptError> {
    let member = store::members::get(&cx.tx, organization.id, id)
        .await?
        .ok_or(AcceptError::Unusable)?;
    let over = member.status == MemberStatus::Removed || member.ends_at.is_some_and(|end| end <= cx.now);
    if over || member.person != person.id {
        Err(AcceptError::Unusable)
    } else {
        Ok(member)
    }
}

async fn new_member(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    person: &Person,
    contract: &Contract,
) -> Result<Member, AcceptError> {
    if let Some(old) = store::members::find(&cx.tx, organization.id, person.id).await? {
        if old.ends_at.is_none_or(|end| cx.now < end) {
            return Err(AcceptError::AlreadyMember(organization.name.clone()));
        }
        // A membership past its end makes room; the new one is a new subject.
        let ended = old.remove(None, cx.now)?;
        close_ended(cx, organization, &ended, &person.name).await?;
    }
    let taken = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
    if taken >= u64::try_from(contract.seats).unwrap_or_default() {
        return Err(AcceptError::NoSeat(organization.name.clone()));
    }
    let member = Member {
        id: MemberId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        person: person.id,
        role: invitation.role,
        status: MemberStatus::Active,
        status_reason: None,
        starts_at: cx.now,
        // The contract may have been shortened since the invitation was sent.
        ends_at: invitation.member_ends_at.map(|end| end.min(contract.ends_at)),
        read_only: false,
        rotated_to: None,
        rotated_from: None,
        last_seen_at: None,
        created_at: cx.now,
        version: 1,
    };
    if store::members::insert(&cx.tx, &member).await? {
        Ok(member)
    } else {
        Err(AcceptError::AlreadyMember(organization.name.clone()))
    }
}

/// From here on the newcomer acts: what follows is theirs in the trail.
async fn become_actor(cx: &mut Cx, person: &Person, member: &Member) -> Result<(), StoreError> {
    let who = SignedInAs {
        person: person.id,
        member: Some(member.id),
        at: cx.now,
        second_factor_at: None,
        through: None,
    };
    if let Some(found) = identify(&cx.tx, &who, Vec::new(), &cx.tenant, cx.now).await? {
        cx.actor = found.actor;
    }
    Ok(())
}

/// Assigns what was promised, as far as the organization still holds it; answers what had to be left out.
async fn grant_applications(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    member: &Member,
) -> Result<Vec<String>, AcceptError> {
    let mut left_out = Vec::new();
    for grant in &invitation.grants {
        let Some(entitlement) = store::grants::entitlement(&cx.tx, organization.id, grant.entitlement).await? else {
            continue;
        };
        let scopes: Vec<_> = grant
            .scopes
            .iter()
            .copied()
            .filter(|scope| entitlement.scopes.contains(scope))
            .collect();
        match grant_assignment(cx, organization, member, &entitlement, scopes, grant.ends_at).await {
            Ok(_) => {}
            Err(AssignError::Store(error)) => return Err(error.into()),
            Err(_) => {
                let name = store::applications::get(&cx.tx, entitlement.application).await?;
                left_out.push(name.map_or_else(|| "an application".to_owned(), |application| application.name));
            }
        }
    }
    Ok(left_out)
}
