//! What is past its end and waits to be tidied up: ids to work on, and deletions of what is over anyway.

use chrono::Duration;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Query},
};

use super::{Db, StoreError, Tx, entity};
use crate::{
    kernel::{ContractId, MemberId, OrganizationId, Timestamp},
    organizations::OrganizationStatus,
    people::MemberStatus,
};
use entity::organization::{Column as O, Entity as Organizations};

/// Active organizations whose certification was due before `due_before`, the most overdue first.
pub async fn lapsed(db: &impl Db, due_before: Timestamp) -> Result<Vec<OrganizationId>, StoreError> {
    let rows: Vec<uuid::Uuid> = Organizations::find()
        .select_only()
        .column(O::Id)
        .filter(O::Status.eq(OrganizationStatus::Active.as_str()))
        .filter(O::CertificationDueAt.lte(due_before))
        .order_by_asc(O::CertificationDueAt)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many organizations are active.
pub async fn active_organizations(db: &impl Db) -> Result<u64, StoreError> {
    Ok(Organizations::find()
        .filter(O::Status.eq(OrganizationStatus::Active.as_str()))
        .count(db.connection())
        .await?)
}

/// An active organization whose certification is due soon or overdue.
#[derive(Clone, Debug)]
pub struct Due {
    /// Which.
    pub id: OrganizationId,
    /// When it is due.
    pub due_at: Timestamp,
    /// The last reminder that was sent.
    pub reminder: Option<String>,
}

/// Active organizations whose certification is due before `due_before`.
pub async fn due(db: &impl Db, due_before: Timestamp) -> Result<Vec<Due>, StoreError> {
    let rows: Vec<(uuid::Uuid, Timestamp, Option<String>)> = Organizations::find()
        .select_only()
        .columns([O::Id, O::CertificationDueAt, O::CertificationReminder])
        .filter(O::Status.eq(OrganizationStatus::Active.as_str()))
        .filter(O::CertificationDueAt.lte(due_before))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, due_at, reminder)| Due {
            id: id.into(),
            due_at,
            reminder,
        })
        .collect())
}

/// Notes a reminder; answers false when someone else sent this one already.
pub async fn note_reminder(tx: &Tx, id: OrganizationId, reminder: &str) -> Result<bool, StoreError> {
    let done = Organizations::update_many()
        .col_expr(O::CertificationReminder, reminder.into())
        .filter(O::Id.eq(id.0))
        .filter(
            Condition::any()
                .add(O::CertificationReminder.is_null())
                .add(O::CertificationReminder.ne(reminder)),
        )
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Contracts that end after `now` and not after `until`, by their end; the organization first.
pub async fn contracts_ending(db: &impl Db, now: Timestamp, until: Timestamp) -> Result<Vec<(OrganizationId, ContractId)>, StoreError> {
    use entity::contract::{Column as C, Entity as Contracts};
    let rows: Vec<(uuid::Uuid, uuid::Uuid)> = Contracts::find()
        .select_only()
        .columns([C::OrganizationId, C::Id])
        .filter(C::EndsAt.gt(now))
        .filter(C::EndsAt.lte(until))
        .order_by_asc(C::EndsAt)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(organization, contract)| (organization.into(), contract.into()))
        .collect())
}

/// Whether the trail has this event about this end of a contract.
pub async fn was_told_of_end(db: &impl Db, contract: ContractId, action: &str, ends_at: &str) -> Result<bool, StoreError> {
    use entity::audit_event::{Column as A, Entity as Events};
    let details: Vec<String> = Events::find()
        .select_only()
        .column(A::Details)
        .filter(A::SubjectId.eq(contract.0))
        .filter(A::Action.eq(action))
        .into_tuple()
        .all(db.connection())
        .await?;
    let told = |details: &String| serde_json::from_str::<serde_json::Value>(details).is_ok_and(|details| details["ends_at"] == ends_at);
    Ok(details.iter().any(told))
}

