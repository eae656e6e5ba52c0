//! What an invitation depends on: contract, seats, what the organization holds, who is there already, what the actor may give.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use super::InvitedGrant;
pub use crate::people::delegation::may_grant;
use crate::{
    access::Actor,
    apps::{Application, Entitlement, Scope},
    kernel::{OrganizationId, Timestamp},
    organizations::{Contract, Organization},
    people::MemberRole,
    store::{self, Db, StoreError},
};

/// An application the organization holds, and what of it can be given on.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The organization's right to it.
    pub entitlement: Entitlement,
    /// The application.
    pub application: Application,
    /// Its permissions that the organization holds.
    pub scopes: Vec<Scope>,
    /// Seats neither taken nor reserved; none when it has no limit of its own.
    pub seats_left: Option<u64>,
    /// Whether it can be used now.
    pub in_force: bool,
}

/// Everything the review of a draft depends on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Now.
    pub now: Timestamp,
    /// Zone in which days are meant.
    pub zone: Tz,
    /// The contract in force.
    pub contract: Option<Contract>,
    /// Seats neither taken nor reserved.
    pub seats_left: u64,
    /// Roles the actor may give.
    pub roles: Vec<MemberRole>,
    /// Applications, by name.
    pub holdings: Vec<Holding>,
    /// Addresses of members.
    pub members: HashSet<String>,
    /// Addresses with an invitation that waits.
    pub invited: HashSet<String>,
}

/// Whether the actor's own role lets them send again or withdraw an invitation to this role (mission E4).
#[must_use]
pub fn may_manage(actor: &Actor, role: MemberRole) -> bool {
    match actor {
        Actor::Anonymous | Actor::SetUp(_) | Actor::Client(_) => false,
        _ => actor.member().is_none_or(|member| member.role.may_manage(role)),
    }
}

/// What the organization holds, by name of the application.
pub async fn holdings(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<Vec<Holding>, StoreError> {
    let entitlements = store::grants::entitlements_of(db, organization).await?;
    if entitlements.is_empty() {
        return Ok(Vec::new());
    }
    let reserved = store::invitations::entitlement_seats_reserved(db, organization, now).await?;
    let ids: Vec<_> = entitlements.iter().map(|entitlement| entitlement.application).collect();
    let mut applications: HashMap<_, _> = store::applications::all(db)
        .await?
        .into_iter()
        .map(|application| (application.id, application))
        .collect();
    let scopes = store::applications::scopes_of(db, &ids).await?;
    let mut holdings = Vec::with_capacity(entitlements.len());
    for entitlement in entitlements {
        let Some(application) = applications.remove(&entitlement.application) else {
            continue;
        };
        let seats_left = match entitlement.seats {
            None => None,
            Some(seats) => {
                let taken = store::grants::entitlement_seats_taken(db, entitlement.id, now).await?;
                let reserved = reserved.get(&entitlement.id).copied().unwrap_or_default();
                Some(u64::try_from(seats).unwrap_or_default().saturating_sub(taken + reserved))
            }
        };
        holdings.push(Holding {
            scopes: scopes
                .iter()
                .filter(|scope| entitlement.scopes.contains(&scope.id))
                .cloned()
                .collect(),
            in_force: entitlement.is_in_force_at(now) && application.is_offered(),
            entitlement,
            application,
            seats_left,
        });
    }
    holdings.sort_by(|a, b| a.application.name.cmp(&b.application.name));
    Ok(holdings)
}

/// Loads the facts for a list of addresses (normal form).
pub async fn load(
    db: &impl Db,
    actor: &Actor,
    organization: &Organization,
    addresses: &[String],
    zone: Tz,
    now: Timestamp,
) -> Result<Facts, StoreError> {
    let contract = store::contracts::in_force(db, organization.id, now).await?;
    let taken = store::members::seats_taken(db, organization.id, now).await?;
    let reserved = store::invitations::seats_reserved(db, organization.id, now).await?;
    let seats = contract
        .as_ref()
        .map_or(0, |contract| u64::try_from(contract.seats).unwrap_or_default());
    Ok(Facts {
        now,
        zone,
        seats_left: seats.saturating_sub(taken + reserved),
        contract,
        roles: MemberRole::ALL.iter().copied().filter(|role| may_grant(actor, *role)).collect(),
        holdings: holdings(db, organization.id, now).await?,
        members: store::invitations::members_among(db, organization.id, addresses, now).await?,
        invited: store::invitations::invited_among(db, organization.id, addresses, now).await?,
    })
}

/// Names of the applications of some grants, for mails and pages.
pub async fn application_names(db: &impl Db, organization: OrganizationId, grants: &[InvitedGrant]) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::with_capacity(grants.len());
    for grant in grants {
        let Some(entitlement) = store::grants::entitlement(db, organization, grant.entitlement).await? else {
            continue;
        };
        if let Some(application) = store::applications::get(db, entitlement.application).await? {
            names.push(application.name);
        }
    }
    names.sort();
    Ok(names)
}
