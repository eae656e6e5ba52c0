//! Rows of partners' identity providers.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, sea_query::Expr,
};

use super::super::{Db, StoreError, Tx, entity, parse};
use crate::{
    federation::{IdentityProvider, Protocol, ProviderStatus},
    kernel::{OrganizationId, ProviderId, Timestamp},
};
use entity::identity_provider::{ActiveModel, Column as C, Entity, Model};

fn json<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { column })
}

fn provider(row: Model) -> Result<IdentityProvider, StoreError> {
    Ok(IdentityProvider {
        id: row.id.into(),
        organization: row.organization_id.into(),
        name: row.name,
        preset: parse("identity_providers.preset", &row.preset)?,
        protocol: json::<Protocol>("identity_providers.settings", &row.settings)?,
        status: parse("identity_providers.status", &row.status)?,
        secrets: row.secrets,
        published: row.published,
        published_at: row.published_at,
        mapping: json("identity_providers.mapping", &row.mapping)?,
        rules: json("identity_providers.rules", &row.rules)?,
        joining: json("identity_providers.joining", &row.joining)?,
        trusts_second_factor: row.trusts_second_factor,
        exclusive: row.exclusive,
        break_glass: row.break_glass_member_id.map(Into::into),
        failures: row.failures,
        fell_back_at: row.fell_back_at,
        tried_at: row.tried_at,
        certificate_ends_at: row.certificate_ends_at,
        certificate_warned_at: row.certificate_warned_at,
        created_at: row.created_at,
        version: row.version,
    })
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

fn row(provider: &IdentityProvider, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(provider.id.0),
        organization_id: Set(provider.organization.0),
        name: Set(provider.name.clone()),
        preset: Set(provider.preset.as_str().to_owned()),
        protocol: Set(provider.protocol.as_str().to_owned()),
        status: Set(provider.status.as_str().to_owned()),
        settings: Set(text(&provider.protocol)),
        secrets: Set(provider.secrets.clone()),
        published: Set(provider.published.clone()),
        published_at: Set(provider.published_at),
        mapping: Set(text(&provider.mapping)),
        rules: Set(text(&provider.rules)),
        joining: Set(text(&provider.joining)),
        trusts_second_factor: Set(provider.trusts_second_factor),
        exclusive: Set(provider.exclusive),
        break_glass_member_id: Set(provider.break_glass.map(|id| id.0)),
        failures: Set(provider.failures),
        fell_back_at: Set(provider.fell_back_at),
        tried_at: Set(provider.tried_at),
        certificate_ends_at: Set(provider.certificate_ends_at),
        certificate_warned_at: Set(provider.certificate_warned_at),
        created_at: Set(provider.created_at),
        version: Set(version),
    }
}

/// A provider of an organization.
pub async fn get(db: &impl Db, organization: OrganizationId, id: ProviderId) -> Result<Option<IdentityProvider>, StoreError> {
    let row = Entity::find_by_id(id.0).filter(C::OrganizationId.eq(organization.0));
    row.one(db.connection()).await?.map(provider).transpose()
}

/// A provider by its id alone: for what the provider itself sends us, which names no organization.
pub async fn find(db: &impl Db, id: ProviderId) -> Result<Option<IdentityProvider>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(provider).transpose()
}

/// Every provider of an organization, oldest first.
pub async fn of_organization(db: &impl Db, organization: OrganizationId) -> Result<Vec<IdentityProvider>, StoreError> {
    let query = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .order_by_asc(C::CreatedAt)
        .order_by_asc(C::Id);
    query.all(db.connection()).await?.into_iter().map(provider).collect()
}

/// Adds a provider.
pub async fn insert(tx: &Tx, provider: &IdentityProvider) -> Result<(), StoreError> {
    Entity::insert(row(provider, provider.version))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Writes a provider back.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn update(tx: &Tx, provider: &IdentityProvider) -> Result<(), StoreError> {
    let mut row = row(provider, provider.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(provider.id.0))
        .filter(C::Version.eq(provider.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes a provider that nothing points to any more.
pub async fn delete(tx: &Tx, id: ProviderId) -> Result<(), StoreError> {
    Entity::delete_by_id(id.0).exec(tx.connection()).await?;
    Ok(())
}

/// Keeps what a provider publishes, whatever else changes of it meanwhile.
pub async fn keep_published(
    tx: &Tx,
    id: ProviderId,
    published: &str,
    certificate_ends_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::Published, Some(published.to_owned()).into())
        .col_expr(C::PublishedAt, Some(now).into())
        .col_expr(C::CertificateEndsAt, certificate_ends_at.into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Counts a sign-in that failed because of the provider; answers how many in a row.
pub async fn count_failure(tx: &Tx, id: ProviderId) -> Result<i32, StoreError> {
    Entity::update_many()
        .col_expr(C::Failures, Expr::col(C::Failures).add(1))
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    let row = Entity::find_by_id(id.0).one(tx.connection()).await?;
    Ok(row.map_or(0, |row| row.failures))
}

/// Lets local passwords in again; answers false when they already are.
pub async fn fall_back(tx: &Tx, id: ProviderId, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::FellBackAt, Some(now).into())
        .filter(C::Id.eq(id.0))
        .filter(C::FellBackAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Notes a sign-in that worked: the row of failures is over.
pub async fn note_success(tx: &Tx, id: ProviderId) -> Result<(), StoreError> {
    success(id).exec(tx.connection()).await?;
    Ok(())
}

/// Notes a trial that worked, of the connection as it was at `version`.
pub async fn note_trial(tx: &Tx, id: ProviderId, version: i32, now: Timestamp) -> Result<(), StoreError> {
    success(id)
        .col_expr(C::TriedAt, Some(now).into())
        .filter(C::Version.eq(version))
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn success(id: ProviderId) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(C::Failures, 0.into())
        .col_expr(C::FellBackAt, Option::<Timestamp>::None.into())
        .filter(C::Id.eq(id.0))
}

/// Live SAML providers whose metadata is fetched by address, not read since `before`; oldest first.
pub async fn stale(db: &impl Db, before: Timestamp, size: u64) -> Result<Vec<IdentityProvider>, StoreError> {
    use sea_orm::QuerySelect as _;
    let query = Entity::find()
        .filter(C::Protocol.eq("saml"))
        .filter(C::Status.eq(ProviderStatus::Live.as_str()))
        .filter(Condition::any().add(C::PublishedAt.is_null()).add(C::PublishedAt.lt(before)))
        .order_by_asc(C::PublishedAt)
        .limit(size);
    query.all(db.connection()).await?.into_iter().map(provider).collect()
}

/// Live providers whose last signing certificate ends before a moment.
pub async fn certificates_ending(db: &impl Db, before: Timestamp, size: u64) -> Result<Vec<IdentityProvider>, StoreError> {
    use sea_orm::QuerySelect as _;
    let query = Entity::find()
        .filter(C::Status.eq(ProviderStatus::Live.as_str()))
        .filter(C::CertificateEndsAt.lt(before))
        .order_by_asc(C::CertificateEndsAt)
        .limit(size);
    query.all(db.connection()).await?.into_iter().map(provider).collect()
}

/// Notes that a warning about the certificate was sent.
pub async fn note_warned(tx: &Tx, id: ProviderId, now: Timestamp) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::CertificateWarnedAt, Some(now).into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}
