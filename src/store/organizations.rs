//! Rows of partner organizations.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{LockType, OnConflict},
};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    kernel::{OrganizationId, Timestamp},
    organizations::{Lifetimes, Organization, OrganizationStatus},
};
use entity::organization::{ActiveModel, Column as C, Entity, Model};

pub(crate) fn organization(row: Model) -> Result<Organization, StoreError> {
    Ok(Organization {
        id: row.id.into(),
        status: parse("organizations.status", &row.status)?,
        accent: parse("organizations.accent", &row.accent)?,
        metadata: serde_json::from_str(&row.metadata).map_err(|_| StoreError::Corrupt {
            column: "organizations.metadata",
        })?,
        slug: row.slug,
        name: row.name,
        kind: row.kind,
        description: row.description,
        status_reason: row.status_reason,
        parent: row.parent_id.map(Into::into),
        owner: row.owner_id.map(Into::into),
        deputy: row.deputy_id.map(Into::into),
        has_logo: row.logo_type.is_some(),
        require_step_up: row.require_step_up,
        lifetimes: Lifetimes {
            access_seconds: row.access_seconds,
            id_seconds: row.id_seconds,
            refresh_seconds: row.refresh_seconds,
        },
        certification_due_at: row.certification_due_at,
        certified_at: row.certified_at,
        suspended_by_certification: row.suspended_by_certification,
        created_at: row.created_at,
        version: row.version,
    })
}

/// One organization.
pub async fn get(db: &impl Db, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(organization).transpose()
}

/// One organization, held until the transaction ends: whoever counts seats or changes members of it waits.
pub async fn get_locked(tx: &Tx, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    let mut query = Entity::find_by_id(id.0);
    if tx.locks_rows() {
        // Whoever only refers to the organization, with a new grant for example, need not wait.
        query = query.lock(LockType::NoKeyUpdate);
    }
    query.one(tx.connection()).await?.map(organization).transpose()
}

/// The organization of this name in addresses.
pub async fn find_by_slug(db: &impl Db, slug: &str) -> Result<Option<Organization>, StoreError> {
    Entity::find()
        .filter(C::Slug.eq(slug))
        .one(db.connection())
        .await?
        .map(organization)
        .transpose()
}

/// Several organizations, in no order.
pub async fn get_many(db: &impl Db, ids: &[OrganizationId]) -> Result<Vec<Organization>, StoreError> {
    let query = Entity::find().filter(C::Id.is_in(ids.iter().map(|id| id.0)));
    query.all(db.connection()).await?.into_iter().map(organization).collect()
}

/// Where an organization stands in the list: by due date, without one or over at the end.
pub(crate) fn due_order(organization: &Organization) -> Timestamp {
    let last = Timestamp::from_timestamp(253_370_764_800, 0).unwrap_or(Timestamp::MAX_UTC);
    organization
        .certification_due_at
        .filter(|_| organization.status != OrganizationStatus::Offboarded)
        .unwrap_or(last)
}

fn row(organization: &Organization, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(organization.id.0),
        slug: Set(organization.slug.clone()),
        name: Set(organization.name.clone()),
        kind: Set(organization.kind.clone()),
        description: Set(organization.description.clone()),
        metadata: Set(serde_json::to_string(&organization.metadata).unwrap_or_else(|_| "{}".to_owned())),
        status: Set(organization.status.as_str().to_owned()),
        status_reason: Set(organization.status_reason.clone()),
        parent_id: Set(organization.parent.map(|id| id.0)),
        owner_id: Set(organization.owner.map(|id| id.0)),
        deputy_id: Set(organization.deputy.map(|id| id.0)),
        accent: Set(organization.accent.as_str().to_owned()),
        require_step_up: Set(organization.require_step_up),
        access_seconds: Set(organization.lifetimes.access_seconds),
        id_seconds: Set(organization.lifetimes.id_seconds),
        refresh_seconds: Set(organization.lifetimes.refresh_seconds),
        certification_due_at: Set(organization.certification_due_at),
        certified_at: Set(organization.certified_at),
        suspended_by_certification: Set(organization.suspended_by_certification),
        search_text: Set(format!("{} {} {}", organization.name, organization.slug, organization.kind).to_lowercase()),
        due_order: Set(due_order(organization)),
        created_at: Set(organization.created_at),
        version: Set(version),
        ..Default::default()
    }
}

/// Adds an organization; answers false when the slug is taken (nothing is written then).
pub async fn insert(tx: &Tx, organization: &Organization) -> Result<bool, StoreError> {
    let mut row = row(organization, organization.version);
    row.logo_type = Set(None);
    row.certification_reminder = Set(None);
    let rows = Entity::insert(row)
        .on_conflict(OnConflict::column(C::Slug).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes an organization back, if nobody else did since it was read.
pub async fn update(tx: &Tx, organization: &Organization) -> Result<(), StoreError> {
    let mut row = row(organization, organization.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(organization.id.0))
        .filter(C::Version.eq(organization.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Stores or clears the logo (bytes and media type).
pub async fn set_logo(tx: &Tx, id: OrganizationId, logo: Option<(Vec<u8>, &str)>) -> Result<(), StoreError> {
    use entity::organization_logo::{Column as L, Entity as Logo};
    let (bytes, media_type) = logo.map_or((None, None), |(bytes, media_type)| (Some(bytes), Some(media_type.to_owned())));
    Logo::update_many()
        .col_expr(L::Logo, bytes.into())
        .col_expr(L::LogoType, media_type.into())
        .filter(L::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The logo's bytes and media type.
pub async fn logo(db: &impl Db, id: OrganizationId) -> Result<Option<(Vec<u8>, String)>, StoreError> {
    let row = entity::organization_logo::Entity::find_by_id(id.0).one(db.connection()).await?;
    Ok(row.and_then(|row| Some((row.logo?, row.logo_type?))))
}
