//! Rows of memberships.

use std::collections::HashMap;

use chrono::{DateTime, TimeZone as _, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, ExprTrait as _, JoinType, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
    sea_query::{Expr, Func, LikeExpr, OnConflict},
};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    kernel::{MemberId, OrganizationId, PersonId, Timestamp},
    people::{Member, MemberCursor, MemberFilter, MemberPage, MemberRole, MemberStatus, Person, SortKey, StandingFilter},
};
use entity::{
    member::{ActiveModel, Column as C, Entity, Model},
    person::{Column as P, Entity as People},
};

pub(crate) fn member(row: Model) -> Result<Member, StoreError> {
    Ok(Member {
        id: row.id.into(),
        organization: row.organization_id.into(),
        person: row.person_id.into(),
        role: parse("members.role", &row.role)?,
        status: parse("members.status", &row.status)?,
        status_reason: row.status_reason,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        read_only: row.read_only,
        rotated_to: row.rotated_to.map(Into::into),
        rotated_from: row.rotated_from.map(Into::into),
        last_seen_at: row.last_seen_at,
        created_at: row.created_at,
        version: row.version,
    })
}

/// One member of an organization; a member of another organization is not found.
pub async fn get(db: &impl Db, organization: OrganizationId, id: MemberId) -> Result<Option<Member>, StoreError> {
    Entity::find_by_id(id.0)
        .filter(C::OrganizationId.eq(organization.0))
        .one(db.connection())
        .await?
        .map(member)
        .transpose()
}

/// The memberships of a person that are not removed, oldest first.
pub async fn of_person(db: &impl Db, person: PersonId) -> Result<Vec<Member>, StoreError> {
    Entity::find()
        .filter(C::PersonId.eq(person.0))
        .filter(C::Status.ne(MemberStatus::Removed.as_str()))
        .order_by_asc(C::Id)
        .all(db.connection())
        .await?
        .into_iter()
        .map(member)
        .collect()
}

/// The membership of a person in an organization that is not removed.
pub async fn find(db: &impl Db, organization: OrganizationId, person: PersonId) -> Result<Option<Member>, StoreError> {
    Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::PersonId.eq(person.0))
        .filter(C::Status.ne(MemberStatus::Removed.as_str()))
        .one(db.connection())
        .await?
        .map(member)
        .transpose()
}

/// Whether a person is or ever was a member of an organization.
pub async fn was_member(db: &impl Db, organization: OrganizationId, person: PersonId) -> Result<bool, StoreError> {
    let query = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::PersonId.eq(person.0));
    Ok(query.count(db.connection()).await? > 0)
}

/// How many seats are taken at `now`: members that are not removed and not past their end. A leaver who may only look until the
/// hand-over is done takes none: the successor has the seat.
pub async fn seats_taken(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::Status.ne(MemberStatus::Removed.as_str()))
        .filter(C::ReadOnly.eq(false))
        .filter(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now)))
        .count(db.connection())
        .await?)
}

/// How many partner admins other than `except` could act at `now`.
pub async fn other_admins(db: &impl Db, organization: OrganizationId, except: MemberId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::Id.ne(except.0))
        .filter(C::Role.eq(MemberRole::PartnerAdmin.as_str()))
        .filter(C::Status.eq(MemberStatus::Active.as_str()))
        .filter(C::ReadOnly.eq(false))
        .filter(C::StartsAt.lte(now))
        .filter(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now)))
        .count(db.connection())
        .await?)
}

/// The active partner admins of an organization (ended and read-only ones included; the model tells who counts).
pub async fn admins(db: &impl Db, organization: OrganizationId) -> Result<Vec<Member>, StoreError> {
    Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::Role.eq(MemberRole::PartnerAdmin.as_str()))
        .filter(C::Status.eq(MemberStatus::Active.as_str()))
        .all(db.connection())
        .await?
        .into_iter()
        .map(member)
        .collect()
}

/// A row of a list of people.
#[derive(Clone, Debug)]
pub struct ListedMember {
    /// The membership.
    pub member: Member,
    /// Name of the person.
    pub name: String,
    /// Address of the person.
    pub email: String,
}

/// One page of a list of people.
#[derive(Clone, Debug)]
pub struct ListedMembers {
    /// The rows, in the wanted order.
    pub rows: Vec<ListedMember>,
    /// Where the page before ends, when there is one.
    pub before: Option<MemberCursor>,
    /// Where the next page begins, when there is one.
    pub after: Option<MemberCursor>,
}

