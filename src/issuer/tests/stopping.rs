//! The ledger, and everything that ends what acts for somebody.

use chrono::Duration;
use rstest::rstest;
use serde_json::json;

use super::{
    decided::{Lost, lose},
    desk::*,
    scene::*,
};
use crate::{
    apps::commands::retire_application,
    audit::EventKind,
    declaration, for_each_backend,
    issuer::{acting, commands::switch_client},
    people::{MemberRole, TenantRole},
    store,
    testing::World,
};

for_each_backend!(a_stopped_system_is_stopped_until_it_is_let_again, |world| {
    let scene = Scene::declared(world).await;
    let answer = scene.exchanged(&[]).await;
    assert!(scene.is_live(token_of(&answer)).await);
    let world = &scene.desk.world;
    let mut browser = scene.desk.browser().await;
    let page = browser.get("/me/acting").await;
    assert!(page.text.contains("The system fleet-system") && page.text.contains("Stop it"));
    let fields = [
        ("of", "me".to_owned()),
        ("member", scene.desk.kim.id.to_string()),
        ("client", scene.system.client.id.to_string()),
        ("application", scene.desk.orders.id.to_string()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        browser.post("/do/stop-acting", &fields).await.location.as_deref(),
        Some("/me/acting")
    );
    assert!(!scene.is_live(token_of(&answer)).await);
    assert_eq!(world.events(EventKind::ActingStopped).await, 1);
    let kims = scene.kims().await;
    assert_eq!(
        json_of(&scene.exchange(&kims, &[]).await, 400)["error"],
        "access_denied",
        "also with a new sign-in"
    );
    browser.post("/do/stop-acting", &fields).await;
    assert_eq!(world.events(EventKind::ActingStopped).await, 1, "twice is once");
    // The person's own word stands above it.
    let given = scene.give(&["orders:read"], None, 10).await;
    let again = json_of(&scene.exchange(&kims, &[]).await, 200);
    assert_eq!(again["scope"], "orders:read");
    scene.end(given.id).await;
    assert!(!scene.is_live(token_of(&again)).await);
});

for_each_backend!(an_application_that_is_stopped_takes_with_it_what_was_exchanged, |world| {
    let scene = Scene::declared(world).await;
    let tokens = scene.desk.tokens().await;
    let acting = json_of(&scene.exchange(token_of(&tokens), &[]).await, 200);
    let grant = scene.desk.verified(token_of(&tokens)).await["grant_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut browser = scene.desk.browser().await;
    let page = browser.get("/me/acting").await;
    assert!(page.text.contains(&grant), "{}", page.text);
    let done = browser.post("/do/stop-application", &[("of", "me"), ("grant", &grant)]).await;
    assert_eq!(done.location.as_deref(), Some("/me/acting"));
    assert!(!scene.is_live(token_of(&tokens)).await && !scene.is_live(token_of(&acting)).await);
    assert_eq!(
        json_of(&scene.desk.refresh(tokens["refresh_token"].as_str().unwrap()).await, 400)["error"],
        "invalid_grant"
    );
    let answer = scene.exchange(token_of(&tokens), &[]).await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_request");
});

for_each_backend!(what_was_declared_and_is_taken_back_ends_what_came_of_it, |world| {
    let scene = Scene::declared(world).await;
    let answer = scene.exchanged(&[]).await;
    let given = scene.give(&["orders:read", "orders:write"], None, 10).await;
    let delegated = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let mut cx = scene.desk.world.system().await;
    let known = store::issuer::acting::find(&cx.tx, scene.system.client.id, scene.desk.orders.id)
        .await
        .unwrap()
        .unwrap();
    acting::declared::withdraw_acting(&mut cx, scene.system.client.id, known.id)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(!scene.is_live(token_of(&answer)).await && !scene.is_live(token_of(&delegated)).await);
    assert!(
        last_details(&scene.desk.world, EventKind::ActingWithdrawn)
            .await
            .contains("\"delegations_ended\":1")
    );
    // Said anew, it begins anew: what people had let the system do does not come back.
    scene.declare(&scene.system.client, &scene.desk.orders, &["orders:read"]).await;
    assert!(!scene.is_live(token_of(&answer)).await && !scene.is_live(token_of(&delegated)).await);
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "invalid_request");
});

for_each_backend!(a_system_acts_by_a_delegation_for_as_long_as_it_could_be_given_one, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let answer = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let cx = scene.desk.world.system().await;
    let mut assignment = scene.fleet_assignment.clone();
    assignment.revoked_at = Some(cx.now);
    store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
    cx.commit().await.unwrap();
    // The system belongs to an application that the person holds no more.
    assert!(!scene.is_live(token_of(&answer)).await);
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "access_denied");
});

