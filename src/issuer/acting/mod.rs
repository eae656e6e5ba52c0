//! Acting on behalf (mission F2, F3): delegations that people give, what operators declare, and the ledger in which people see and stop
//! every system that acts for them.

pub mod actions;
pub mod commands;
pub mod declared;
pub mod model;
pub mod pages;
pub mod queries;

use serde_json::{Value, json};

use super::Client;
use crate::{
    kernel::ApplicationId,
    store::{
        Db, StoreError,
        issuer::{acting, clients},
    },
};

/// Who may act with a token of this client's for an application (`may_act`, RFC 8693 §4.4), which has room for one: with several the claim is
/// left out. What counts when a token is exchanged is what is declared at that moment.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn may_act(db: &impl Db, client: &Client, application: ApplicationId) -> Result<Option<Value>, StoreError> {
    let mut declared = acting::at(db, application).await?;
    declared.retain(|acting| acting.client != client.id);
    let [only] = declared.as_slice() else { return Ok(None) };
    let actor = clients::get(db, only.client).await?.filter(|actor| actor.disabled_at.is_none());
    Ok(actor.map(|actor| json!({ "sub": actor.terms.client_id })))
}
