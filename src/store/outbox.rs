//! Rows of messages: written by `mail::queue`, claimed by the delivery worker with a lease, read by the operator's pages.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{
    Db, Store, StoreError, Tx, entity,
    issuer::logouts,
    paging::{keyset, paged},
    parse,
};
use crate::{
    kernel::{Cursor, OutboxId, Page, PageRequest, Timestamp},
    mail::{Message, MessageStatus},
};
use entity::outbox::{ActiveModel, Column as C, Entity, Model};

/// How mails are marked.
const MAIL: &str = "mail";

fn message(row: Model) -> Result<Message, StoreError> {
    Ok(Message {
        id: row.id.into(),
        organization: row.organization_id.map(Into::into),
        recipient: row.recipient,
        subject: row.subject,
        text: row.body_text,
        html: row.body_html,
        status: parse("outbox.status", &row.status)?,
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at,
        last_error: row.last_error,
        sent_at: row.sent_at,
        created_at: row.created_at,
    })
}

/// Adds a message.
pub async fn insert(tx: &Tx, message: Message) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(message.id.0),
        kind: Set(MAIL.to_owned()),
        organization_id: Set(message.organization.map(|id| id.0)),
        recipient: Set(message.recipient),
        subject: Set(message.subject),
        body_text: Set(message.text),
        body_html: Set(message.html),
        status: Set(message.status.as_str().to_owned()),
        attempts: Set(message.attempts),
        next_attempt_at: Set(message.next_attempt_at),
        last_error: Set(message.last_error),
        sent_at: Set(message.sent_at),
        created_at: Set(message.created_at),
    };
    Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// One message.
pub async fn get(db: &impl Db, id: OutboxId) -> Result<Option<Message>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(message).transpose()
}

/// What happened to the latest message to each of these addresses (in their normal form).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryState {
    /// Where the message stands.
    pub status: MessageStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next, while it waits.
    pub next_attempt_at: Timestamp,
    /// When it was accepted by the mail server.
    pub sent_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// The state of the latest message to each address; addresses nothing was written to are missing.
pub async fn state_for(db: &impl Db, addresses: &[String]) -> Result<BTreeMap<String, DeliveryState>, StoreError> {
    let rows: Vec<(String, String, i32, Timestamp, Option<Timestamp>, Timestamp)> = Entity::find()
        .select_only()
        .columns([C::Recipient, C::Status, C::Attempts, C::NextAttemptAt, C::SentAt, C::CreatedAt])
        .filter(C::Recipient.is_in(addresses.iter().map(|address| address.to_lowercase())))
        .order_by_asc(C::CreatedAt)
        .order_by_asc(C::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|(recipient, status, attempts, next_attempt_at, sent_at, created_at)| {
            let status = parse("outbox.status", &status)?;
            Ok((
                recipient,
                DeliveryState {
                    status,
                    attempts,
                    next_attempt_at,
                    sent_at,
                    created_at,
                },
            ))
        })
        .collect()
}