for_each_backend!(a_system_of_a_retired_application_acts_for_nobody, |world| {
    let scene = Scene::declared(world).await;
    let kims = scene.kims().await;
    let answer = json_of(&scene.exchange(&kims, &[]).await, 200);
    retire(&scene.desk.world, "fleet", false).await;
    assert!(!scene.is_live(token_of(&answer)).await);
    assert_eq!(json_of(&scene.exchange(&kims, &[]).await, 400)["error"], "unauthorized_client");
});

async fn retire(world: &World, slug: &str, restore: bool) {
    let mut cx = world.system().await;
    retire_application(&mut cx, slug, restore).await.unwrap();
    cx.commit().await.unwrap();
}

#[derive(Clone, Copy, Debug)]
enum Back {
    Client,
    Application,
    Account,
}

/// Takes something away with the command that does so, and gives it back.
async fn away_and_back(desk: &Desk, what: Back) {
    let world = &desk.world;
    for back in [false, true] {
        match what {
            Back::Client => {
                let mut cx = world.system().await;
                let client = store::issuer::clients::get(&cx.tx, desk.client.id).await.unwrap().unwrap();
                switch_client(&mut cx, client.id, client.version, back).await.unwrap();
                cx.commit().await.unwrap();
            }
            Back::Application => retire(world, "orders", back).await,
            Back::Account => {
                let text = format!("[[people]]\nemail = \"kim.larsen@example.com\"\ndisabled = {}", !back);
                let read = declaration::read_text("test", &text, declaration::Format::Toml).unwrap();
                declaration::run(&world.portal, "test", &read, false).await.unwrap();
            }
        }
    }
}

