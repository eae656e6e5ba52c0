//! Token exchange (RFC 8693): a client acts for somebody, with a token of theirs or by a delegation that they gave; narrowed, short,
//! decided anew, and over as soon as anything behind it is.

mod authority;
mod behind;
mod command;
mod request;
mod target;

pub use command::exchange;
pub use request::ExchangeRequest;

use super::model::{ActingKind, Client, Grant, GrantType};
use crate::{
    kernel::Timestamp,
    store::{
        Db, StoreError,
        issuer::{acting, clients, delegations, grants},
    },
};

/// Longer than any chain that an exchange makes.
const DEEPEST: usize = 4;

/// Whether a client may act for people at all.
fn may_act(client: &Client) -> bool {
    client.may(GrantType::TokenExchange) && client.terms.may_act_for != ActingKind::None
}

/// Whether everything that an exchange went out from is in force still: delegation, the operator's word, and every grant before it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn still_stands(db: &impl Db, grant: &Grant, now: Timestamp) -> Result<bool, StoreError> {
    let mut here = grant.clone();
    for _ in 0..DEEPEST {
        if let Some(delegation) = here.delegation {
            let found = delegations::get(db, delegation).await?;
            if found.is_none_or(|delegation| !delegation.is_in_force_at(now)) {
                return Ok(false);
            }
        } else if here.parent.is_some()
            && (acting::find(db, here.client, here.application).await?.is_none()
                || grants::was_stopped(db, here.member, here.client, here.application).await?)
        {
            return Ok(false);
        }
        if here.parent.is_some() || here.delegation.is_some() {
            let client = clients::get(db, here.client).await?;
            if client.is_none_or(|client| client.disabled_at.is_some() || !may_act(&client)) {
                return Ok(false);
            }
        }
        let Some(parent) = here.parent else { return Ok(true) };
        let Some(parent) = grants::get(db, parent).await?.filter(|parent| parent.revoked_at.is_none()) else {
            return Ok(false);
        };
        let client = clients::get(db, parent.client).await?;
        if client.is_none_or(|client| client.disabled_at.is_some()) {
            return Ok(false);
        }
        here = parent;
    }
    Ok(false)
}
