//! Delegations: acting while the person is away.

use chrono::Duration;
use serde_json::json;

use super::{desk::*, scene::*};
use crate::{
    access::Refused,
    audit::EventKind,
    for_each_backend,
    issuer::{ActingKind, Object, acting::commands},
    people::MemberRole,
    store,
};

for_each_backend!(a_delegation_lets_a_system_act_while_the_person_is_away, |world| {
    let scene = Scene::new(world).await;
    let object = Object {
        kind: "order".to_owned(),
        identifier: "4711".to_owned(),
        actions: vec!["view".to_owned(), "confirm".to_owned()],
    };
    let given = scene.give(&["orders:read"], Some(object), 10).await;
    let answer = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let details = json!([{ "type": "order", "identifier": "4711", "actions": ["view", "confirm"] }]);
    assert_eq!(answer["authorization_details"], details);
    let claims = scene.desk.verified(token_of(&answer)).await;
    assert_eq!(claims["authorization_details"], details);
    assert_eq!(claims["act"], json!({ "sub": "fleet-system" }));
    assert_eq!(scope_of(&claims), "orders:read");
    // Nobody signed in for it.
    for name in ["auth_time", "acr", "amr"] {
        assert!(!claims.contains_key(name), "{name}");
    }
    for (what, more, error) in [
        ("more", ("scope", "orders:write"), "invalid_scope"),
        ("elsewhere", ("audience", "https://fleet.example.com/"), "invalid_target"),
    ] {
        assert_eq!(
            json_of(&scene.by_delegation(given.id, &[more]).await, 400)["error"],
            error,
            "{what}"
        );
    }
    // To anybody else its id says nothing.
    let (other, secret) = register(&scene.desk.world, &scene.fleet, terms("other", ActingKind::Delegation), None).await;
    let other = System {
        client: other,
        secret: secret.unwrap(),
    };
    let id = given.id.to_string();
    let form = [("subject_token", id.as_str()), ("subject_token_type", DELEGATION)];
    assert_eq!(json_of(&scene.ask(&other, &form).await, 400)["error"], "invalid_request");
    // Ended, it is over at once, with everything that came of it.
    assert!(scene.is_live(token_of(&answer)).await);
    scene.end(given.id).await;
    assert!(!scene.is_live(token_of(&answer)).await);
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "invalid_request");
    assert_eq!(scene.desk.world.events(EventKind::DelegationEnded).await, 1);
    scene.end(given.id).await;
    assert_eq!(scene.desk.world.events(EventKind::DelegationEnded).await, 1, "twice is once");
});

for_each_backend!(a_delegation_outlives_a_sign_out_everywhere_and_its_tokens_do_not, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let before = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let cx = scene.desk.world.system().await;
    store::sessions::end_others(&cx.tx, scene.desk.kim.person, None, cx.now)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(!scene.is_live(token_of(&before)).await);
    let after = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    assert!(scene.is_live(token_of(&after)).await);
});

for_each_backend!(a_token_lives_no_longer_than_its_delegation, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 1).await;
    scene.desk.world.clock.advance(Duration::days(1) - Duration::seconds(100));
    let answer = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    assert_eq!(answer["expires_in"], 100);
    scene.desk.world.clock.advance(Duration::seconds(100));
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "invalid_request");
});

for_each_backend!(a_delegation_is_given_within_what_is_held_and_no_longer, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    let give = async |change: &dyn Fn(&mut commands::GiveDelegation)| {
        let mut cx = world.cx(world.acting(&scene.desk.kim).await).await;
        let mut input = commands::GiveDelegation {
            member: scene.desk.kim.id,
            client: scene.system.client.id,
            application: "orders".to_owned(),
            scopes: vec!["orders:read".to_owned()],
            purpose: "For a test".to_owned(),
            object: None,
            ends_at: cx.now + Duration::days(3),
            provider: None,
        };
        change(&mut input);
        commands::give_delegation(&mut cx, input).await
    };
    use commands::DelegationError as E;
    assert!(give(&|_| {}).await.is_ok());
    assert!(matches!(
        give(&|it| it.scopes = vec!["orders:admin".to_owned()]).await,
        Err(E::Scopes)
    ));
    assert!(matches!(give(&|it| it.scopes = Vec::new()).await, Err(E::Scopes)));
    assert!(matches!(give(&|it| it.ends_at += Duration::days(4000)).await, Err(E::Late(_))));
    assert!(matches!(give(&|it| it.ends_at -= Duration::days(4)).await, Err(E::Past)));
    assert!(matches!(
        give(&|it| it.application = "crm".to_owned()).await,
        Err(E::Access(Refused::NotFound))
    ));
    assert!(
        matches!(give(&|it| it.client = scene.desk.client.id).await, Err(E::Client)),
        "it acts for nobody"
    );
    let long = Object {
        kind: "x".repeat(101),
        identifier: "1".to_owned(),
        actions: Vec::new(),
    };
    assert!(matches!(give(&|it| it.object = Some(long.clone())).await, Err(E::Object)));
    let (crm, _) = world.application("crm").await;
    let (stranger, _) = register(world, &crm, terms("stranger", ActingKind::Delegation), None).await;
    assert!(
        matches!(give(&|it| it.client = stranger.id).await, Err(E::Client)),
        "a system that has no business there"
    );
});

