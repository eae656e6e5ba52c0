//! Rows of templates for new partners, and of what the connections of partners made from one begin with.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, SqlErr,
    sea_query::OnConflict,
};

use super::{Db, StoreError, Tx, entity};
use crate::{
    federation::Joining,
    kernel::{OrganizationId, TemplateId},
    organizations::templates::Template,
};
use entity::{
    joining_default,
    organization_template::{ActiveModel, Column as C, Entity, Model},
};

fn template(row: Model) -> Result<Template, StoreError> {
    Ok(Template {
        id: row.id.into(),
        name: row.name,
        content: read("organization_templates.content", &row.content)?,
        created_at: row.created_at,
        version: row.version,
    })
}

fn read<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { column })
}

fn written(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn row(template: &Template, version: i32) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: Set(template.id.0),
        name: Set(template.name.clone()),
        content: Set(written(&template.content)?),
        created_at: Set(template.created_at),
        version: Set(version),
    })
}

/// Every template, by name.
pub async fn all(db: &impl Db) -> Result<Vec<Template>, StoreError> {
    let rows = Entity::find().order_by_asc(C::Name).all(db.connection()).await?;
    rows.into_iter().map(template).collect()
}

/// One template.
pub async fn get(db: &impl Db, id: TemplateId) -> Result<Option<Template>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(template).transpose()
}

/// Adds a template; answers false when the name is taken.
pub async fn insert(tx: &Tx, template: &Template) -> Result<bool, StoreError> {
    let rows = Entity::insert(row(template, template.version)?)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes a template back; answers false when another one took the name at the same moment (the transaction is then good for a rollback
/// only).
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn update(tx: &Tx, template: &Template) -> Result<bool, StoreError> {
    let mut row = row(template, template.version + 1)?;
    row.id = NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(template.id.0))
        .filter(C::Version.eq(template.version))
        .exec(tx.connection())
        .await;
    match done {
        Ok(done) if done.rows_affected == 1 => Ok(true),
        Ok(_) => Err(StoreError::Stale),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes a template, if it is still the one that was seen.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn delete(tx: &Tx, template: &Template) -> Result<(), StoreError> {
    let done = Entity::delete_many()
        .filter(C::Id.eq(template.id.0))
        .filter(C::Version.eq(template.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Keeps what a connection of a new organization begins with.
pub async fn set_joining(tx: &Tx, organization: OrganizationId, joining: &Joining) -> Result<(), StoreError> {
    let row = joining_default::ActiveModel {
        organization_id: Set(organization.0),
        content: Set(written(joining)?),
    };
    let on_conflict = OnConflict::column(joining_default::Column::OrganizationId)
        .update_column(joining_default::Column::Content)
        .to_owned();
    joining_default::Entity::insert(row)
        .on_conflict(on_conflict)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// What a connection of an organization begins with, when a template said so.
pub async fn joining_of(db: &impl Db, organization: OrganizationId) -> Result<Option<Joining>, StoreError> {
    let row = joining_default::Entity::find_by_id(organization.0).one(db.connection()).await?;
    row.map(|row| read("joining_defaults.content", &row.content)).transpose()
}
