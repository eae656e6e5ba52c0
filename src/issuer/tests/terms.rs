//! What an operator says of clients and organizations: names of claims, lifetimes, changes.

use std::collections::BTreeMap;

use chrono::Duration;
use serde_json::json;

use super::desk::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    issuer::{ActingKind, ClientAuthentication, ClientTerms, GrantType, commands::ClientError},
    organizations::{Lifetimes, commands::change_lifetimes},
    people::TenantRole,
    store::{self, issuer::clients},
};

async fn change(desk: &Desk, change: impl FnOnce(&mut ClientTerms)) {
    let mut client = clients::get(&desk.world.portal.store.reader(), desk.client.id)
        .await
        .unwrap()
        .unwrap();
    change(&mut client.terms);
    let cx = desk.world.system().await;
    clients::update(&cx.tx, &client).await.unwrap();
    cx.commit().await.unwrap();
}

fn names(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()))
        .collect()
}

for_each_backend!(claims_go_by_the_applications_names, |world| {
    let desk = Desk::new(world).await;
    let mut acme = store::organizations::get(&desk.world.portal.store.reader(), desk.acme.id)
        .await
        .unwrap()
        .unwrap();
    acme.metadata.insert("sap_id".to_owned(), "4711".to_owned());
    let cx = desk.world.system().await;
    store::organizations::update(&cx.tx, &acme).await.unwrap();
    cx.commit().await.unwrap();
    let before = desk.tokens().await;
    let before = desk.verified(before["access_token"].as_str().unwrap()).await;
    assert!(
        !before.values().any(|value| value == "4711"),
        "nothing of the metadata unless it is named"
    );
    change(&desk, |terms| {
        terms.claim_names = names(&[
            ("organization_id", "partner"),
            ("organization_name", "organization_id"),
            ("membership_role", ""),
            ("email", "mail"),
            ("metadata.sap_id", "customer_number"),
            ("metadata.none", "nothing"),
        ]);
    })
    .await;
    let tokens = desk.tokens().await;
    let access = desk.verified(tokens["access_token"].as_str().unwrap()).await;
    let id = desk.verified(tokens["id_token"].as_str().unwrap()).await;
    let known = json_of(&desk.userinfo(tokens["access_token"].as_str().unwrap()).await, 200);
    for claims in [&access, &id, known.as_object().unwrap()] {
        assert_eq!(claims["partner"], json!(desk.acme.id));
        assert_eq!(claims["organization_id"], "Acme", "names may be exchanged");
        assert_eq!(claims["customer_number"], "4711");
        for gone in ["organization_name", "membership_role", "email", "nothing"] {
            assert!(!claims.contains_key(gone), "{gone}");
        }
    }
    assert_eq!((&id["mail"], &access.get("mail")), (&json!("kim.larsen@example.com"), &None));
    // What the endpoints themselves read is where it was.
    assert_eq!(desk.introspect(tokens["access_token"].as_str().unwrap()).await["active"], true);
});

#[test]
fn claims_of_the_protocols_keep_their_names() {
    let check = |pairs: &[(&str, &str)]| {
        let mut terms = draft("orders-names");
        terms.claim_names = names(pairs);
        terms.check(&["orders:read".to_owned()])
    };
    for wrong in [
        "sub",
        "iss",
        "exp",
        "scope",
        "cnf",
        "grant_id",
        "sid",
        "auth_time",
        "nothing_of_ours",
        "metadata.",
    ] {
        assert!(matches!(check(&[(wrong, "other")]), Err(ClientError::Claim(_))), "{wrong}");
    }
    for wrong in ["sub", "scope", "act", "two words", "email"] {
        assert!(matches!(check(&[("name", wrong)]), Err(ClientError::ClaimName(_))), "{wrong}");
    }
    assert!(check(&[("name", "who"), ("email", "who")]).is_err(), "two claims by one name");
    assert!(check(&[("name", "email"), ("email", "mail"), ("metadata.a", "b"), ("acr", "")]).is_ok());
}

