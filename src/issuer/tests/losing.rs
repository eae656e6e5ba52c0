//! Whoever loses one application loses what clients have of it, and nothing else.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    desk::*,
    telling::{Listener, deliver, listened},
};
use crate::{
    apps::commands::{return_application, revoke_assignment, revoke_entitlement},
    for_each_backend,
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
