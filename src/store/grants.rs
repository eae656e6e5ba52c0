//! Rows of entitlements and assignments, each with its scopes.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, JoinType, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationDef, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{Db, StoreError, Tx, entity};
use crate::{
    apps::{Assignment, Entitlement},
    kernel::{ApplicationId, AssignmentId, EntitlementId, MemberId, OrganizationId, ScopeId, Timestamp},
    people::MemberStatus,
};
use entity::{assignment, assignment_scope, entitlement, entitlement_scope};

async fn entitlement_scopes(db: &impl Db, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<ScopeId>>, StoreError> {
    let query = entitlement_scope::Entity::find().filter(entitlement_scope::Column::EntitlementId.is_in(ids));
    let mut scopes: HashMap<Uuid, Vec<ScopeId>> = HashMap::new();
    for row in query.all(db.connection()).await? {
        scopes.entry(row.entitlement_id).or_default().push(row.scope_id.into());
    }
    Ok(scopes)
}

async fn assignment_scopes(db: &impl Db, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<ScopeId>>, StoreError> {
    let query = assignment_scope::Entity::find().filter(assignment_scope::Column::AssignmentId.is_in(ids));
    let mut scopes: HashMap<Uuid, Vec<ScopeId>> = HashMap::new();
    for row in query.all(db.connection()).await? {
        scopes.entry(row.assignment_id).or_default().push(row.scope_id.into());
    }
    Ok(scopes)
}

pub(super) async fn with_entitlement_scopes(db: &impl Db, rows: Vec<entitlement::Model>) -> Result<Vec<Entitlement>, StoreError> {
    let mut scopes = entitlement_scopes(db, rows.iter().map(|row| row.id).collect()).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let scopes = scopes.remove(&row.id).unwrap_or_default();
            entitlement_model(row, scopes)
        })
        .collect())
}

pub(super) fn entitlement_model(row: entitlement::Model, scopes: Vec<ScopeId>) -> Entitlement {
    Entitlement {
        id: row.id.into(),
        organization: row.organization_id.into(),
        application: row.application_id.into(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        seats: row.seats,
        revoked_at: row.revoked_at,
        scopes,
        version: row.version,
    }
}

pub(super) async fn with_assignment_scopes(db: &impl Db, rows: Vec<assignment::Model>) -> Result<Vec<Assignment>, StoreError> {
    let mut scopes = assignment_scopes(db, rows.iter().map(|row| row.id).collect()).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let scopes = scopes.remove(&row.id).unwrap_or_default();
            assignment_model(row, scopes)
        })
        .collect())
}

pub(super) fn assignment_model(row: assignment::Model, scopes: Vec<ScopeId>) -> Assignment {
    Assignment {
        id: row.id.into(),
        organization: row.organization_id.into(),
        entitlement: row.entitlement_id.into(),
        application: row.application_id.into(),
        member: row.member_id.into(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
        scopes,
        version: row.version,
    }
}

/// The entitlements of an organization that were not taken away, oldest first (ended ones included).
pub async fn entitlements_of(db: &impl Db, organization: OrganizationId) -> Result<Vec<Entitlement>, StoreError> {
    use entitlement::Column as C;
    let rows = entitlement::Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::RevokedAt.is_null())
        .order_by_asc(C::Id)
        .all(db.connection())
        .await?;
    with_entitlement_scopes(db, rows).await
}

/// One entitlement of an organization; another organization's is not found.
pub async fn entitlement(db: &impl Db, organization: OrganizationId, id: EntitlementId) -> Result<Option<Entitlement>, StoreError> {
    let query = entitlement::Entity::find_by_id(id.0).filter(entitlement::Column::OrganizationId.eq(organization.0));
    let rows: Vec<_> = query.one(db.connection()).await?.into_iter().collect();
    Ok(with_entitlement_scopes(db, rows).await?.pop())
}

/// The entitlement of an organization for an application that was not taken away.
pub async fn entitlement_for(
    db: &impl Db,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<Option<Entitlement>, StoreError> {
    use entitlement::Column as C;
    let query = entitlement::Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::ApplicationId.eq(application.0))
        .filter(C::RevokedAt.is_null());
    let rows: Vec<_> = query.one(db.connection()).await?.into_iter().collect();
    Ok(with_entitlement_scopes(db, rows).await?.pop())
}

/// One entitlement of an organization, held until the transaction ends: whoever counts its seats waits.
pub async fn entitlement_locked(tx: &Tx, organization: OrganizationId, id: EntitlementId) -> Result<Option<Entitlement>, StoreError> {
    let mut query = entitlement::Entity::find_by_id(id.0).filter(entitlement::Column::OrganizationId.eq(organization.0));
    if tx.locks_rows() {
        query = query.lock_exclusive();
    }
    let rows: Vec<_> = query.one(tx.connection()).await?.into_iter().collect();
    Ok(with_entitlement_scopes(tx, rows).await?.pop())
}

