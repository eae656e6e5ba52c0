//! Lists of partners and what stands beside each: a page of organizations, and counts for all of its rows at once.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, LikeExpr, Query, SelectStatement},
};

use super::{Db, StoreError, entity, organizations};
use crate::{
    kernel::{Cursor, OrganizationId, Page, PageRequest, PersonId, Timestamp},
    organizations::{Contract, Organization, OrganizationStatus},
    people::MemberStatus,
};
use entity::{
    assignment, contract, entitlement, member,
    organization::{Column as C, Entity},
};

/// Which partners are wanted.
#[derive(Clone, Debug, Default)]
pub struct PartnerFilter {
    /// Only those this employee answers for, as owner or deputy.
    pub of: Option<PersonId>,
    /// Only those in this state.
    pub status: Option<OrganizationStatus>,
    /// Only those whose name, short name or kind contains this.
    pub search: Option<String>,
    /// Those that are over are left out.
    pub without_ended: bool,
}

fn filtered(filter: &PartnerFilter) -> Select<Entity> {
    let mut query = Entity::find();
    if let Some(person) = filter.of {
        query = query.filter(Condition::any().add(C::OwnerId.eq(person.0)).add(C::DeputyId.eq(person.0)));
    }
    if let Some(status) = filter.status {
        query = query.filter(C::Status.eq(status.as_str()));
    }
    if filter.without_ended {
        query = query.filter(C::Status.ne(OrganizationStatus::Offboarded.as_str()));
    }
    if let Some(search) = &filter.search {
        let escaped = search.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        query = query.filter(C::SearchText.like(LikeExpr::new(format!("%{escaped}%")).escape('\\')));
    }
    query
}

/// One page of partners, the certification due first on top. "Older" leads on to those due later.
pub async fn page(db: &impl Db, filter: &PartnerFilter, wanted: PageRequest, size: usize) -> Result<Page<Organization>, StoreError> {
    let mut query = filtered(filter);
    let backwards = matches!(wanted, PageRequest::Newer(_));
    query = match wanted {
        PageRequest::Newest => query,
        PageRequest::Older(edge) => query.filter(C::DueOrder.gte(edge.at)).filter(
            Condition::any()
                .add(C::DueOrder.gt(edge.at))
                .add(Condition::all().add(C::DueOrder.eq(edge.at)).add(C::Id.gt(edge.id))),
        ),
        PageRequest::Newer(edge) => query.filter(C::DueOrder.lte(edge.at)).filter(
            Condition::any()
                .add(C::DueOrder.lt(edge.at))
                .add(Condition::all().add(C::DueOrder.eq(edge.at)).add(C::Id.lt(edge.id))),
        ),
    };
    let order = if backwards { Order::Desc } else { Order::Asc };
    let rows = query
        .order_by(C::DueOrder, order.clone())
        .order_by(C::Id, order)
        .limit(size as u64 + 1)
        .all(db.connection())
        .await?;
    let rows = rows.into_iter().map(organizations::organization).collect::<Result<Vec<_>, _>>()?;
    let cursor = |organization: &Organization| Cursor {
        at: organizations::due_order(organization),
        id: organization.id.0,
    };
    Ok(super::paging::paged(rows, wanted, size, cursor))
}

/// How many partners a filter lets through.
pub async fn count(db: &impl Db, filter: &PartnerFilter) -> Result<u64, StoreError> {
    Ok(filtered(filter).count(db.connection()).await?)
}

/// Active partners whose certification is due before `limit`, the most overdue first.
pub async fn certifications_due(db: &impl Db, of: PersonId, limit: Timestamp, size: u64) -> Result<Vec<Organization>, StoreError> {
    let rows = due(of, limit)
        .order_by_asc(C::DueOrder)
        .order_by_asc(C::Id)
        .limit(size)
        .all(db.connection())
        .await?;
    rows.into_iter().map(organizations::organization).collect()
}

/// How many of them there are.
pub async fn count_certifications_due(db: &impl Db, of: PersonId, limit: Timestamp) -> Result<u64, StoreError> {
    Ok(due(of, limit).count(db.connection()).await?)
}

fn due(of: PersonId, limit: Timestamp) -> Select<Entity> {
    let waiting = Condition::any().add(C::Status.eq(OrganizationStatus::Active.as_str())).add(
        Condition::all()
            .add(C::Status.eq(OrganizationStatus::Suspended.as_str()))
            .add(C::SuspendedByCertification.eq(true)),
    );
    let mine = Condition::any().add(C::OwnerId.eq(of.0)).add(C::DeputyId.eq(of.0));
    Entity::find().filter(mine).filter(waiting).filter(C::CertificationDueAt.lte(limit))
}

/// Contracts of a person's active partners that end before `limit` with no other one to follow, the first end first.
pub async fn contracts_ending(
    db: &impl Db,
    of: PersonId,
    now: Timestamp,
    limit: Timestamp,
    size: u64,
) -> Result<Vec<Contract>, StoreError> {
    let rows = ending(of, now, limit)
        .order_by_asc(contract::Column::EndsAt)
        .order_by_asc(contract::Column::Id)
        .limit(size)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(super::contracts::contract).collect())
}

/// How many of them there are.
pub async fn count_contracts_ending(db: &impl Db, of: PersonId, now: Timestamp, limit: Timestamp) -> Result<u64, StoreError> {
    Ok(ending(of, now, limit).count(db.connection()).await?)
}

