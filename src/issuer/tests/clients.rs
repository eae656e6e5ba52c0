//! How clients prove who they are, and what can be registered.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;

use super::desk::*;
use crate::{
    access::Actor,
    audit::EventKind,
    federation::oidc::ClientKey,
    for_each_backend,
    issuer::{
        ClientAuthentication, ClientTerms, GrantType, SubjectKind,
        commands::{ClientError, register_client, renew_secret, switch_client},
    },
    people::TenantRole,
    signin::throttle::PROOFS_PER_CLIENT,
    store::{Db as _, entity::audit_event as e},
};

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

for_each_backend!(a_secret_is_form_decoded_and_compared_whole, |world| {
    let desk = Desk::new(world).await;
    let secret = "a secret: 100% & more + things=";
    register(&desk.world, &desk.orders, draft("orders-cli"), Some(secret.to_owned())).await;
    let mut server = desk.world.browser();
    for (credentials, status) in [
        (basic("orders-cli", secret), 200),
        (basic("orders-cli", "a secret: 100% & more + things"), 401),
        (basic("orders-cli", ""), 401),
        (basic("nobody", secret), 401),
        ("Basic !!!".to_owned(), 401),
        ("Bearer abc".to_owned(), 401),
    ] {
        let answer = server
            .post_as_server("/oauth/token", &OWN, &[("authorization", &credentials)])
            .await;
        assert_eq!(answer.status.as_u16(), status, "{credentials}: {}", answer.text);
        if status == 401 {
            assert_eq!(json_of(&answer, 401)["error"], "invalid_client");
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
        }
    }
});

for_each_backend!(a_client_proves_itself_in_its_own_way_and_no_other, |world| {
    let desk = Desk::new(world).await;
    let mut by_form = draft("orders-form");
    by_form.authentication = ClientAuthentication::Post;
    let (_, secret) = register(&desk.world, &desk.orders, by_form, None).await;
    let secret = secret.unwrap();
    let mut public = draft("orders-phone");
    public.authentication = ClientAuthentication::None;
    public.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
    public.own_scopes = Vec::new();
    register(&desk.world, &desk.orders, public, None).await;
    let mut server = desk.world.browser();
    let in_form = [OWN[0], ("client_id", "orders-form"), ("client_secret", &secret)];
    assert_eq!(server.post_as_server("/oauth/token", &in_form, &[]).await.status.as_u16(), 200);
    let header = basic("orders-form", &secret);
    let answer = server.post_as_server("/oauth/token", &OWN, &[("authorization", &header)]).await;
    assert_eq!(answer.status.as_u16(), 401, "registered for the form");
    let answer = server.post_as_server("/oauth/token", &in_form, &[("authorization", &header)]).await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_request", "in two ways at once");
    let answer = server
        .post_as_server("/oauth/token", &[OWN[0], ("client_id", "orders-form")], &[])
        .await;
    assert_eq!(answer.status.as_u16(), 401, "without any proof");
    let answer = server
        .post_as_server("/oauth/token", &[OWN[0], ("client_id", "orders-phone")], &[])
        .await;
    assert_eq!(json_of(&answer, 400)["error"], "unauthorized_client");
    let answer = server
        .post_as_server("/oauth/introspect", &[("token", "x"), ("client_id", "orders-phone")], &[])
        .await;
    assert_eq!(answer.status.as_u16(), 401, "a public client cannot ask about tokens");
});