/// Assignments that take a seat at `now`: not taken away, not past their end, of a member who is not removed or gone.
pub(super) fn taking_a_seat(now: Timestamp) -> Condition {
    use assignment::Column as C;
    use entity::member::Column as M;
    Condition::all()
        .add(C::RevokedAt.is_null())
        .add(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now)))
        .add(M::Status.ne(MemberStatus::Removed.as_str()))
        // The leaver of a hand-over that overlaps: the successor has the seat.
        .add(M::ReadOnly.eq(false))
        .add(Condition::any().add(M::EndsAt.is_null()).add(M::EndsAt.gt(now)))
}

pub(super) fn to_member() -> RelationDef {
    assignment::Entity::belongs_to(entity::member::Entity)
        .from(assignment::Column::MemberId)
        .to(entity::member::Column::Id)
        .into()
}

/// How many assignments of an entitlement hold or will hold after `now`.
pub async fn entitlement_seats_taken(db: &impl Db, id: EntitlementId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(assignment::Entity::find()
        .join(JoinType::InnerJoin, to_member())
        .filter(assignment::Column::EntitlementId.eq(id.0))
        .filter(taking_a_seat(now))
        .count(db.connection())
        .await?)
}

/// The assignment a member holds of an entitlement, unless it was taken away.
pub async fn assignment_of(db: &impl Db, member: MemberId, entitlement: EntitlementId) -> Result<Option<Assignment>, StoreError> {
    use assignment::Column as C;
    let query = assignment::Entity::find()
        .filter(C::MemberId.eq(member.0))
        .filter(C::EntitlementId.eq(entitlement.0))
        .filter(C::RevokedAt.is_null());
    let rows: Vec<_> = query.one(db.connection()).await?.into_iter().collect();
    Ok(with_assignment_scopes(db, rows).await?.pop())
}

fn entitlement_row(entitlement: &Entitlement, version: i32) -> entitlement::ActiveModel {
    entitlement::ActiveModel {
        id: Set(entitlement.id.0),
        organization_id: Set(entitlement.organization.0),
        application_id: Set(entitlement.application.0),
        starts_at: Set(entitlement.starts_at),
        ends_at: Set(entitlement.ends_at),
        seats: Set(entitlement.seats),
        revoked_at: Set(entitlement.revoked_at),
        version: Set(version),
        ..Default::default()
    }
}

async fn replace_entitlement_scopes(tx: &Tx, entitlement: &Entitlement) -> Result<(), StoreError> {
    use entitlement_scope::{ActiveModel, Column as C, Entity};
    Entity::delete_many()
        .filter(C::EntitlementId.eq(entitlement.id.0))
        .exec(tx.connection())
        .await?;
    let rows = entitlement.scopes.iter().map(|scope| ActiveModel {
        entitlement_id: Set(entitlement.id.0),
        scope_id: Set(scope.0),
    });
    if !entitlement.scopes.is_empty() {
        Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
    }
    Ok(())
}

/// Adds an entitlement; answers false when the organization already holds the application (nothing is written then).
pub async fn insert_entitlement(tx: &Tx, entitlement: &Entitlement, now: Timestamp) -> Result<bool, StoreError> {
    let mut row = entitlement_row(entitlement, entitlement.version);
    row.created_at = Set(now);
    let rows = entitlement::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    if rows == 1 {
        replace_entitlement_scopes(tx, entitlement).await?;
    }
    Ok(rows == 1)
}

