//! What a set-up link promises, on both databases and in browsers.

mod ending;
mod opening;
mod pages;
mod sending;
mod working;

use super::{
    Reach, SetupLink,
    bearer::Held,
    commands::{self, LinkError, OpenError, WorkError},
};
use crate::{
    access::Actor,
    cx::Cx,
    federation::{
        IdentityProvider,
        setup::tests::{admin, draft, person, prove, reached, tried},
    },
    kernel::ProviderId,
    organizations::Organization,
    people::{Person, TenantRole},
    store::{self, Db as _, entity},
    testing::World,
};

/// Whom links are sent to: somebody whom the portal does not know.
const ADDRESS: &str = "it@contractor.example";

/// Acme with its owner.
async fn owned(world: &World) -> (Organization, Person) {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    (acme, owner)
}

/// Runs a command and keeps what it did, unless it refused.
async fn run<T, E: From<store::StoreError>>(
    world: &World,
    actor: Actor,
    command: impl AsyncFnOnce(&mut Cx) -> Result<T, E>,
) -> Result<T, E> {
    let mut cx = world.cx(actor).await;
    let outcome = command(&mut cx).await;
    match &outcome {
        Ok(_) => cx.commit().await?,
        Err(_) => cx.tx.rollback().await?,
    }
    outcome
}

async fn send(world: &World, actor: Actor, organization: &Organization, connection: Option<ProviderId>) -> Result<SetupLink, LinkError> {
    send_to(world, actor, organization, ADDRESS, connection).await
}

async fn send_to(
    world: &World,
    actor: Actor,
    organization: &Organization,
    address: &str,
    connection: Option<ProviderId>,
) -> Result<SetupLink, LinkError> {
    let email = address.parse().expect("an address");
    run(world, actor, async |cx| {
        commands::send_link(cx, organization, email, connection).await
    })
    .await
}

/// Subject and text of the mails to an address, oldest first.
async fn mails(world: &World, address: &str) -> Vec<(String, String)> {
    use entity::outbox;
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
    let query = outbox::Entity::find()
        .filter(outbox::Column::Recipient.eq(address))
        .order_by_asc(outbox::Column::CreatedAt)
        .order_by_asc(outbox::Column::Id);
    let db = world.portal.store.reader();
    let rows = query.all(db.connection()).await.expect("the database answers");
    rows.into_iter().map(|row| (row.subject, row.body_text)).collect()
}

/// The value in a mail.
fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("/set-up/link/").expect("a link");
    rest.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect()
}

/// The value in the newest mail to whoever gets links.
async fn token(world: &World) -> String {
    // Of one moment the order is that of the ids, which are random then; a later mail was sent at a later moment.
    token_in(&mails(world, ADDRESS).await.last().expect("a mail").1)
}

async fn open(world: &World, token: &str) -> Result<Held, OpenError> {
    run(world, Actor::Anonymous, async |cx| commands::open_link(cx, token).await).await
}

/// Sends a link as this actor, and opens it.
async fn opened(world: &World, actor: Actor, organization: &Organization, connection: Option<ProviderId>) -> Held {
    send(world, actor, organization, connection).await.expect("a link");
    open(world, &token(world).await).await.expect("it opens")
}

/// Does something with an open link.
async fn work<T>(
    world: &World,
    held: &Held,
    command: impl AsyncFnOnce(&mut Cx, Organization, Reach) -> Result<T, WorkError>,
) -> Result<T, WorkError> {
    run(world, Actor::Anonymous, async |cx| {
        let (organization, reach) = commands::enter(cx, Some(held)).await?;
        command(cx, organization, reach).await
    })
    .await
}

/// Whether the link is still open for this browser.
async fn is_open(world: &World, held: &Held) -> bool {
    match work(world, held, async |_, _, _| Ok(())).await {
        Ok(()) => true,
        Err(WorkError::NotOpen) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn stored(world: &World, link: &SetupLink) -> SetupLink {
    store::federation::setup_links::get(&world.portal.store.reader(), link.organization, link.id)
        .await
        .expect("the database answers")
        .expect("the link")
}

async fn now(world: &World, provider: &IdentityProvider) -> IdentityProvider {
    crate::federation::setup::tests::now(world, provider).await.expect("it is there")
}