for_each_backend!(an_assertion_is_for_us_in_time_and_new, |world| {
    let desk = Desk::new(world).await;
    let key = ClientKey::generate().unwrap();
    let mut draft = draft("orders-key");
    draft.authentication = ClientAuthentication::PrivateKeyJwt;
    draft.key_set = Some(key.key_set().to_string());
    register(&desk.world, &desk.orders, draft, None).await;
    let now = desk.world.now().timestamp();
    let good = json!({
        "iss": "orders-key", "sub": "orders-key", "aud": "http://127.0.0.1:3000/oauth/token", "jti": "1", "iat": now, "exp": now + 60,
    });
    let sign = |claims: &serde_json::Value, key: &ClientKey| {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = key.key_set()["keys"][0]["kid"].as_str().map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_pem(key.pem().as_bytes()).unwrap()).unwrap()
    };
    let present = async |assertion: &str| {
        let form = [
            OWN[0],
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        desk.world
            .browser()
            .post_as_server("/oauth/token", &form, &[])
            .await
            .status
            .as_u16()
    };
    let assertion = sign(&good, &key);
    assert_eq!(present(&assertion).await, 200);
    assert_eq!(present(&assertion).await, 401, "once");
    let mut number = 1;
    for (name, value) in [
        ("aud", json!("https://another.example/token")),
        ("iss", json!("somebody-else")),
        ("exp", json!(now - 120)),
        ("exp", json!(now + 86400)),
        ("nbf", json!(now + 3600)),
        ("jti", json!("")),
    ] {
        number += 1;
        let mut claims = good.clone();
        claims["jti"] = json!(number.to_string());
        claims[name] = value;
        assert_eq!(present(&sign(&claims, &key)).await, 401, "{name}");
    }
    let mut claims = good.clone();
    claims["jti"] = json!("another key");
    assert_eq!(present(&sign(&claims, &ClientKey::generate().unwrap())).await, 401);
    claims["aud"] = json!(["http://127.0.0.1:3000"]);
    assert_eq!(present(&sign(&claims, &key)).await, 200);
});

for_each_backend!(only_operators_register_and_only_what_can_be, |world| {
    let desk = Desk::new(world).await;
    let pat = desk.world.acting(&desk.kim).await;
    let owner = desk.world.employee("Otto Owner", TenantRole::Owner).await;
    for actor in [Actor::Anonymous, pat, desk.world.actor(owner.id, None).await] {
        let mut cx = desk.world.cx(actor).await;
        let refused = register_client(&mut cx, &desk.orders, draft("mine"), None).await;
        assert!(matches!(refused, Err(ClientError::Access(_))), "{refused:?}");
    }
    let operator = desk.world.employee("Olga Operator", TenantRole::Operator).await;
    let operator = desk.world.actor(operator.id, None).await;
    let tried = async |change: &dyn Fn(&mut crate::issuer::ClientTerms)| {
        let mut new = draft("new-client");
        change(&mut new);
        let mut cx = desk.world.cx(operator.clone()).await;
        register_client(&mut cx, &desk.orders, new, None).await.map(|_| ())
    };
    for uri in [
        "http://orders.example.com/callback",
        "https://orders.example.com/callback#here",
        "https://user@orders.example.com/",
        "javascript:alert(1)",
        "custom:callback",
        "/callback",
        "",
    ] {
        let refused = tried(&|new| new.redirect_uris = vec![uri.to_owned()]).await;
        assert!(matches!(refused, Err(ClientError::Uri(_))), "{uri}: {refused:?}");
    }
    assert!(matches!(tried(&|new| new.redirect_uris.clear()).await, Err(ClientError::NoUri)));
    assert!(matches!(tried(&|new| new.client_id = "a b".to_owned()).await, Err(ClientError::Id)));
    assert!(matches!(
        tried(&|new| new.client_id = "orders-web".to_owned()).await,
        Err(ClientError::Taken)
    ));
    assert!(matches!(
        tried(&|new| new.own_scopes = vec!["crm:read".to_owned()]).await,
        Err(ClientError::Scope(_))
    ));
    assert!(matches!(
        tried(&|new| new.access_seconds = Some(86401)).await,
        Err(ClientError::Lifetime)
    ));
    assert!(matches!(
        tried(&|new| new.authentication = ClientAuthentication::None).await,
        Err(ClientError::PublicMachine)
    ));
    assert!(matches!(
        tried(&|new| new.authentication = ClientAuthentication::PrivateKeyJwt).await,
        Err(ClientError::Keys)
    ));
    for uri in ["http://127.0.0.1:4000/cb", "http://localhost/cb", "com.example.orders:/cb"] {
        assert!(tried(&|new| new.redirect_uris = vec![uri.to_owned()]).await.is_ok(), "{uri}");
    }
    assert_eq!(desk.world.events(EventKind::ClientRegistered).await, 1, "nothing of that was kept");

    let mut cx = desk.world.cx(operator.clone()).await;
    let (_, secret) = renew_secret(&mut cx, desk.client.id, desk.client.version).await.unwrap();
    cx.commit().await.unwrap();
    let mut server = desk.world.browser();
    for (secret, status) in [(&secret, 200), (&desk.secret, 401)] {
        let credentials = basic("orders-web", secret);
        let answer = server
            .post_as_server("/oauth/token", &OWN, &[("authorization", &credentials)])
            .await;
        assert_eq!(answer.status.as_u16(), status);
    }
    let mut cx = desk.world.cx(operator).await;
    let stale = renew_secret(&mut cx, desk.client.id, desk.client.version).await;
    assert!(matches!(stale, Err(ClientError::Store(crate::store::StoreError::Stale))));
});

