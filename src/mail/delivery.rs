//! The courier: takes due messages out of the outbox and hands them to the mail server over SMTP (RFC 5321), with a lease
//! on each, so that several replicas share the work, and no transaction is open while the network is waited for.

use std::time::Duration as StdDuration;

use chrono::Duration;
use futures::{StreamExt as _, stream};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{self, authentication::Credentials},
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::{MAX_ATTEMPTS, Message, back_off};
use crate::{
    kernel::Clock,
    store::{
        Store, StoreError,
        outbox::{self, Attempt},
    },
};

/// How long a claimed message is left to its claimer.
const LEASE_MINUTES: i64 = 5;
/// How many messages are claimed at a time, and how many of them are under way at once.
const BATCH: u64 = 8;
const AT_ONCE: usize = 4;
/// How long one conversation with the mail server may take; a whole batch stays well within the lease.
const CONVERSATION: StdDuration = StdDuration::from_secs(60);

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// STARTTLS, required (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None; for a server on this machine.
    None,
}

/// The mail server.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Host name; also the name its certificate must have.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub protection: Protection,
    /// User and password, when the server asks for them.
    pub credentials: Option<(String, String)>,
    /// Sender.
    pub from: Mailbox,
}

/// The mail server cannot be used as configured.
#[derive(Debug, Error)]
#[error("the connection to the mail server cannot be prepared; check portico.smtp.host and the certificates of this machine")]
pub struct CourierError;

/// Delivers what is due.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    clock: Clock,
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Courier {
    /// Prepares the connection; none is opened yet.
    ///
    /// # Errors
    /// [`CourierError`] when TLS cannot be set up.
    pub fn new(store: Store, clock: Clock, smtp: SmtpSettings) -> Result<Self, CourierError> {
        type Server = AsyncSmtpTransport<Tokio1Executor>;
        let builder = match smtp.protection {
            Protection::StartTls => Server::starttls_relay(&smtp.host).map_err(|_| CourierError)?,
            Protection::Tls => Server::relay(&smtp.host).map_err(|_| CourierError)?,
            Protection::None => Server::builder_dangerous(&smtp.host),
        };
        let mut builder = builder.port(smtp.port).timeout(Some(StdDuration::from_secs(20)));
        if let Some((user, password)) = smtp.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            store,
            clock,
            server: builder.build(),
            from: smtp.from,
        })
    }

    /// Delivers until told to stop; a conversation under way is finished first.
    pub async fn run(self, stop: CancellationToken) {
        let mut pause = StdDuration::from_secs(1);
        let mut rounds: u32 = 0;
        while !stop.is_cancelled() {
            match self.deliver_due(&stop).await {
                Ok(taken) if taken == BATCH => continue,
                Ok(_) => pause = StdDuration::from_secs(1),
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read");
                    pause = (pause * 2).min(StdDuration::from_secs(30));
                }
            }
            if rounds.is_multiple_of(30) {
                self.measure().await;
            }
            rounds = rounds.wrapping_add(1);
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(pause) => {} }
        }
    }

    /// Claims a batch of due messages and tries each once; answers how many were claimed.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be claimed; what was claimed before comes due again by itself.
    pub async fn deliver_due(&self, stop: &CancellationToken) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let claimed = outbox::claim(&self.store, now, now + Duration::minutes(LEASE_MINUTES), BATCH).await?;
        let taken = claimed.len() as u64;
        stream::iter(claimed)
            .for_each_concurrent(AT_ONCE, async |message| {
                if !stop.is_cancelled() {
                    self.attempt(message).await;
                }
            })
            .await;
        Ok(taken)
    }

    async fn attempt(&self, message: Message) {
        let id = message.id;
        let result = if message.attempts > MAX_ATTEMPTS {
            Err("Delivery was interrupted too often.".to_owned())
        } else {
            self.send(&message).await
        };
        let now = self.clock.now();
        let (word, attempt) = match result {
            Ok(()) => ("accepted", Attempt::Accepted { at: now }),
            Err(error) if message.attempts >= MAX_ATTEMPTS => ("given_up", Attempt::GivenUp { error }),
            Err(error) => (
                "postponed",
                Attempt::Postponed {
                    until: now + back_off(message.attempts),
                    error,
                },
            ),
        };
        metrics::counter!("portico_mail_attempts_total", "result" => word).increment(1);
        match outbox::settle(&self.store, &message, attempt).await {
            Ok(true) => tracing::info!(message = %id, attempts = message.attempts, result = word, "tried to deliver a message"),
            Ok(false) => tracing::warn!(message = %id, result = word, "a message was taken over before its attempt was noted"),
            Err(error) => {
                tracing::error!(message = %id, result = word, %error, "an attempt could not be noted; the message comes due again")
            }
        }
    }

    async fn send(&self, message: &Message) -> Result<(), String> {
        let mail = compose(message, &self.from)?;
        match tokio::time::timeout(CONVERSATION, self.server.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err("The mail server did not answer in time.".to_owned()),
        }
    }

    async fn measure(&self) {
        if let Ok(counts) = outbox::counts(&self.store.reader()).await {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a floating-point number")]
            let set = |state: &'static str, count: u64| metrics::gauge!("portico_outbox_messages", "state" => state).set(count as f64);
            set("waiting", counts.waiting);
            set("dead", counts.dead);
        }
    }
}

/// The mail of a message: both parts, a stable `Message-ID`, and `Auto-Submitted` (RFC 3834 §5), so that nothing answers it.
fn compose(message: &Message, from: &Mailbox) -> Result<Mail, String> {
    let unusable = || "The message cannot be written as a mail.".to_owned();
    let to = message
        .recipient
        .parse()
        .map_err(|_| "The recipient's address cannot be used.".to_owned())?;
    let automatic = HeaderName::new_from_ascii("Auto-Submitted".to_owned()).map_err(|_| unusable())?;
    Mail::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(message.subject.clone())
        .date(message.created_at.into())
        .message_id(Some(format!("<{}@{}>", message.id, from.email.domain())))
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
        .map_err(|_| unusable())
}

/// What went wrong, without what the server said: its words can repeat addresses.
fn explain(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("The mail server refused the message (code {code}).");
    }
    let text = if error.is_timeout() {
        "The mail server did not answer in time."
    } else if error.is_tls() {
        "The connection to the mail server could not be secured."
    } else if error.is_response() {
        "The mail server answered something unexpected."
    } else if error.is_client() {
        "The mail server does not offer what is needed to send."
    } else {
        "The mail server could not be reached."
    };
    text.to_owned()
}
