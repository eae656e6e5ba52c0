//! Rows behind sign-in: recovery codes, reset links, and counters of attempts. Only hashes of what lets someone in are stored.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, ExprTrait as _, PaginatorTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

use super::{Db, StoreError, Tx, entity};
use crate::kernel::{CredentialId, PersonId, Timestamp};

/// A mailed link that lets someone set a new password.
#[derive(Clone, Debug)]
pub struct NewReset {
    /// Identifier.
    pub id: CredentialId,
    /// Whose password.
    pub person: PersonId,
    /// SHA-256 of the value in the link.
    pub token_hash: Vec<u8>,
    /// When the link stops working.
    pub expires_at: Timestamp,
}

/// Adds a reset link.
pub async fn insert_reset(tx: &Tx, reset: NewReset, now: Timestamp) -> Result<(), StoreError> {
    let row = entity::password_reset::ActiveModel {
        id: Set(reset.id.0),
        person_id: Set(reset.person.0),
        token_hash: Set(reset.token_hash),
        expires_at: Set(reset.expires_at),
        used_at: Set(None),
        created_at: Set(now),
    };
    entity::password_reset::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn open_reset(token_hash: &[u8], now: Timestamp) -> Condition {
    use entity::password_reset::Column as C;
    Condition::all()
        .add(C::TokenHash.eq(token_hash.to_vec()))
        .add(C::UsedAt.is_null())
        .add(C::ExpiresAt.gt(now))
}

/// Whose password a link would set, if it still works.
pub async fn find_reset(db: &impl Db, token_hash: &[u8], now: Timestamp) -> Result<Option<PersonId>, StoreError> {
    let row = entity::password_reset::Entity::find()
        .filter(open_reset(token_hash, now))
        .one(db.connection())
        .await?;
    Ok(row.map(|row| row.person_id.into()))
}

/// Uses a link up; answers false when it was used, replaced or is too old (single use).
pub async fn use_reset(tx: &Tx, token_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    use entity::password_reset::{Column as C, Entity};
    let done = Entity::update_many()
        .col_expr(C::UsedAt, Some(now).into())
        .filter(open_reset(token_hash, now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Makes every open link of a person useless.
pub async fn void_resets(tx: &Tx, person: PersonId, now: Timestamp) -> Result<(), StoreError> {
    use entity::password_reset::{Column as C, Entity};
    Entity::update_many()
        .col_expr(C::UsedAt, Some(now).into())
        .filter(C::PersonId.eq(person.0))
        .filter(C::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Replaces the recovery codes of a person (by their hashes); the old ones stop working. An empty list takes them away.
pub async fn replace_recovery_codes(
    tx: &Tx,
    person: PersonId,
    hashes: Vec<(CredentialId, Vec<u8>)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    use entity::recovery_code::{ActiveModel, Column as C, Entity};
    Entity::delete_many().filter(C::PersonId.eq(person.0)).exec(tx.connection()).await?;
    if hashes.is_empty() {
        return Ok(());
    }
    let rows = hashes.into_iter().map(|(id, hash)| ActiveModel {
        id: Set(id.0),
        person_id: Set(person.0),
        code_hash: Set(hash),
        used_at: Set(None),
        created_at: Set(now),
    });
    Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Uses a recovery code up; answers false when it is none of the person's or was used (single use).
pub async fn use_recovery_code(tx: &Tx, person: PersonId, hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    use entity::recovery_code::{Column as C, Entity};
    let done = Entity::update_many()
        .col_expr(C::UsedAt, Some(now).into())
        .filter(C::PersonId.eq(person.0))
        .filter(C::CodeHash.eq(hash.to_vec()))
        .filter(C::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// How many recovery codes a person has left.
pub async fn recovery_codes_left(db: &impl Db, person: PersonId) -> Result<u64, StoreError> {
    use entity::recovery_code::{Column as C, Entity};
    Ok(Entity::find()
        .filter(C::PersonId.eq(person.0))
        .filter(C::UsedAt.is_null())
        .count(db.connection())
        .await?)
}

/// Stores a confirmed authenticator with the step of the code that confirmed it; answers false when there is one already.
pub async fn enrol_totp(tx: &Tx, person: PersonId, sealed: Vec<u8>, step: i64, now: Timestamp) -> Result<bool, StoreError> {
    use entity::person::{Column as C, Entity};
    let done = Entity::update_many()
        .col_expr(C::TotpSecret, Some(sealed).into())
        .col_expr(C::TotpConfirmedAt, Some(now).into())
        .col_expr(C::TotpLastStep, step.into())
        .filter(C::Id.eq(person.0))
        .filter(C::TotpConfirmedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// A counter of attempts as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Attempts in the window, this one included.
    pub count: i32,
    /// When the window is over and counting begins anew.
    pub window_ends_at: Timestamp,
}

/// Counts an attempt under a key, atomically, and answers how it stands; a window that is over begins anew.
pub async fn count_attempt(tx: &Tx, key: &[u8], now: Timestamp, window_ends_at: Timestamp) -> Result<Attempts, StoreError> {
    use entity::attempt::{ActiveModel, Column as C, Entity};
    let over = || Expr::col((Entity, C::WindowEndsAt)).lte(now);
    let count = Expr::case(over(), 1).finally(Expr::col((Entity, C::Count)).add(1));
    let window = Expr::case(over(), window_ends_at).finally(Expr::col((Entity, C::WindowEndsAt)));
    let row = ActiveModel {
        key: Set(key.to_vec()),
        count: Set(1),
        window_ends_at: Set(window_ends_at),
    };
    let conflict = OnConflict::column(C::Key)
        .value(C::Count, count)
        .value(C::WindowEndsAt, window)
        .to_owned();
    Entity::insert(row)
        .on_conflict(conflict)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(attempts(tx, key).await?.unwrap_or(Attempts { count: 1, window_ends_at }))
}

/// How the counter under a key stands.
pub async fn attempts(db: &impl Db, key: &[u8]) -> Result<Option<Attempts>, StoreError> {
    let row = entity::attempt::Entity::find_by_id(key.to_vec()).one(db.connection()).await?;
    Ok(row.map(|row| Attempts {
        count: row.count,
        window_ends_at: row.window_ends_at,
    }))
}

/// Gives one attempt back (it was a good one).
pub async fn uncount_attempt(tx: &Tx, key: &[u8]) -> Result<(), StoreError> {
    use entity::attempt::{Column as C, Entity};
    Entity::update_many()
        .col_expr(C::Count, Expr::col(C::Count).sub(1))
        .filter(C::Key.eq(key.to_vec()))
        .filter(C::Count.gt(0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Forgets the attempts under a key.
pub async fn forget_attempts(tx: &Tx, key: &[u8]) -> Result<(), StoreError> {
    entity::attempt::Entity::delete_by_id(key.to_vec()).exec(tx.connection()).await?;
    Ok(())
}

/// Deletes counters whose window is over; answers how many.
pub async fn sweep_attempts(tx: &Tx, now: Timestamp) -> Result<u64, StoreError> {
    use entity::attempt::{Column as C, Entity};
    Ok(Entity::delete_many()
        .filter(C::WindowEndsAt.lte(now))
        .exec(tx.connection())
        .await?
        .rows_affected)
}

/// Deletes reset links that stopped working before `before`; answers how many.
pub async fn sweep_resets(tx: &Tx, before: Timestamp) -> Result<u64, StoreError> {
    use entity::password_reset::{Column as C, Entity};
    Ok(Entity::delete_many()
        .filter(C::ExpiresAt.lte(before))
        .exec(tx.connection())
        .await?
        .rows_affected)
}