#[test]
fn a_form_leaves_the_grant_types_that_it_does_not_show() {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken, TokenExchange};
    let declared = ClientTerms {
        grant_types: vec![AuthorizationCode],
        ..draft("orders-web")
    };
    // As a form derives them: from the addresses, the scopes of its own, and whether it acts for people.
    let mut typed = ClientTerms {
        grant_types: vec![AuthorizationCode, RefreshToken, ClientCredentials],
        ..draft("orders-web")
    };
    assert_eq!(declared.grant_types_with(&typed), [AuthorizationCode]);
    typed.may_act_for = ActingKind::Delegation;
    typed.grant_types.push(TokenExchange);
    assert_eq!(declared.grant_types_with(&typed), [AuthorizationCode, TokenExchange]);
    typed.redirect_uris.clear();
    typed.grant_types = vec![TokenExchange];
    assert_eq!(declared.grant_types_with(&typed), [TokenExchange]);
}

for_each_backend!(of_two_limits_the_shorter_one_counts, |world| {
    let desk = Desk::new(world).await;
    let operator = desk.world.employee("Opal Operator", TenantRole::Operator).await;
    let set = async |lifetimes: Lifetimes| {
        let version = store::organizations::get(&desk.world.portal.store.reader(), desk.acme.id)
            .await
            .unwrap()
            .unwrap()
            .version;
        let mut cx = desk.world.cx(desk.world.actor(operator.id, None).await).await;
        let outcome = change_lifetimes(&mut cx, "acme", version, lifetimes).await;
        cx.commit().await.unwrap();
        outcome
    };
    set(Lifetimes {
        access_seconds: Some(120),
        id_seconds: Some(60),
        refresh_seconds: Some(3600),
    })
    .await
    .unwrap();
    let now = desk.world.now();
    let tokens = desk.tokens().await;
    assert_eq!(tokens["expires_in"], 120);
    let end = |token: &str| {
        let token = tokens[token].as_str().unwrap().to_owned();
        let desk = &desk;
        async move { desk.verified(&token).await["exp"].as_i64().unwrap() - now.timestamp() }
    };
    assert_eq!((end("access_token").await, end("id_token").await), (120, 60));
    desk.world.clock.advance(Duration::seconds(3601));
    assert_eq!(desk.refresh(tokens["refresh_token"].as_str().unwrap()).await.status.as_u16(), 400);
    // Of the client's own id tokens, too.
    change(&desk, |terms| terms.id_seconds = Some(90)).await;
    set(Lifetimes::default()).await.unwrap();
    let now = desk.world.now();
    let tokens = desk.tokens().await;
    let id = desk.verified(tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(
        (&tokens["expires_in"], id["exp"].as_i64().unwrap() - now.timestamp()),
        (&json!(600), 90)
    );
    // A limit beyond the client's changes nothing, and one that no token has is refused.
    set(Lifetimes {
        access_seconds: Some(7200),
        ..Lifetimes::default()
    })
    .await
    .unwrap();
    assert_eq!(desk.tokens().await["expires_in"], 600);
    let refused = set(Lifetimes {
        access_seconds: Some(59),
        ..Lifetimes::default()
    });
    assert!(refused.await.is_err());
    assert_eq!(desk.world.events(EventKind::OrganizationChanged).await, 3);
});

for_each_backend!(an_operator_changes_a_client_and_the_trail_says_what, |world| {
    let desk = Desk::new(world).await;
    let operator = desk.world.employee("Opal Operator", TenantRole::Operator).await;
    let mut browser = desk.world.browser_as(operator.id, None).await;
    let id = desk.client.id.to_string();
    let page = browser.get(&format!("/admin/apps/orders/clients/{id}")).await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.text.contains(CALLBACK), "{}", page.text);
    let fields = |version: &'static str| {
        [
            ("application", "orders"),
            ("client", id.as_str()),
            ("version", version),
            ("name", "Orders, renamed"),
            ("authentication", "client_secret_basic"),
            ("redirect_uris", CALLBACK),
            ("post_logout_redirect_uris", "https://orders.example.com/out"),
            ("backchannel_logout_uri", "https://orders.example.com/told"),
            ("initiate_login_uri", ""),
            ("key_set", ""),
            ("audience", ""),
            ("own_scopes[]", "orders:read"),
            ("signing", "EdDSA"),
            ("subjects", "public"),
            ("may_act_for", "delegation"),
            ("sender_constrained", "yes"),
            ("claim_names", "email = mail\r\nmembership_role ="),
            ("access_seconds", "300"),
            ("id_seconds", "120"),
            ("refresh_seconds", ""),
        ]
    };
    let answer = browser.post("/do/change-client", &fields("1")).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/apps/orders/clients"));
    let now = clients::get(&desk.world.portal.store.reader(), desk.client.id)
        .await
        .unwrap()
        .unwrap();
    let terms = &now.terms;
    assert_eq!((terms.client_id.as_str(), terms.name.as_str()), ("orders-web", "Orders, renamed"));
    assert_eq!(terms.backchannel_logout_uri.as_deref(), Some("https://orders.example.com/told"));
    assert_eq!(terms.claim_names, names(&[("email", "mail"), ("membership_role", "")]));
    assert!(terms.sender_constrained && !terms.first_party, "an empty box is none");
    assert_eq!(
        (terms.access_seconds, terms.id_seconds, terms.refresh_seconds),
        (Some(300), Some(120), None)
    );
    assert_eq!(now.version, 2);
    assert_eq!(now.secret_hash, desk.client.secret_hash, "the secret stays");
    let told = last_details(&desk.world, EventKind::ClientChanged).await;
    assert!(
        told.contains("sender_constrained") && told.contains("\"from\":\"ES256\",\"to\":\"EdDSA\""),
        "{told}"
    );
    assert!(
        !told.contains("redirect_uris\":{\"from\":\"https://orders.example.com/callback"),
        "what stayed is not told: {told}"
    );
    // Twice, from an old page, and by somebody else.
    browser.post("/do/change-client", &fields("1")).await;
    browser.post("/do/change-client", &fields("2")).await;
    assert_eq!(desk.world.events(EventKind::ClientChanged).await, 1);
    let mut kim = desk.browser().await;
    assert!(matches!(
        kim.post("/do/change-client", &fields("2")).await.status.as_u16(),
        403 | 404
    ));
    assert!(matches!(
        kim.get(&format!("/admin/apps/orders/clients/{id}")).await.status.as_u16(),
        403 | 404
    ));
    // A client of another application is not found under this one.
    let (other, _) = desk.world.application("tracking").await;
    let page = browser.get(&format!("/admin/apps/{}/clients/{id}", other.slug)).await;
    assert_eq!(page.status.as_u16(), 404);
});

