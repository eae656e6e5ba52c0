//! Exchanging tokens: who may, for what, and who acts behind whom.

use chrono::Duration;
use serde_json::json;

use super::{desk::*, scene::*};
use crate::{
    audit::EventKind,
    for_each_backend,
    issuer::{ActingKind, ClientTerms, GrantType},
    store,
};

for_each_backend!(a_declared_system_acts_with_a_narrowed_token_that_names_both, |world| {
    let scene = Scene::declared(world).await;
    let answer = scene
        .exchanged(&[("audience", "https://orders.example.com/"), ("scope", "orders:read")])
        .await;
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(answer["token_type"], "Bearer");
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
    let claims = scene.desk.verified(token_of(&answer)).await;
    assert_eq!(claims["sub"], scene.desk.kim.id.to_string());
    assert_eq!(claims["act"], json!({ "sub": "fleet-system" }));
    assert_eq!(claims["client_id"], "fleet-system");
    assert_eq!(claims["aud"], "https://orders.example.com/");
    assert_eq!(scope_of(&claims), "orders:read");
    assert_eq!(claims["organization_id"], scene.desk.acme.id.to_string());
    assert!(answer["expires_in"].as_i64().unwrap() <= 300);
    // The application that it is for may ask about it; it is told who acts.
    let told = scene.desk.introspect(token_of(&answer)).await;
    assert_eq!((&told["active"], &told["act"]["sub"]), (&json!(true), &json!("fleet-system")));
    let details = last_details(&scene.desk.world, EventKind::TokenExchanged).await;
    assert!(details.contains("fleet-system") && details.contains("orders:read") && details.contains(claims["jti"].as_str().unwrap()));
    assert!(!details.contains(token_of(&answer)), "never the token");
});

for_each_backend!(the_token_of_a_person_names_the_one_system_that_may_act, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    assert_eq!(scene.desk.verified(&token).await["may_act"], json!({ "sub": "fleet-system" }));
});

for_each_backend!(without_declaration_or_delegation_nothing_is_exchanged, |world| {
    let scene = Scene::new(world).await;
    let token = scene.kims().await;
    // It is not even this system's business to have that token.
    assert_eq!(json_of(&scene.exchange(&token, &[]).await, 400)["error"], "invalid_request");
    // A token for the system's own application is; but nobody lets it act.
    let (own, secret) = register(
        &scene.desk.world,
        &scene.desk.orders,
        terms("orders-system", ActingKind::Delegation),
        None,
    )
    .await;
    let own = System {
        client: own,
        secret: secret.unwrap(),
    };
    let form = [("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
    assert_eq!(json_of(&scene.ask(&own, &form).await, 400)["error"], "access_denied");
    assert_eq!(
        scene.desk.world.events(EventKind::TokenExchanged).await,
        2,
        "both refusals are in the trail"
    );
});

for_each_backend!(a_client_that_may_not_act_gets_nothing, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    for (name, terms) in [
        ("never", terms("never", ActingKind::None)),
        (
            "no-grant",
            ClientTerms {
                grant_types: vec![GrantType::ClientCredentials],
                ..terms("no-grant", ActingKind::Delegation)
            },
        ),
    ] {
        let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms, None).await;
        let system = System {
            client,
            secret: secret.unwrap(),
        };
        let form = [("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
        assert_eq!(
            json_of(&scene.ask(&system, &form).await, 400)["error"],
            "unauthorized_client",
            "{name}"
        );
    }
});

for_each_backend!(what_is_not_a_good_token_of_ours_is_refused, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    let id_token = scene.desk.tokens().await["id_token"].as_str().unwrap().to_owned();
    let forged = format!("{}x", &token[..token.len() - 1]);
    let own = json_of(
        &scene
            .desk
            .token(&[("grant_type", "client_credentials"), ("scope", "orders:read")])
            .await,
        200,
    );
    for (what, subject) in [
        ("nothing", ""),
        ("no token", "a.b.c"),
        ("a forged one", &forged),
        ("an id token", &id_token),
        ("a client's own", token_of(&own)),
    ] {
        let answer = scene.exchange(subject, &[]).await;
        assert_eq!(json_of(&answer, 400)["error"], "invalid_request", "{what}");
    }
    for (what, form) in [
        ("no type", vec![("subject_token", token.as_str())]),
        (
            "another type",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
            ],
        ),
        (
            "a refresh token wanted",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
            ],
        ),
        (
            "an actor without type",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("actor_token", token.as_str()),
            ],
        ),
        (
            "a person as actor",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("actor_token", token.as_str()),
                ("actor_token_type", ACCESS_TOKEN),
            ],
        ),
    ] {
        assert_eq!(
            json_of(&scene.ask(&scene.system, &form).await, 400)["error"],
            "invalid_request",
            "{what}"
        );
    }
    scene.desk.world.clock.advance(Duration::seconds(601));
    assert_eq!(
        json_of(&scene.exchange(&token, &[]).await, 400)["error"],
        "invalid_request",
        "an expired one"
    );
});

