//! Whoever loses one application loses what clients have of it, and nothing else.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    desk::*,
    scene::*,
    telling::{Listener, deliver, listened},
};
use crate::{
    apps::commands::{return_application, revoke_assignment, revoke_entitlement},
    for_each_backend,
    issuer::acting::queries,
    people::{MemberRole, TenantRole},
    store::{self, Db as _, entity::audit_event as e},
    testing::World,
};

/// Takes the application from Kim in one of five ways.
async fn lose(desk: &Desk, way: &str) {
    let world = &desk.world;
    match way {
        "taken away" => {
            let admin = world.member(&desk.acme, "Ada Admin", MemberRole::PartnerAdmin).await;
            let mut cx = world.cx(world.acting(&admin).await).await;
            revoke_assignment(&mut cx, desk.assignment.id, None).await.unwrap();
            cx.commit().await.unwrap();
        }
        "given back" => {
            let mut cx = world.cx(world.acting(&desk.kim).await).await;
            return_application(&mut cx, "orders").await.unwrap();
            cx.commit().await.unwrap();
        }
        "taken from the partner" => {
            let operator = world.employee("Olga Berg", TenantRole::Operator).await;
            let mut cx = world.cx(world.actor(operator.id, None).await).await;
            revoke_entitlement(&mut cx, &desk.acme.slug, desk.entitlement.id, None)
                .await
                .unwrap();
            cx.commit().await.unwrap();
        }
        _ => {
            let cx = world.system().await;
            let end = Some(cx.now + Duration::minutes(10));
            if way == "its end came" {
                let mut shorter = desk.assignment.clone();
                shorter.ends_at = end;
                store::grants::update_assignment(&cx.tx, &shorter).await.unwrap();
            } else {
                let mut shorter = desk.entitlement.clone();
                shorter.ends_at = end;
                store::grants::update_entitlement(&cx.tx, &shorter).await.unwrap();
            }
            cx.commit().await.unwrap();
            assert_eq!(swept(desk).await, 0, "not yet");
            world.clock.advance(Duration::minutes(10));
            assert_eq!(swept(desk).await, 1);
            assert_eq!(swept(desk).await, 0, "once");
        }
    }
}

async fn swept(desk: &Desk) -> u64 {
    crate::lifecycle::sweep(&desk.world.portal).await.unwrap().applications_ended
}

/// How many grants the trail says ended.
async fn told_to_the_trail(desk: &Desk) -> Vec<Value> {
    use sea_orm::{EntityTrait as _, QueryOrder as _};
    let rows = e::Entity::find()
        .order_by_asc(e::Column::Id)
        .all(desk.world.portal.store.reader().connection())
        .await
        .unwrap();
    rows.iter()
        .filter_map(|row| serde_json::from_str::<Value>(&row.details).ok()?.get("grants_ended").cloned())
        .collect()
}

async fn lost(world: World, way: &str) {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    let tokens = desk.tokens().await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    lose(&desk, way).await;
    assert_eq!(json_of(&desk.refresh(refresh).await, 400)["error"], "invalid_grant");
    deliver(&desk).await;
    let heard = listener.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(desk.verified(&heard[0]).await["sub"], json!(desk.kim.id));
    assert_eq!(told_to_the_trail(&desk).await, [json!(1)]);
}

for_each_backend!(taken_away, |world| { lost(world, "taken away").await });
for_each_backend!(given_back, |world| { lost(world, "given back").await });
for_each_backend!(taken_from_the_partner, |world| { lost(world, "taken from the partner").await });
for_each_backend!(the_end_of_an_assignment_came, |world| { lost(world, "its end came").await });
for_each_backend!(the_end_of_an_entitlement_came, |world| {
    lost(world, "the partner's end came").await
});

for_each_backend!(what_is_assigned_anew_begins_anew, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    lose(&desk, "taken away").await;
    desk.world.clock.advance(Duration::seconds(1));
    desk.world.assign(&desk.kim, &desk.entitlement).await;
    let old = desk.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&old, 400)["error"], "invalid_grant");
    desk.tokens().await;
    // The assignment before it has an end behind it, this one counts.
    assert_eq!(swept(&desk).await, 0);
});

for_each_backend!(other_applications_and_other_people_keep_theirs, |world| {
    let desk = Desk::new(world).await;
    let lee = desk.world.member(&desk.acme, "Lee Park", MemberRole::Member).await;
    desk.world.assign(&lee, &desk.entitlement).await;
    let mut browser = desk.world.browser_as(lee.person, Some(lee.id)).await;
    let code = desk.ask(&mut browser, &[]).await["code"].as_str().unwrap().to_owned();
    let lees = json_of(&desk.redeem(&code).await, 200);
    desk.tokens().await;
    lose(&desk, "its end came").await;
    json_of(&desk.refresh(lees["refresh_token"].as_str().unwrap()).await, 200);
});

for_each_backend!(what_was_delegated_ends_with_the_application_and_stays_over, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let token = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    assert!(scene.is_live(token_of(&token)).await);
    lose(&scene.desk, "taken away").await;
    scene.desk.world.clock.advance(Duration::seconds(1));
    scene.desk.world.assign(&scene.desk.kim, &scene.desk.entitlement).await;
    assert!(!scene.is_live(token_of(&token)).await);
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "invalid_request");
    let kim = scene.desk.world.acting(&scene.desk.kim).await;
    let ledger = queries::own(&scene.desk.world.qx(kim).await).await.unwrap();
    assert!(ledger.delegations.is_empty());
});

for_each_backend!(what_was_delegated_and_never_used_ends_with_the_date_too, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    lose(&scene.desk, "its end came").await;
    let found = store::issuer::delegations::get(&scene.desk.world.portal.store.reader(), given.id)
        .await
        .unwrap();
    assert!(found.unwrap().ended_at.is_some());
});

for_each_backend!(whoever_acts_elsewhere_is_not_told_of_a_sign_out_and_can_act_again, |world| {
    let listener = Listener::new().await;
    let mut scene = Scene::declared(world).await;
    let cx = scene.desk.world.system().await;
    scene.system.client.terms.backchannel_logout_uri = Some(listener.address.clone());
    store::issuer::clients::update(&cx.tx, &scene.system.client).await.unwrap();
    cx.commit().await.unwrap();
    // Kim is at fleet, whose system acts for her at orders.
    let fleets = scene.kims_at_fleet().await;
    let there = [("audience", "https://orders.example.com/")];
    json_of(&scene.exchange(&fleets, &there).await, 200);
    lose(&scene.desk, "taken away").await;
    deliver(&scene.desk).await;
    assert_eq!(listener.heard().len(), 0, "Kim is still at fleet");
    scene.desk.world.clock.advance(Duration::seconds(1));
    scene.desk.world.assign(&scene.desk.kim, &scene.desk.entitlement).await;
    json_of(&scene.exchange(&fleets, &there).await, 200);
});
