//! The keys that sign tokens: the next ones are made when the present ones are old.

use chrono::Duration;

use super::begin;
use crate::{
    cx::Portal,
    issuer::{commands::rotate_keys, keys::KeyError},
    store::{StoreError, issuer::keys},
};

/// A key signs for so long.
const LIFE: Duration = Duration::days(90);

/// Makes the next keys; answers how many. Before anybody asked for a token there are none to follow.
pub(super) async fn rotate(portal: &Portal) -> Result<u64, StoreError> {
    let now = portal.clock.now();
    let newest = keys::published(&portal.store.reader(), now)
        .await?
        .into_iter()
        .map(|key| key.created_at)
        .max();
    if newest.is_none_or(|made| now < made + LIFE) {
        return Ok(0);
    }
    let mut cx = begin(portal).await?;
    let made = match rotate_keys(&mut cx, portal).await {
        Ok(made) => made.len(),
        Err(KeyError::Store(error)) => return Err(error),
        Err(error) => return Err(StoreError::Unavailable(error.to_string())),
    };
    cx.commit().await?;
    Ok(u64::try_from(made).unwrap_or_default())
}