for_each_backend!(a_client_that_proves_itself_by_a_secret_from_now_on_gets_one, |world| {
    let desk = Desk::new(world).await;
    let operator = desk.world.employee("Opal Operator", TenantRole::Operator).await;
    let mut public = draft("orders-phone");
    public.authentication = ClientAuthentication::None;
    public.own_scopes = Vec::new();
    public
        .grant_types
        .retain(|grant| *grant != crate::issuer::GrantType::ClientCredentials);
    let (client, none) = register(&desk.world, &desk.orders, public.clone(), None).await;
    assert!(none.is_none());
    let mut cx = desk.world.cx(desk.world.actor(operator.id, None).await).await;
    public.authentication = ClientAuthentication::Basic;
    let (changed, secret) = crate::issuer::commands::change_client(&mut cx, &desk.orders, (client.id, 1), public.clone())
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(secret.is_some() && changed.secret_hash.is_some());
    let mut cx = desk.world.cx(desk.world.actor(operator.id, None).await).await;
    public.authentication = ClientAuthentication::None;
    let (changed, secret) = crate::issuer::commands::change_client(&mut cx, &desk.orders, (client.id, 2), public)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(
        secret.is_none() && changed.secret_hash.is_none(),
        "a secret that nobody asks for is not kept"
    );
});
