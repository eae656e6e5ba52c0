//! Signing out, here and there: the provider ends the sessions it opened, and a browser that signs out here may end it there too.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    company::*,
    provider::{CLIENT, Key, Provider, Signed},
};
use crate::{audit::EventKind, for_each_backend, people::MemberRole, testing::Answer};

/// The provider posts a logout token, as its server would: without a session here.
async fn post(company: &Company, token: &str) -> Answer {
    let address = format!("/federation/oidc/{}/backchannel-logout", company.connection.id);
    let mut server = company.world.browser();
    server.post_from_elsewhere(&address, &[("logout_token", token)]).await
}

async fn log_out(company: &Company, whom: Value) -> u16 {
    post(company, &company.provider.logout_token(whom)).await.status.as_u16()
}

for_each_backend!(the_provider_ends_one_session_or_all_of_a_person, |world| {
    let company = Company::new(world).await;
    let at = |sid: &str| with(kim(), json!({ "sid": sid }));
    let mut office = company.must_sign_in(&at("office")).await;
    let mut home = company.must_sign_in(&at("home")).await;
    let mut phone = company.must_sign_in(&at("phone")).await;
    let mut bo = company.must_sign_in(&claims("bo-1", "bo@acme.example")).await;
    let member = company.link("kim-1").await.unwrap().member;
    let person = company.member(member).await.person;
    let mut local = company.world.browser_as(person, Some(member)).await;

    assert_eq!(log_out(&company, json!({ "sid": "office" })).await, 200);
    assert!(!is_signed_in(&mut office).await && is_signed_in(&mut home).await && is_signed_in(&mut phone).await);
    assert_eq!(log_out(&company, json!({ "sub": "kim-1", "sid": "home" })).await, 200);
    assert!(!is_signed_in(&mut home).await && is_signed_in(&mut phone).await);
    // Somebody else's session under one's own name is nobody's.
    assert_eq!(log_out(&company, json!({ "sub": "bo-1", "sid": "phone" })).await, 200);
    assert!(is_signed_in(&mut phone).await && is_signed_in(&mut bo).await);
    let mut again = company.must_sign_in(&at("again")).await;
    assert_eq!(log_out(&company, json!({ "sub": "kim-1" })).await, 200);
    assert!(!is_signed_in(&mut phone).await && !is_signed_in(&mut again).await);
    assert!(is_signed_in(&mut local).await, "what the provider did not open");
    assert!(is_signed_in(&mut bo).await);
    assert_eq!(log_out(&company, json!({ "sub": "nobody" })).await, 200, "who is out is out");
    let ended = trail(&company.world, EventKind::SessionsEnded).await;
    assert!(
        ended
            .iter()
            .all(|(reason, _)| reason == "Their company's sign-in ended the session."),
        "{ended:?}"
    );
});

