//! Rows of signing keys.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::OnConflict};

use super::super::{Db, StoreError, Tx, entity, parse};
use crate::{
    issuer::{SigningAlgorithm, StoredKey},
    kernel::Timestamp,
};
use entity::signing_key::{ActiveModel, Column as C, Entity, Model};

fn key(row: Model) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        id: row.id,
        algorithm: parse("signing_keys.algorithm", &row.algorithm)?,
        generation: row.generation,
        kid: row.kid,
        sealed: row.sealed,
        created_at: row.created_at,
        signs_from: row.signs_from,
        retires_at: row.retires_at,
    })
}

/// Every key that is published at `now`, oldest first.
pub async fn published(db: &impl Db, now: Timestamp) -> Result<Vec<StoredKey>, StoreError> {
    let query = Entity::find()
        .filter(Condition::any().add(C::RetiresAt.is_null()).add(C::RetiresAt.gt(now)))
        .order_by_asc(C::Generation)
        .order_by_asc(C::Algorithm);
    query.all(db.connection()).await?.into_iter().map(key).collect()
}

/// The key of this name, whether it is published or not.
pub async fn named(db: &impl Db, kid: &str) -> Result<Option<StoredKey>, StoreError> {
    let query = Entity::find().filter(C::Kid.eq(kid));
    query.one(db.connection()).await?.map(key).transpose()
}

/// Adds a key; answers false when somebody else made this generation at the same moment.
pub async fn insert(tx: &Tx, key: &StoredKey) -> Result<bool, StoreError> {
    let row = ActiveModel {
        id: Set(key.id),
        algorithm: Set(key.algorithm.as_str().to_owned()),
        generation: Set(key.generation),
        kid: Set(key.kid.clone()),
        sealed: Set(key.sealed.clone()),
        created_at: Set(key.created_at),
        signs_from: Set(key.signs_from),
        retires_at: Set(key.retires_at),
    };
    let rows = Entity::insert(row)
        .on_conflict(OnConflict::columns([C::Algorithm, C::Generation]).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Says when the keys of an algorithm before a generation are published no longer.
pub async fn retire_before(tx: &Tx, algorithm: SigningAlgorithm, generation: i32, at: Timestamp) -> Result<u64, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::RetiresAt, Some(at).into())
        .filter(C::Algorithm.eq(algorithm.as_str()))
        .filter(C::Generation.lt(generation))
        .filter(C::RetiresAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}
