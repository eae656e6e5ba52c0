//! Commits in groups: what waits for the disk at the same moment becomes durable together, and nothing is answered before it is.
//!
//! A commit waits one to four milliseconds for the disk, whatever it holds. On the embedded database, which has one writer, commands that
//! come meanwhile run one after the other in the next transaction, each in a savepoint of its own, so that one that is refused takes
//! nothing of the others with it. PostgreSQL brings commits of concurrent transactions together by itself; there a group has only the
//! events that need no transaction of their own ([`Portal::append`]).

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};

use crate::{
    access::Actor,
    cx::{Cx, Portal, RequestMeta},
    kernel::{ApplicationId, ClientId},
    store::{StoreError, Tx, applications, audit_events, audit_events::AuditRow, issuer::clients},
};

/// At most so many jobs share a transaction: others who write wait for its end.
const MOST: usize = 500;
/// At most so many commands among them.
const MOST_COMMANDS: usize = 64;
/// So many can wait before whoever comes next has to.
const WAITING: usize = 4_096;

/// Rows from which something was concluded before the transaction began, with the versions they had then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// A client.
    pub client: (ClientId, i32),
    /// Its application.
    pub application: (ApplicationId, i32),
}

/// What came of an event that was to be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Durable,
    /// A row of its [`Basis`] is another by now: nothing was written.
    Outdated,
}

/// What is left of a command once it has run: the answer, to be given when the group is durable.
type Answer = Box<dyn FnOnce() + Send>;
type Command = Box<dyn FnOnce(Cx) -> BoxFuture<'static, Answer> + Send>;

enum Job {
    Command {
        actor: Actor,
        meta: RequestMeta,
        run: Command,
    },
    Append {
        event: Box<AuditRow>,
        basis: Basis,
        answer: oneshot::Sender<Appended>,
    },
}

/// The door to the one task that commits in groups. It begins with the first job and ends with the last clone of its portal.
#[derive(Clone, Debug, Default)]
pub struct Group(Arc<OnceLock<mpsc::Sender<Job>>>);

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command { .. } => "a command",
            Self::Append { .. } => "an event",
        })
    }
}

/// Whoever waits for a group that failed hears this; why it failed is in the log.
fn failed() -> StoreError {
    StoreError::Unavailable("the group's transaction failed".to_owned())
}

impl Portal {
    fn jobs(&self) -> &mpsc::Sender<Job> {
        self.group.0.get_or_init(|| {
            let (sender, jobs) = mpsc::channel(WAITING);
            // The task must not hold the door to itself, or it would never end.
            let portal = Self {
                group: Group::default(),
                ..self.clone()
            };
            tokio::spawn(work(portal, jobs));
            sender
        })
    }

    /// Runs a command and makes it durable, together with others where that saves waiting for the disk. `keeps` says which refusals are
    /// committed, too: what they changed or recorded stays.
    ///
    /// # Errors
    /// What the command answers, or the database's failure; then nothing was done.
    pub async fn grouped<T, E>(
        &self,
        actor: Actor,
        meta: RequestMeta,
        keeps: fn(&E) -> bool,
        command: impl for<'a> FnOnce(&'a mut Cx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if !self.store.is_embedded() {
            let mut cx = self.begin(actor, meta).await?;
            let outcome = command(&mut cx).await;
            return settled(cx, outcome, keeps).await;
        }
        let (sender, answer) = oneshot::channel();
        let run: Command = Box::new(move |mut cx| {
            async move {
                let outcome = command(&mut cx).await;
                let outcome = settled(cx, outcome, keeps).await;
                // Whoever asked may have gone; what was done stays done.
                let answer: Answer = Box::new(move || {
                    let _ = sender.send(outcome);
                });
                answer
            }
            .boxed()
        });
        self.hand_in(Job::Command { actor, meta, run }).await?;
        answer.await.map_err(|_| failed())?
    }

    /// Appends an event that stands by itself, if the rows it was concluded from are still the same. It is durable when this answers.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses; then nothing was written.
    pub async fn append(&self, event: AuditRow, basis: Basis) -> Result<Appended, StoreError> {
        let (answer, appended) = oneshot::channel();
        let event = Box::new(event);
        self.hand_in(Job::Append { event, basis, answer }).await?;
        appended.await.map_err(|_| failed())
    }

    async fn hand_in(&self, job: Job) -> Result<(), StoreError> {
        self.jobs().send(job).await.map_err(|_| failed())
    }
}

/// Ends a command's own transaction or savepoint, as its outcome has it.
async fn settled<T, E: From<StoreError>>(cx: Cx, outcome: Result<T, E>, keeps: fn(&E) -> bool) -> Result<T, E> {
    match outcome {
        Err(error) if !keeps(&error) => {
            cx.tx.rollback().await?;
            Err(error)
        }
        outcome => {
            cx.commit().await?;
            outcome
        }
    }
}

async fn work(portal: Portal, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.recv().await {
        let mut commands = usize::from(matches!(first, Job::Command { .. }));
        let mut batch = vec![first];
        while batch.len() < MOST && commands < MOST_COMMANDS {
            let Ok(job) = jobs.try_recv() else { break };
            commands += usize::from(matches!(job, Job::Command { .. }));
            batch.push(job);
        }
        // Dropping an answer that was not given tells whoever waits that it failed.
        match AssertUnwindSafe(settle(&portal, batch)).catch_unwind().await {
            Ok(Ok(answers)) => answers.into_iter().for_each(|answer| answer()),
            Ok(Err(error)) => tracing::error!(%error, "a group of commands could not be committed"),
            Err(_) => tracing::error!("a command panicked, and its group was not committed"),
        }
    }
}

/// One transaction for all of them; answers what to answer, once it is committed.
async fn settle(portal: &Portal, batch: Vec<Job>) -> Result<Vec<Answer>, StoreError> {
    let tx = portal.store.begin().await?;
    let mut answers: Vec<Answer> = Vec::with_capacity(batch.len());
    let mut events = Vec::new();
    for job in batch {
        match job {
            Job::Command { actor, meta, run } => {
                let cx = portal.begin_within(tx.savepoint().await?, actor, meta).await?;
                answers.push(run(cx).await);
            }
            Job::Append { event, basis, answer } => events.push((event, basis, answer)),
        }
    }
    append(&tx, events, &mut answers).await?;
    tx.commit().await?;
    Ok(answers)
}

type Waiting = (Box<AuditRow>, Basis, oneshot::Sender<Appended>);

async fn append(tx: &Tx, events: Vec<Waiting>, answers: &mut Vec<Answer>) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let known_clients = clients::versions(tx, events.iter().map(|(_, basis, _)| basis.client.0)).await?;
    let known_applications = applications::versions(tx, events.iter().map(|(_, basis, _)| basis.application.0)).await?;
    let mut rows = Vec::with_capacity(events.len());
    for (event, basis, answer) in events {
        let holds = known_clients.get(&basis.client.0) == Some(&basis.client.1)
            && known_applications.get(&basis.application.0) == Some(&basis.application.1);
        let appended = if holds {
            rows.push(*event);
            Appended::Durable
        } else {
            Appended::Outdated
        };
        answers.push(Box::new(move || {
            let _ = answer.send(appended);
        }));
    }
    audit_events::insert_all(tx, rows).await
}

#[cfg(test)]
mod tests;