/// What stands for "never": larger than every end, smaller than every visit.
fn far() -> Timestamp {
    Utc.with_ymd_and_hms(9999, 1, 1, 0, 0, 0)
        .single()
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn long_ago() -> Timestamp {
    DateTime::<Utc>::UNIX_EPOCH
}

fn with_people(query: Select<Entity>) -> Select<Entity> {
    query.join(JoinType::InnerJoin, Entity::belongs_to(People).from(C::PersonId).to(P::Id).into())
}

fn narrowed(organization: OrganizationId, filter: &MemberFilter, now: Timestamp) -> Select<Entity> {
    let not_ended = || Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now));
    let removed = MemberStatus::Removed.as_str();
    let mut query = with_people(Entity::find()).filter(C::OrganizationId.eq(organization.0));
    query = match filter.standing {
        StandingFilter::Current => query.filter(C::Status.ne(removed)).filter(not_ended()),
        StandingFilter::Active => query
            .filter(C::Status.eq(MemberStatus::Active.as_str()))
            .filter(C::StartsAt.lte(now))
            .filter(not_ended()),
        StandingFilter::Suspended => query.filter(C::Status.eq(MemberStatus::Suspended.as_str())).filter(not_ended()),
        StandingFilter::Leaving => query.filter(C::Status.ne(removed)).filter(C::EndsAt.gt(now)),
        StandingFilter::Over => query.filter(Condition::any().add(C::Status.eq(removed)).add(C::EndsAt.lte(now))),
        StandingFilter::All => query,
    };
    if let Some(role) = filter.role {
        query = query.filter(C::Role.eq(role.as_str()));
    }
    if let Some(search) = &filter.search {
        let pattern = |text: &str| {
            let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            LikeExpr::new(format!("%{escaped}%")).escape('\\')
        };
        // As typed too: SQLite lowers only ASCII.
        query = query.filter(
            Condition::any()
                .add(Func::lower(Expr::col((People, P::Name))).like(pattern(&search.to_lowercase())))
                .add(Expr::col((People, P::Name)).like(pattern(search)))
                .add(Expr::col((People, P::EmailNormalized)).like(pattern(&search.to_lowercase()))),
        );
    }
    query
}

fn sort_expression(key: SortKey) -> Expr {
    match key {
        SortKey::Name => Func::lower(Expr::col((People, P::Name))).into(),
        SortKey::Seen => Func::coalesce([Expr::col((Entity, C::LastSeenAt)), Expr::val(long_ago())]).into(),
        SortKey::Ends => Func::coalesce([Expr::col((Entity, C::EndsAt)), Expr::val(far())]).into(),
    }
}

/// The value of a cursor as the database compares it; none when the cursor was made for another order.
fn edge(key: SortKey, cursor: &MemberCursor) -> Option<Expr> {
    match key {
        SortKey::Name => Some(Func::lower(Expr::val(cursor.key.clone())).into()),
        SortKey::Seen | SortKey::Ends => Some(Expr::val(DateTime::<Utc>::from_timestamp_micros(cursor.key.parse().ok()?)?)),
    }
}

fn cursor_of(key: SortKey, row: &ListedMember) -> MemberCursor {
    let key = match key {
        SortKey::Name => row.name.clone(),
        SortKey::Seen => row.member.last_seen_at.unwrap_or_else(long_ago).timestamp_micros().to_string(),
        SortKey::Ends => row.member.ends_at.unwrap_or_else(far).timestamp_micros().to_string(),
    };
    MemberCursor { key, id: row.member.id }
}

/// How many people of an organization pass the filter.
pub async fn count(db: &impl Db, organization: OrganizationId, filter: &MemberFilter, now: Timestamp) -> Result<u64, StoreError> {
    Ok(narrowed(organization, filter, now).count(db.connection()).await?)
}

