//! Rows of what operators say of clients that act for people.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::OnConflict};

use super::super::{Db, StoreError, Tx, entity};
use crate::{
    issuer::Acting,
    kernel::{ActingId, ApplicationId, ClientId},
};
use entity::oauth_acting::{ActiveModel, Column as C, Entity, Model};

fn acting(row: Model) -> Acting {
    Acting {
        id: row.id.into(),
        client: row.client_id.into(),
        application: row.application_id.into(),
        scopes: row.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        created_at: row.created_at,
    }
}

/// Writes what an operator says, in place of what was said before of the same client and application.
pub async fn put(tx: &Tx, acting: &Acting) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(acting.id.0),
        client_id: Set(acting.client.0),
        application_id: Set(acting.application.0),
        scopes: Set(acting.scopes.join(" ")),
        created_at: Set(acting.created_at),
    };
    let known = OnConflict::columns([C::ClientId, C::ApplicationId])
        .update_column(C::Scopes)
        .to_owned();
    Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// What was said of a client at an application.
pub async fn find(db: &impl Db, client: ClientId, application: ApplicationId) -> Result<Option<Acting>, StoreError> {
    let query = Entity::find()
        .filter(C::ClientId.eq(client.0))
        .filter(C::ApplicationId.eq(application.0));
    Ok(query.one(db.connection()).await?.map(acting))
}

/// One of them.
pub async fn get(db: &impl Db, id: ActingId) -> Result<Option<Acting>, StoreError> {
    Ok(Entity::find_by_id(id.0).one(db.connection()).await?.map(acting))
}

/// What was said of these clients, oldest first.
pub async fn of_clients(db: &impl Db, clients: &[ClientId]) -> Result<Vec<Acting>, StoreError> {
    let query = Entity::find()
        .filter(C::ClientId.is_in(clients.iter().map(|id| id.0)))
        .order_by_asc(C::Id);
    Ok(query.all(db.connection()).await?.into_iter().map(acting).collect())
}

/// Who may act at an application.
pub async fn at(db: &impl Db, application: ApplicationId) -> Result<Vec<Acting>, StoreError> {
    let query = Entity::find().filter(C::ApplicationId.eq(application.0)).order_by_asc(C::Id);
    Ok(query.all(db.connection()).await?.into_iter().map(acting).collect())
}

/// Takes it back; answers false when it was not there.
pub async fn delete(tx: &Tx, id: ActingId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.0).exec(tx.connection()).await?.rows_affected == 1)
}
