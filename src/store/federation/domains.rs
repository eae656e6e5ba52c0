//! Rows of domains that partners say are theirs.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, SqlErr,
    sea_query::OnConflict,
};

use super::super::{Db, StoreError, Tx, entity, parse};
use crate::{
    federation::domains::{Domain, DomainStatus},
    kernel::{DomainId, OrganizationId, Timestamp},
};
use entity::domain::{ActiveModel, Column as C, Entity, Model};

fn domain(row: Model) -> Result<Domain, StoreError> {
    Ok(Domain {
        id: row.id.into(),
        organization: row.organization_id.into(),
        name: row.name,
        subdomains: row.subdomains,
        proof: row.proof,
        status: parse("domains.status", &row.status)?,
        provider: row.provider_id.map(Into::into),
        proven_at: row.proven_at,
        checked_at: row.checked_at,
        missing_since: row.missing_since,
        created_at: row.created_at,
        version: row.version,
    })
}

fn row(domain: &Domain, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(domain.id.0),
        organization_id: Set(domain.organization.0),
        name: Set(domain.name.clone()),
        subdomains: Set(domain.subdomains),
        proof: Set(domain.proof.clone()),
        status: Set(domain.status.as_str().to_owned()),
        provider_id: Set(domain.provider.map(|id| id.0)),
        proven_at: Set(domain.proven_at),
        checked_at: Set(domain.checked_at),
        missing_since: Set(domain.missing_since),
        created_at: Set(domain.created_at),
        version: Set(version),
    }
}

/// Every domain of an organization, by name.
pub async fn of_organization(db: &impl Db, organization: OrganizationId) -> Result<Vec<Domain>, StoreError> {
    let query = Entity::find().filter(C::OrganizationId.eq(organization.0)).order_by_asc(C::Name);
    query.all(db.connection()).await?.into_iter().map(domain).collect()
}

/// A domain of an organization.
pub async fn get(db: &impl Db, organization: OrganizationId, id: DomainId) -> Result<Option<Domain>, StoreError> {
    let query = Entity::find_by_id(id.0).filter(C::OrganizationId.eq(organization.0));
    query.one(db.connection()).await?.map(domain).transpose()
}

/// Among proven (or lately lost) domains, those with one of the names: for an address, its domain and every name above it.
pub async fn owned(db: &impl Db, names: &[String]) -> Result<Vec<Domain>, StoreError> {
    let query = Entity::find()
        .filter(C::Name.is_in(names.iter().cloned()))
        .filter(C::Status.ne(DomainStatus::Pending.as_str()));
    query.all(db.connection()).await?.into_iter().map(domain).collect()
}

/// Adds a domain; answers false when the organization has it already.
pub async fn insert(tx: &Tx, domain: &Domain) -> Result<bool, StoreError> {
    let rows = Entity::insert(row(domain, domain.version))
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes a domain back.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn update(tx: &Tx, domain: &Domain) -> Result<(), StoreError> {
    if write(tx, domain).await? == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}

/// Writes a domain back that was proven. Answers false when the name is another organization's by now, which the unique index alone can
/// tell of what happens at the same moment; the transaction is then good for a rollback only.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn prove(tx: &Tx, domain: &Domain) -> Result<bool, StoreError> {
    match write(tx, domain).await {
        Ok(1) => Ok(true),
        Ok(_) => Err(StoreError::Stale),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn write(tx: &Tx, domain: &Domain) -> Result<u64, DbErr> {
    let mut row = row(domain, domain.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(domain.id.0))
        .filter(C::Version.eq(domain.version))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Gives a domain up.
pub async fn delete(tx: &Tx, domain: &Domain) -> Result<(), StoreError> {
    Entity::delete_by_id(domain.id.0).exec(tx.connection()).await?;
    Ok(())
}

/// Proven and lost domains not checked since a moment, longest first.
pub async fn to_check(db: &impl Db, before: Timestamp, size: u64) -> Result<Vec<Domain>, StoreError> {
    let query = Entity::find()
        .filter(C::Status.ne(DomainStatus::Pending.as_str()))
        // A domain that a declaration vouches for has no record to look for.
        .filter(C::Proof.ne(""))
        .filter(Condition::any().add(C::CheckedAt.is_null()).add(C::CheckedAt.lt(before)))
        .order_by_asc(C::CheckedAt)
        .limit(size);
    query.all(db.connection()).await?.into_iter().map(domain).collect()
}
