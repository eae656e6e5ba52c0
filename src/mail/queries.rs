//! What the operator sees of messages, and what a list of addresses shows of their latest message.

pub use crate::store::outbox::{OutboxCounts, OutboxFilter};

use std::collections::BTreeMap;

use super::{Message, MessageStatus};
use crate::{
    access::{Action, Resource},
    cx::Qx,
    kernel::{OutboxId, Page, PageRequest},
    store::{
        StoreError,
        outbox::{self, DeliveryState},
    },
    web::PageError,
};

/// Messages per page.
const PAGE_SIZE: usize = 50;

/// Where the latest message to each address stands (addresses in their normal form). The caller has authorised the list
/// the addresses come from.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn delivery_of(qx: &Qx, addresses: &[String]) -> Result<BTreeMap<String, DeliveryState>, StoreError> {
    outbox::state_for(&qx.db, addresses).await
}

/// The operator's list: a page of messages and how many stand where.
///
/// # Errors
/// [`PageError`] when the person may not see it, or the database does not answer.
pub async fn messages(qx: &Qx, filter: &OutboxFilter, page: PageRequest) -> Result<(Page<Message>, OutboxCounts), PageError> {
    qx.authorise(Action::ManageOutbox, Resource::Tenant)?;
    let page = outbox::list(&qx.db, filter, page, PAGE_SIZE).await?;
    Ok((page, outbox::counts(&qx.db).await?))
}

/// One message. Its parts are there only where mails are shown instead of sent.
///
/// # Errors
/// [`PageError::NotFound`] when there is none.
pub async fn message(qx: &Qx, id: OutboxId) -> Result<Message, PageError> {
    qx.authorise(Action::ManageOutbox, Resource::Tenant)?;
    let mut message = outbox::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    if !qx.settings.shows_mail() {
        message.text.clear();
        message.html.clear();
    }
    Ok(message)
}

/// What the health page says about the database and the outbox.
#[derive(Clone, Debug)]
pub struct ServiceHealth {
    /// Which database it is.
    pub database: &'static str,
    /// How long one question to it took, in milliseconds.
    pub answered_in: u128,
    /// Messages by state.
    pub outbox: OutboxCounts,
}

/// Asks the database and counts messages.
///
/// # Errors
/// [`PageError`] when the person may not see it, or the database does not answer.
pub async fn service_health(qx: &Qx, store: &crate::store::Store) -> Result<ServiceHealth, PageError> {
    qx.authorise(Action::ViewAdmin, Resource::Tenant)?;
    let asked = std::time::Instant::now();
    store.ping().await?;
    let answered_in = asked.elapsed().as_millis();
    let database = if store.is_embedded() { "SQLite, embedded" } else { "PostgreSQL" };
    Ok(ServiceHealth {
        database,
        answered_in,
        outbox: outbox::counts(&qx.db).await?,
    })
}

/// The links into the portal that a message's plain part has, as paths; in demonstrations they can be followed.
#[must_use]
pub fn links_in(text: &str, public_url: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let Some(path) = word.strip_prefix(public_url) else { continue };
        let path = if path.is_empty() { "/" } else { path };
        if crate::web::routes::is_own_page(path) && !links.iter().any(|known| known == path) {
            links.push(path.to_owned());
        }
    }
    links
}

/// Whether a message can be put back into the queue.
#[must_use]
pub fn can_retry(message: &Message) -> bool {
    message.status == MessageStatus::Dead
}
