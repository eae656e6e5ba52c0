//! Refresh tokens, revocation, and tokens that a client has for itself.

use serde_json::json;

use super::desk::*;
use crate::{audit::EventKind, for_each_backend, issuer::commands::change_client, store};

for_each_backend!(a_refresh_token_counts_once_and_a_thief_ends_the_family, |world| {
    let desk = Desk::new(world).await;
    let first = desk.tokens().await;
    let second = json_of(&desk.refresh(first["refresh_token"].as_str().unwrap()).await, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(second.get("id_token").is_some());
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(desk.introspect(access).await["active"], true);

    let stolen = desk.refresh(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&stolen, 400)["error"], "invalid_grant");
    assert_eq!(desk.introspect(access).await["active"], false);
    let newest = desk.refresh(second["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&newest, 400)["error"], "invalid_grant");
    assert_eq!(desk.world.events(EventKind::TokensRevoked).await, 1);
});

for_each_backend!(of_two_refreshes_at_once_one_gives_tokens_and_the_family_ends, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    let value = tokens["refresh_token"].as_str().unwrap();
    let (left, right) = tokio::join!(desk.refresh(value), desk.refresh(value));
    let mut statuses = [left.status.as_u16(), right.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(desk.world.events(EventKind::TokensRevoked).await, 1);
});

for_each_backend!(a_refresh_can_narrow_and_never_widen, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    let value = tokens["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", value),
        ("scope", "orders:read orders:admin"),
    ];
    assert_eq!(json_of(&desk.token(&form).await, 400)["error"], "invalid_scope");
    let form = [("grant_type", "refresh_token"), ("refresh_token", value), ("scope", "orders:read")];
    let narrowed = json_of(&desk.token(&form).await, 200);
    assert_eq!(narrowed["scope"], "orders:read");
    let again = json_of(&desk.refresh(narrowed["refresh_token"].as_str().unwrap()).await, 200);
    assert_eq!(again["scope"], tokens["scope"], "the next one can have all again");
});

for_each_backend!(a_client_gives_tokens_back, |world| {
    let desk = Desk::new(world).await;
    let credentials = basic(&desk.client.terms.client_id, &desk.secret);
    let revoke = async |token: &str| {
        let mut server = desk.world.browser();
        let answer = server
            .post_as_server("/oauth/revoke", &[("token", token)], &[("authorization", &credentials)])
            .await;
        assert_eq!(answer.status.as_u16(), 200);
    };
    let tokens = desk.tokens().await;
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    revoke(access).await;
    revoke(access).await;
    revoke("nothing").await;
    assert_eq!(desk.introspect(access).await["active"], false);
    let next = json_of(&desk.refresh(refresh).await, 200);
    revoke(next["refresh_token"].as_str().unwrap()).await;
    assert_eq!(desk.introspect(next["access_token"].as_str().unwrap()).await["active"], false);
    let refused = desk.refresh(next["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refused, 400)["error"], "invalid_grant");
    assert_eq!(desk.world.events(EventKind::TokensRevoked).await, 2);
});

for_each_backend!(a_client_has_tokens_of_its_own_within_its_scopes, |world| {
    let desk = Desk::new(world).await;
    let own = json_of(&desk.token(&[("grant_type", "client_credentials")]).await, 200);
    assert_eq!((&own["scope"], own.get("refresh_token")), (&json!("orders:read"), None));
    let access = own["access_token"].as_str().unwrap();
    let claims = desk.verified(access).await;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("orders-web"), &json!("orders-web")));
    assert!(!claims.contains_key("organization_id"));
    assert_eq!(desk.introspect(access).await["active"], true);
    assert_eq!(desk.userinfo(access).await.status.as_u16(), 403);
    for scope in ["orders:write", "orders:read orders:write", "openid"] {
        let refused = desk.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
        assert_eq!(json_of(&refused, 400)["error"], "invalid_scope", "{scope}");
    }
    for (form, code) in [
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![], "invalid_request"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "nothing")], "invalid_grant"),
        (
            vec![("grant_type", "client_credentials"), ("grant_type", "client_credentials")],
            "invalid_request",
        ),
    ] {
        assert_eq!(json_of(&desk.token(&form).await, 400)["error"], code, "{form:?}");
    }
});