async fn what_was_taken_away_stays_ended(world: World, what: Back) {
    // A portal is not left without one.
    world.employee("Olga Operator", TenantRole::Operator).await;
    let scene = Scene::declared(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let tokens = scene.desk.tokens().await;
    let exchanged = json_of(&scene.exchange(token_of(&tokens), &[]).await, 200);
    away_and_back(&scene.desk, what).await;
    for token in [&tokens, &exchanged] {
        assert!(!scene.is_live(token_of(token)).await, "{what:?}");
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(
        json_of(&scene.desk.refresh(refresh).await, 400)["error"],
        "invalid_grant",
        "{what:?}"
    );
    let delegated = scene.by_delegation(given.id, &[]).await.status.as_u16();
    // The client by which the person had signed in is none of a delegation's business.
    assert_eq!(delegated, if matches!(what, Back::Client) { 200 } else { 400 }, "{what:?}");
    assert!(scene.is_live(token_of(&scene.desk.tokens().await)).await, "a new sign-in counts");
}

#[rstest]
#[tokio::test]
async fn access_that_is_given_back_brings_no_token_back(
    #[values(Back::Client, Back::Application, Back::Account)] what: Back,
    #[values(false, true)] postgres: bool,
) {
    let world = if postgres { World::postgres().await } else { World::sqlite().await };
    what_was_taken_away_stays_ended(world, what).await;
}

for_each_backend!(a_suspension_ends_delegations_for_good, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let cx = scene.desk.world.system().await;
    store::sessions::end_of_member(&cx.tx, scene.desk.kim.id, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(
        json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"],
        "invalid_request",
        "also when the person is back"
    );
});

for_each_backend!(whoever_stops_while_a_token_is_exchanged_ends_that_token_too, |world| {
    let scene = Scene::declared(world).await;
    let given = scene.give(&["orders:write"], None, 10).await;
    for round in 0..4 {
        let id = given.id;
        let (answer, ()) = tokio::join!(scene.by_delegation(id, &[]), async {
            if round == 3 {
                scene.end(id).await;
            }
        });
        // Whichever came first: nothing that was given is left.
        if round == 3 {
            if answer.status.as_u16() == 200 {
                assert!(!scene.is_live(token_of(&json_of(&answer, 200))).await);
            }
            assert_eq!(json_of(&scene.by_delegation(id, &[]).await, 400)["error"], "invalid_request");
        } else {
            json_of(&answer, 200);
        }
    }
    // All of it is one grant: the ledger does not grow with every exchange.
    let cx = scene.desk.world.system().await;
    let ended = store::issuer::ending::revoke_of_delegation(&cx.tx, given.id, "test", cx.now)
        .await
        .unwrap();
    assert!(ended.is_empty(), "{ended:?}");
});

for_each_backend!(the_ledger_of_the_team_shows_everybodys_and_of_nobody_else, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    scene.give(&["orders:read"], None, 10).await;
    let admin = world.member(&scene.desk.acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let page = world.browser_as(admin.person, Some(admin.id)).await.get("/team/acting").await;
    assert!(
        page.text.contains("Kim Larsen") && page.text.contains("Books deliveries at night"),
        "{}",
        page.text
    );
    let page = world.browser_as(foreign.person, Some(foreign.id)).await.get("/team/acting").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(!page.text.contains("Kim Larsen") && !page.text.contains("Books deliveries"));
    let page = world.browser_as(admin.person, Some(admin.id)).await.get("/me/acting").await;
    assert!(!page.text.contains("Books deliveries"), "that is another's");
    let kims = scene.desk.browser().await.get("/team/acting").await;
    assert_eq!(kims.status.as_u16(), 403);
});

for_each_backend!(a_delegation_is_given_on_the_page, |world| {
    let scene = Scene::new(world).await;
    let mut browser = scene.desk.browser().await;
    let page = browser.get("/me/acting/new?application=orders").await;
    assert!(page.text.contains("The system fleet-system"), "{}", page.text);
    let client = scene.system.client.id.to_string();
    let wrong = [
        ("of", "me"),
        ("client", client.as_str()),
        ("application", "orders"),
        ("scopes[]", "orders:read"),
        ("ends", "soon"),
    ];
    let back = browser.post("/do/give-delegation", &wrong).await;
    assert_eq!(back.location.as_deref(), Some("/me/acting/new?application=orders"));
    let page = browser.get("/me/acting/new?application=orders").await;
    assert!(page.text.contains("Say what for"), "{}", page.text);
    let ends = (scene.desk.world.now() + Duration::days(3)).format("%Y-%m-%d").to_string();
    let right = [
        ("of", "me"),
        ("client", client.as_str()),
        ("application", "orders"),
        ("scopes[]", "orders:read"),
        ("purpose", "Books deliveries"),
        ("ends", &ends),
    ];
    assert_eq!(
        browser.post("/do/give-delegation", &right).await.location.as_deref(),
        Some("/me/acting")
    );
    let page = browser.get("/me/acting").await;
    assert!(
        page.text.contains("Books deliveries") && page.text.contains("Given by Kim Larsen"),
        "{}",
        page.text
    );
});

for_each_backend!(whoever_lost_the_target_has_nothing_there, |world| {
    let scene = Scene::declared(world).await;
    scene.declare(&scene.system.client, &scene.fleet, &["fleet:read"]).await;
    let kims = scene.kims().await;
    let there = json_of(&scene.exchange(&kims, &[("audience", "https://fleet.example.com/")]).await, 200);
    let credentials = basic("fleet-system", &scene.system.secret);
    let asked = async |token: &str| {
        let mut server = scene.desk.world.browser();
        let form = [("token", token)];
        json_of(
            &server
                .post_as_server("/oauth/introspect", &form, &[("authorization", &credentials)])
                .await,
            200,
        )
    };
    assert_eq!(asked(token_of(&there)).await["active"], true);
    let cx = scene.desk.world.system().await;
    let mut assignment = scene.fleet_assignment.clone();
    assignment.revoked_at = Some(cx.now);
    store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(asked(token_of(&there)).await, json!({ "active": false }));
    let answer = scene.exchange(&kims, &[("audience", "https://fleet.example.com/")]).await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_target");
    assert!(scene.is_live(&kims).await, "the first application is still held");
});

async fn nothing_acts_any_more(world: World, lost: Lost) {
    let scene = Scene::declared(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let kims = scene.kims().await;
    let credentials = basic("fleet-system", &scene.system.secret);
    // The system may ask about what it holds itself.
    let asked = async |token: &str| {
        let mut server = scene.desk.world.browser();
        let form = [("token", token)];
        json_of(
            &server
                .post_as_server("/oauth/introspect", &form, &[("authorization", &credentials)])
                .await,
            200,
        )
    };
    let exchanged = json_of(&scene.exchange(&kims, &[]).await, 200);
    let delegated = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    for token in [&exchanged, &delegated] {
        assert_eq!(asked(token_of(token)).await["active"], true, "before");
    }
    lose(&scene.desk, lost).await;
    assert_eq!(asked(token_of(&exchanged)).await, json!({ "active": false }), "exchanged");
    assert_ne!(scene.exchange(&kims, &[]).await.status.as_u16(), 200, "exchange");
    // The client by which the person had signed in is none of a delegation's business.
    if !matches!(lost, Lost::ClientOff) {
        assert_eq!(asked(token_of(&delegated)).await, json!({ "active": false }), "delegated");
        assert_ne!(scene.by_delegation(given.id, &[]).await.status.as_u16(), 200, "delegation");
    }
}

#[rstest]
#[tokio::test]
async fn nobody_acts_for_whoever_lost_the_grounds(
    #[values(
        Lost::MemberSuspended,
        Lost::MemberRemoved,
        Lost::MembershipEnded,
        Lost::OrganizationSuspended,
        Lost::ContractEnded,
        Lost::CertificationLapsed,
        Lost::EntitlementRevoked,
        Lost::AssignmentRevoked,
        Lost::AssignmentEnded,
        Lost::ApplicationRetired,
        Lost::AccountOff,
        Lost::ClientOff
    )]
    lost: Lost,
    #[values(false, true)] postgres: bool,
) {
    let world = if postgres { World::postgres().await } else { World::sqlite().await };
    nothing_acts_any_more(world, lost).await;
}
