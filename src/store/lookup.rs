//! Finding people and partners by part of their name or address, each list scoped, short and in order.

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, RelationDef,
    sea_query::{Expr, ExprTrait as _, Func, LikeExpr, SimpleExpr},
};

use super::{Db, StoreError, entity, entity::assignment, members};
use crate::{
    kernel::{EntitlementId, OrganizationId, PersonId, Timestamp},
    people::{Member, MemberRole, MemberStatus},
};

/// Someone in a list: the membership with name and address.
#[derive(Clone, Debug)]
pub struct Somebody {
    /// The membership.
    pub member: Member,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
}

pub(super) fn somebody(row: entity::member::Model, person: entity::person::Model) -> Result<Somebody, StoreError> {
    Ok(Somebody {
        member: members::member(row)?,
        name: person.name,
        email: person.email,
    })
}

pub(super) fn to_person() -> RelationDef {
    entity::member::Entity::belongs_to(entity::person::Entity)
        .from(entity::member::Column::PersonId)
        .to(entity::person::Column::Id)
        .into()
}

/// Members who could be given an entitlement they do not hold now, by name, at most `limit`.
pub async fn candidates(
    db: &impl Db,
    organization: OrganizationId,
    entitlement: EntitlementId,
    search: Option<&str>,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Somebody>, StoreError> {
    use assignment::Column as A;
    use entity::member::Column as M;
    let holding = assignment::Entity::find()
        .select_only()
        .column(A::MemberId)
        .filter(A::EntitlementId.eq(entitlement.0))
        .filter(A::RevokedAt.is_null())
        .filter(Condition::any().add(A::EndsAt.is_null()).add(A::EndsAt.gt(now)))
        .into_query();
    people_of(
        db,
        organization,
        search,
        Condition::all().add(M::Id.not_in_subquery(holding)),
        now,
        limit,
    )
    .await
}

/// Members of an organization by part of name or address, at most `limit`.
pub async fn find_members(
    db: &impl Db,
    organization: OrganizationId,
    search: &str,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Somebody>, StoreError> {
    people_of(db, organization, Some(search), Condition::all(), now, limit).await
}

/// Who runs the people of an organization: partner admins and user managers, by name, at most `limit`.
pub async fn managers(db: &impl Db, organization: OrganizationId, now: Timestamp, limit: u64) -> Result<Vec<Somebody>, StoreError> {
    use entity::member::Column as M;
    let roles = [MemberRole::PartnerAdmin.as_str(), MemberRole::UserManager.as_str()];
    let who = Condition::all()
        .add(M::Role.is_in(roles))
        .add(M::Status.eq(MemberStatus::Active.as_str()))
        .add(M::ReadOnly.eq(false));
    people_of(db, organization, None, who, now, limit).await
}

async fn people_of(
    db: &impl Db,
    organization: OrganizationId,
    search: Option<&str>,
    which: Condition,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Somebody>, StoreError> {
    use entity::member::Column as M;
    let mut query = entity::member::Entity::find()
        .join(JoinType::InnerJoin, to_person())
        .filter(M::OrganizationId.eq(organization.0))
        .filter(M::Status.ne(MemberStatus::Removed.as_str()))
        .filter(Condition::any().add(M::EndsAt.is_null()).add(M::EndsAt.gt(now)))
        .filter(which)
        .order_by_asc(entity::person::Column::Name)
        .order_by_asc(M::Id)
        .limit(limit);
    if let Some(search) = search {
        query = query.filter(named_like(search));
    }
    let rows = query.select_also(entity::person::Entity).all(db.connection()).await?;
    rows.into_iter()
        .filter_map(|(member, person)| person.map(|person| somebody(member, person)))
        .collect()
}

/// A partner in a list of search results.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PartnerName {
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// What kind of partner.
    pub kind: String,
}

/// Partners by part of their name, at most `limit`; with `owner`, only those this person owns or stands in for.
pub async fn find_partners(db: &impl Db, search: &str, owner: Option<PersonId>, limit: u64) -> Result<Vec<PartnerName>, StoreError> {
    use entity::organization::{Column as O, Entity};
    let mut query = Entity::find()
        .select_only()
        .columns([O::Name, O::Slug, O::Kind])
        .filter(like(Expr::col((Entity, O::Name)), search));
    if let Some(owner) = owner {
        query = query.filter(Condition::any().add(O::OwnerId.eq(owner.0)).add(O::DeputyId.eq(owner.0)));
    }
    Ok(query
        .order_by_asc(O::Name)
        .order_by_asc(O::Id)
        .limit(limit)
        .into_model::<PartnerName>()
        .all(db.connection())
        .await?)
}

pub(super) fn named_like(search: &str) -> Condition {
    use entity::person::{Column as P, Entity};
    Condition::any()
        .add(like(Expr::col((Entity, P::Name)), search))
        .add(like(Expr::col((Entity, P::EmailNormalized)), search))
}

/// Whether the column contains the text, whatever the case, the same on both databases; `%` and `_` mean themselves.
fn like(column: SimpleExpr, search: &str) -> Condition {
    let pattern = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        LikeExpr::new(format!("%{text}%")).escape('\\')
    };
    let lowered = Expr::expr(Func::lower(column.clone())).like(pattern(&search.to_lowercase()));
    // SQLite lowers ASCII alone: what was typed as it is written is found too.
    Condition::any().add(lowered).add(column.like(pattern(search)))
}
