//! Everything the portal must know about a person to let them in: account, roles, memberships, organizations, contracts.
//! Seven look-ups by key, however large the tenant.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{Db, StoreError, contracts, entity, members, organizations, people, tenant};
use crate::{
    federation::ProviderStatus,
    kernel::{MemberId, OrganizationId, PersonId, Timestamp},
    organizations::{Contract, Organization},
    people::{Member, Person, TenantRole},
};

/// A person with everything that decides which hats they can wear.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account.
    pub person: Person,
    /// Roles in the tenant.
    pub tenant_roles: Vec<TenantRole>,
    /// Memberships that are not removed, oldest first.
    pub memberships: Vec<Membership>,
}

/// A membership with what it depends on.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The membership.
    pub member: Member,
    /// Its organization.
    pub organization: Organization,
    /// The contract in force that ends last.
    pub contract: Option<Contract>,
    /// The organization lets its people in through its own identity provider alone, and this member is not the exception.
    pub provider_only: bool,
}

/// Loads a person for a request.
pub async fn load(db: &impl Db, id: PersonId, now: Timestamp) -> Result<Option<Identity>, StoreError> {
    let Some(person) = people::get(db, id).await? else {
        return Ok(None);
    };
    let tenant_roles = tenant::roles_of(db, id).await?;
    let members = members::of_person(db, id).await?;
    let mut memberships = Vec::with_capacity(members.len());
    if !members.is_empty() {
        let ids: Vec<_> = members.iter().map(|member| member.organization.0).collect();
        let organizations = organizations_by_id(db, &ids).await?;
        let mut contracts = contracts_in_force(db, &ids, now).await?;
        let exclusive = exclusive_providers(db, &ids).await?;
        for member in members {
            let Some(organization) = organizations.get(&member.organization) else {
                continue;
            };
            let contract = contracts.remove(&member.organization);
            let provider_only = exclusive
                .get(&member.organization)
                .is_some_and(|exceptions| !exceptions.contains(&member.id));
            memberships.push(Membership {
                organization: organization.clone(),
                contract,
                provider_only,
                member,
            });
        }
    }
    Ok(Some(Identity {
        person,
        tenant_roles,
        memberships,
    }))
}

/// Organizations that keep local passwords out now, with the members who are the exceptions of their connections.
async fn exclusive_providers(db: &impl Db, ids: &[uuid::Uuid]) -> Result<HashMap<OrganizationId, Vec<MemberId>>, StoreError> {
    use entity::identity_provider::{Column as C, Entity};
    let rows = Entity::find()
        .filter(C::OrganizationId.is_in(ids.to_vec()))
        .filter(C::Status.eq(ProviderStatus::Live.as_str()))
        .filter(C::Exclusive.eq(true))
        .filter(C::FellBackAt.is_null())
        .all(db.connection())
        .await?;
    let mut exceptions: HashMap<OrganizationId, Vec<MemberId>> = HashMap::new();
    for row in rows {
        let here = exceptions.entry(row.organization_id.into()).or_default();
        here.extend(row.break_glass_member_id.map(MemberId::from));
    }
    Ok(exceptions)
}

async fn organizations_by_id(db: &impl Db, ids: &[uuid::Uuid]) -> Result<HashMap<OrganizationId, Organization>, StoreError> {
    use entity::organization::{Column as C, Entity};
    let rows = Entity::find().filter(C::Id.is_in(ids.to_vec())).all(db.connection()).await?;
    rows.into_iter()
        .map(|row| Ok((row.id.into(), organizations::organization(row)?)))
        .collect()
}

async fn contracts_in_force(db: &impl Db, ids: &[uuid::Uuid], now: Timestamp) -> Result<HashMap<OrganizationId, Contract>, StoreError> {
    use entity::contract::{Column as C, Entity};
    let rows = Entity::find()
        .filter(C::OrganizationId.is_in(ids.to_vec()))
        .filter(C::StartsAt.lte(now))
        .filter(C::EndsAt.gt(now))
        .all(db.connection())
        .await?;
    let mut latest: HashMap<OrganizationId, Contract> = HashMap::new();
    for row in rows {
        let contract = contracts::contract(row);
        let known = latest.entry(contract.organization).or_insert_with(|| contract.clone());
        if (known.ends_at, known.id) < (contract.ends_at, contract.id) {
            *known = contract;
        }
    }
    Ok(latest)
}
