//! Codes, and what the tokens say that they are exchanged for.

use chrono::Duration;
use serde_json::json;

use super::desk::*;
use crate::{audit::EventKind, for_each_backend, store};

for_each_backend!(tokens_name_person_organization_contract_and_scopes, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(tokens["scope"], "openid profile email offline_access orders:read orders:write");
    let now = desk.world.now().timestamp();
    let contract = store::contracts::in_force(&desk.world.portal.store.reader(), desk.acme.id, desk.world.now())
        .await
        .unwrap()
        .unwrap();
    let access = desk.verified(tokens["access_token"].as_str().unwrap()).await;
    for (name, value) in [
        ("iss", json!("http://127.0.0.1:3000")),
        ("sub", json!(desk.kim.id)),
        ("aud", json!("https://orders.example.com/")),
        ("client_id", json!("orders-web")),
        ("scope", json!("openid profile email offline_access orders:read orders:write")),
        ("iat", json!(now)),
        ("exp", json!(now + 600)),
        ("auth_time", json!(now)),
        ("acr", json!("urn:portico:acr:one-factor")),
        ("amr", json!(["pwd"])),
        ("organization_id", json!(desk.acme.id)),
        ("organization_name", json!("Acme")),
        ("contract_id", json!(contract.id)),
        ("contract_ends_at", json!(contract.ends_at.timestamp())),
        ("membership_role", json!("member")),
        ("assignment_id", json!(desk.assignment.id)),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert!(!access.contains_key("email"), "an access token holds no address");
    let id = desk.verified(tokens["id_token"].as_str().unwrap()).await;
    for (name, value) in [
        ("aud", json!("orders-web")),
        ("sub", json!(desk.kim.id)),
        ("nonce", json!("n-1")),
        ("name", json!("Kim Larsen")),
        ("email", json!("kim.larsen@example.com")),
        ("email_verified", json!(true)),
        ("organization_name", json!("Acme")),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    let header = jsonwebtoken::decode_header(tokens["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(
        (header.typ.as_deref(), header.alg),
        (Some("at+jwt"), jsonwebtoken::Algorithm::ES256)
    );

    let known = desk.userinfo(tokens["access_token"].as_str().unwrap()).await;
    let known = json_of(&known, 200);
    assert_eq!((&known["sub"], &known["name"]), (&json!(desk.kim.id), &json!("Kim Larsen")));
    assert_eq!(desk.world.events(EventKind::TokenIssued).await, 1);
    let told = last_details(&desk.world, EventKind::TokenIssued).await;
    assert!(!told.contains(tokens["access_token"].as_str().unwrap()), "never the token");
    assert!(told.contains(access["jti"].as_str().unwrap()) && told.contains("launch"), "{told}");
});

for_each_backend!(scopes_open_claims_and_nothing_else, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    let code = desk.ask(&mut browser, &[("scope", "openid orders:read")]).await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    assert!(tokens.get("refresh_token").is_none(), "nobody asked for offline_access");
    let id = desk.verified(tokens["id_token"].as_str().unwrap()).await;
    assert!(!id.contains_key("name") && !id.contains_key("email"));
    let code = desk.ask(&mut browser, &[("scope", "orders:read orders:admin")]).await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    assert_eq!(tokens["scope"], "orders:read", "what the organization does not hold is left out");
    assert!(tokens.get("id_token").is_none());
    let access = tokens["access_token"].as_str().unwrap();
    let refused = desk.userinfo(access).await;
    assert_eq!(refused.status.as_u16(), 403);
    assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
});

for_each_backend!(a_code_that_comes_twice_ends_everything_it_gave, |world| {
    let desk = Desk::new(world).await;
    let code = desk.code().await;
    let tokens = json_of(&desk.redeem(&code).await, 200);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(desk.introspect(access).await["active"], true);
    desk.world.clock.advance(Duration::seconds(40));
    assert_eq!(json_of(&desk.redeem(&code).await, 400)["error"], "invalid_grant");
    assert_eq!(desk.introspect(access).await, json!({ "active": false }));
    assert_eq!(desk.userinfo(access).await.status.as_u16(), 401);
    let refreshed = desk.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refreshed, 400)["error"], "invalid_grant");
    assert_eq!(desk.world.events(EventKind::TokensRevoked).await, 1);
});

for_each_backend!(of_two_redemptions_at_once_at_most_one_gives_tokens, |world| {
    let desk = Desk::new(world).await;
    desk.keys().await;
    let code = desk.code().await;
    let (first, second) = tokio::join!(desk.redeem(&code), desk.redeem(&code));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(desk.world.events(EventKind::TokenIssued).await, 1);
});

for_each_backend!(a_code_is_for_its_client_its_address_its_verifier_and_a_minute, |world| {
    let desk = Desk::new(world).await;
    let (other, secret) = register(&desk.world, &desk.orders, draft("orders-desktop"), None).await;
    let code = desk.code().await;
    let form = |redirect_uri: &'static str, verifier: &'static str| {
        [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.clone()),
            ("redirect_uri", redirect_uri.to_owned()),
            ("code_verifier", verifier.to_owned()),
        ]
    };
    for (redirect_uri, verifier) in [
        ("https://orders.example.com/other", VERIFIER),
        (CALLBACK, "another-verifier-that-is-long-enough-to-be-one-of-rfc"),
        (CALLBACK, "short"),
        (CALLBACK, ""),
    ] {
        let form = form(redirect_uri, verifier);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(json_of(&desk.token(&form).await, 400)["error"], "invalid_grant");
    }
    let stolen = form(CALLBACK, VERIFIER);
    let stolen: Vec<(&str, &str)> = stolen.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let credentials = basic(&other.terms.client_id, &secret.unwrap());
    let answer = desk
        .world
        .browser()
        .post_as_server("/oauth/token", &stolen, &[("authorization", &credentials)])
        .await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_grant", "another client");
    let without: Vec<(&str, &str)> = stolen.iter().filter(|(name, _)| *name != "code_verifier").copied().collect();
    assert_eq!(
        json_of(&desk.token(&without).await, 400)["error"],
        "invalid_request",
        "no downgrade of PKCE"
    );
    // All of that has not spent it.
    desk.world.clock.advance(Duration::seconds(59));
    assert_eq!(desk.redeem(&code).await.status.as_u16(), 200);
    let late = desk.code().await;
    desk.world.clock.advance(Duration::seconds(60));
    assert_eq!(json_of(&desk.redeem(&late).await, 400)["error"], "invalid_grant");
});

for_each_backend!(no_token_outlives_the_access_behind_it, |world| {
    let desk = Desk::new(world).await;
    let cx = desk.world.system().await;
    let mut assignment = desk.assignment.clone();
    assignment.ends_at = Some(cx.now + Duration::seconds(90));
    store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
    cx.commit().await.unwrap();
    let tokens = desk.tokens().await;
    assert_eq!(tokens["expires_in"], 90);
    let access = tokens["access_token"].as_str().unwrap();
    let claims = desk.verified(access).await;
    assert_eq!(claims["exp"], desk.world.now().timestamp() + 90);
    desk.world.clock.advance(Duration::seconds(90));
    assert_eq!(desk.introspect(access).await["active"], false);
    let refreshed = desk.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refreshed, 400)["error"], "invalid_grant");
});
