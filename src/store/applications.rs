//! Rows of the catalogue: applications and scopes.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::OnConflict,
};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    apps::{Application, Scope},
    kernel::{ApplicationId, Timestamp},
};

pub(crate) fn application(row: entity::application::Model) -> Result<Application, StoreError> {
    Ok(Application {
        id: row.id.into(),
        status: parse("applications.status", &row.status)?,
        launch_url: parse("applications.launch_url", &row.launch_url)?,
        slug: row.slug,
        name: row.name,
        description: row.description,
        icon: row.icon,
        category: row.category,
        owner: row.owner_id.map(Into::into),
        version: row.version,
    })
}

pub(crate) fn scope(row: entity::scope::Model) -> Result<Scope, StoreError> {
    Ok(Scope {
        id: row.id.into(),
        application: row.application_id.into(),
        access: parse("scopes.access", &row.access)?,
        name: row.name,
        description: row.description,
        high_value: row.high_value,
    })
}

/// One application.
pub async fn get(db: &impl Db, id: ApplicationId) -> Result<Option<Application>, StoreError> {
    entity::application::Entity::find_by_id(id.0)
        .one(db.connection())
        .await?
        .map(application)
        .transpose()
}

/// The present versions of applications.
pub async fn versions(db: &impl Db, ids: impl Iterator<Item = ApplicationId>) -> Result<HashMap<ApplicationId, i32>, StoreError> {
    use entity::application::Column as C;
    let ids: BTreeSet<uuid::Uuid> = ids.map(|id| id.0).collect();
    let query = entity::application::Entity::find()
        .select_only()
        .columns([C::Id, C::Version])
        .filter(C::Id.is_in(ids));
    let rows: Vec<(uuid::Uuid, i32)> = query.into_tuple().all(db.connection()).await?;
    Ok(rows.into_iter().map(|(id, version)| (id.into(), version)).collect())
}

/// The application of this name in addresses.
pub async fn find_by_slug(db: &impl Db, slug: &str) -> Result<Option<Application>, StoreError> {
    let query = entity::application::Entity::find().filter(entity::application::Column::Slug.eq(slug));
    query.one(db.connection()).await?.map(application).transpose()
}

/// The whole catalogue, by name.
pub async fn all(db: &impl Db) -> Result<Vec<Application>, StoreError> {
    let query = entity::application::Entity::find().order_by_asc(entity::application::Column::Name);
    query.all(db.connection()).await?.into_iter().map(application).collect()
}

/// Several applications, by name.
pub async fn get_many(db: &impl Db, ids: &[ApplicationId]) -> Result<Vec<Application>, StoreError> {
    use entity::application::Column as C;
    let query = entity::application::Entity::find()
        .filter(C::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(C::Name);
    query.all(db.connection()).await?.into_iter().map(application).collect()
}

/// The scopes of some applications, by name.
pub async fn scopes_of(db: &impl Db, applications: &[ApplicationId]) -> Result<Vec<Scope>, StoreError> {
    use entity::scope::Column as C;
    let query = entity::scope::Entity::find()
        .filter(C::ApplicationId.is_in(applications.iter().map(|id| id.0)))
        .order_by_asc(C::Name);
    query.all(db.connection()).await?.into_iter().map(scope).collect()
}

fn row(application: &Application, version: i32) -> entity::application::ActiveModel {
    entity::application::ActiveModel {
        id: Set(application.id.0),
        slug: Set(application.slug.clone()),
        name: Set(application.name.clone()),
        description: Set(application.description.clone()),
        icon: Set(application.icon.clone()),
        category: Set(application.category.clone()),
        launch_url: Set(application.launch_url.to_string()),
        owner_id: Set(application.owner.map(|id| id.0)),
        status: Set(application.status.as_str().to_owned()),
        version: Set(version),
        ..Default::default()
    }
}

/// Adds an application; answers false when the slug is taken (nothing is written then).
pub async fn insert(tx: &Tx, application: &Application, now: Timestamp) -> Result<bool, StoreError> {
    let mut row = row(application, application.version);
    row.created_at = Set(now);
    let rows = entity::application::Entity::insert(row)
        .on_conflict(OnConflict::column(entity::application::Column::Slug).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes an application back, if nobody else did since it was read.
pub async fn update(tx: &Tx, application: &Application) -> Result<(), StoreError> {
    use entity::application::Column as C;
    let mut row = row(application, application.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = entity::application::Entity::update_many()
        .set(row)
        .filter(C::Id.eq(application.id.0))
        .filter(C::Version.eq(application.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Adds or changes a scope (by application and name).
pub async fn put_scope(tx: &Tx, scope: &Scope, now: Timestamp) -> Result<(), StoreError> {
    use entity::scope::Column as C;
    let row = entity::scope::ActiveModel {
        id: Set(scope.id.0),
        application_id: Set(scope.application.0),
        name: Set(scope.name.clone()),
        description: Set(scope.description.clone()),
        access: Set(scope.access.as_str().to_owned()),
        high_value: Set(scope.high_value),
        created_at: Set(now),
    };
    entity::scope::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([C::ApplicationId, C::Name])
                .update_columns([C::Description, C::Access, C::HighValue])
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Lets forms about an application that were made before now be stale; its scopes changed.
pub async fn touch(tx: &Tx, id: ApplicationId) -> Result<(), StoreError> {
    use entity::application::{Column as C, Entity};
    use sea_orm::{ExprTrait as _, sea_query::Expr};
    Entity::update_many()
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}