for_each_backend!(a_logout_counts_once_and_from_the_provider_alone, |world| {
    let company = Company::new(world).await;
    let token = company.provider.logout_token(json!({ "sub": "kim-1" }));
    let mut before = company.must_sign_in(&kim()).await;
    assert_eq!(post(&company, &token).await.status.as_u16(), 200);
    assert!(!is_signed_in(&mut before).await);
    let mut browser = company.must_sign_in(&kim()).await;
    let replayed = post(&company, &token).await;
    assert_eq!(
        (replayed.status.as_u16(), replayed.text.as_str()),
        (400, r#"{"error":"invalid_request"}"#)
    );
    assert_eq!(replayed.headers["cache-control"], "no-store");

    let another = Provider::start(company.world.clock.clone()).await;
    let mut foreign = another.logout_token(json!({ "sub": "kim-1", "iss": company.provider.issuer }));
    assert_eq!(post(&company, &foreign).await.status.as_u16(), 400, "its key is not the provider's");
    foreign = another.logout_token(json!({ "sub": "kim-1" }));
    assert_eq!(post(&company, &foreign).await.status.as_u16(), 400);
    for lie in [
        json!({ "sub": "kim-1", "events": null }),
        json!({ "sub": "kim-1", "nonce": "n" }),
        json!({ "sub": "kim-1", "aud": "another application" }),
        json!({ "sub": "kim-1", "iat": company.world.now().timestamp() - 3600, "exp": company.world.now().timestamp() - 3000 }),
        json!({}),
    ] {
        assert_eq!(log_out(&company, lie.clone()).await, 400, "{lie}");
    }
    company.provider.set(|behaviour| behaviour.signed = Signed::Not);
    assert_eq!(log_out(&company, json!({ "sub": "kim-1" })).await, 400);
    company.provider.set(|behaviour| behaviour.signed = Signed::Properly);
    for address in ["0190a0a0-0000-7000-8000-000000000000", "nothing"] {
        let token = company.provider.logout_token(json!({ "sub": "kim-1" }));
        let mut server = company.world.browser();
        let answer = server
            .post_from_elsewhere(
                &format!("/federation/oidc/{address}/backchannel-logout"),
                &[("logout_token", &token)],
            )
            .await;
        assert_eq!(answer.status.as_u16(), 400);
    }
    let mut server = company.world.browser();
    let address = format!("/federation/oidc/{}/backchannel-logout", company.connection.id);
    assert_eq!(server.post_from_elsewhere(&address, &[("token", "x")]).await.status.as_u16(), 400);
    assert!(is_signed_in(&mut browser).await);
});

for_each_backend!(a_logout_after_a_rotation_of_keys_is_believed, |world| {
    let company = Company::new(world).await;
    let mut browser = company.must_sign_in(&kim()).await;
    company
        .provider
        .set(|behaviour| behaviour.keys = vec![Key::new(jsonwebtoken::Algorithm::PS256, "second")]);
    assert_eq!(log_out(&company, json!({ "sid": "there-kim-1" })).await, 200);
    assert!(!is_signed_in(&mut browser).await);
    assert!(company.now().await.published.unwrap().contains("second"));
});

for_each_backend!(whoever_signs_out_here_may_sign_out_there_too_and_comes_back, |world| {
    let company = Company::new(world).await;
    let mut browser = company.must_sign_in(&kim()).await;
    let answer = browser.post("/do/sign-out", &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    assert!(!is_signed_in(&mut browser).await);
    let page = browser.get("/signed-out").await.text;
    assert!(readable(&page).contains("You may still be signed in with Acme account."), "{page}");
    let way = page
        .split('"')
        .find(|part| part.contains("/end-session?"))
        .expect("a way out")
        .replace("&amp;", "&");
    let way: url::Url = way.parse().unwrap();
    assert!(way.as_str().starts_with(&company.provider.issuer), "{way}");
    let said: std::collections::HashMap<_, _> = way.query_pairs().into_owned().collect();
    assert_eq!(said["client_id"], CLIENT);
    let back: url::Url = said["post_logout_redirect_uri"].parse().unwrap();
    assert_eq!(back.path(), format!("/federation/oidc/{}/logged-out", company.connection.id));
    assert_eq!(browser.get(back.path()).await.location.as_deref(), Some("/sign-in"));
    assert!(readable(&browser.get("/sign-in").await.text).contains("You are signed out."));
    // A page of somebody else's that leads there signs nobody out.
    let mut other = company.must_sign_in(&kim()).await;
    other.get(back.path()).await;
    assert!(is_signed_in(&mut other).await);

    // A local session has nothing more to end.
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    let mut local = company.world.browser_as(bo.person, Some(bo.id)).await;
    assert_eq!(local.post("/do/sign-out", &[]).await.location.as_deref(), Some("/sign-in"));
});

for_each_backend!(a_session_through_a_provider_ends_like_any_other, |world| {
    let company = Company::new(world).await;
    let mut idle = company.must_sign_in(&kim()).await;
    company.world.clock.advance(Duration::minutes(61));
    assert!(!is_signed_in(&mut idle).await);
    let mut long = company.must_sign_in(&kim()).await;
    for _ in 0..13 {
        company.world.clock.advance(Duration::minutes(55));
        is_signed_in(&mut long).await;
    }
    company.world.clock.advance(Duration::minutes(20));
    assert!(!is_signed_in(&mut long).await, "after twelve hours");
});

for_each_backend!(
    messages_that_anybody_could_send_do_not_make_the_portal_ask_for_keys_forever,
    |world| {
        let company = Company::new(world).await;
        company.must_sign_in(&kim()).await;
        let another = Provider::start(company.world.clock.clone()).await;
        another.set(|behaviour| behaviour.keys = vec![Key::new(jsonwebtoken::Algorithm::ES256, "made up")]);
        let asked = || {
            company
                .provider
                .set(|behaviour| behaviour.asked.get("jwks").copied().unwrap_or_default())
        };
        let before = asked();
        for _ in 0..8 {
            let forged = another.logout_token(json!({ "sub": "kim-1", "iss": company.provider.issuer }));
            assert_eq!(post(&company, &forged).await.status.as_u16(), 400);
        }
        assert_eq!(asked() - before, 3);
    }
);
