//! Who holds what, read for pages and decisions: each answer takes the same few queries, however many rows there are.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationDef,
};
use uuid::Uuid;

use super::{
    Db, StoreError, applications, entity,
    grants::{taking_a_seat, to_member, with_assignment_scopes, with_entitlement_scopes},
    lookup::{Somebody, named_like, somebody, to_person},
};
use crate::{
    apps::{Application, Assignment, Entitlement, Scope},
    kernel::{ApplicationId, AssignmentId, EntitlementId, MemberId, OrganizationId, ScopeId, Timestamp},
};
use entity::{assignment, assignment_scope, entitlement, entitlement_scope};

/// One application in a member's hands: the grants and every scope of it that the assignment names.
#[derive(Clone, Debug)]
pub struct Held {
    /// What the member holds.
    pub assignment: Assignment,
    /// What the organization holds.
    pub entitlement: Entitlement,
    /// The application.
    pub application: Application,
    /// The assignment's scopes, by name.
    pub scopes: Vec<Scope>,
}

fn to_entitlement() -> RelationDef {
    assignment::Entity::belongs_to(entitlement::Entity)
        .from(assignment::Column::EntitlementId)
        .to(entitlement::Column::Id)
        .into()
}

fn to_application() -> RelationDef {
    assignment::Entity::belongs_to(entity::application::Entity)
        .from(assignment::Column::ApplicationId)
        .to(entity::application::Column::Id)
        .into()
}

fn to_scope() -> RelationDef {
    assignment_scope::Entity::belongs_to(entity::scope::Entity)
        .from(assignment_scope::Column::ScopeId)
        .to(entity::scope::Column::Id)
        .into()
}

/// Which of a member's applications are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// The one of this slug.
    Named(&'a str),
    /// This one.
    Only(ApplicationId),
}

/// What a member holds that was not taken away (ended things included): four queries.
pub async fn held_by_member(db: &impl Db, member: MemberId, which: Which<'_>) -> Result<Vec<Held>, StoreError> {
    use assignment::Column as C;
    let mut query = assignment::Entity::find()
        .join(JoinType::InnerJoin, to_entitlement())
        .filter(C::MemberId.eq(member.0))
        .filter(C::RevokedAt.is_null())
        .order_by_asc(C::Id);
    query = match which {
        Which::All => query,
        Which::Named(slug) => query
            .join(JoinType::InnerJoin, to_application())
            .filter(entity::application::Column::Slug.eq(slug)),
        Which::Only(application) => query.filter(C::ApplicationId.eq(application.0)),
    };
    let pairs = query.select_also(entitlement::Entity).all(db.connection()).await?;
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let application_ids: Vec<Uuid> = pairs.iter().map(|(assignment, _)| assignment.application_id).collect();
    let rows = entity::application::Entity::find()
        .filter(entity::application::Column::Id.is_in(application_ids))
        .all(db.connection())
        .await?;
    let applications: HashMap<Uuid, Application> = rows
        .into_iter()
        .map(|row| Ok((row.id, applications::application(row)?)))
        .collect::<Result<_, StoreError>>()?;
    let mut scopes = scopes_of_assignments(db, pairs.iter().map(|(assignment, _)| assignment.id).collect()).await?;
    let mut granted: HashMap<Uuid, Vec<ScopeId>> = HashMap::new();
    let entitlement_ids = pairs.iter().map(|(assignment, _)| assignment.entitlement_id);
    let rows = entitlement_scope::Entity::find()
        .filter(entitlement_scope::Column::EntitlementId.is_in(entitlement_ids))
        .all(db.connection())
        .await?;
    for row in rows {
        granted.entry(row.entitlement_id).or_default().push(row.scope_id.into());
    }
    let mut held = Vec::with_capacity(pairs.len());
    for (assignment, entitlement) in pairs {
        let Some(entitlement) = entitlement else { continue };
        let Some(application) = applications.get(&assignment.application_id).cloned() else {
            continue;
        };
        let scopes = scopes.remove(&assignment.id).unwrap_or_default();
        let granted = granted.get(&entitlement.id).cloned().unwrap_or_default();
        held.push(Held {
            assignment: super::grants::assignment_model(assignment, scopes.iter().map(|scope| scope.id).collect()),
            entitlement: super::grants::entitlement_model(entitlement, granted),
            application,
            scopes,
        });
    }
    Ok(held)
}

async fn scopes_of_assignments(db: &impl Db, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<Scope>>, StoreError> {
    let rows = assignment_scope::Entity::find()
        .join(JoinType::InnerJoin, to_scope())
        .filter(assignment_scope::Column::AssignmentId.is_in(ids))
        .order_by_asc(entity::scope::Column::Name)
        .select_also(entity::scope::Entity)
        .all(db.connection())
        .await?;
    let mut scopes: HashMap<Uuid, Vec<Scope>> = HashMap::new();
    for (link, scope) in rows {
        if let Some(scope) = scope {
            scopes.entry(link.assignment_id).or_default().push(applications::scope(scope)?);
        }
    }
    Ok(scopes)
}

/// How full an entitlement is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatsTaken {
    /// Assignments that hold or will hold.
    pub taken: u64,
    /// Of these, how many end by the asked moment.
    pub ending: u64,
}

#[derive(FromQueryResult)]
struct Count {
    id: Uuid,
    count: i64,
}

