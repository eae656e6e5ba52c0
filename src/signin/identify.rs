//! From a session to an actor: loads the person and checks every end against the clock, on each request anew.

use crate::{
    access::{ActingMember, Actor, Hat, SignedIn},
    kernel::Timestamp,
    organizations::{OrganizationStatus, Tenant},
    people::Person,
    store::{
        Db, StoreError,
        identity::{self, Identity, Membership},
        sessions::SignedInAs,
    },
};

/// Why a hat cannot be worn now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HatTrouble {
    /// Whose hat.
    pub organization_name: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// The outcome of looking at a session.
#[derive(Clone, Debug)]
pub struct Identified {
    /// Who asks.
    pub actor: Actor,
    /// Hats that cannot be worn now, with the reason.
    pub trouble: Vec<HatTrouble>,
    /// The account.
    pub person: Person,
    /// The membership whose hat is worn, with everything it depends on.
    pub worn: Option<Membership>,
}

/// Why a membership cannot be worn as a hat now; none when it can (mission A2, D1: nothing outlives its end).
#[must_use]
pub fn trouble_with(membership: &Membership, grace_days: i32, now: Timestamp) -> Option<String> {
    let organization = &membership.organization;
    let member = &membership.member;
    if organization.status == OrganizationStatus::Offboarded {
        return Some(format!("The partnership with {} is over.", organization.name));
    }
    if organization.status == OrganizationStatus::Suspended {
        return Some(format!("Access of {} is paused.", organization.name));
    }
    if membership.contract.is_none() {
        return Some(format!("{} has no contract in force.", organization.name));
    }
    // Marked as suspended or not: the sweeper may be late, or hold back because it would be too many at once.
    if organization.certification_lapsed_at(now, grace_days) {
        return Some(format!(
            "The partnership with {} was not confirmed in time, so its access is paused.",
            organization.name
        ));
    }
    if member.status == crate::people::MemberStatus::Suspended {
        return Some(format!("Your access for {} is paused.", organization.name));
    }
    if member.starts_at > now {
        return Some(format!("Your access for {} has not begun yet.", organization.name));
    }
    if !member.is_in_force_at(now) {
        return Some(format!("Your access for {} has ended.", organization.name));
    }
    None
}

/// Turns a session's owner into an actor. The hat the session asks for is worn if it can be; otherwise the first that can.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn identify(
    db: &impl Db,
    signed_in: &SignedInAs,
    session_key: Vec<u8>,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Option<Identified>, StoreError> {
    let Some(Identity {
        person,
        tenant_roles,
        memberships,
    }) = identity::load(db, signed_in.person, now).await?
    else {
        return Ok(None);
    };
    if person.disabled_at.is_some() {
        return Ok(None);
    }
    // A partner's provider vouches for that partner's people as such: it opens no other hat they have.
    let through = signed_in.through.as_ref().map(|through| through.organization);
    let (tenant_roles, memberships) = match through {
        None => (tenant_roles, memberships),
        Some(only) => (
            Vec::new(),
            memberships
                .into_iter()
                .filter(|membership| membership.organization.id == only)
                .collect(),
        ),
    };
    let mut hats = Vec::new();
    let mut trouble = Vec::new();
    if !tenant_roles.is_empty() {
        let roles = tenant_roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ");
        hats.push(Hat {
            member: None,
            organization_name: tenant.name.clone(),
            role: roles,
        });
    }
    let mut wearable = Vec::new();
    for membership in memberships {
        let elsewhere = (through.is_none() && membership.provider_only)
            .then(|| format!("{} lets its people in through its own sign-in only.", membership.organization.name));
        match trouble_with(&membership, tenant.certification_grace_days, now).or(elsewhere) {
            Some(reason) => trouble.push(HatTrouble {
                organization_name: membership.organization.name,
                reason,
            }),
            None => {
                hats.push(Hat {
                    member: Some(membership.member.id),
                    organization_name: membership.organization.name.clone(),
                    role: membership.member.role.title().to_owned(),
                });
                wearable.push(membership);
            }
        }
    }
    let wanted = wearable
        .iter()
        .position(|membership| Some(membership.member.id) == signed_in.member);
    let chosen = match (signed_in.member, wanted) {
        (_, Some(index)) => Some(index),
        (None, None) if !tenant_roles.is_empty() => None,
        _ if tenant_roles.is_empty() && !wearable.is_empty() => Some(0),
        _ => None,
    };
    let worn = chosen.map(|index| wearable.swap_remove(index));
    let actor = Actor::Person(Box::new(SignedIn {
        id: person.id,
        email: person.email.as_str().to_owned(),
        name: person.name.clone(),
        time_zone: person.time_zone,
        tenant_roles,
        member: worn.as_ref().map(acting),
        hats,
        session_key,
        second_factor_at: signed_in.second_factor_at,
        has_second_factor: person.totp_confirmed_at.is_some(),
        through,
    }));
    Ok(Some(Identified {
        actor,
        trouble,
        person,
        worn,
    }))
}

fn acting(membership: &Membership) -> ActingMember {
    let contract_ends = membership.contract.as_ref().map(|contract| contract.ends_at);
    ActingMember {
        id: membership.member.id,
        organization: membership.organization.id,
        organization_name: membership.organization.name.clone(),
        organization_slug: membership.organization.slug.clone(),
        has_logo: membership.organization.has_logo,
        role: membership.member.role,
        read_only: membership.member.read_only,
        ends_at: membership.member.ends_at.into_iter().chain(contract_ends).min(),
    }
}
