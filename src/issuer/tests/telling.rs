//! Back-channel logout: what ends is told to the applications that want to know (OpenID Connect Back-Channel Logout 1.0).

use std::sync::{Arc, Mutex};

use axum::{Form, Router, http::StatusCode, routing::post};
use chrono::Duration;
use serde_json::{Value, json};

use super::desk::*;
use crate::{
    access::Actor,
    for_each_backend,
    issuer::{SubjectKind, keys::KeyRing, messenger::deliver_due},
    kernel::GrantId,
    mail::MessageStatus,
    store::{self, issuer::ending},
    testing::World,
};

/// The application's address for sign-outs, with what came there.
pub(super) struct Listener {
    pub address: String,
    heard: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<StatusCode>>,
}

#[derive(serde::Deserialize)]
struct Heard {
    logout_token: String,
}

impl Listener {
    pub(super) async fn new() -> Self {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let answer = Arc::new(Mutex::new(StatusCode::OK));
        let (tokens, status) = (heard.clone(), answer.clone());
        let router = Router::new().route(
            "/signed-out",
            post(move |Form(form): Form<Heard>| {
                tokens.lock().unwrap().push(form.logout_token);
                let status = *status.lock().unwrap();
                async move { status }
            }),
        );
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/signed-out", socket.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(socket, router).await });
        Self { address, heard, answer }
    }

    pub(super) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

/// A desk whose client is told of sign-outs.
pub(super) async fn listened(world: World, listener: &Listener) -> Desk {
    let mut desk = Desk::new(world).await;
    let cx = desk.world.system().await;
    desk.client.terms.backchannel_logout_uri = Some(listener.address.clone());
    store::issuer::clients::update(&cx.tx, &desk.client).await.unwrap();
    cx.commit().await.unwrap();
    desk
}

pub(super) async fn deliver(desk: &Desk) -> u64 {
    deliver_due(&desk.world.portal, &KeyRing::default()).await.unwrap()
}

/// Tokens that came of this browser.
async fn tokens_of(desk: &Desk, browser: &mut crate::testing::Browser) -> Value {
    let code = desk.ask(browser, &[]).await["code"].as_str().unwrap().to_owned();
    json_of(&desk.redeem(&code).await, 200)
}

for_each_backend!(a_sign_out_is_told_with_the_session_that_ended, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    let mut browser = desk.browser().await;
    let tokens = tokens_of(&desk, &mut browser).await;
    let id = desk.verified(tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(deliver(&desk).await, 0, "nothing ended yet");
    browser.post("/do/sign-out", &[]).await;
    assert_eq!(deliver(&desk).await, 1);
    let heard = listener.heard();
    let header = jsonwebtoken::decode_header(&heard[0]).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let claims = desk.verified(&heard[0]).await;
    let now = desk.world.now().timestamp();
    for (name, value) in [
        ("iss", json!("http://127.0.0.1:3000")),
        ("aud", json!("orders-web")),
        ("sub", id["sub"].clone()),
        ("sid", id["sid"].clone()),
        ("iat", json!(now)),
        ("exp", json!(now + 120)),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert!(claims["jti"].is_string() && !claims.contains_key("nonce"), "{claims:?}");
    assert_eq!(deliver(&desk).await, 0, "told once");
    // With offline_access the application may go on without the session (§2.7).
    assert_eq!(desk.refresh(tokens["refresh_token"].as_str().unwrap()).await.status.as_u16(), 200);
});

for_each_backend!(only_the_session_that_ended_is_named, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    let mut first = desk.browser().await;
    let one = tokens_of(&desk, &mut first).await;
    desk.world.clock.advance(Duration::minutes(1));
    let mut second = desk.browser().await;
    let two = tokens_of(&desk, &mut second).await;
    let (one, two) = (
        desk.verified(one["id_token"].as_str().unwrap()).await,
        desk.verified(two["id_token"].as_str().unwrap()).await,
    );
    assert_ne!(one["sid"], two["sid"]);
    second.post("/do/sign-out", &[]).await;
    deliver(&desk).await;
    let heard = listener.heard();
    assert_eq!((heard.len(), &desk.verified(&heard[0]).await["sid"]), (1, &two["sid"]));
});

for_each_backend!(whoever_loses_access_is_signed_out_everywhere, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    for end in ["member", "organization", "everywhere"] {
        let mut browser = desk.browser().await;
        tokens_of(&desk, &mut browser).await;
        desk.world.clock.advance(Duration::seconds(1));
        tokens_of(&desk, &mut browser).await;
        let cx = desk.world.system().await;
        match end {
            "member" => store::sessions::end_of_member(&cx.tx, desk.kim.id, cx.now).await.unwrap(),
            "organization" => store::sessions::end_of_organization(&cx.tx, desk.acme.id, cx.now).await.unwrap(),
            _ => store::sessions::end_others(&cx.tx, desk.kim.person, None, cx.now).await.unwrap(),
        };
        cx.commit().await.unwrap();
        deliver(&desk).await;
        let heard = listener.heard();
        assert_eq!(heard.len(), 1, "{end}: one message for all that the application holds");
        let claims = desk.verified(&heard[0]).await;
        assert_eq!(claims["sub"], json!(desk.kim.id), "{end}");
        assert!(!claims.contains_key("sid"), "{end}: every session of theirs is over");
        desk.world.clock.advance(Duration::seconds(1));
    }
});

