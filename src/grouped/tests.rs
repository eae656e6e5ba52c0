//! What is committed together stays apart in everything but the wait for the disk.

use futures::{FutureExt as _, future::join_all};

use super::{Appended, Basis};
use crate::{
    access::Actor,
    audit::{self, Event, EventKind},
    cx::{Cx, RequestMeta},
    for_each_backend,
    issuer::{
        ClientTerms,
        commands::{register_client, switch_client},
    },
    kernel::AuditEventId,
    store::{StoreError, audit_events::AuditRow},
    testing::World,
};

const ACTOR: Actor = Actor::System("test");

#[derive(Debug)]
enum Wrong {
    Kept,
    Forgotten,
    Store,
}

impl From<StoreError> for Wrong {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

const fn keeps(error: &Wrong) -> bool {
    matches!(error, Wrong::Kept)
}

async fn note(cx: &mut Cx, reason: &str) -> Result<(), StoreError> {
    audit::record(cx, Event::new(EventKind::TokenIssued).reason(reason)).await
}

/// Notes an event and then ends as it is told to.
async fn noted(world: &World, reason: &'static str, outcome: Result<u8, Wrong>) -> Result<u8, Wrong> {
    world
        .portal
        .grouped(ACTOR, RequestMeta::default(), keeps, move |cx| {
            async move {
                note(cx, reason).await?;
                outcome
            }
            .boxed()
        })
        .await
}

async fn row(world: &World) -> AuditRow {
    let mut cx = world.system().await;
    let (id, now) = (AuditEventId::new(cx.now, &mut cx.rng), cx.now);
    cx.tx.rollback().await.expect("nothing was done");
    audit::row(id, now, &ACTOR, &RequestMeta::default(), Event::new(EventKind::TokenIssued))
}

async fn basis(world: &World) -> Basis {
    let (orders, _) = world.application("orders").await;
    let mut terms = ClientTerms::new("orders-web", "Orders");
    terms.redirect_uris = vec!["https://orders.example.com/callback".to_owned()];
    let mut cx = world.cx(ACTOR).await;
    let (client, _) = register_client(&mut cx, &orders, terms, None).await.expect("a client");
    cx.commit().await.expect("commit");
    Basis {
        client: (client.id, client.version),
        application: (orders.id, orders.version),
    }
}

for_each_backend!(a_command_that_is_refused_takes_nothing_of_the_others_with_it, |world| {
    let (first, second, third, fourth) = tokio::join!(
        noted(&world, "first", Ok(1)),
        noted(&world, "second", Err(Wrong::Forgotten)),
        noted(&world, "third", Err(Wrong::Kept)),
        noted(&world, "fourth", Ok(4)),
    );
    assert_eq!((first.unwrap(), fourth.unwrap()), (1, 4));
    assert!(matches!(second, Err(Wrong::Forgotten)), "{second:?}");
    assert!(matches!(third, Err(Wrong::Kept)), "{third:?}");
    // What a kept refusal recorded stays, what a forgotten one did is gone.
    assert_eq!(world.events(EventKind::TokenIssued).await, 3);
});

for_each_backend!(events_of_the_same_moment_are_all_durable_when_they_are_answered, |world| {
    let basis = basis(&world).await;
    let mut rows = Vec::new();
    for _ in 0..1_200 {
        rows.push(row(&world).await);
    }
    let appended = join_all(rows.into_iter().map(|row| world.portal.append(row, basis))).await;
    assert!(appended.iter().all(|appended| matches!(appended, Ok(Appended::Durable))));
    assert_eq!(world.events(EventKind::TokenIssued).await, 1_200);
});

for_each_backend!(an_event_is_not_written_when_what_it_was_concluded_from_has_changed, |world| {
    let basis = basis(&world).await;
    let mut cx = world.cx(ACTOR).await;
    let client = switch_client(&mut cx, basis.client.0, basis.client.1, false)
        .await
        .expect("switched off");
    cx.commit().await.expect("commit");
    let appended = world.portal.append(row(&world).await, basis).await.expect("an answer");
    assert_eq!(appended, Appended::Outdated);
    let newer = Basis {
        client: (client.id, client.version + 1),
        ..basis
    };
    let other = Basis {
        application: (basis.application.0, basis.application.1 + 1),
        ..newer
    };
    let (durable, outdated) = (row(&world).await, row(&world).await);
    let (durable, outdated) = tokio::join!(world.portal.append(durable, newer), world.portal.append(outdated, other));
    assert_eq!(durable.expect("an answer"), Appended::Durable);
    assert_eq!(outdated.expect("an answer"), Appended::Outdated);
    assert_eq!(world.events(EventKind::TokenIssued).await, 1);
});

/// On PostgreSQL every command has its own transaction and task, so there the panic is the caller's own.
#[tokio::test]
async fn whoever_shared_a_transaction_with_a_panic_hears_that_it_failed_and_the_next_is_served() {
    let world = World::sqlite().await;
    let panicking = world.portal.grouped(ACTOR, RequestMeta::default(), keeps, |_: &mut Cx| {
        async move { panic!("a fault in a command") as Result<(), Wrong> }.boxed()
    });
    let (panicked, beside) = tokio::join!(panicking, noted(&world, "beside", Ok(1)));
    assert!(matches!(panicked, Err(Wrong::Store)), "{panicked:?}");
    // Beside it or after it: never told that it was done when it was not.
    let done = u64::from(beside.is_ok());
    assert_eq!(world.events(EventKind::TokenIssued).await, done);
    noted(&world, "after", Ok(2)).await.expect("the group goes on");
    assert_eq!(world.events(EventKind::TokenIssued).await, done + 1);
}

/// A client that hangs up does not undo what it asked for, and leaves the group intact.
#[tokio::test]
async fn an_answer_nobody_waits_for_stays_done() {
    let world = World::sqlite().await;
    let mut asked = Box::pin(noted(&world, "hung up", Ok(1)));
    assert!(futures::poll!(asked.as_mut()).is_pending());
    drop(asked);
    noted(&world, "next", Ok(2)).await.expect("the next is served");
    assert_eq!(world.events(EventKind::TokenIssued).await, 2);
}