for_each_backend!(pairwise_subjects_differ_per_application_and_stay, |world| {
    let desk = Desk::new(world).await;
    let mut first = draft("orders-pairwise");
    first.subjects = SubjectKind::Pairwise;
    let (client, secret) = register(&desk.world, &desk.orders, first, None).await;
    let desk = Desk {
        client,
        secret: secret.unwrap(),
        ..desk
    };
    let subject = async || desk.verified(desk.tokens().await["id_token"].as_str().unwrap()).await["sub"].clone();
    let known_as = subject().await;
    assert_eq!(known_as, subject().await);
    assert_ne!(known_as, json!(desk.kim.id));
});

for_each_backend!(a_remembered_client_gets_nothing_from_the_moment_it_is_another, |world| {
    let desk = Desk::new(world).await;
    let mut server = desk.world.browser();
    let old = basic("orders-web", &desk.secret);
    // The first answer comes from the database, the others from memory.
    for _ in 0..3 {
        let answer = server.post_as_server("/oauth/token", &OWN, &[("authorization", &old)]).await;
        json_of(&answer, 200);
    }
    assert_eq!(desk.world.events(EventKind::TokenIssued).await, 3);
    let mut cx = desk.world.cx(Actor::System("test")).await;
    let (_, secret) = renew_secret(&mut cx, desk.client.id, desk.client.version)
        .await
        .expect("a new secret");
    cx.commit().await.expect("commit");
    let answer = server.post_as_server("/oauth/token", &OWN, &[("authorization", &old)]).await;
    assert_eq!(json_of(&answer, 401)["error"], "invalid_client");
    let new = basic("orders-web", &secret);
    let answer = server.post_as_server("/oauth/token", &OWN, &[("authorization", &new)]).await;
    json_of(&answer, 200);
    let mut cx = desk.world.cx(Actor::System("test")).await;
    switch_client(&mut cx, desk.client.id, desk.client.version + 1, false)
        .await
        .expect("switched off");
    cx.commit().await.expect("commit");
    let answer = server.post_as_server("/oauth/token", &OWN, &[("authorization", &new)]).await;
    assert_eq!(json_of(&answer, 401)["error"], "invalid_client");
    assert_eq!(desk.world.events(EventKind::TokenIssued).await, 4);
});

for_each_backend!(whoever_guesses_a_secret_is_not_listened_to_for_a_while, |world| {
    let desk = Desk::new(world).await;
    let mut server = desk.world.browser();
    let right = basic("orders-web", &desk.secret);
    let wrong = basic("orders-web", "a guess");
    let mut ask = async |credentials: &str| server.post_as_server("/oauth/token", &OWN, &[("authorization", credentials)]).await;
    for _ in 0..PROOFS_PER_CLIENT.most {
        assert_eq!(json_of(&ask(&wrong).await, 401)["error"], "invalid_client");
    }
    for _ in 0..3 {
        let answer = ask(&wrong).await;
        assert_eq!(json_of(&answer, 429)["error"], "invalid_client");
        assert_eq!(answer.headers["retry-after"], "900");
    }
    assert_eq!(
        desk.world.events(EventKind::ClientFailed).await,
        21,
        "each that was counted, and that it was the last"
    );
    // Nobody keeps the client itself out, whatever comes from the same network.
    json_of(&ask(&right).await, 200);
    desk.world.clock.advance(chrono::Duration::minutes(15));
    json_of(&ask(&wrong).await, 401);
});