for_each_backend!(a_token_is_none_of_another_applications_business, |world| {
    let desk = Desk::new(world).await;
    let (crm, _) = desk.world.application("crm").await;
    let mut other = draft("crm-web");
    other.own_scopes = Vec::new();
    let (other, secret) = register(&desk.world, &crm, other, None).await;
    let tokens = desk.tokens().await;
    let credentials = basic(&other.terms.client_id, &secret.unwrap());
    let mut server = desk.world.browser();
    for token in [&tokens["access_token"], &tokens["refresh_token"]] {
        let token = token.as_str().unwrap();
        let answer = server
            .post_as_server("/oauth/introspect", &[("token", token)], &[("authorization", &credentials)])
            .await;
        assert_eq!(json_of(&answer, 200), json!({ "active": false }));
        let answer = server
            .post_as_server("/oauth/revoke", &[("token", token)], &[("authorization", &credentials)])
            .await;
        assert_eq!(answer.status.as_u16(), 200, "it is told nothing");
    }
    assert_eq!(desk.introspect(tokens["access_token"].as_str().unwrap()).await["active"], true);
    assert_eq!(desk.refresh(tokens["refresh_token"].as_str().unwrap()).await.status.as_u16(), 200);
});

for_each_backend!(a_limit_that_was_shortened_counts_for_the_tokens_that_are_out, |world| {
    let desk = Desk::new(world).await;
    let first = desk.tokens().await;
    desk.world.clock.advance(chrono::Duration::minutes(90));
    let mut cx = desk.world.system().await;
    let client = store::issuer::clients::get(&cx.tx, desk.client.id).await.unwrap().unwrap();
    let mut terms = client.terms.clone();
    terms.refresh_seconds = Some(3_600);
    change_client(&mut cx, &desk.orders, (client.id, client.version), terms)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let refused = desk.refresh(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refused, 400)["error"], "invalid_grant");
    let next = desk.tokens().await;
    assert_eq!(desk.refresh(next["refresh_token"].as_str().unwrap()).await.status.as_u16(), 200);
});

for_each_backend!(a_token_for_somewhere_else_is_not_given, |world| {
    let desk = Desk::new(world).await;
    let (there, elsewhere) = ("https://orders.example.com/", "https://other.example/");
    for (target, status) in [(elsewhere, 400), (there, 200)] {
        // From the database, then perhaps from memory.
        for _ in 0..2 {
            let own = desk.token(&[("grant_type", "client_credentials"), ("resource", target)]).await;
            let own = json_of(&own, status);
            assert_eq!(own["error"] == "invalid_target", status == 400, "{own}");
        }
    }
    let code = desk.code().await;
    let form = |target| {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("resource", target),
        ]
    };
    assert_eq!(json_of(&desk.token(&form(elsewhere)).await, 400)["error"], "invalid_target");
    let tokens = json_of(&desk.token(&form(there)).await, 200);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = |target| vec![("grant_type", "refresh_token"), ("refresh_token", refresh), ("resource", target)];
    assert_eq!(json_of(&desk.token(&form(elsewhere)).await, 400)["error"], "invalid_target");
    assert_eq!(desk.token(&form(there)).await.status.as_u16(), 200);
});

for_each_backend!(a_refusal_is_in_the_trail_with_what_was_asked, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    assert!(
        last_details(&desk.world, EventKind::TokenIssued)
            .await
            .contains("\"scopes_asked\":[\"openid\"")
    );
    desk.world.clock.advance(chrono::Duration::seconds(1));
    let asked = desk.token(&[("grant_type", "client_credentials"), ("scope", "orders:write")]).await;
    assert_eq!(json_of(&asked, 400)["error"], "invalid_scope");
    assert!(
        last_details(&desk.world, EventKind::TokenIssued)
            .await
            .contains("\"scopes_asked\":[\"orders:write\"]")
    );

    // Somebody else's refresh token was taken from somewhere.
    let mut other = draft("orders-other");
    other.own_scopes = Vec::new();
    let (other, secret) = register(&desk.world, &desk.orders, other, None).await;
    let credentials = basic(&other.terms.client_id, &secret.unwrap());
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let before = desk.world.events(EventKind::TokenIssued).await;
    desk.world.clock.advance(chrono::Duration::seconds(1));
    let mut server = desk.world.browser();
    let refused = server
        .post_as_server("/oauth/token", &form, &[("authorization", &credentials)])
        .await;
    assert_eq!(json_of(&refused, 400)["error"], "invalid_grant");
    assert_eq!(desk.world.events(EventKind::TokenIssued).await, before + 1);
    assert!(
        last_details(&desk.world, EventKind::TokenIssued)
            .await
            .contains("\"client\":\"orders-other\"")
    );
    assert_eq!(
        desk.refresh(tokens["refresh_token"].as_str().unwrap()).await.status.as_u16(),
        200,
        "it is still the client's"
    );
});