for_each_backend!(the_target_is_one_application_that_the_person_holds, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    let (crm, _) = scene.desk.world.application("crm").await;
    scene.declare(&scene.system.client, &crm, &["crm:read"]).await;
    for (what, more) in [
        ("unknown", vec![("audience", "https://nobody.example.com/")]),
        ("not held by the person", vec![("audience", "https://crm.example.com/")]),
        (
            "two of them",
            vec![
                ("audience", "https://orders.example.com/"),
                ("resource", "https://crm.example.com/"),
            ],
        ),
    ] {
        assert_eq!(
            json_of(&scene.exchange(&token, &more).await, 400)["error"],
            "invalid_target",
            "{what}"
        );
    }
    // Named by its client, or by its address, or not at all: the same application.
    for more in [
        vec![("audience", "orders-web")],
        vec![("resource", "https://orders.example.com/")],
        vec![],
    ] {
        let answer = json_of(&scene.exchange(&token, &more).await, 200);
        assert_eq!(scene.desk.verified(token_of(&answer)).await["aud"], "https://orders.example.com/");
    }
});

for_each_backend!(an_exchange_never_widens, |world| {
    let scene = Scene::declared(world).await;
    let narrow = json_of(
        &scene
            .desk
            .redeem(&{
                let mut browser = scene.desk.browser().await;
                let fields = scene.desk.ask(&mut browser, &[("scope", "orders:read")]).await;
                fields["code"].as_str().unwrap().to_owned()
            })
            .await,
        200,
    );
    // Within the same application never more than the token that was brought.
    let answer = scene.exchange(token_of(&narrow), &[("scope", "orders:read orders:write")]).await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_scope");
    let answer = json_of(&scene.exchange(token_of(&narrow), &[]).await, 200);
    assert_eq!(answer["scope"], "orders:read");
    // Never more than declared, never more than held, and nothing of OpenID's.
    let token = scene.kims().await;
    scene.declare(&scene.system.client, &scene.desk.orders, &["orders:read"]).await;
    for scope in ["orders:write", "orders:admin", "fleet:read", "openid", "offline_access"] {
        assert_eq!(
            json_of(&scene.exchange(&token, &[("scope", scope)]).await, 400)["error"],
            "invalid_scope",
            "{scope}"
        );
    }
    assert_eq!(json_of(&scene.exchange(&token, &[]).await, 200)["scope"], "orders:read");
    // At another application what the person holds there counts, not what the first token has.
    scene
        .declare(&scene.system.client, &scene.fleet, &["fleet:read", "fleet:write"])
        .await;
    let there = json_of(&scene.exchange(&token, &[("audience", "fleet-system")]).await, 200);
    assert_eq!(there["scope"], "fleet:read fleet:write");
    assert_eq!(scene.desk.verified(token_of(&there)).await["aud"], "https://fleet.example.com/");
});