for_each_backend!(nobody_keeps_a_public_client_out_or_writes_to_the_trail_in_its_name, |world| {
    let desk = Desk::new(world).await;
    let public = ClientTerms {
        authentication: ClientAuthentication::None,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        own_scopes: Vec::new(),
        ..draft("orders-phone")
    };
    register(&desk.world, &desk.orders, public, None).await;
    let mut anybody = desk.world.browser();
    for _ in 0..=PROOFS_PER_CLIENT.most {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_id", "orders-phone"),
            ("client_secret", "x"),
        ];
        json_of(&anybody.post_as_server("/oauth/token", &form, &[]).await, 401);
    }
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", "orders-phone"),
        ("subject_token", "x"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    assert_eq!(
        json_of(&anybody.post_as_server("/oauth/token", &exchange, &[]).await, 400)["error"],
        "unauthorized_client"
    );
    assert_eq!(
        desk.world.events(EventKind::ClientFailed).await + desk.world.events(EventKind::TokenExchanged).await,
        0
    );
    // Without a secret it is the client itself, which is heard as ever.
    let own = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", "orders-phone"),
    ];
    assert_eq!(
        json_of(&anybody.post_as_server("/oauth/token", &own, &[]).await, 400)["error"],
        "invalid_grant"
    );
});

for_each_backend!(guesses_are_counted_for_all_replicas_together, |world| {
    let desk = Desk::new(world).await;
    let wrong = basic("orders-web", "a guess");
    let mut replicas = [desk.world.browser(), desk.world.browser()];
    for number in 0..PROOFS_PER_CLIENT.most {
        let server = &mut replicas[number as usize % 2];
        json_of(
            &server.post_as_server("/oauth/token", &OWN, &[("authorization", &wrong)]).await,
            401,
        );
    }
    for server in &mut replicas {
        json_of(
            &server.post_as_server("/oauth/token", &OWN, &[("authorization", &wrong)]).await,
            429,
        );
    }
});

for_each_backend!(the_trail_names_the_client_that_asked, |world| {
    let desk = Desk::new(world).await;
    let mut server = desk.world.browser();
    let right = basic("orders-web", &desk.secret);
    // From the database, then from memory.
    for _ in 0..2 {
        json_of(
            &server.post_as_server("/oauth/token", &OWN, &[("authorization", &right)]).await,
            200,
        );
    }
    desk.tokens().await;
    let rows = e::Entity::find()
        .filter(e::Column::Action.eq(EventKind::TokenIssued.as_str()))
        .all(desk.world.portal.store.reader().connection())
        .await
        .expect("the database answers");
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!((row.actor_kind.as_str(), row.actor_label.as_str()), ("client", "Orders on the web"));
    }
});

for_each_backend!(a_program_in_a_browser_reads_the_answers_of_any_site_but_the_company_s, |world| {
    let desk = Desk::new(world).await;
    let mut server = desk.world.browser();
    let origin = ("origin", "https://app.example.com");
    let answer = server
        .post_as_server("/oauth/token", &[("grant_type", "refresh_token")], &[origin])
        .await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    let asked = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,dpop"),
    ];
    for path in ["/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/userinfo"] {
        let before = server.options(path, &asked).await;
        assert_eq!(before.status.as_u16(), 200, "{path}");
        let allowed = before.headers["access-control-allow-headers"].to_str().unwrap();
        assert!(allowed.contains("dpop") && allowed.contains("authorization"), "{path}: {allowed}");
    }
    // Servers alone ask there, and people's own pages are nobody else's.
    for path in ["/oauth/introspect", "/do/sign-out", "/me"] {
        assert!(
            !server
                .options(path, &asked)
                .await
                .headers
                .contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
});