for_each_backend!(whoever_was_suspended_meanwhile_lets_nobody_act, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    let mut cx = world.cx(world.acting(&scene.desk.kim).await).await;
    let input = commands::GiveDelegation {
        member: scene.desk.kim.id,
        client: scene.system.client.id,
        application: "orders".to_owned(),
        scopes: vec!["orders:read".to_owned()],
        purpose: "For a test".to_owned(),
        object: None,
        ends_at: cx.now + Duration::days(3),
        provider: None,
    };
    // The embedded database has one writer: there the suspension came before the command began.
    let suspended = scene.desk.kim.clone().suspend(None).expect("active");
    store::members::update(&cx.tx, &suspended).await.expect("update");
    let given = commands::give_delegation(&mut cx, input).await;
    assert!(matches!(given, Err(commands::DelegationError::ActorChanged(_))), "{given:?}");
});

for_each_backend!(people_decide_for_themselves_and_their_admins_for_them, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    let admin = world.member(&scene.desk.acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let colleague = world.member(&scene.desk.acme, "Cleo Colleague", MemberRole::Member).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let input = |now| commands::GiveDelegation {
        member: scene.desk.kim.id,
        client: scene.system.client.id,
        application: "orders".to_owned(),
        scopes: vec!["orders:read".to_owned()],
        purpose: "For a test".to_owned(),
        object: None,
        ends_at: now + Duration::days(3),
        provider: None,
    };
    use commands::DelegationError as E;
    for (who, may) in [(&admin, None), (&colleague, Some(true)), (&foreign, Some(false))] {
        let mut cx = world.cx(world.acting(who).await).await;
        let now = cx.now;
        let gave = commands::give_delegation(&mut cx, input(now)).await;
        let ended = commands::end_delegation(&mut cx, given.id).await;
        let stopped = commands::stop_acting(&mut cx, scene.desk.kim.id, scene.system.client.id, scene.desk.orders.id).await;
        match may {
            None => assert!(gave.is_ok() && ended.is_ok() && stopped.is_ok()),
            Some(visible) => {
                for error in [gave.err().unwrap(), ended.err().unwrap(), stopped.err().unwrap()] {
                    let E::Access(refused) = error else { panic!("{error}") };
                    assert_eq!(matches!(refused, Refused::Forbidden { .. }), visible, "{refused}");
                }
            }
        }
        cx.tx.rollback().await.unwrap();
    }
});

for_each_backend!(a_token_about_one_thing_stays_about_it_whoever_exchanges_it, |world| {
    let scene = Scene::new(world).await;
    let order = |identifier: &str| Object {
        kind: "order".to_owned(),
        identifier: identifier.to_owned(),
        actions: Vec::new(),
    };
    let given = scene.give(&["orders:read"], Some(order("4711")), 10).await;
    let first = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms("second", ActingKind::Delegation), None).await;
    scene.declare(&client, &scene.desk.orders, &["orders:read"]).await;
    scene.declare(&client, &scene.fleet, &["fleet:read"]).await;
    let second = System {
        client,
        secret: secret.unwrap(),
    };
    let form = [("subject_token", token_of(&first)), ("subject_token_type", ACCESS_TOKEN)];
    let answer = json_of(&scene.ask(&second, &form).await, 200);
    assert_eq!(answer["authorization_details"], first["authorization_details"]);
    let claims = scene.desk.verified(token_of(&answer)).await;
    assert_eq!(claims["authorization_details"], first["authorization_details"]);
    let mut elsewhere = form.to_vec();
    elsewhere.push(("audience", "https://fleet.example.com/"));
    assert_eq!(json_of(&scene.ask(&second, &elsewhere).await, 400)["error"], "invalid_target");
});

for_each_backend!(of_several_delegations_that_counts_which_holds_what_is_asked_for, |world| {
    let mut scene = Scene::new(world).await;
    let kims = scene.kims_at_fleet().await;
    let orders = ("audience", "https://orders.example.com/");
    let reading = scene.give(&["orders:read"], None, 10).await;
    scene.desk.world.clock.advance(Duration::seconds(1));
    let object = Object {
        kind: "order".to_owned(),
        identifier: "4711".to_owned(),
        actions: Vec::new(),
    };
    let one_order = scene.give(&["orders:write"], Some(object), 10).await;
    let read = json_of(&scene.exchange(&kims, &[orders, ("scope", "orders:read")]).await, 200);
    assert!(read["authorization_details"].is_null(), "{read:?}");
    let write = json_of(&scene.exchange(&kims, &[orders, ("scope", "orders:write")]).await, 200);
    assert!(write["authorization_details"].is_array(), "{write:?}");
    scene.end(one_order.id).await;
    let write = scene.exchange(&kims, &[orders, ("scope", "orders:write")]).await;
    assert_eq!(json_of(&write, 400)["error"], "invalid_scope");
    json_of(&scene.exchange(&kims, &[orders, ("scope", "orders:read")]).await, 200);
    scene.end(reading.id).await;
    let read = scene.exchange(&kims, &[orders, ("scope", "orders:read")]).await;
    assert_eq!(json_of(&read, 400)["error"], "access_denied");
});
