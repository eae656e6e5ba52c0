//! From an address to the way in.

use super::*;
use crate::{
    federation::{
        Claims,
        arrival::Arrival,
        commands::{EnterError, enter},
        discovery::{Route, route},
    },
    for_each_backend,
    kernel::PersonId,
    organizations::OrganizationStatus,
};

/// The name of the connection that an address is led to; several are joined.
async fn way(world: &World, email: &str) -> Option<String> {
    let found = route(&world.portal.store.reader(), &email.parse().expect("an address")).await;
    match found.expect("the database answers") {
        Route::Local => None,
        Route::Provider { provider, .. } => Some(provider.name),
        Route::Choice(choice) => {
            let names: Vec<String> = choice.providers.into_iter().map(|provider| provider.name).collect();
            Some(names.join(" or "))
        }
    }
}

async fn assigned(world: &World, mut domain: Domain, provider: &IdentityProvider) {
    domain.provider = Some(provider.id);
    keep(world, &domain).await;
}

for_each_backend!(the_domain_alone_decides, |world| {
    let acme = world.organization("Acme").await;
    let known = world.person("Bo Lind").await;
    let domain = known.email.domain().to_owned();
    connection(&world, &acme, "Acme account", |_| {}).await;
    assert_eq!(way(&world, known.email.as_str()).await, None, "nothing is proven yet");
    let claimed = claim(&world, Actor::System("test"), &acme, "acme.example").await.unwrap();
    assert_eq!(way(&world, "bo@acme.example").await, None, "a claim leads nobody");
    check(&world, Actor::System("test"), &acme, &claimed, Found::Yes).await.unwrap();
    assert_eq!(way(&world, "Bo@ACME.example").await.as_deref(), Some("Acme account"));
    assert_eq!(way(&world, "bo@people.acme.example").await, None, "names below it do not count");
    assert_eq!(way(&world, "bo@notacme.example").await, None);

    let theirs = world.organization("Theirs").await;
    let mut wanted = proven(&world, &theirs, "theirs.example").await;
    wanted.name = domain.clone();
    keep(&world, &wanted).await;
    connection(&world, &theirs, "Their account", |_| {}).await;
    let unknown = format!("nobody.knows@{domain}");
    assert_eq!(way(&world, known.email.as_str()).await.as_deref(), Some("Their account"));
    assert_eq!(way(&world, &unknown).await.as_deref(), Some("Their account"));
});

for_each_backend!(the_most_specific_domain_wins_across_organizations, |world| {
    let (parent, child) = (world.organization("Parent").await, world.organization("Child").await);
    connection(&world, &parent, "Parent account", |_| {}).await;
    proven(&world, &parent, "*.group.example").await;
    assert_eq!(way(&world, "a@deep.people.group.example").await.as_deref(), Some("Parent account"));
    proven(&world, &child, "people.group.example").await;
    assert_eq!(
        way(&world, "a@people.group.example").await,
        None,
        "the subsidiary's people have passwords"
    );
    connection(&world, &child, "Child account", |_| {}).await;
    assert_eq!(way(&world, "a@people.group.example").await.as_deref(), Some("Child account"));
    assert_eq!(
        way(&world, "a@deep.people.group.example").await.as_deref(),
        Some("Parent account"),
        "the subsidiary's domain does not count names below it"
    );
    assert_eq!(way(&world, "a@group.example").await.as_deref(), Some("Parent account"));
});

for_each_backend!(each_domain_leads_to_its_own_connection, |world| {
    let acme = world.organization("Acme").await;
    let berlin = connection(&world, &acme, "Berlin account", |_| {}).await;
    let draft = connection(&world, &acme, "Draft account", |provider| provider.status = ProviderStatus::Draft).await;
    let oslo = connection(&world, &acme, "Oslo account", |_| {}).await;
    proven(&world, &acme, "acme.example").await;
    let norway = proven(&world, &acme, "no.acme.example").await;
    let later = proven(&world, &acme, "later.example").await;
    assigned(&world, norway, &oslo).await;
    assigned(&world, later, &draft).await;
    assert_eq!(
        way(&world, "a@acme.example").await,
        Some(format!("{} or {}", berlin.name, oslo.name)),
        "a domain that names no connection leaves the choice among those in use"
    );
    assert_eq!(way(&world, "a@no.acme.example").await, Some(oslo.name));
    assert_eq!(way(&world, "a@later.example").await, None, "a connection being set up leads nobody");
});

/// Somebody arrives from a connection: the name they have there, and their address.
async fn arrives(world: &World, provider: &IdentityProvider, subject: &str, email: &str) -> Result<PersonId, EnterError> {
    let claims = serde_json::json!({ "sub": subject, "email": email, "email_verified": true, "name": "Nia New" });
    let arrival = Arrival {
        claims: Claims::from_json(claims.as_object().expect("claims")),
        session: None,
        session_ends_at: None,
        second_factor_at: None,
        logout_name: None,
        authenticated_at: None,
        checks: Vec::new(),
    };
    let mut cx = world.system().await;
    let outcome = enter(&mut cx, provider, &arrival).await;
    cx.commit().await.expect("commit");
    outcome.map(|entered| entered.person)
}

for_each_backend!(a_lost_domain_still_leads_its_people_but_vouches_for_nobody_new, |world| {
    let acme = world.organization("Acme").await;
    let provider = connection(&world, &acme, "Acme account", |provider| {
        provider.joining.policy = crate::federation::JoinPolicy::Open;
    })
    .await;
    let domain = proven(&world, &acme, "acme.example").await;
    let known = arrives(&world, &provider, "1", "nia@acme.example").await.unwrap();

    let mut lost = domain.clone();
    lost.status = DomainStatus::Lost;
    keep(&world, &lost).await;
    assert_eq!(way(&world, "bo@acme.example").await.as_deref(), Some("Acme account"));
    let again = arrives(&world, &provider, "1", "nia@acme.example").await;
    assert_eq!(again.unwrap(), known, "who was here before is known by the link");
    let new = arrives(&world, &provider, "2", "new@acme.example").await;
    assert!(matches!(new, Err(EnterError::NotTheirs(_))), "{new:?}");
    // Nor is somebody else at the provider taken for a member with the same address.
    let other = arrives(&world, &provider, "3", "nia@acme.example").await;
    assert!(matches!(other, Err(EnterError::NotTheirs(_))), "{other:?}");
});

for_each_backend!(nobody_is_led_by_an_organization_that_is_gone_or_a_connection_that_fails, |world| {
    let mut acme = world.organization("Acme").await;
    proven(&world, &acme, "acme.example").await;
    connection(&world, &acme, "Acme account", |provider| {
        provider.fell_back_at = Some(provider.created_at)
    })
    .await;
    let email = "bo@acme.example".parse().unwrap();
    let found = route(&world.portal.store.reader(), &email).await.unwrap();
    assert!(matches!(found, Route::Provider { fell_back: true, .. }), "{found:?}");

    acme.status = OrganizationStatus::Offboarded;
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &acme).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(way(&world, "bo@acme.example").await, None);
});
