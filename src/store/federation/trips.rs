//! Rows of trips: a browser goes to a provider and must come back once, in time, in the same session. And what was used once.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::OnConflict};

use super::super::{Db, StoreError, Tx, entity};
use crate::kernel::{ProviderId, Timestamp, string_enum};
use entity::federation_trip::{ActiveModel, Column as C, Entity};

string_enum! {
    /// What a trip is for.
    pub enum Purpose {
        /// Signing in.
        SignIn = "sign_in",
        /// Looking at what the provider says, without signing anybody in.
        Try = "try",
    }
}

/// A trip as stored.
#[derive(Clone, Debug)]
pub struct Trip {
    /// SHA-256 of state or request id.
    pub id: Vec<u8>,
    /// Where to.
    pub provider: ProviderId,
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of the value in the browser's session.
    pub browser: Vec<u8>,
    /// Sealed notes.
    pub sealed: Vec<u8>,
    /// Sealed: what the provider said, when a browser that had no session brought it.
    pub arrival: Option<Vec<u8>>,
    /// When it is too late to come back.
    pub ends_at: Timestamp,
}

/// Begins a trip.
pub async fn insert(tx: &Tx, trip: Trip, now: Timestamp) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(trip.id),
        provider_id: Set(trip.provider.0),
        purpose: Set(trip.purpose.as_str().to_owned()),
        browser: Set(trip.browser),
        sealed: Set(trip.sealed),
        arrival: Set(trip.arrival),
        created_at: Set(now),
        ends_at: Set(trip.ends_at),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// A trip that is still under way.
pub async fn find(db: &impl Db, id: &[u8], now: Timestamp) -> Result<Option<Trip>, StoreError> {
    let row = Entity::find_by_id(id.to_vec())
        .filter(C::UsedAt.is_null())
        .filter(C::EndsAt.gt(now))
        .one(db.connection())
        .await?;
    row.map(|row| {
        Ok(Trip {
            id: row.id,
            provider: row.provider_id.into(),
            purpose: super::super::parse("federation_trips.purpose", &row.purpose)?,
            browser: row.browser,
            sealed: row.sealed,
            arrival: row.arrival,
            ends_at: row.ends_at,
        })
    })
    .transpose()
}

/// Ends a trip; answers false when it was over already (single use).
pub async fn use_up(tx: &Tx, id: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::UsedAt, Some(now).into())
        .filter(C::Id.eq(id.to_vec()))
        .filter(C::UsedAt.is_null())
        .filter(C::EndsAt.gt(now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Keeps what a provider said until the browser comes with its session; answers false when something was kept already.
pub async fn keep_arrival(tx: &Tx, id: &[u8], arrival: Vec<u8>, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::Arrival, Some(arrival).into())
        .filter(C::Id.eq(id.to_vec()))
        .filter(C::UsedAt.is_null())
        .filter(C::Arrival.is_null())
        .filter(C::EndsAt.gt(now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Uses an assertion or logout token up; answers false when it was used before. `ends_at` is when it would be refused anyway.
pub async fn first_use(tx: &Tx, id: Vec<u8>, ends_at: Timestamp) -> Result<bool, StoreError> {
    use entity::federation_replay as replay;
    let row = replay::ActiveModel {
        id: Set(id),
        ends_at: Set(ends_at),
    };
    let rows = replay::Entity::insert(row)
        .on_conflict(OnConflict::column(replay::Column::Id).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Deletes the trips to a provider that is being removed.
pub async fn end_of_provider(tx: &Tx, provider: ProviderId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(C::ProviderId.eq(provider.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Deletes what is over; answers how many rows.
pub async fn sweep(tx: &Tx, now: Timestamp) -> Result<u64, StoreError> {
    use entity::federation_replay as replay;
    let trips = Entity::delete_many().filter(C::EndsAt.lte(now)).exec(tx.connection()).await?;
    let replays = replay::Entity::delete_many()
        .filter(replay::Column::EndsAt.lte(now))
        .exec(tx.connection())
        .await?;
    Ok(trips.rows_affected + replays.rows_affected)
}