/// Puts a dead message back into the queue; answers false when it is not dead (any more).
pub async fn revive(tx: &Tx, id: OutboxId, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::Status, MessageStatus::Waiting.as_str().into())
        .col_expr(C::Attempts, 0.into())
        .col_expr(C::NextAttemptAt, now.into())
        .filter(C::Id.eq(id.0))
        .filter(C::Status.eq(MessageStatus::Dead.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes up to `limit` due messages for delivery: each is moved on to `lease_until` and its attempt counted, by a
/// conditional update, so that of several replicas one has it, and that it comes due again should that one die.
pub async fn claim(store: &Store, now: Timestamp, lease_until: Timestamp, limit: u64) -> Result<Vec<Message>, StoreError> {
    claim_of(store, MAIL, now, lease_until, limit).await
}

/// The same for sign-outs that clients are told of.
pub async fn claim_logouts(store: &Store, now: Timestamp, lease_until: Timestamp, limit: u64) -> Result<Vec<Message>, StoreError> {
    claim_of(store, logouts::KIND, now, lease_until, limit).await
}

async fn claim_of(store: &Store, kind: &str, now: Timestamp, lease_until: Timestamp, limit: u64) -> Result<Vec<Message>, StoreError> {
    let due = Entity::find()
        .filter(C::Kind.eq(kind))
        .filter(C::Status.eq(MessageStatus::Waiting.as_str()))
        .filter(C::NextAttemptAt.lte(now))
        .order_by_asc(C::NextAttemptAt)
        .limit(limit)
        .all(&store.reader)
        .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for mut row in due {
        let done = Entity::update_many()
            .col_expr(C::NextAttemptAt, lease_until.into())
            .col_expr(C::Attempts, (row.attempts + 1).into())
            .filter(C::Id.eq(row.id))
            .filter(C::Status.eq(MessageStatus::Waiting.as_str()))
            .filter(C::Attempts.eq(row.attempts))
            .filter(C::NextAttemptAt.eq(row.next_attempt_at))
            .exec(&store.writer)
            .await?;
        if done.rows_affected == 1 {
            row.attempts += 1;
            row.next_attempt_at = lease_until;
            claimed.push(message(row)?);
        }
    }
    Ok(claimed)
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The server took it.
    Accepted {
        /// When.
        at: Timestamp,
    },
    /// It is tried again.
    Postponed {
        /// When.
        until: Timestamp,
        /// Why, without addresses and secrets.
        error: String,
    },
    /// It is given up.
    GivenUp {
        /// Why, without addresses and secrets.
        error: String,
    },
}

/// Writes down how a claimed message's attempt ended, if the claim still holds; answers whether it did. The parts of an
/// accepted message are emptied: a link in them lets someone in.
pub async fn settle(store: &Store, claimed: &Message, attempt: Attempt) -> Result<bool, StoreError> {
    let mut update = Entity::update_many()
        .filter(C::Id.eq(claimed.id.0))
        .filter(C::Status.eq(MessageStatus::Waiting.as_str()))
        .filter(C::Attempts.eq(claimed.attempts));
    update = match attempt {
        Attempt::Accepted { at } => update
            .col_expr(C::Status, MessageStatus::Sent.as_str().into())
            .col_expr(C::SentAt, Some(at).into())
            .col_expr(C::BodyText, "".into())
            .col_expr(C::BodyHtml, "".into())
            .col_expr(C::LastError, Option::<String>::None.into()),
        Attempt::Postponed { until, error } => update
            .col_expr(C::NextAttemptAt, until.into())
            .col_expr(C::LastError, Some(error).into()),
        Attempt::GivenUp { error } => update
            .col_expr(C::Status, MessageStatus::Dead.as_str().into())
            .col_expr(C::LastError, Some(error).into()),
    };
    Ok(update.exec(&store.writer).await?.rows_affected == 1)
}

/// Lets the other sign-out notices to the same address wait until a moment: an address that does not answer must not keep those to others
/// waiting. Claimed ones stay with their claimer, and no attempt is counted. Answers how many wait longer.
pub async fn hold_back_logouts(store: &Store, failed: &Message, until: Timestamp) -> Result<u64, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::NextAttemptAt, until.into())
        .filter(C::Kind.eq(logouts::KIND))
        .filter(C::Status.eq(MessageStatus::Waiting.as_str()))
        .filter(C::Recipient.eq(failed.recipient.as_str()))
        .filter(C::NextAttemptAt.lt(until))
        .exec(&store.writer)
        .await?;
    Ok(done.rows_affected)
}

/// How many messages stand where, and since when the oldest one waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Waiting.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
    /// Sent.
    pub sent: u64,
    /// When the oldest waiting one was written.
    pub oldest_waiting: Option<Timestamp>,
}

/// Counts by state.
pub async fn counts(db: &impl Db) -> Result<OutboxCounts, StoreError> {
    let of = async |status: MessageStatus| Entity::find().filter(C::Status.eq(status.as_str())).count(db.connection()).await;
    let oldest: Option<Timestamp> = Entity::find()
        .select_only()
        .column(C::CreatedAt)
        .filter(C::Status.eq(MessageStatus::Waiting.as_str()))
        .order_by_asc(C::CreatedAt)
        .limit(1)
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(OutboxCounts {
        waiting: of(MessageStatus::Waiting).await?,
        dead: of(MessageStatus::Dead).await?,
        sent: of(MessageStatus::Sent).await?,
        oldest_waiting: oldest,
    })
}

/// What the operator's list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct OutboxFilter {
    /// One state.
    pub status: Option<MessageStatus>,
    /// One recipient's address, whole, in its normal form.
    pub recipient: Option<String>,
}

/// A page of messages, newest first.
pub async fn list(db: &impl Db, filter: &OutboxFilter, page: PageRequest, size: usize) -> Result<Page<Message>, StoreError> {
    let mut condition = Condition::all();
    if let Some(status) = filter.status {
        condition = condition.add(C::Status.eq(status.as_str()));
    }
    if let Some(recipient) = &filter.recipient {
        condition = condition.add(C::Recipient.eq(recipient.as_str()));
    }
    let query = keyset(Entity::find().filter(condition), C::CreatedAt, C::Id, &page, size);
    let rows = query
        .all(db.connection())
        .await?
        .into_iter()
        .map(message)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(paged(rows, page, size, |message| Cursor {
        at: message.created_at,
        id: message.id.0,
    }))
}
