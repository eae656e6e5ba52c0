//! Rows of the operator's policies and their versions, and the counter by which replicas notice a change.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, JoinType, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, IntoCondition as _},
};
use uuid::Uuid;

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    kernel::{MemberId, PersonId, PolicyId, Timestamp},
    organizations::Tenant,
    policies::{Policy, PolicyScope, PolicyStatus, PolicyVersion},
};
use entity::{
    policy::{ActiveModel, Column as C, Entity, Model},
    policy_version::{self, Column as V},
};

fn policy(row: Model) -> Result<Policy, StoreError> {
    Ok(Policy {
        id: row.id.into(),
        name: row.name,
        scope: PolicyScope {
            organization: row.organization_id.map(Into::into),
            application: row.application_id.map(Into::into),
        },
        status: parse("policies.status", &row.status)?,
        in_force: row.in_force,
        latest: row.latest,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

fn policy_version(row: policy_version::Model) -> PolicyVersion {
    PolicyVersion {
        policy: row.policy_id.into(),
        number: row.number,
        text: row.content,
        author: row.author_id.map(Into::into),
        author_name: row.author_label,
        reason: row.reason,
        rolled_back_to: row.rolled_back_to,
        created_at: row.created_at,
    }
}

fn row(policy: &Policy, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(policy.id.0),
        name: Set(policy.name.clone()),
        organization_id: Set(policy.scope.organization.map(|id| id.0)),
        application_id: Set(policy.scope.application.map(|id| id.0)),
        status: Set(policy.status.as_str().to_owned()),
        in_force: Set(policy.in_force),
        latest: Set(policy.latest),
        created_at: Set(policy.created_at),
        updated_at: Set(policy.updated_at),
        version: Set(version),
    }
}

/// One policy.
pub async fn get(db: &impl Db, id: PolicyId) -> Result<Option<Policy>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(policy).transpose()
}

/// The policies by name, at most `limit`; those that are retired last.
pub async fn all(db: &impl Db, limit: u64) -> Result<Vec<Policy>, StoreError> {
    // The words sort as wanted: active, draft, retired.
    let rows = Entity::find()
        .order_by_asc(C::Status)
        .order_by_asc(C::Name)
        .order_by_asc(C::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(policy).collect()
}

/// How many are not retired.
pub async fn count_open(db: &impl Db) -> Result<u64, StoreError> {
    let open = Entity::find().filter(C::Status.ne(PolicyStatus::Retired.as_str()));
    Ok(open.count(db.connection()).await?)
}

/// The policies of this name that are not retired.
pub async fn open_by_name(db: &impl Db, name: &str) -> Result<Vec<Policy>, StoreError> {
    let rows = Entity::find()
        .filter(C::Name.eq(name))
        .filter(C::Status.ne(PolicyStatus::Retired.as_str()))
        .order_by_asc(C::Id)
        .all(db.connection())
        .await?;
    rows.into_iter().map(policy).collect()
}

/// The policies in force, each with its text, as of one moment.
pub async fn in_force(db: &impl Db) -> Result<Vec<(Policy, String)>, StoreError> {
    let text_in_force = Entity::belongs_to(policy_version::Entity)
        .from(C::Id)
        .to(V::PolicyId)
        .on_condition(|policies, versions| Expr::col((versions, V::Number)).equals((policies, C::InForce)).into_condition());
    let rows = Entity::find()
        .join(JoinType::LeftJoin, text_in_force.into())
        .select_also(policy_version::Entity)
        .filter(C::Status.eq(PolicyStatus::Active.as_str()))
        .order_by_asc(C::Id)
        .all(db.connection())
        .await?;
    // A policy whose text is gone refuses what it counts for: no text can be read.
    let with_text = |(row, version): (Model, Option<policy_version::Model>)| {
        Ok((policy(row)?, version.map(|version| version.content).unwrap_or_default()))
    };
    rows.into_iter().map(with_text).collect()
}

/// A version's policy.
fn to_policy() -> sea_orm::RelationDef {
    policy_version::Entity::belongs_to(Entity).from(V::PolicyId).to(C::Id).into()
}

/// The versions of a policy, the newest first, at most `limit`.
pub async fn versions(db: &impl Db, id: PolicyId, limit: u64) -> Result<Vec<PolicyVersion>, StoreError> {
    let rows = policy_version::Entity::find()
        .filter(V::PolicyId.eq(id.0))
        .order_by_desc(V::Number)
        .limit(limit)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(policy_version).collect())
}

/// One version of a policy.
pub async fn version(db: &impl Db, id: PolicyId, number: i32) -> Result<Option<PolicyVersion>, StoreError> {
    let row = policy_version::Entity::find()
        .filter(V::PolicyId.eq(id.0))
        .filter(V::Number.eq(number))
        .one(db.connection())
        .await?;
    Ok(row.map(policy_version))
}

/// The newest version of each policy of a list: who wrote last.
pub async fn latest_of(db: &impl Db, policies: &[Policy]) -> Result<Vec<PolicyVersion>, StoreError> {
    let ids: Vec<Uuid> = policies.iter().map(|policy| policy.id.0).collect();
    let rows = policy_version::Entity::find()
        .join(JoinType::InnerJoin, to_policy())
        .filter(Expr::col((policy_version::Entity, V::Number)).equals((Entity, C::Latest)))
        .filter(V::PolicyId.is_in(ids))
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(policy_version).collect())
}

/// Adds a policy.
pub async fn insert(tx: &Tx, policy: &Policy) -> Result<(), StoreError> {
    Entity::insert(row(policy, policy.version))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Adds a version.
pub async fn insert_version(tx: &Tx, id: Uuid, version: &PolicyVersion) -> Result<(), StoreError> {
    let row = policy_version::ActiveModel {
        id: Set(id),
        policy_id: Set(version.policy.0),
        number: Set(version.number),
        content: Set(version.text.clone()),
        author_id: Set(version.author.map(|id| id.0)),
        author_label: Set(version.author_name.clone()),
        reason: Set(version.reason.clone()),
        rolled_back_to: Set(version.rolled_back_to),
        created_at: Set(version.created_at),
    };
    policy_version::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Writes a policy back.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn update(tx: &Tx, policy: &Policy) -> Result<(), StoreError> {
    let mut row = row(policy, policy.version + 1);
    row.id = NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(policy.id.0))
        .filter(C::Version.eq(policy.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Lets every replica notice, with its next request after the commit, that the policies have changed. Whoever else changes them waits.
pub async fn begin_change(tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
    use entity::tenant::{Column as T, Entity as TenantRow};
    let bump = async || {
        TenantRow::update_many()
            .col_expr(T::PoliciesGeneration, Expr::col(T::PoliciesGeneration).add(1))
            .filter(T::Id.eq(1))
            .exec(tx.connection())
            .await
    };
    if bump().await?.rows_affected == 0 {
        super::tenant::put(tx, &Tenant::unnamed(), now).await?;
        bump().await?;
    }
    Ok(())
}

/// Which person each of these members is.
pub async fn people_of_members(db: &impl Db, members: &[MemberId]) -> Result<HashMap<MemberId, PersonId>, StoreError> {
    use entity::member::{Column as M, Entity as Members};
    if members.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Uuid)> = Members::find()
        .select_only()
        .columns([M::Id, M::PersonId])
        .filter(M::Id.is_in(members.iter().map(|id| id.0)))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(member, person)| (member.into(), person.into())).collect())
}
