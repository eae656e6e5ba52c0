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
    kernel::{ApplicationId, MemberId, Timestamp},
    store::{
        self, Db, StoreError,
        holdings::Which,
        issuer::{acting, clients, delegations, grants},
    },
};

/// Longer than any chain that an exchange makes.
const DEEPEST: usize = 4;

/// Whether a client may act for people at all: it is one that does, it is on, and its own application is offered.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
async fn may_act(db: &impl Db, client: &Client) -> Result<bool, StoreError> {
    if !client.may(GrantType::TokenExchange) || client.terms.may_act_for == ActingKind::None || client.disabled_at.is_some() {
        return Ok(false);
    }
    let application = store::applications::get(db, client.application).await?;
    Ok(application.is_some_and(|application| application.is_offered()))
}

/// Whether what made a client one that can be let to act at an application is still so: it is the application's own, or declared there, or
/// of an application that the person holds.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
async fn is_still_eligible(
    db: &impl Db,
    client: &Client,
    declared: bool,
    (member, application): (MemberId, ApplicationId),
    now: Timestamp,
) -> Result<bool, StoreError> {
    if declared || client.application == application {
        return Ok(true);
    }
    let held = store::holdings::held_by_member(db, member, Which::Only(client.application)).await?;
    Ok(held
        .iter()
        .any(|held| held.assignment.is_in_force_at(now) && held.entitlement.is_in_force_at(now)))
}

/// Whether everything that an exchange went out from is in force still: delegation, the operator's word, and every grant before it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn still_stands(db: &impl Db, grant: &Grant, now: Timestamp) -> Result<bool, StoreError> {
    let mut here = grant.clone();
    for _ in 0..DEEPEST {
        let Some(client) = clients::get(db, here.client).await? else {
            return Ok(false);
        };
        if (here.parent.is_some() || here.delegation.is_some()) && !lets(db, &client, &here, now).await? {
            return Ok(false);
        }
        let Some(parent) = here.parent else {
            return Ok(client.disabled_at.is_none());
        };
        let Some(parent) = grants::get(db, parent).await?.filter(|parent| parent.revoked_at.is_none()) else {
            return Ok(false);
        };
        here = parent;
    }
    Ok(false)
}

/// Whether a client may still do what this grant says that it does for somebody.
async fn lets(db: &impl Db, client: &Client, grant: &Grant, now: Timestamp) -> Result<bool, StoreError> {
    if !may_act(db, client).await? {
        return Ok(false);
    }
    let declared = acting::find(db, client.id, grant.application).await?.is_some();
    let Some(delegation) = grant.delegation else {
        return Ok(declared && !grants::was_stopped(db, grant.member, client.id, grant.application).await?);
    };
    let found = delegations::get(db, delegation).await?;
    Ok(found.is_some_and(|delegation| delegation.is_in_force_at(now))
        && is_still_eligible(db, client, declared, (grant.member, grant.application), now).await?)
}