for_each_backend!(the_end_of_a_contract_is_told_although_nobody_has_a_session_here, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    let mut browser = desk.browser().await;
    tokens_of(&desk, &mut browser).await;
    browser.post("/do/sign-out", &[]).await;
    deliver(&desk).await;
    listener.heard();
    let cx = desk.world.system().await;
    let contract = store::contracts::in_force(&cx.tx, desk.acme.id, cx.now).await.unwrap().unwrap();
    let shorter = contract.end_on(cx.now + Duration::minutes(10), cx.now).unwrap();
    store::contracts::update(&cx.tx, &shorter).await.unwrap();
    cx.commit().await.unwrap();
    desk.world.clock.advance(Duration::minutes(11));
    crate::lifecycle::sweep(&desk.world.portal).await.unwrap();
    deliver(&desk).await;
    let heard = listener.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(desk.verified(&heard[0]).await["sub"], json!(desk.kim.id));
    crate::lifecycle::sweep(&desk.world.portal).await.unwrap();
    assert_eq!(deliver(&desk).await, 0, "once");
});

for_each_backend!(a_change_that_is_not_committed_tells_nobody, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    desk.tokens().await;
    let cx = desk.world.system().await;
    store::sessions::end_of_member(&cx.tx, desk.kim.id, cx.now).await.unwrap();
    drop(cx);
    assert_eq!(deliver(&desk).await, 0);
});

for_each_backend!(a_grant_that_ends_alone_can_be_told_of, |world| {
    let listener = Listener::new().await;
    let mut desk = listened(world, &listener).await;
    desk.client = store::issuer::clients::get(&desk.world.portal.store.reader(), desk.client.id)
        .await
        .unwrap()
        .unwrap();
    desk.client.terms.subjects = SubjectKind::Pairwise;
    let cx = desk.world.system().await;
    store::issuer::clients::update(&cx.tx, &desk.client).await.unwrap();
    cx.commit().await.unwrap();
    let tokens = desk.tokens().await;
    let access = desk.verified(tokens["access_token"].as_str().unwrap()).await;
    let id: GrantId = access["grant_id"].as_str().unwrap().parse().unwrap();
    let cx = desk.world.cx(Actor::System("test")).await;
    assert!(ending::revoke(&cx.tx, id, "The person stopped it.", cx.now).await.unwrap());
    cx.commit().await.unwrap();
    deliver(&desk).await;
    let heard = listener.heard();
    let claims = desk.verified(&heard[0]).await;
    assert_eq!(claims["sub"], access["sub"], "the application's own name for them");
    assert_ne!(claims["sub"], json!(desk.kim.id));
});

