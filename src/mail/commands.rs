//! Writing a message into the transaction of its change, and putting a dead one back into the queue.

use thiserror::Error;

use super::{Letter, Message, MessageStatus, render::render};
use crate::{
    access::{Action, Refused, Resource},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{EmailAddress, OrganizationId, OutboxId},
    store::{StoreError, outbox},
    web::Refusal,
};

/// Puts a letter into the outbox; it leaves after the commit.
///
/// # Errors
/// [`StoreError`] when the row cannot be written.
pub async fn queue(cx: &mut Cx, to: &EmailAddress, organization: Option<OrganizationId>, letter: Letter) -> Result<(), StoreError> {
    let rendered = render(&cx.tenant, letter);
    let message = Message {
        id: OutboxId::new(cx.now, &mut cx.rng),
        organization,
        recipient: to.normalized().to_owned(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        status: MessageStatus::Waiting,
        attempts: 0,
        next_attempt_at: cx.now,
        last_error: None,
        sent_at: None,
        created_at: cx.now,
    };
    outbox::insert(&cx.tx, message).await
}

/// Why a message is not retried.
#[derive(Debug, Error)]
pub enum RetryError {
    /// Only a message that was given up can be retried.
    #[error("This message is not waiting for a retry any more. The page shows where it stands now.")]
    NotDead,
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RetryError> for Refusal {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotDead => Self::because(error.to_string()),
            RetryError::Refused(refused) => refused.into(),
            RetryError::Store(error) => error.into(),
        }
    }
}

/// Puts a message that was given up back into the queue, due now, with all its attempts before it.
///
/// # Errors
/// [`RetryError::NotDead`] when it is waiting or sent already (a second click changes nothing).
pub async fn retry_message(cx: &mut Cx, id: OutboxId) -> Result<Message, RetryError> {
    cx.authorise(Action::ManageOutbox, Resource::Tenant)?;
    let message = outbox::get(&cx.tx, id).await?.ok_or(Refused::NotFound)?;
    if !outbox::revive(&cx.tx, id, cx.now).await? {
        return Err(RetryError::NotDead);
    }
    // The subject line can name a partner's people; the trail needs only which message it was.
    audit::record(
        cx,
        Event::new(EventKind::OutboxRetried).subject(Subject::new("message", id, "Message")),
    )
    .await?;
    Ok(message)
}