fn ending(of: PersonId, now: Timestamp, limit: Timestamp) -> Select<contract::Entity> {
    use contract::Column as K;
    let mine = Entity::find()
        .select_only()
        .column(C::Id)
        .filter(Condition::any().add(C::OwnerId.eq(of.0)).add(C::DeputyId.eq(of.0)))
        .filter(C::Status.eq(OrganizationStatus::Active.as_str()))
        .into_query();
    let follows: SelectStatement = Query::select()
        .expr(Expr::value(1))
        .from_as("contracts", "later")
        .and_where(Expr::col(("later", "organization_id")).equals(("contracts", "organization_id")))
        .and_where(Expr::col(("later", "ends_at")).gt(limit))
        .and_where(Expr::col(("later", "starts_at")).lte(limit))
        .to_owned();
    contract::Entity::find()
        .filter(K::OrganizationId.in_subquery(mine))
        .filter(K::StartsAt.lte(now))
        .filter(K::EndsAt.gt(now))
        .filter(K::EndsAt.lte(limit))
        .filter(Expr::not_exists(follows))
}

/// The short names and names of the organizations below one.
pub async fn children(db: &impl Db, id: OrganizationId, size: u64) -> Result<Vec<Organization>, StoreError> {
    let rows = Entity::find()
        .filter(C::ParentId.eq(id.0))
        .order_by_asc(C::Name)
        .limit(size)
        .all(db.connection())
        .await?;
    rows.into_iter().map(organizations::organization).collect()
}

/// How many partners a person answers for, as owner or deputy, apart from those that are over.
pub async fn owned_by(db: &impl Db, person: PersonId) -> Result<u64, StoreError> {
    count(
        db,
        &PartnerFilter {
            of: Some(person),
            without_ended: true,
            ..PartnerFilter::default()
        },
    )
    .await
}

/// How many active partners have nobody who answers for them.
pub async fn count_without_owner(db: &impl Db) -> Result<u64, StoreError> {
    Ok(without_owner().count(db.connection()).await?)
}

/// The active partners with nobody who answers for them, by name.
pub async fn without_owners(db: &impl Db, size: u64) -> Result<Vec<Organization>, StoreError> {
    let rows = without_owner().order_by_asc(C::Name).limit(size).all(db.connection()).await?;
    rows.into_iter().map(organizations::organization).collect()
}

fn without_owner() -> Select<Entity> {
    Entity::find()
        .filter(C::OwnerId.is_null())
        .filter(C::Status.eq(OrganizationStatus::Active.as_str()))
}

/// The contract in force at `now` that ends last, for each organization that has one.
pub async fn contracts_in_force(
    db: &impl Db,
    ids: &[OrganizationId],
    now: Timestamp,
) -> Result<HashMap<OrganizationId, Contract>, StoreError> {
    use contract::Column as K;
    let rows = contract::Entity::find()
        .filter(K::OrganizationId.is_in(ids.iter().map(|id| id.0)))
        .filter(K::StartsAt.lte(now))
        .filter(K::EndsAt.gt(now))
        .order_by_asc(K::EndsAt)
        .order_by_asc(K::Id)
        .all(db.connection())
        .await?;
    // In ascending order, so that the last to end stays.
    Ok(rows
        .into_iter()
        .map(super::contracts::contract)
        .map(|contract| (contract.organization, contract))
        .collect())
}

/// How many people (not removed, not past their end) each organization has.
pub async fn people_counts(db: &impl Db, ids: &[OrganizationId], now: Timestamp) -> Result<HashMap<OrganizationId, u64>, StoreError> {
    use member::Column as M;
    let rows: Vec<(uuid::Uuid, i64)> = member::Entity::find()
        .select_only()
        .column(M::OrganizationId)
        .column_as(M::Id.count(), "people")
        .filter(M::OrganizationId.is_in(ids.iter().map(|id| id.0)))
        .filter(M::Status.ne(MemberStatus::Removed.as_str()))
        .filter(Condition::any().add(M::EndsAt.is_null()).add(M::EndsAt.gt(now)))
        .group_by(M::OrganizationId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(counted(rows))
}

/// How many entitlements in force each organization holds.
pub async fn application_counts(db: &impl Db, ids: &[OrganizationId], now: Timestamp) -> Result<HashMap<OrganizationId, u64>, StoreError> {
    use entitlement::Column as N;
    let rows: Vec<(uuid::Uuid, i64)> = entitlement::Entity::find()
        .select_only()
        .column(N::OrganizationId)
        .column_as(N::Id.count(), "applications")
        .filter(N::OrganizationId.is_in(ids.iter().map(|id| id.0)))
        .filter(N::RevokedAt.is_null())
        .filter(N::StartsAt.lte(now))
        .filter(Condition::any().add(N::EndsAt.is_null()).add(N::EndsAt.gt(now)))
        .group_by(N::OrganizationId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(counted(rows))
}

/// When each organization last launched anything.
pub async fn last_uses(db: &impl Db, ids: &[OrganizationId]) -> Result<HashMap<OrganizationId, Timestamp>, StoreError> {
    use assignment::Column as A;
    let rows: Vec<(uuid::Uuid, Option<Timestamp>)> = assignment::Entity::find()
        .select_only()
        .column(A::OrganizationId)
        .column_as(A::LastUsedAt.max(), "used")
        .filter(A::OrganizationId.is_in(ids.iter().map(|id| id.0)))
        .group_by(A::OrganizationId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().filter_map(|(id, used)| Some((id.into(), used?))).collect())
}

fn counted(rows: Vec<(uuid::Uuid, i64)>) -> HashMap<OrganizationId, u64> {
    rows.into_iter()
        .map(|(id, count)| (id.into(), u64::try_from(count).unwrap_or_default()))
        .collect()
}