/// For each entitlement of an organization: seats taken now, and how many of these assignments end by `soon`. Two queries.
pub async fn seats_taken(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    soon: Timestamp,
) -> Result<HashMap<EntitlementId, SeatsTaken>, StoreError> {
    use assignment::Column as C;
    let count = || {
        assignment::Entity::find()
            .select_only()
            .column_as(C::EntitlementId, "id")
            .column_as(C::Id.count(), "count")
            .join(JoinType::InnerJoin, to_member())
            .filter(C::OrganizationId.eq(organization.0))
            .filter(taking_a_seat(now))
            .group_by(C::EntitlementId)
    };
    let mut seats: HashMap<EntitlementId, SeatsTaken> = HashMap::new();
    for row in count().into_model::<Count>().all(db.connection()).await? {
        seats.entry(row.id.into()).or_default().taken = u64::try_from(row.count).unwrap_or_default();
    }
    for row in count()
        .filter(C::EndsAt.lte(soon))
        .into_model::<Count>()
        .all(db.connection())
        .await?
    {
        seats.entry(row.id.into()).or_default().ending = u64::try_from(row.count).unwrap_or_default();
    }
    Ok(seats)
}

/// How many organizations hold each application now.
pub async fn holders_by_application(db: &impl Db, now: Timestamp) -> Result<HashMap<ApplicationId, u64>, StoreError> {
    use entitlement::Column as C;
    let rows = entitlement::Entity::find()
        .select_only()
        .column_as(C::ApplicationId, "id")
        .column_as(C::Id.count(), "count")
        .filter(C::RevokedAt.is_null())
        .filter(Condition::any().add(C::EndsAt.is_null()).add(C::EndsAt.gt(now)))
        .group_by(C::ApplicationId)
        .into_model::<Count>()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), u64::try_from(row.count).unwrap_or_default()))
        .collect())
}

/// The partners that hold an application, by name: entitlement, name and slug of the organization; at most `limit`.
pub async fn partners_of(db: &impl Db, application: ApplicationId, limit: u64) -> Result<Vec<(Entitlement, String, String)>, StoreError> {
    use entitlement::Column as C;
    let to_organization: RelationDef = entitlement::Entity::belongs_to(entity::organization::Entity)
        .from(C::OrganizationId)
        .to(entity::organization::Column::Id)
        .into();
    let rows = entitlement::Entity::find()
        .join(JoinType::InnerJoin, to_organization)
        .filter(C::ApplicationId.eq(application.0))
        .filter(C::RevokedAt.is_null())
        .order_by_asc(entity::organization::Column::Name)
        .limit(limit)
        .select_also(entity::organization::Entity)
        .all(db.connection())
        .await?;
    let (rows, organizations): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let entitlements = with_entitlement_scopes(db, rows).await?;
    let named = entitlements.into_iter().zip(organizations);
    Ok(named
        .filter_map(|(entitlement, organization)| organization.map(|it| (entitlement, it.name, it.slug)))
        .collect())
}

/// Where a list by id goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// At its newest row.
    #[default]
    Newest,
    /// After (older than) this row.
    Before(AssignmentId),
    /// Before (newer than) this row.
    After(AssignmentId),
}

/// A page of the assignments of an entitlement that were not taken away, newest first, each with its member; answers
/// also whether there are newer and older ones. `search` looks in names and addresses.
pub async fn holders(
    db: &impl Db,
    organization: OrganizationId,
    entitlement: EntitlementId,
    search: Option<&str>,
    position: Position,
    limit: usize,
) -> Result<(Vec<(Assignment, Somebody)>, bool, bool), StoreError> {
    use assignment::Column as C;
    let mut query = assignment::Entity::find()
        .join(JoinType::InnerJoin, to_member())
        .join(JoinType::InnerJoin, to_person())
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::EntitlementId.eq(entitlement.0))
        .filter(C::RevokedAt.is_null())
        .limit(limit as u64 + 1);
    if let Some(search) = search {
        query = query.filter(named_like(search));
    }
    query = match position {
        Position::Newest => query.order_by_desc(C::Id),
        Position::Before(id) => query.filter(C::Id.lt(id.0)).order_by_desc(C::Id),
        Position::After(id) => query.filter(C::Id.gt(id.0)).order_by_asc(C::Id),
    };
    let mut rows = query.select_also(entity::member::Entity).all(db.connection()).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let (newer, older) = match position {
        Position::Newest => (false, more),
        Position::Before(_) => (true, more),
        Position::After(_) => {
            rows.reverse();
            (more, true)
        }
    };
    let people = people_by_id(
        db,
        rows.iter()
            .filter_map(|(_, member)| member.as_ref().map(|row| row.person_id))
            .collect(),
    )
    .await?;
    let (rows, members): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let mut found = Vec::with_capacity(rows.len());
    for (assignment, member) in with_assignment_scopes(db, rows).await?.into_iter().zip(members) {
        let Some(member) = member else { continue };
        let Some(person) = people.get(&member.person_id).cloned() else {
            continue;
        };
        found.push((assignment, somebody(member, person)?));
    }
    Ok((found, newer, older))
}

async fn people_by_id(db: &impl Db, ids: Vec<Uuid>) -> Result<HashMap<Uuid, entity::person::Model>, StoreError> {
    let rows = entity::person::Entity::find()
        .filter(entity::person::Column::Id.is_in(ids))
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
