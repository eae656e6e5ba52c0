//! What a request may wish for: whom it expects, how surely, which claims, how old the sign-in may be.

use chrono::Duration;
use serde_json::json;

use super::desk::*;
use crate::{
    federation::{ClientAuth, IdentityProvider, Joining, Mapping, OidcSettings, Preset, Protocol, ProviderStatus, Rules},
    for_each_backend,
    issuer::{SigningAlgorithm, keys::rotate},
    kernel::ProviderId,
    people::MemberRole,
    store::{
        self,
        sessions::{SignedInAs, Through},
    },
};

const TWO: &str = "urn:portico:acr:two-factors";
const ONE: &str = "urn:portico:acr:one-factor";

for_each_backend!(what_is_only_about_pages_and_languages_changes_nothing, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    for more in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("acr_values", "urn:other:1 urn:other:2"),
        ("extra", "something"),
        ("login_hint", "kim@example.com"),
    ] {
        let fields = desk.ask(&mut browser, &[more]).await;
        assert!(fields.contains_key("code"), "{more:?}: {fields:?}");
    }
});

for_each_backend!(a_login_hint_is_where_the_sign_in_begins_for_every_address, |world| {
    let desk = Desk::new(world).await;
    for address in ["kim.larsen@example.com", "nobody@example.com"] {
        let mut browser = desk.world.browser();
        let answer = browser.get(&desk.address(&[("login_hint", address)])).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"));
        let page = browser.get("/sign-in").await;
        assert!(page.text.contains(&format!("value=\"{address}\"")), "{}", page.text);
    }
    let mut browser = desk.world.browser();
    browser.get(&desk.address(&[("login_hint", "\"><script>alert(1)</script>")])).await;
    assert!(!browser.get("/sign-in").await.text.contains("alert(1)"));
});

for_each_backend!(an_id_token_hint_names_who_has_to_be_here, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    let hint = tokens["id_token"].as_str().unwrap();
    // Ended long ago, and still a good hint.
    desk.world.clock.advance(Duration::days(2));
    let mut browser = desk.browser().await;
    let silent = [("id_token_hint", hint), ("prompt", "none")];
    assert!(desk.ask(&mut browser, &silent).await.contains_key("code"));
    // The key that signed it is published no longer.
    let before = desk.keys().await.keys.len();
    let cx = desk.world.system().await;
    rotate(&cx.tx, &desk.world.portal, SigningAlgorithm::Es256).await.unwrap();
    cx.commit().await.unwrap();
    desk.world.clock.advance(Duration::days(3));
    assert_eq!(desk.keys().await.keys.len(), before);
    let mut browser = desk.browser().await;
    assert!(desk.ask(&mut browser, &silent).await.contains_key("code"));
    let claims = r#"{"id_token":{"sub":{"value":"KIM"}}}"#.replace("KIM", &desk.kim.id.to_string());
    let named = [("claims", claims.as_str()), ("prompt", "none")];
    assert!(desk.ask(&mut browser, &named).await.contains_key("code"));
    let cleo = desk.world.member(&desk.acme, "Cleo Colleague", MemberRole::Member).await;
    desk.world.assign(&cleo, &desk.entitlement).await;
    let mut other = desk.world.browser_as(cleo.person, Some(cleo.id)).await;
    assert_eq!(desk.ask(&mut other, &silent).await["error"], "login_required");
    assert_eq!(desk.ask(&mut other, &named).await["error"], "login_required");
    assert!(
        desk.ask(&mut other, &[("prompt", "none")]).await.contains_key("code"),
        "still signed in"
    );
    // With pages allowed, they are asked to sign in, and nothing is given to the other one.
    let page = other.get(&desk.address(&[("id_token_hint", hint)])).await;
    assert!(page.text.contains("expects someone else than Cleo Colleague"), "{}", page.text);
    let answer = say_yes(&mut other, &desk.address(&[("id_token_hint", hint)])).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    let nobody = desk.ask(&mut desk.world.browser(), &silent).await;
    assert_eq!(nobody["error"], "login_required");
    let access = tokens["access_token"].as_str().unwrap();
    for wrong in ["a.b.c", access] {
        let fields = desk.ask(&mut browser, &[("id_token_hint", wrong)]).await;
        assert_eq!(fields["error"], "invalid_request", "{wrong}");
    }
});