for_each_backend!(an_application_that_gives_up_one_sign_in_keeps_the_others, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    let mut browser = desk.browser().await;
    let tokens = tokens_of(&desk, &mut browser).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let credentials = basic(&desk.client.terms.client_id, &desk.secret);
    let mut server = desk.world.browser();
    server
        .post_as_server("/oauth/revoke", &[("token", refresh)], &[("authorization", &credentials)])
        .await;
    deliver(&desk).await;
    for message in listener.heard() {
        let claims = desk.verified(&message).await;
        let signed_in = desk.verified(tokens["id_token"].as_str().unwrap()).await;
        assert_eq!(claims["sid"], signed_in["sid"], "never all sessions of the person");
    }
});

for_each_backend!(an_address_that_does_not_answer_keeps_the_others_waiting_once, |world| {
    let listener = Listener {
        address: "http://127.0.0.1:1/signed-out".to_owned(),
        ..Listener::new().await
    };
    let desk = listened(world, &listener).await;
    for _ in 0..18 {
        let mut browser = desk.browser().await;
        tokens_of(&desk, &mut browser).await;
        browser.post("/do/sign-out", &[]).await;
        desk.world.clock.advance(Duration::seconds(1));
    }
    assert_eq!(deliver(&desk).await, 16, "as many as are tried at a time");
    assert_eq!(deliver(&desk).await, 0, "the others would only wait for it as well");
    desk.world.clock.advance(Duration::minutes(1));
    assert!(deliver(&desk).await > 0, "nothing is forgotten");
});

for_each_backend!(what_is_not_taken_is_tried_again_and_then_shown_as_dead, |world| {
    let listener = Listener::new().await;
    let desk = listened(world, &listener).await;
    let mut browser = desk.browser().await;
    tokens_of(&desk, &mut browser).await;
    *listener.answer.lock().unwrap() = StatusCode::BAD_REQUEST;
    browser.post("/do/sign-out", &[]).await;
    assert_eq!(deliver(&desk).await, 1);
    assert_eq!(deliver(&desk).await, 0, "not at once");
    for _ in 1..crate::mail::MAX_ATTEMPTS {
        desk.world.clock.advance(Duration::hours(7));
        assert_eq!(deliver(&desk).await, 1);
    }
    desk.world.clock.advance(Duration::days(7));
    assert_eq!(deliver(&desk).await, 0, "given up");
    let db = desk.world.portal.store.reader();
    let page = crate::kernel::PageRequest::default();
    let filter = store::outbox::OutboxFilter {
        status: Some(MessageStatus::Dead),
        recipient: None,
    };
    let dead = store::outbox::list(&db, &filter, page, 10).await.unwrap();
    assert_eq!(dead.rows.len(), 1);
    let message = &dead.rows[0];
    assert_eq!(message.last_error.as_deref(), Some("The client answered with status 400."));
    assert_eq!(message.recipient, listener.address);
    // Somebody mends the application and tries once more.
    *listener.answer.lock().unwrap() = StatusCode::NO_CONTENT;
    let cx = desk.world.system().await;
    assert!(store::outbox::revive(&cx.tx, message.id, cx.now).await.unwrap());
    cx.commit().await.unwrap();
    listener.heard();
    assert_eq!((deliver(&desk).await, listener.heard().len()), (1, 1));
});

for_each_backend!(an_address_in_a_network_of_ours_is_not_asked, |world| {
    let listener = Listener::new().await;
    let mut desk = listened(world, &listener).await;
    let mut browser = desk.browser().await;
    tokens_of(&desk, &mut browser).await;
    desk.world.portal.outbound = crate::outbound::Outbound::new(false).unwrap();
    browser.post("/do/sign-out", &[]).await;
    assert_eq!(deliver(&desk).await, 1);
    assert!(listener.heard().is_empty());
});