/// A page of at most `size` people of an organization that pass the filter; two queries.
pub async fn list(
    db: &impl Db,
    organization: OrganizationId,
    filter: &MemberFilter,
    page: &MemberPage,
    size: usize,
    now: Timestamp,
) -> Result<ListedMembers, StoreError> {
    let backwards = matches!(page, MemberPage::Before(_));
    let upwards = filter.descending == backwards;
    let sort = sort_expression(filter.sort);
    let mut query = narrowed(organization, filter, now);
    let cursor = match page {
        MemberPage::First => None,
        MemberPage::After(cursor) | MemberPage::Before(cursor) => edge(filter.sort, cursor).map(|edge| (edge, cursor.id.0)),
    };
    let begins = cursor.is_none();
    if let Some((edge, id)) = cursor {
        let (beyond, beyond_id) = if upwards {
            (sort.clone().gt(edge.clone()), C::Id.gt(id))
        } else {
            (sort.clone().lt(edge.clone()), C::Id.lt(id))
        };
        query = query.filter(
            Condition::any()
                .add(beyond)
                .add(Condition::all().add(sort.clone().eq(edge)).add(beyond_id)),
        );
    }
    let order = if upwards { Order::Asc } else { Order::Desc };
    let found = query
        .order_by(sort, order.clone())
        .order_by(C::Id, order)
        .limit(size as u64 + 1)
        .all(db.connection())
        .await?;
    let more = found.len() > size;
    let mut rows = named(db, found.into_iter().take(size).map(member).collect::<Result<_, _>>()?).await?;
    if backwards {
        rows.reverse();
    }
    let first = rows.first().map(|row| cursor_of(filter.sort, row));
    let last = rows.last().map(|row| cursor_of(filter.sort, row));
    let (has_before, has_after) = if backwards && !begins { (more, true) } else { (!begins, more) };
    Ok(ListedMembers {
        rows,
        before: first.filter(|_| has_before),
        after: last.filter(|_| has_after),
    })
}

/// Adds name and address to memberships, keeping their order.
async fn named(db: &impl Db, members: Vec<Member>) -> Result<Vec<ListedMember>, StoreError> {
    let rows: Vec<(uuid::Uuid, String, String)> = People::find()
        .select_only()
        .columns([P::Id, P::Name, P::Email])
        .filter(P::Id.is_in(members.iter().map(|member| member.person.0)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let known: HashMap<_, _> = rows.into_iter().map(|(id, name, email)| (id, (name, email))).collect();
    Ok(members
        .into_iter()
        .map(|member| {
            // A person has one row per organization that is not removed, but may have removed ones besides.
            let (name, email) = known.get(&member.person.0).cloned().unwrap_or_default();
            ListedMember { member, name, email }
        })
        .collect())
}

fn row(member: &Member, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(member.id.0),
        organization_id: Set(member.organization.0),
        person_id: Set(member.person.0),
        role: Set(member.role.as_str().to_owned()),
        status: Set(member.status.as_str().to_owned()),
        status_reason: Set(member.status_reason.clone()),
        starts_at: Set(member.starts_at),
        ends_at: Set(member.ends_at),
        read_only: Set(member.read_only),
        rotated_to: Set(member.rotated_to.map(|id| id.0)),
        rotated_from: Set(member.rotated_from.map(|id| id.0)),
        last_seen_at: Set(member.last_seen_at),
        created_at: Set(member.created_at),
        version: Set(version),
    }
}

/// Adds a membership; answers false when the person already has one there (nothing is written then).
pub async fn insert(tx: &Tx, member: &Member) -> Result<bool, StoreError> {
    let rows = Entity::insert(row(member, member.version))
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes a membership back, if nobody else did since it was read.
pub async fn update(tx: &Tx, member: &Member) -> Result<(), StoreError> {
    let mut row = row(member, member.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    row.last_seen_at = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(member.id.0))
        .filter(C::Version.eq(member.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Notes that the member was here; never a conflict.
pub async fn touch(tx: &Tx, id: MemberId, now: Timestamp) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::LastSeenAt, now.into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The members of an organization that count now with their people, oldest first, at most `size`; two queries.
pub async fn current_with_people(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    size: u64,
) -> Result<Vec<(Member, Person)>, StoreError> {
    let members: Vec<Member> = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::Status.ne(MemberStatus::Removed.as_str()))
        .filter(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now)))
        .order_by_asc(C::Id)
        .limit(size)
        .all(db.connection())
        .await?
        .into_iter()
        .map(member)
        .collect::<Result<_, _>>()?;
    let people = super::people::get_many(db, members.iter().map(|member| member.person)).await?;
    let mut by_id: std::collections::HashMap<PersonId, Person> = people.into_iter().map(|person| (person.id, person)).collect();
    Ok(members
        .into_iter()
        .filter_map(|member| Some((member.clone(), by_id.remove(&member.person)?)))
        .collect())
}
