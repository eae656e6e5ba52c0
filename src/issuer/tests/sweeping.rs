//! What is deleted of what clients held, and what has to stay.

use chrono::Duration;

use super::{desk::*, scene::*};
use crate::{for_each_backend, kernel::Timestamp, store::issuer::sweeping};

/// Deletes codes and tokens that end before a moment, then the grants of which nothing is left; answers how many grants.
async fn sweep(scene: &Scene, tokens_before: Timestamp) -> u64 {
    let cx = scene.desk.world.system().await;
    sweeping::tokens(&cx.tx, tokens_before, tokens_before).await.unwrap();
    let grants = sweeping::grants(&cx.tx, cx.now + Duration::seconds(1)).await.unwrap();
    cx.commit().await.unwrap();
    grants
}

for_each_backend!(a_grant_goes_when_nothing_can_come_of_it_and_not_before, |world| {
    let scene = Scene::declared(world).await;
    let now = scene.desk.world.now();
    let tokens = scene.desk.tokens().await;
    json_of(&scene.exchange(token_of(&tokens), &[]).await, 200);
    assert_eq!(sweep(&scene, now).await, 1, "what was exchanged and has no token that lasts");
    assert_eq!(sweep(&scene, now).await, 0, "the other one has a refresh token");
    json_of(&scene.desk.refresh(tokens["refresh_token"].as_str().unwrap()).await, 200);
    assert_eq!(sweep(&scene, now + Duration::days(1000)).await, 1);
    let cx = scene.desk.world.system().await;
    assert!(!sweeping::any_grants(&cx.tx, now + Duration::days(1000)).await.unwrap());
});

for_each_backend!(a_grant_that_was_used_lately_stays, |world| {
    let scene = Scene::declared(world).await;
    scene.exchanged(&[]).await;
    let cx = scene.desk.world.system().await;
    assert_eq!(sweeping::grants(&cx.tx, cx.now - Duration::days(90)).await.unwrap(), 0);
});

for_each_backend!(what_a_person_stopped_is_remembered, |world| {
    let scene = Scene::declared(world).await;
    scene.exchanged(&[]).await;
    let mut browser = scene.desk.browser().await;
    let (member, client, application) = (scene.desk.kim.id, scene.system.client.id, scene.desk.orders.id);
    let fields = [
        ("of", "me".to_owned()),
        ("member", member.to_string()),
        ("client", client.to_string()),
        ("application", application.to_string()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/do/stop-acting", &fields).await;
    assert_eq!(sweep(&scene, scene.desk.world.now() + Duration::days(1000)).await, 0);
    let kims = scene.kims().await;
    assert_eq!(json_of(&scene.exchange(&kims, &[]).await, 400)["error"], "access_denied");
});
