//! Rows of people. Secrets of sign-in have their own functions, so that a `Person` can be passed around freely.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::OnConflict};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    kernel::{EmailAddress, PersonId, Timestamp},
    people::Person,
};
use entity::person::{ActiveModel, Column as C, Entity, Model};

pub(crate) fn person(row: Model) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.id.into(),
        email: parse("people.email", &row.email)?,
        name: row.name,
        time_zone: parse("people.time_zone", &row.time_zone)?,
        has_password: row.password_hash.is_some(),
        totp_confirmed_at: row.totp_confirmed_at,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
        version: row.version,
    })
}

/// One person.
pub async fn get(db: &impl Db, id: PersonId) -> Result<Option<Person>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(person).transpose()
}

/// Several people, in no order.
pub async fn get_many(db: &impl Db, ids: impl IntoIterator<Item = PersonId> + Send) -> Result<Vec<Person>, StoreError> {
    let ids: Vec<_> = ids.into_iter().map(|id| id.0).collect();
    Entity::find()
        .filter(C::Id.is_in(ids))
        .all(db.connection())
        .await?
        .into_iter()
        .map(person)
        .collect()
}

/// The person behind an address.
pub async fn find_by_email(db: &impl Db, email: &EmailAddress) -> Result<Option<Person>, StoreError> {
    Entity::find()
        .filter(C::EmailNormalized.eq(email.normalized()))
        .one(db.connection())
        .await?
        .map(person)
        .transpose()
}

/// Adds a person; answers false when the address is taken (nothing is written then).
pub async fn insert(tx: &Tx, person: &Person) -> Result<bool, StoreError> {
    let row = ActiveModel {
        id: Set(person.id.0),
        email: Set(person.email.as_str().to_owned()),
        email_normalized: Set(person.email.normalized().to_owned()),
        name: Set(person.name.clone()),
        time_zone: Set(person.time_zone.name().to_owned()),
        password_hash: Set(None),
        password_changed_at: Set(None),
        totp_secret: Set(None),
        totp_confirmed_at: Set(None),
        totp_last_step: Set(0),
        disabled_at: Set(person.disabled_at),
        created_at: Set(person.created_at),
        version: Set(person.version),
    };
    let rows = Entity::insert(row)
        .on_conflict(OnConflict::column(C::EmailNormalized).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes name, zone and disabled mark, if nobody else did since the person was read.
pub async fn update_profile(tx: &Tx, person: &Person) -> Result<(), StoreError> {
    let done = Entity::update_many()
        .col_expr(C::Name, person.name.clone().into())
        .col_expr(C::TimeZone, person.time_zone.name().into())
        .col_expr(C::DisabledAt, person.disabled_at.into())
        .col_expr(C::Version, (person.version + 1).into())
        .filter(C::Id.eq(person.id.0))
        .filter(C::Version.eq(person.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// What signing in needs to check; never leaves the sign-in commands.
pub struct StoredCredentials {
    /// PHC string of the password.
    pub password_hash: Option<String>,
    /// Sealed secret of the authenticator app.
    pub totp_secret: Option<Vec<u8>>,
    /// When the authenticator was confirmed.
    pub totp_confirmed_at: Option<Timestamp>,
    /// The last accepted time step (RFC 6238 §5.2: a code is used once).
    pub totp_last_step: i64,
}

/// The credentials of a person.
pub async fn credentials(db: &impl Db, id: PersonId) -> Result<Option<StoredCredentials>, StoreError> {
    let row = Entity::find_by_id(id.0).one(db.connection()).await?;
    Ok(row.map(|row| StoredCredentials {
        password_hash: row.password_hash,
        totp_secret: row.totp_secret,
        totp_confirmed_at: row.totp_confirmed_at,
        totp_last_step: row.totp_last_step,
    }))
}

/// Sets the password's PHC string.
pub async fn set_password(tx: &Tx, id: PersonId, phc: &str, now: Timestamp) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::PasswordHash, phc.into())
        .col_expr(C::PasswordChangedAt, now.into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Stores (or clears) the sealed authenticator secret; `confirmed_at` marks it as in use.
pub async fn set_totp(tx: &Tx, id: PersonId, sealed: Option<Vec<u8>>, confirmed_at: Option<Timestamp>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::TotpSecret, sealed.into())
        .col_expr(C::TotpConfirmedAt, confirmed_at.into())
        .col_expr(C::TotpLastStep, 0_i64.into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Marks a time step as used; answers false when it, or a later one, was used already.
pub async fn use_totp_step(tx: &Tx, id: PersonId, step: i64) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::TotpLastStep, step.into())
        .filter(C::Id.eq(id.0))
        .filter(C::TotpLastStep.lt(step))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Names of people for lists of choices, by name, at most `limit`.
pub async fn names(db: &impl Db, limit: u64) -> Result<Vec<(PersonId, String)>, StoreError> {
    use sea_orm::QueryOrder as _;
    let rows: Vec<(uuid::Uuid, String)> = Entity::find()
        .select_only()
        .columns([C::Id, C::Name])
        .order_by_asc(C::Name)
        .limit(limit)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
}