for_each_backend!(two_systems_act_behind_each_other_and_a_third_does_not, |world| {
    let scene = Scene::declared(world).await;
    let mut systems = Vec::new();
    for name in ["second", "third"] {
        let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms(name, ActingKind::Delegation), None).await;
        scene.declare(&client, &scene.desk.orders, &["orders:read"]).await;
        systems.push(System {
            client,
            secret: secret.unwrap(),
        });
    }
    let first = scene.exchanged(&[]).await;
    let form = [("subject_token", token_of(&first)), ("subject_token_type", ACCESS_TOKEN)];
    let second = json_of(&scene.ask(&systems[0], &form).await, 200);
    let claims = scene.desk.verified(token_of(&second)).await;
    assert_eq!(claims["act"], json!({ "sub": "second", "act": { "sub": "fleet-system" } }));
    assert!(claims["exp"].as_i64().unwrap() <= scene.desk.verified(token_of(&first)).await["exp"].as_i64().unwrap());
    let form = [("subject_token", token_of(&second)), ("subject_token_type", ACCESS_TOKEN)];
    assert_eq!(
        json_of(&scene.ask(&systems[1], &form).await, 400)["error"],
        "invalid_request",
        "a third"
    );
    // Itself with itself in front of it: nothing that it does not have already.
    assert_eq!(
        json_of(&scene.exchange(token_of(&first), &[]).await, 400)["error"],
        "invalid_request",
        "itself"
    );
    // The end of what stands in front ends what stands behind it.
    assert!(scene.is_live(token_of(&second)).await);
    let cx = scene.desk.world.system().await;
    let mut client = scene.system.client.clone();
    client.disabled_at = Some(cx.now);
    store::issuer::clients::update(&cx.tx, &client).await.unwrap();
    cx.commit().await.unwrap();
    assert!(!scene.is_live(token_of(&first)).await && !scene.is_live(token_of(&second)).await);
});

for_each_backend!(an_actor_token_is_the_clients_own, |world| {
    let scene = Scene::declared(world).await;
    let credentials = basic("fleet-system", &scene.system.secret);
    let mut server = scene.desk.world.browser();
    let form = [("grant_type", "client_credentials")];
    let own = server
        .post_as_server("/oauth/token", &form, &[("authorization", &credentials)])
        .await;
    let own = json_of(&own, 200);
    let token = scene.kims().await;
    let actor = [("actor_token", token_of(&own)), ("actor_token_type", ACCESS_TOKEN)];
    let answer = json_of(&scene.exchange(&token, &actor).await, 200);
    assert_eq!(
        scene.desk.verified(token_of(&answer)).await["act"],
        json!({ "sub": "fleet-system" })
    );
    let foreign = json_of(&scene.desk.token(&[("grant_type", "client_credentials")]).await, 200);
    let actor = [("actor_token", token_of(&foreign)), ("actor_token_type", ACCESS_TOKEN)];
    assert_eq!(json_of(&scene.exchange(&token, &actor).await, 400)["error"], "invalid_request");
});

for_each_backend!(impersonation_is_where_the_operator_says_so_and_goes_no_further, |world| {
    let scene = Scene::declared(world).await;
    let mut systems = Vec::new();
    for (name, kind) in [("twin", ActingKind::Impersonation), ("other", ActingKind::Delegation)] {
        let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms(name, kind), None).await;
        scene.declare(&client, &scene.desk.orders, &["orders:read"]).await;
        systems.push(System {
            client,
            secret: secret.unwrap(),
        });
    }
    let token = scene.kims().await;
    let form = [("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
    let twin = json_of(&scene.ask(&systems[0], &form).await, 200);
    assert!(scene.desk.verified(token_of(&twin)).await.get("act").is_none());
    assert!(
        last_details(&scene.desk.world, EventKind::TokenExchanged)
            .await
            .contains("\"impersonation\":true")
    );
    let form = [("subject_token", token_of(&twin)), ("subject_token_type", ACCESS_TOKEN)];
    assert_eq!(json_of(&scene.ask(&systems[1], &form).await, 400)["error"], "invalid_request");
    // A chain that is there is never hidden.
    let first = scene.exchanged(&[]).await;
    let form = [("subject_token", token_of(&first)), ("subject_token_type", ACCESS_TOKEN)];
    let behind = json_of(&scene.ask(&systems[0], &form).await, 200);
    let act = json!({ "sub": "twin", "act": { "sub": "fleet-system" } });
    assert_eq!(scene.desk.verified(token_of(&behind)).await["act"], act);
});