/// Members past their end that nobody has marked so yet, at most `size`.
pub async fn members_past_end(db: &impl Db, now: Timestamp, size: u64) -> Result<Vec<(OrganizationId, MemberId)>, StoreError> {
    use entity::member::{Column as M, Entity as Members};
    let rows: Vec<(uuid::Uuid, uuid::Uuid)> = Members::find()
        .select_only()
        .columns([M::OrganizationId, M::Id])
        .filter(M::EndsAt.lte(now))
        .filter(M::Status.ne(MemberStatus::Removed.as_str()))
        .order_by_asc(M::EndsAt)
        .limit(size)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(organization, member)| (organization.into(), member.into()))
        .collect())
}

/// Organizations in which someone has a session although no contract is in force.
pub async fn sessions_without_contract(db: &impl Db, now: Timestamp) -> Result<Vec<OrganizationId>, StoreError> {
    use entity::{
        member::{Column as M, Entity as Members},
        oauth_client::Column as Listener,
        oauth_grant::Column as G,
        session::Column as S,
    };
    let held = Query::select()
        .column(S::MemberId)
        .from("sessions")
        .and_where(S::MemberId.is_not_null())
        .to_owned();
    // Applications that want to be told hold something although nobody has a session here.
    let listening = Query::select()
        .column(Listener::Id)
        .from("oauth_clients")
        .and_where(Listener::BackchannelLogoutUri.is_not_null())
        .and_where(Listener::DisabledAt.is_null())
        .to_owned();
    let let_in = Query::select()
        .column(G::MemberId)
        .from("oauth_grants")
        .and_where(G::RevokedAt.is_null())
        .and_where(G::ClientId.in_subquery(listening))
        .to_owned();
    let in_force = Query::select()
        .expr(Expr::value(1))
        .from("contracts")
        .and_where(Expr::col(("contracts", "organization_id")).equals(("members", "organization_id")))
        .and_where(Expr::col(("contracts", "starts_at")).lte(now))
        .and_where(Expr::col(("contracts", "ends_at")).gt(now))
        .to_owned();
    let rows: Vec<uuid::Uuid> = Members::find()
        .select_only()
        .column(M::OrganizationId)
        .distinct()
        .filter(Condition::any().add(M::Id.in_subquery(held)).add(M::Id.in_subquery(let_in)))
        .filter(Expr::not_exists(in_force))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Deletes attempt counters and reset links that are over; answers how many.
pub async fn delete_expired(tx: &Tx, now: Timestamp) -> Result<u64, StoreError> {
    use entity::{attempt, password_reset};
    let attempts = attempt::Entity::delete_many()
        .filter(attempt::Column::WindowEndsAt.lte(now))
        .exec(tx.connection())
        .await?;
    let resets = password_reset::Entity::delete_many()
        .filter(password_reset::Column::ExpiresAt.lte(now - Duration::days(1)))
        .exec(tx.connection())
        .await?;
    Ok(attempts.rows_affected + resets.rows_affected)
}

/// Whether there is anything for [`delete_expired`] or the sweep of sessions.
pub async fn anything_expired(db: &impl Db, now: Timestamp, idle: Duration) -> Result<bool, StoreError> {
    use entity::{attempt, federation_trip, password_reset, session};
    let sessions = session::Entity::find()
        .filter(
            Condition::any()
                .add(session::Column::EndsAt.lte(now))
                .add(session::Column::LastSeenAt.lte(now - idle)),
        )
        .count(db.connection())
        .await?;
    let attempts = attempt::Entity::find()
        .filter(attempt::Column::WindowEndsAt.lte(now))
        .count(db.connection())
        .await?;
    let resets = password_reset::Entity::find()
        .filter(password_reset::Column::ExpiresAt.lte(now - Duration::days(1)))
        .count(db.connection())
        .await?;
    let trips = federation_trip::Entity::find()
        .filter(federation_trip::Column::EndsAt.lte(now))
        .count(db.connection())
        .await?;
    Ok(sessions + attempts + resets + trips > 0)
}

/// Whether the trail has an event of this action since `since`.
pub async fn happened_since(db: &impl Db, action: &str, since: Timestamp) -> Result<bool, StoreError> {
    use entity::audit_event::{Column as E, Entity as Events};
    let found = Events::find()
        .filter(E::Action.eq(action))
        .filter(E::At.gt(since))
        .limit(1)
        .count(db.connection())
        .await?;
    Ok(found > 0)
}
