//! Rows of requests that clients pushed.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::super::{Db, StoreError, Tx, entity};
use crate::kernel::{ClientId, Timestamp};
use entity::oauth_pushed_request::{ActiveModel, Column as C, Entity};

/// Keeps a request; `parameters` is JSON.
pub async fn insert(tx: &Tx, hash: Vec<u8>, client: ClientId, parameters: String, expires_at: Timestamp) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(hash),
        client_id: Set(client.0),
        parameters: Set(parameters),
        expires_at: Set(expires_at),
    };
    Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// A request that this client pushed and that has not ended.
pub async fn find(db: &impl Db, hash: &[u8], client: ClientId, now: Timestamp) -> Result<Option<String>, StoreError> {
    let row = Entity::find_by_id(hash.to_vec())
        .filter(C::ClientId.eq(client.0))
        .filter(C::ExpiresAt.gt(now))
        .one(db.connection())
        .await?;
    Ok(row.map(|row| row.parameters))
}

/// Forgets a request that was answered; answers false when it was answered before (single use).
pub async fn use_up(tx: &Tx, hash: &[u8]) -> Result<bool, StoreError> {
    let done = Entity::delete_by_id(hash.to_vec()).exec(tx.connection()).await?;
    Ok(done.rows_affected == 1)
}
