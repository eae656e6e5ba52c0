//! What domains promise, on both databases and against a real name server.

mod daily;
mod dns;
mod managing;
mod name_server;
mod pages;
mod ways;

use std::sync::Arc;

pub use name_server::NameServer;

use super::{
    Domain, DomainStatus,
    commands::{self, DomainCommandError},
    dns::Found,
};
use crate::{
    access::Actor,
    cx::Settings,
    federation::{IdentityProvider, OidcSettings, Preset, Protocol, ProviderStatus},
    kernel::ProviderId,
    organizations::Organization,
    people::{Member, MemberRole},
    store,
    testing::World,
};

/// Lets the portal ask this name server.
fn asking(mut world: World, names: &NameServer) -> World {
    world.portal.settings = Arc::new(Settings {
        dns_server: Some(names.address),
        ..Settings::clone(&world.portal.settings)
    });
    world
}

async fn admin(world: &World, organization: &Organization) -> Member {
    let name = format!("Kim {}", organization.name);
    world.member(organization, &name, MemberRole::PartnerAdmin).await
}

async fn claim(world: &World, actor: Actor, organization: &Organization, typed: &str) -> Result<Domain, DomainCommandError> {
    let mut cx = world.cx(actor).await;
    let domain = commands::claim_domain(&mut cx, organization, typed).await?;
    cx.commit().await?;
    Ok(domain)
}

async fn check(
    world: &World,
    actor: Actor,
    organization: &Organization,
    domain: &Domain,
    found: Found,
) -> Result<Domain, DomainCommandError> {
    let mut cx = world.cx(actor).await;
    let outcome = commands::check_domain(&mut cx, organization, domain.id, found).await;
    // As the form does: that the record was looked for is kept.
    match &outcome {
        Ok(_) | Err(DomainCommandError::NotFound) => cx.commit().await?,
        Err(_) => cx.tx.rollback().await?,
    }
    outcome
}

/// A domain whose record was seen.
async fn proven(world: &World, organization: &Organization, typed: &str) -> Domain {
    let system = Actor::System("test");
    let domain = claim(world, system.clone(), organization, typed).await.expect("a claim");
    check(world, system, organization, &domain, Found::Yes).await.expect("it is proven");
    now(world, &domain).await.expect("it is there")
}

async fn now(world: &World, domain: &Domain) -> Option<Domain> {
    store::federation::domains::get(&world.portal.store.reader(), domain.organization, domain.id)
        .await
        .expect("the database answers")
}

async fn status(world: &World, domain: &Domain) -> Option<DomainStatus> {
    now(world, domain).await.map(|domain| domain.status)
}

/// Writes a domain as it is, for a state that takes days.
async fn keep(world: &World, domain: &Domain) {
    let cx = world.system().await;
    store::federation::domains::update(&cx.tx, domain).await.expect("an update");
    cx.commit().await.expect("commit");
}

/// A connection that nobody has to reach, in use.
async fn connection(world: &World, organization: &Organization, name: &str, shape: impl FnOnce(&mut IdentityProvider)) -> IdentityProvider {
    let mut cx = world.system().await;
    let protocol = Protocol::Oidc(OidcSettings {
        issuer: "https://idp.example".to_owned(),
        client_id: "portal".to_owned(),
        client_auth: crate::federation::ClientAuth::Basic,
        scopes: Vec::new(),
        userinfo: false,
    });
    let id = ProviderId::new(cx.now, &mut cx.rng);
    let mut provider = IdentityProvider {
        status: ProviderStatus::Live,
        ..IdentityProvider::draft(id, organization.id, name, Preset::Oidc, protocol, cx.now)
    };
    shape(&mut provider);
    store::federation::providers::insert(&cx.tx, &provider).await.expect("a connection");
    cx.commit().await.expect("commit");
    provider
}