for_each_backend!(a_second_factor_is_asked_for_where_there_is_one, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    let essential = format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":["{TWO}"]}}}}}}"#);
    // Kim has no authenticator: a wish is passed over, what is insisted on is refused.
    assert!(desk.ask(&mut browser, &[("acr_values", TWO)]).await.contains_key("code"));
    let refused = desk.ask(&mut browser, &[("claims", &essential)]).await;
    assert_eq!(refused["error"], "unmet_authentication_requirements");

    let cx = desk.world.system().await;
    assert!(
        store::credentials::enrol_totp(&cx.tx, desk.kim.person, vec![1], 0, cx.now)
            .await
            .unwrap()
    );
    cx.commit().await.unwrap();
    for more in [("acr_values", TWO), ("claims", essential.as_str())] {
        let mut browser = desk.browser().await;
        let answer = browser.get(&desk.address(&[more])).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in/step-up"), "{more:?}");
        // Back without having given it: only the wish is passed over.
        let answer = browser.get(&desk.address(&[more])).await;
        let fields = back(&answer);
        assert_eq!(fields.contains_key("code"), more.0 == "acr_values", "{more:?}: {fields:?}");
    }
    let silent = desk.ask(&mut browser, &[("acr_values", TWO), ("prompt", "none")]).await;
    assert!(silent.contains_key("code"), "a wish asks nobody in silence");
    let silent = desk.ask(&mut browser, &[("claims", &essential), ("prompt", "none")]).await;
    assert_eq!(silent["error"], "unmet_authentication_requirements");
    let one = desk.ask(&mut browser, &[("acr_values", &format!("{ONE} {TWO}"))]).await;
    assert!(one.contains_key("code"), "the first that is known counts");

    let who = SignedInAs {
        person: desk.kim.person,
        member: Some(desk.kim.id),
        at: desk.world.now(),
        second_factor_at: Some(desk.world.now()),
        through: None,
    };
    let mut browser = desk.world.browser_signed_in(&who).await;
    let code = desk.ask(&mut browser, &[("claims", &essential)]).await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    assert_eq!(desk.verified(tokens["id_token"].as_str().unwrap()).await["acr"], TWO);
});

for_each_backend!(claims_are_given_that_are_asked_for_by_name, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    let claims = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"auth_time":{"essential":true}}}"#;
    let more = [("scope", "openid orders:read"), ("claims", claims)];
    let code = desk.ask(&mut browser, &more).await["code"].as_str().unwrap().to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    let known = json_of(&desk.userinfo(tokens["access_token"].as_str().unwrap()).await, 200);
    assert_eq!(known["name"], "Kim Larsen");
    assert!(known.get("email").is_none(), "nothing that nobody asked for");
    assert!(desk.verified(tokens["id_token"].as_str().unwrap()).await["auth_time"].is_i64());
    let refused = desk.ask(&mut browser, &[("claims", "name")]).await;
    assert_eq!(refused["error"], "invalid_request");
});

/// A connection of the partner's that is in use.
async fn connected(desk: &Desk) -> IdentityProvider {
    let mut cx = desk.world.system().await;
    let provider = IdentityProvider {
        id: ProviderId::new(cx.now, &mut cx.rng),
        organization: desk.acme.id,
        name: "Acme account".to_owned(),
        preset: Preset::Oidc,
        protocol: Protocol::Oidc(OidcSettings {
            issuer: "https://login.acme.example".to_owned(),
            client_id: "portal".to_owned(),
            client_auth: ClientAuth::Basic,
            scopes: Vec::new(),
            userinfo: false,
        }),
        status: ProviderStatus::Live,
        secrets: None,
        published: None,
        published_at: None,
        mapping: Mapping::of(Preset::Oidc),
        rules: Rules::default(),
        joining: Joining::default(),
        trusts_second_factor: false,
        exclusive: false,
        break_glass: None,
        failures: 0,
        fell_back_at: None,
        tried_at: None,
        certificate_ends_at: None,
        certificate_warned_at: None,
        created_at: cx.now,
        version: 1,
    };
    store::federation::providers::insert(&cx.tx, &provider).await.unwrap();
    cx.commit().await.unwrap();
    provider
}

for_each_backend!(the_time_of_a_sign_in_is_when_the_company_asked_the_person, |world| {
    let desk = Desk::new(world).await;
    let provider = connected(&desk).await;
    let there = desk.world.now() - Duration::hours(3);
    let who = |at| SignedInAs {
        person: desk.kim.person,
        member: Some(desk.kim.id),
        at: desk.world.now(),
        second_factor_at: None,
        through: Some(Through {
            provider: provider.id,
            organization: desk.acme.id,
            session: None,
            ends_at: None,
            logout_name: None,
            authenticated_at: at,
        }),
    };
    let mut browser = desk.world.browser_signed_in(&who(Some(there))).await;
    let code = desk.ask(&mut browser, &[]).await["code"].as_str().unwrap().to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    let id = desk.verified(tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(id["auth_time"], json!(there.timestamp()));
    let old = desk.ask(&mut browser, &[("max_age", "3600"), ("prompt", "none")]).await;
    assert_eq!(old["error"], "login_required", "signed in here just now, but three hours ago there");
    // Sent to sign in, a session that the company had opened long before does not do either.
    let address = desk.address(&[("max_age", "3600")]);
    let mut browser = desk.world.browser_signed_in(&who(Some(there))).await;
    assert!(browser.get(&address).await.text.contains("Sign in again?"));
    let mut browser = desk.world.browser_signed_in(&who(None)).await;
    assert!(
        desk.ask(&mut browser, &[("max_age", "3600")]).await.contains_key("code"),
        "where it does not say, the sign-in here counts"
    );
});
