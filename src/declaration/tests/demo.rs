//! The demonstration works out of the box, twice, and never touches anything else.

use std::sync::Arc;

use super::*;
use crate::{
    audit::EventKind,
    cx::Settings,
    declaration::demo::{AUTHENTICATOR, FILE, NAME, PASSWORD, PEOPLE, connect, fill, welcome},
    for_each_backend,
    organizations::OrganizationStatus,
    store,
};

/// A world without a tenant, as a database is before the first start.
async fn empty(world: &World) -> World {
    use sea_orm::EntityTrait as _;
    use store::{Db as _, entity::tenant::Entity};
    let cx = world.system().await;
    Entity::delete_many().exec(cx.tx.connection()).await.unwrap();
    cx.commit().await.unwrap();
    let mut world = world.clone();
    world.portal.settings = Arc::new(Settings {
        demo: true,
        ..Settings::default()
    });
    world
}

for_each_backend!(the_demonstration_fills_an_empty_database_once, |world| {
    let world = empty(&world).await;
    fill(&world.portal).await.unwrap();
    let db = world.portal.store.reader();
    let ferrum = store::organizations::find_by_slug(&db, "ferrum-metals").await.unwrap().unwrap();
    assert!(ferrum.status == OrganizationStatus::Suspended && ferrum.suspended_by_certification);
    assert!(world.events(EventKind::Launched).await >= 10);
    assert_eq!(world.events(EventKind::MemberInvited).await, 2);
    assert_eq!(world.events(EventKind::DelegationGiven).await, 1);
    assert_eq!(world.events(EventKind::PolicyActivated).await, 1);
    assert_eq!(world.events(EventKind::CertificationLapsed).await, 1);

    fill(&world.portal).await.unwrap();
    assert_eq!(
        world.events(EventKind::DeclarationApplied).await,
        1,
        "a second start leaves it alone"
    );
    let report = run(&world.portal, NAME, &read_text(NAME, FILE, Format::Toml).unwrap(), true)
        .await
        .unwrap();
    assert!(report.is_empty() && report.notes.len() == 1, "{report}");
});

for_each_backend!(an_application_of_its_own_is_connected_at_each_start_and_let_go_again, |world| {
    let world = empty(&world).await;
    fill(&world.portal).await.unwrap();
    let secret = "a secret of this start, long enough";
    let orders = ("orders".to_owned(), "http://127.0.0.1:3011".parse().unwrap());
    for _ in 0..2 {
        connect(&world.portal, std::slice::from_ref(&orders), Some(secret)).await.unwrap();
    }
    let read = async || {
        let db = world.portal.store.reader();
        let client = store::issuer::clients::by_name(&db, "demo-orders").await.unwrap().unwrap();
        let application = store::applications::find_by_slug(&db, "orders").await.unwrap().unwrap();
        (client, application.launch_url.to_string())
    };
    let (client, launch_url) = read().await;
    assert_eq!(client.terms.initiate_login_uri.as_deref(), Some("http://127.0.0.1:3011/login"));
    assert_eq!(client.terms.redirect_uris, ["http://127.0.0.1:3011/callback"]);
    assert!(client.disabled_at.is_none());
    assert_eq!(launch_url, "http://127.0.0.1:3011/");
    assert_eq!(
        world.events(EventKind::ClientRegistered).await,
        2,
        "the robot of the file and this one; the second start changes nothing"
    );

    // Started without it, the tile opens the portal's own page again.
    connect(&world.portal, &[], None).await.unwrap();
    let (client, launch_url) = read().await;
    assert!(client.disabled_at.is_some());
    assert_eq!(launch_url, "http://127.0.0.1:3000/demo-app/orders");
    let told = connect(&world.portal, &[orders], Some("short")).await.unwrap_err().to_string();
    assert!(told.contains("32"), "{told}");
});

for_each_backend!(the_demonstration_is_not_mixed_with_a_real_portal, |world| {
    let told = fill(&world.portal).await.unwrap_err().to_string();
    assert!(told.contains("not the demonstration"), "{told}");
    assert_eq!(world.events(EventKind::PersonCreated).await, 0);
});

for_each_backend!(an_application_of_the_demonstration_opens_in_demo_mode_alone, |world| {
    applied(&world, SMALL).await;
    assert_eq!(world.browser().get("/demo-app/orders").await.status, 404);
    let mut demo = world.clone();
    demo.portal.settings = Arc::new(Settings {
        demo: true,
        ..Settings::default()
    });
    let page = demo.browser().get("/demo-app/orders").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("This is where Order desk would open"));
    assert_eq!(demo.browser().get("/demo-app/unheard-of").await.status, 404);
});

#[test]
fn everyone_the_console_names_is_in_the_file() {
    let declaration = read_text(NAME, FILE, Format::Toml).unwrap();
    assert_eq!(declaration.people.len(), 31);
    for (_, email, _) in PEOPLE {
        assert!(declaration.people.iter().any(|person| person.email.as_str() == email), "{email}");
    }
    assert!(
        declaration
            .people
            .iter()
            .all(|person| person.password.as_ref().is_some_and(|password| password.reveal() == PASSWORD))
    );
    assert!(FILE.contains(AUTHENTICATOR));
    let text = welcome("http://127.0.0.1:3000", None);
    assert!(text.contains("http://127.0.0.1:3000") && text.contains(PASSWORD) && text.contains(PEOPLE[0].1));
}

#[test]
fn the_welcome_says_where_mails_go() {
    let kept = welcome("http://127.0.0.1:3000", None);
    assert!(kept.contains("Mails are not sent here; the operator reads them at http://127.0.0.1:3000/admin/outbox"));
    let sent = welcome("http://127.0.0.1:3000", Some("mail.example.com"));
    assert!(sent.contains("Mails go out through mail.example.com") && !sent.contains("not sent here"));
}