/// Writes an entitlement and its scopes back, if nobody else did since it was read.
pub async fn update_entitlement(tx: &Tx, entitlement: &Entitlement) -> Result<(), StoreError> {
    use entitlement::Column as C;
    let mut row = entitlement_row(entitlement, entitlement.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = entitlement::Entity::update_many()
        .set(row)
        .filter(C::Id.eq(entitlement.id.0))
        .filter(C::Version.eq(entitlement.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected != 1 {
        return Err(StoreError::Stale);
    }
    replace_entitlement_scopes(tx, entitlement).await
}

/// The assignments of a member that were not taken away, oldest first (ended ones included).
pub async fn assignments_of_member(db: &impl Db, member: MemberId) -> Result<Vec<Assignment>, StoreError> {
    use assignment::Column as C;
    let rows = assignment::Entity::find()
        .filter(C::MemberId.eq(member.0))
        .filter(C::RevokedAt.is_null())
        .order_by_asc(C::Id)
        .all(db.connection())
        .await?;
    with_assignment_scopes(db, rows).await
}

/// The assignments of an entitlement that were not taken away.
pub async fn assignments_of_entitlement(db: &impl Db, id: EntitlementId) -> Result<Vec<Assignment>, StoreError> {
    use assignment::Column as C;
    let rows = assignment::Entity::find()
        .filter(C::EntitlementId.eq(id.0))
        .filter(C::RevokedAt.is_null())
        .order_by_asc(C::Id)
        .all(db.connection())
        .await?;
    with_assignment_scopes(db, rows).await
}

/// One assignment of an organization; another organization's is not found.
pub async fn assignment(db: &impl Db, organization: OrganizationId, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
    let query = assignment::Entity::find_by_id(id.0).filter(assignment::Column::OrganizationId.eq(organization.0));
    let rows: Vec<_> = query.one(db.connection()).await?.into_iter().collect();
    Ok(with_assignment_scopes(db, rows).await?.pop())
}

fn assignment_row(assignment: &Assignment, version: i32) -> assignment::ActiveModel {
    assignment::ActiveModel {
        id: Set(assignment.id.0),
        organization_id: Set(assignment.organization.0),
        entitlement_id: Set(assignment.entitlement.0),
        application_id: Set(assignment.application.0),
        member_id: Set(assignment.member.0),
        starts_at: Set(assignment.starts_at),
        ends_at: Set(assignment.ends_at),
        revoked_at: Set(assignment.revoked_at),
        version: Set(version),
        ..Default::default()
    }
}

async fn replace_assignment_scopes(tx: &Tx, assignment: &Assignment) -> Result<(), StoreError> {
    use assignment_scope::{ActiveModel, Column as C, Entity};
    Entity::delete_many()
        .filter(C::AssignmentId.eq(assignment.id.0))
        .exec(tx.connection())
        .await?;
    let rows = assignment.scopes.iter().map(|scope| ActiveModel {
        assignment_id: Set(assignment.id.0),
        scope_id: Set(scope.0),
    });
    if !assignment.scopes.is_empty() {
        Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
    }
    Ok(())
}

/// Adds an assignment; answers false when the member already holds the entitlement (nothing is written then).
pub async fn insert_assignment(tx: &Tx, assignment: &Assignment, now: Timestamp) -> Result<bool, StoreError> {
    let mut row = assignment_row(assignment, assignment.version);
    row.created_at = Set(now);
    row.last_used_at = Set(None);
    let rows = assignment::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    if rows == 1 {
        replace_assignment_scopes(tx, assignment).await?;
    }
    Ok(rows == 1)
}

/// Writes an assignment and its scopes back, if nobody else did since it was read.
pub async fn update_assignment(tx: &Tx, assignment: &Assignment) -> Result<(), StoreError> {
    use assignment::Column as C;
    let mut row = assignment_row(assignment, assignment.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = assignment::Entity::update_many()
        .set(row)
        .filter(C::Id.eq(assignment.id.0))
        .filter(C::Version.eq(assignment.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected != 1 {
        return Err(StoreError::Stale);
    }
    replace_assignment_scopes(tx, assignment).await
}

/// Takes every assignment of a member away; answers how many.
pub async fn revoke_assignments_of_member(tx: &Tx, member: MemberId, now: Timestamp) -> Result<u64, StoreError> {
    use assignment::Column as C;
    let done = assignment::Entity::update_many()
        .col_expr(C::RevokedAt, now.into())
        .filter(C::MemberId.eq(member.0))
        .filter(C::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Takes every assignment of an entitlement away; answers how many.
pub async fn revoke_assignments_of_entitlement(tx: &Tx, id: EntitlementId, now: Timestamp) -> Result<u64, StoreError> {
    use assignment::Column as C;
    let done = assignment::Entity::update_many()
        .col_expr(C::RevokedAt, now.into())
        .filter(C::EntitlementId.eq(id.0))
        .filter(C::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Notes that the application is used.
pub async fn touch_assignment(tx: &Tx, id: AssignmentId, now: Timestamp) -> Result<(), StoreError> {
    use assignment::Column as C;
    assignment::Entity::update_many()
        .col_expr(C::LastUsedAt, now.into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Lets every assignment of a member end at `at` at the latest (the leaver's, when a hand-over overlaps); answers how many changed.
pub async fn end_assignments_of_member(tx: &Tx, member: MemberId, at: Timestamp) -> Result<u64, StoreError> {
    use assignment::Column as C;
    use sea_orm::{ExprTrait as _, sea_query::Expr};
    let done = assignment::Entity::update_many()
        .col_expr(C::EndsAt, at.into())
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::MemberId.eq(member.0))
        .filter(C::RevokedAt.is_null())
        .filter(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(at)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// How many assignments each of these members holds at `now`; members without any are left out.
pub async fn held_by_members(db: &impl Db, members: &[MemberId], now: Timestamp) -> Result<HashMap<MemberId, u64>, StoreError> {
    use assignment::Column as C;
    let rows: Vec<(Uuid, i64)> = assignment::Entity::find()
        .select_only()
        .column(C::MemberId)
        .column_as(C::Id.count(), "held")
        .filter(C::MemberId.is_in(members.iter().map(|id| id.0)))
        .filter(C::RevokedAt.is_null())
        .filter(C::StartsAt.lte(now))
        .filter(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now)))
        .group_by(C::MemberId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, held)| (id.into(), u64::try_from(held).unwrap_or_default()))
        .collect())
}
