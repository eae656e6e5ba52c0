//! Launches by OpenID Connect: a client that can begin a sign-in is asked to (OpenID Connect Core §4).

use std::collections::HashMap;

use url::Url;

use super::desk::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    issuer::{Client, ClientTerms},
    store,
    testing::World,
};

async fn with_login(world: &World, desk: &Desk, client_id: &str, uri: &str) -> Client {
    let terms = ClientTerms {
        initiate_login_uri: Some(uri.to_owned()),
        ..draft(client_id)
    };
    register(world, &desk.orders, terms, None).await.0
}

async fn launched(desk: &Desk) -> Url {
    let answer = desk.browser().await.get("/launch/orders").await;
    assert_eq!(answer.status.as_u16(), 303);
    answer.location.expect("a redirect").parse().expect("an address")
}

for_each_backend!(a_launch_begins_the_sign_in_of_the_oldest_client_in_use, |world| {
    let desk = Desk::new(world.clone()).await;
    // A client that cannot begin a sign-in changes nothing.
    assert_eq!(launched(&desk).await.as_str(), "https://orders.example.com/");

    let first = with_login(&world, &desk, "orders-first", "https://orders.example.com/login?tenant=7").await;
    world.clock.advance(chrono::Duration::seconds(1));
    with_login(&world, &desk, "orders-second", "https://second.example.com/login").await;
    let url = launched(&desk).await;
    assert_eq!((url.host_str(), url.path()), (Some("orders.example.com"), "/login"));
    let pairs: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs["tenant"], "7");
    assert_eq!(pairs["iss"], "http://127.0.0.1:3000");
    assert_eq!(pairs["login_hint"], "kim.larsen@example.com");
    assert_eq!(pairs["target_link_uri"], "https://orders.example.com/");
    assert_eq!(world.events(EventKind::Launched).await, 2);

    let cx = world.system().await;
    let off = Client {
        disabled_at: Some(cx.now),
        ..first
    };
    store::issuer::clients::update(&cx.tx, &off).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(launched(&desk).await.host_str(), Some("second.example.com"));
});

for_each_backend!(a_launch_that_is_refused_begins_no_sign_in, |world| {
    let desk = Desk::new(world.clone()).await;
    with_login(&world, &desk, "orders-first", "https://orders.example.com/login").await;
    let cx = world.system().await;
    let mut assignment = desk.assignment.clone();
    assignment.ends_at = Some(cx.now);
    store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
    cx.commit().await.unwrap();
    let answer = desk.browser().await.get("/launch/orders").await;
    assert_eq!((answer.status.as_u16(), answer.location), (404, None));
});
