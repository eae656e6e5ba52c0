//! Rows of delegations.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};

use super::{
    super::{Db, StoreError, Tx, entity},
    grants::Whose,
};
use crate::{
    issuer::{Delegation, Object},
    kernel::{ApplicationId, ClientId, DelegationId, MemberId, OrganizationId, PersonId, Timestamp},
};
use entity::delegation::{ActiveModel, Column as C, Entity, Model};

fn delegation(row: Model) -> Result<Delegation, StoreError> {
    let object: Option<Object> = row
        .object
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|_| StoreError::Corrupt {
            column: "delegations.object",
        })?;
    Ok(Delegation {
        id: row.id.into(),
        organization: row.organization_id.into(),
        member: row.member_id.into(),
        person: row.person_id.into(),
        client: row.client_id.into(),
        application: row.application_id.into(),
        provider: row.provider_id.map(Into::into),
        scopes: row.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        purpose: row.purpose,
        object,
        given_by: row.given_by.into(),
        created_at: row.created_at,
        ends_at: row.ends_at,
        last_used_at: row.last_used_at,
        ended_at: row.ended_at,
    })
}

/// Adds a delegation.
pub async fn insert(tx: &Tx, delegation: &Delegation) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(delegation.id.0),
        organization_id: Set(delegation.organization.0),
        member_id: Set(delegation.member.0),
        person_id: Set(delegation.person.0),
        client_id: Set(delegation.client.0),
        application_id: Set(delegation.application.0),
        provider_id: Set(delegation.provider.map(|id| id.0)),
        scopes: Set(delegation.scopes.join(" ")),
        purpose: Set(delegation.purpose.clone()),
        object: Set(delegation
            .object
            .as_ref()
            .map(|object| serde_json::to_string(object).unwrap_or_default())),
        given_by: Set(delegation.given_by.0),
        created_at: Set(delegation.created_at),
        ends_at: Set(delegation.ends_at),
        last_used_at: Set(None),
        ended_at: Set(None),
        ended_by: Set(None),
        ended_because: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// A delegation, ended ones included.
pub async fn get(db: &impl Db, id: DelegationId) -> Result<Option<Delegation>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(delegation).transpose()
}

fn in_force(now: Timestamp) -> Condition {
    Condition::all().add(C::EndedAt.is_null()).add(C::EndsAt.gt(now))
}

/// The delegations in force of a member, newest first.
pub async fn of_member(db: &impl Db, member: MemberId, now: Timestamp) -> Result<Vec<Delegation>, StoreError> {
    let query = Entity::find()
        .filter(C::MemberId.eq(member.0))
        .filter(in_force(now))
        .order_by_desc(C::Id);
    query.all(db.connection()).await?.into_iter().map(delegation).collect()
}

/// The delegations in force of an organization, newest first, at most `limit`.
pub async fn of_organization(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Delegation>, StoreError> {
    let query = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(in_force(now))
        .order_by_desc(C::Id)
        .limit(limit);
    query.all(db.connection()).await?.into_iter().map(delegation).collect()
}

/// The delegations in force by which a client acts for a member at an application, newest first.
pub async fn between(
    db: &impl Db,
    member: MemberId,
    client: ClientId,
    application: ApplicationId,
    now: Timestamp,
) -> Result<Vec<Delegation>, StoreError> {
    let query = Entity::find()
        .filter(C::MemberId.eq(member.0))
        .filter(C::ClientId.eq(client.0))
        .filter(C::ApplicationId.eq(application.0))
        .filter(in_force(now))
        .order_by_desc(C::Id);
    query.all(db.connection()).await?.into_iter().map(delegation).collect()
}

/// Notes that a token comes of a delegation; answers false when it was ended meanwhile.
pub async fn touch(tx: &Tx, id: DelegationId, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::LastUsedAt, Some(now).into())
        .filter(C::Id.eq(id.0))
        .filter(in_force(now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends a delegation; answers false when it was ended before.
pub async fn end(tx: &Tx, id: DelegationId, by: Option<PersonId>, because: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(end_where(tx, Condition::all().add(C::Id.eq(id.0)), by, because, now).await? == 1)
}

/// Ends every delegation of a member; answers how many.
pub async fn end_of_member(tx: &Tx, member: MemberId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    end_where(tx, Condition::all().add(C::MemberId.eq(member.0)), None, because, now).await
}

/// Ends every delegation of an organization's people; answers how many.
pub async fn end_of_organization(tx: &Tx, organization: OrganizationId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    end_where(tx, Condition::all().add(C::OrganizationId.eq(organization.0)), None, because, now).await
}

/// Ends every delegation at one application; answers how many.
pub async fn end_at(tx: &Tx, whose: Whose, application: ApplicationId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let which = Condition::all().add(C::ApplicationId.eq(application.0));
    let which = match whose {
        Whose::Member(id) => which.add(C::MemberId.eq(id.0)),
        Whose::Organization(id) => which.add(C::OrganizationId.eq(id.0)),
        Whose::Everybody => which,
    };
    end_where(tx, which, None, because, now).await
}

/// Ends every delegation to one client at one application; answers how many.
pub async fn end_between(tx: &Tx, client: ClientId, application: ApplicationId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let which = Condition::all()
        .add(C::ClientId.eq(client.0))
        .add(C::ApplicationId.eq(application.0));
    end_where(tx, which, None, because, now).await
}

/// Ends every delegation that is about a person; answers how many.
pub async fn end_of_person(tx: &Tx, person: PersonId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    end_where(tx, Condition::all().add(C::PersonId.eq(person.0)), None, because, now).await
}

async fn end_where(tx: &Tx, which: Condition, by: Option<PersonId>, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::EndedAt, Some(now).into())
        .col_expr(C::EndedBy, Expr::value(by.map(|id| id.0)))
        .col_expr(C::EndedBecause, Some(because.to_owned()).into())
        .filter(which)
        .filter(C::EndedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}
