//! Rows of contracts.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{NullOrdering, OnConflict, SelectStatement},
};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    kernel::{ContractId, MemberId, OrganizationId, Timestamp},
    organizations::Contract,
    people::{MemberRole, MemberStatus},
};
use entity::contract::{ActiveModel, Column as C, Entity, Model};

pub(crate) fn contract(row: Model) -> Contract {
    Contract {
        id: row.id.into(),
        organization: row.organization_id.into(),
        reference: row.reference,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        notice_days: row.notice_days,
        seats: row.seats,
        version: row.version,
    }
}

/// One contract of an organization.
pub async fn get(db: &impl Db, organization: OrganizationId, id: ContractId) -> Result<Option<Contract>, StoreError> {
    let row = Entity::find_by_id(id.0)
        .filter(C::OrganizationId.eq(organization.0))
        .one(db.connection())
        .await?;
    Ok(row.map(contract))
}

/// All contracts of an organization, the one that ends last first.
pub async fn of_organization(db: &impl Db, organization: OrganizationId) -> Result<Vec<Contract>, StoreError> {
    let rows = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .order_by_desc(C::EndsAt)
        .order_by_desc(C::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(contract).collect())
}

/// The contract in force at `now` that ends last.
pub async fn in_force(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<Option<Contract>, StoreError> {
    let row = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::StartsAt.lte(now))
        .filter(C::EndsAt.gt(now))
        .order_by_desc(C::EndsAt)
        .order_by_desc(C::Id)
        .one(db.connection())
        .await?;
    Ok(row.map(contract))
}

fn row(contract: &Contract, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(contract.id.0),
        organization_id: Set(contract.organization.0),
        reference: Set(contract.reference.clone()),
        starts_at: Set(contract.starts_at),
        ends_at: Set(contract.ends_at),
        notice_days: Set(contract.notice_days),
        seats: Set(contract.seats),
        version: Set(version),
        ..Default::default()
    }
}

/// Adds a contract; answers false when the organization has one of this reference (nothing is written then).
pub async fn insert(tx: &Tx, contract: &Contract, now: Timestamp) -> Result<bool, StoreError> {
    let mut row = row(contract, contract.version);
    row.created_at = Set(now);
    let rows = Entity::insert(row)
        .on_conflict(OnConflict::columns([C::OrganizationId, C::Reference]).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes a contract back, if nobody else did since it was read.
pub async fn update(tx: &Tx, contract: &Contract) -> Result<(), StoreError> {
    let mut row = row(contract, contract.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(contract.id.0))
        .filter(C::Version.eq(contract.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// What an organization holds that would last beyond an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outliving {
    /// People whose membership would last longer.
    pub people: u64,
    /// Assignments that would last longer.
    pub assignments: u64,
    /// Sessions open now that could last longer.
    pub sessions: u64,
    /// Invitations that could still be accepted later.
    pub invitations: u64,
}

fn ends_after<C: sea_orm::ColumnTrait>(ends_at: C, at: Timestamp) -> Condition {
    Condition::any().add(ends_at.is_null()).add(ends_at.gt(at))
}

fn members_beyond(organization: OrganizationId, at: Timestamp) -> SelectStatement {
    use entity::member::{Column as M, Entity as Members};
    Members::find()
        .select_only()
        .column(M::Id)
        .filter(M::OrganizationId.eq(organization.0))
        .filter(M::Status.ne(MemberStatus::Removed.as_str()))
        .filter(ends_after(M::EndsAt, at))
        .into_query()
}

/// Counts what would last beyond `at` (not before `now`); sessions unused since `idle_since` do not count.
pub async fn outliving(db: &impl Db, organization: OrganizationId, at: Timestamp, idle_since: Timestamp) -> Result<Outliving, StoreError> {
    use entity::{assignment, entitlement, invitation, member, session};
    let people = member::Entity::find()
        .filter(member::Column::OrganizationId.eq(organization.0))
        .filter(member::Column::Status.ne(MemberStatus::Removed.as_str()))
        .filter(ends_after(member::Column::EndsAt, at))
        .count(db.connection())
        .await?;
    let entitlements = entitlement::Entity::find()
        .select_only()
        .column(entitlement::Column::Id)
        .filter(entitlement::Column::OrganizationId.eq(organization.0))
        .filter(entitlement::Column::RevokedAt.is_null())
        .filter(ends_after(entitlement::Column::EndsAt, at))
        .into_query();
    let assignments = assignment::Entity::find()
        .filter(assignment::Column::OrganizationId.eq(organization.0))
        .filter(assignment::Column::RevokedAt.is_null())
        .filter(ends_after(assignment::Column::EndsAt, at))
        .filter(assignment::Column::EntitlementId.in_subquery(entitlements))
        .filter(assignment::Column::MemberId.in_subquery(members_beyond(organization, at)))
        .count(db.connection())
        .await?;
    let members = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(member::Column::OrganizationId.eq(organization.0))
        .into_query();
    let sessions = session::Entity::find()
        .filter(session::Column::MemberId.in_subquery(members))
        .filter(session::Column::EndsAt.gt(at))
        .filter(session::Column::LastSeenAt.gt(idle_since))
        .count(db.connection())
        .await?;
    let invitations = invitation::Entity::find()
        .filter(invitation::Column::OrganizationId.eq(organization.0))
        .filter(invitation::Column::Status.eq("pending"))
        .filter(invitation::Column::ExpiresAt.gt(at))
        .count(db.connection())
        .await?;
    Ok(Outliving {
        people,
        assignments,
        sessions,
        invitations,
    })
}

/// A member whose membership would last beyond an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlivingMember {
    /// The membership.
    pub member: MemberId,
    /// The person's name.
    pub name: String,
    /// The role.
    pub role: MemberRole,
    /// The membership's own end.
    pub ends_at: Option<Timestamp>,
    /// Last request.
    pub last_seen_at: Option<Timestamp>,
}

/// Those members, the one whose own end comes first on top, at most `size`.
pub async fn outliving_members(
    db: &impl Db,
    organization: OrganizationId,
    at: Timestamp,
    size: u64,
) -> Result<Vec<OutlivingMember>, StoreError> {
    use entity::{member, member::Column as M, person::Column as P};
    let rows: Vec<(uuid::Uuid, String, String, Option<Timestamp>, Option<Timestamp>)> = member::Entity::find()
        .select_only()
        .join(sea_orm::JoinType::InnerJoin, super::certifications::people_of_members())
        .column(M::Id)
        .column(P::Name)
        .column(M::Role)
        .column(M::EndsAt)
        .column(M::LastSeenAt)
        .filter(M::Id.in_subquery(members_beyond(organization, at)))
        .order_by_with_nulls(M::EndsAt, Order::Asc, NullOrdering::Last)
        .order_by_asc(P::Name)
        .order_by_asc(M::Id)
        .limit(size)
        .into_tuple()
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|(id, name, role, ends_at, last_seen_at)| {
            Ok(OutlivingMember {
                member: id.into(),
                name,
                role: parse("members.role", &role)?,
                ends_at,
                last_seen_at,
            })
        })
        .collect()
}
