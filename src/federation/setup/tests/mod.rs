//! What the set-up of a connection promises, on both databases and in a browser.

mod admission;
mod beginning;
mod ending;
pub(super) mod pages;
mod reaching;
mod rehearsal;
mod switching;

use serde_json::json;

use super::commands::{self, OidcConnection, SetupError};
use crate::{
    access::Actor,
    cx::Cx,
    federation::{ClientAuth, IdentityProvider, Link, OidcSettings, Preset, Secrets, domains, oidc::Published},
    kernel::{ExternalIdentityId, MemberId, ProviderId},
    organizations::Organization,
    people::{Member, MemberRole, Person},
    store::{
        self,
        federation::{links, providers},
        sessions::{SIGNED_IN_KEY, SessionRows, SignedInAs, Through},
    },
    testing::World,
};

/// Never to be seen anywhere but at the provider.
const SECRET: &str = "correct-horse-battery-staple";

pub(super) async fn admin(world: &World, organization: &Organization) -> Member {
    let name = format!("Kim {}", organization.name);
    world.member(organization, &name, MemberRole::PartnerAdmin).await
}

/// Runs a command and keeps what it did, unless it refused.
async fn run<T>(world: &World, actor: Actor, command: impl AsyncFnOnce(&mut Cx) -> Result<T, SetupError>) -> Result<T, SetupError> {
    let mut cx = world.cx(actor).await;
    let outcome = command(&mut cx).await;
    match &outcome {
        Ok(_) => cx.commit().await?,
        Err(_) => cx.tx.rollback().await?,
    }
    outcome
}

pub(super) async fn draft(world: &World, organization: &Organization, preset: Preset) -> IdentityProvider {
    let name = format!("{} account", organization.name);
    run(world, Actor::System("test"), async |cx| {
        commands::create_provider(cx, organization, preset, name).await
    })
    .await
    .expect("a draft")
}

fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.to_owned(),
        client_id: "portal".to_owned(),
        client_auth: ClientAuth::Basic,
        scopes: vec!["email".to_owned()],
        userinfo: false,
    }
}

pub(super) fn reached(issuer: &str, secret: Option<&str>) -> OidcConnection {
    OidcConnection {
        settings: settings(issuer),
        secret: secret.map(str::to_owned),
        published: Published {
            configuration: json!({ "issuer": issuer }),
            keys: json!({ "keys": [] }),
        },
    }
}

/// A draft that answers and was tried.
pub(super) async fn tried(world: &World, organization: &Organization) -> IdentityProvider {
    let provider = draft(world, organization, Preset::Oidc).await;
    run(world, Actor::System("test"), async |cx| {
        let connection = reached("https://idp.example", Some(SECRET));
        commands::change_oidc(cx, organization, provider.id, provider.version, connection).await?;
        Ok(providers::note_trial(&cx.tx, provider.id, provider.version + 1, cx.now).await?)
    })
    .await
    .expect("a connection");
    now(world, &provider).await.expect("it is there")
}

/// In use, beside local passwords.
pub(super) async fn live(world: &World, organization: &Organization) -> IdentityProvider {
    prove(world, organization, "acme.example").await;
    let provider = tried(world, organization).await;
    run(world, Actor::System("test"), async |cx| {
        commands::switch_over(cx, organization, provider.id, provider.version, false, None).await
    })
    .await
    .expect("it is in use");
    now(world, &provider).await.expect("it is there")
}

pub(super) async fn now(world: &World, provider: &IdentityProvider) -> Option<IdentityProvider> {
    providers::get(&world.portal.store.reader(), provider.organization, provider.id)
        .await
        .expect("the database answers")
}

pub(super) async fn prove(world: &World, organization: &Organization, name: &str) -> domains::Domain {
    let mut cx = world.system().await;
    let domain = domains::commands::claim_domain(&mut cx, organization, name).await.expect("a claim");
    domains::commands::check_domain(&mut cx, organization, domain.id, domains::dns::Found::Yes)
        .await
        .expect("a proof");
    cx.commit().await.expect("commit");
    domain
}

/// Knows a member under this name at the provider.
async fn link(world: &World, provider: &IdentityProvider, member: &Member, subject: &str) {
    let mut cx = world.system().await;
    let link = Link {
        id: ExternalIdentityId::new(cx.now, &mut cx.rng),
        provider: provider.id,
        member: member.id,
        subject: subject.to_owned(),
        attributes: std::collections::BTreeMap::new(),
        ruled: crate::federation::Claims::default(),
        disabled_by_rule: None,
        created_at: cx.now,
        last_used_at: cx.now,
    };
    assert!(links::insert(&cx.tx, &link).await.expect("a link"));
    cx.commit().await.expect("commit");
}

async fn known(world: &World, provider: &IdentityProvider) -> usize {
    let db = world.portal.store.reader();
    links::of_provider(&db, provider.organization, provider.id)
        .await
        .expect("the database answers")
        .len()
}

/// A live session of a member, opened by a provider or with a password.
async fn session(world: &World, member: &Member, provider: Option<&IdentityProvider>) {
    use tower_sessions::{SessionStore as _, session::Record};
    let rows = SessionRows {
        store: world.portal.store.clone(),
        clock: world.clock.clone(),
        idle: chrono::Duration::minutes(60),
        absolute: chrono::Duration::hours(12),
    };
    let who = SignedInAs {
        person: member.person,
        member: Some(member.id),
        at: world.now(),
        second_factor_at: None,
        through: provider.map(|provider| Through {
            provider: provider.id,
            organization: provider.organization,
            session: None,
            ends_at: None,
            logout_name: None,
            authenticated_at: None,
        }),
    };
    let mut record = Record {
        id: tower_sessions::session::Id::default(),
        data: [(SIGNED_IN_KEY.to_owned(), serde_json::to_value(who).expect("JSON"))].into(),
        expiry_date: time::OffsetDateTime::now_utc() + time::Duration::days(3650),
    };
    rows.create(&mut record).await.expect("the session is stored");
}

async fn sessions(world: &World, member: &Member) -> usize {
    let db = world.portal.store.reader();
    store::sessions::of_person(&db, member.person, world.now())
        .await
        .expect("the database answers")
        .len()
}

/// Gives somebody a password and an authenticator app.
pub(super) async fn both_factors(world: &World, member: &Member) {
    let cx = world.system().await;
    store::people::set_password(&cx.tx, member.person, "$argon2id$not-a-hash", cx.now)
        .await
        .expect("a password");
    store::people::set_totp(&cx.tx, member.person, Some(vec![1]), Some(cx.now))
        .await
        .expect("an authenticator app");
    cx.commit().await.expect("commit");
}

pub(super) async fn person(world: &World, member: &Member) -> Person {
    store::people::get(&world.portal.store.reader(), member.person)
        .await
        .expect("the database answers")
        .expect("the person")
}

/// Subject and text of the letters to somebody.
pub(super) async fn letters(world: &World, person: &Person) -> Vec<(String, String)> {
    use crate::store::{Db as _, entity::outbox};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    let query = outbox::Entity::find().filter(outbox::Column::Recipient.eq(person.email.as_str()));
    let db = world.portal.store.reader();
    let rows = query.all(db.connection()).await.expect("the database answers");
    rows.into_iter().map(|row| (row.subject, row.body_text)).collect()
}
