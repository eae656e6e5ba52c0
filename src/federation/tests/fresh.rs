//! An application wants a new sign-in of somebody whose company signs them in: the company is asked for one, and has to say when it was.

use chrono::Duration;
use serde_json::{Value, json};

use super::company::*;
use crate::{
    access::Actor,
    apps::Application,
    for_each_backend,
    issuer::{ClientTerms, commands::register_client},
    people::MemberRole,
    testing::Browser,
};

const CALLBACK: &str = "https://orders.example.com/callback";

/// Bo of Acme holds an application that signs people in.
async fn company_with_application(world: crate::testing::World) -> Company {
    let company = Company::new(world).await;
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    let (orders, scopes): (Application, _) = company.world.application("orders").await;
    let entitlement = company.world.entitle(&company.acme, &orders, &scopes[..1]).await;
    company.world.assign(&bo, &entitlement).await;
    let mut cx = company.world.cx(Actor::System("test")).await;
    let terms = ClientTerms {
        redirect_uris: vec![CALLBACK.to_owned()],
        ..ClientTerms::new("orders-web", "Orders")
    };
    register_client(&mut cx, &orders, terms, None).await.expect("a client");
    cx.commit().await.expect("commit");
    company
}

fn request(more: &str) -> String {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    format!(
        "/oauth/authorize?response_type=code&client_id=orders-web&redirect_uri=https%3A%2F%2Forders.example.com%2Fcallback&scope=openid%20orders:read&code_challenge={challenge}&code_challenge_method=S256{more}"
    )
}

fn bo(more: Value) -> Value {
    with(claims("bo-1", "bo@acme.example"), more)
}

/// What the browser is sent on to after the form.
async fn go_on(browser: &mut Browser, answer: crate::testing::Answer) -> Option<String> {
    let page = answer.location.expect("a way on");
    assert!(page.starts_with("/oauth/continue?"), "{page}");
    let there = page.replace("/oauth/continue", "/oauth/authorize");
    browser.get(&there).await.location
}

for_each_backend!(prompt_login_is_passed_on_and_the_answer_is_held_to_it, |world| {
    let company = company_with_application(world).await;
    let mut browser = company.must_sign_in(&bo(json!({}))).await;
    company.world.clock.advance(Duration::minutes(20));
    let address = request("&prompt=login");
    let question = browser.get(&address).await.text;
    let value = question
        .split("name=\"value\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let answer = browser.post("/oauth/sign-in-again", &[("value", value.expect("a question"))]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    let mut page = leave(&mut browser, "bo@acme.example").await;
    assert!(page.contains("max_age=0"), "{page}");
    // The provider did not ask: it says when it last did, or nothing at all.
    let long_ago = (company.world.now() - Duration::minutes(10)).timestamp();
    for more in [json!({ "auth_time": long_ago }), json!({})] {
        let answer = browser.get(&company.provider.answer(&page, &bo(more))).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"));
        // Whoever is signed in is led away from this page.
        assert!(browser.get("/sign-in").await.text.contains("did not ask you to sign in again"));
        assert_eq!(company.now().await.failures, 0, "the connection works");
        page = leave(&mut browser, "bo@acme.example").await;
    }
    let now = company.world.now().timestamp();
    let answer = browser.get(&company.provider.answer(&page, &bo(json!({ "auth_time": now })))).await;
    let location = go_on(&mut browser, answer).await.expect("an answer");
    assert!(location.starts_with(CALLBACK) && location.contains("code="), "{location}");
});

for_each_backend!(max_age_counts_from_the_sign_in_at_the_company, |world| {
    let company = company_with_application(world).await;
    let mut browser = company.world.browser();
    let address = request("&max_age=600");
    assert_eq!(browser.get(&address).await.location.as_deref(), Some("/sign-in"));
    let page = leave(&mut browser, "bo@acme.example").await;
    assert!(!page.contains("max_age"), "a session there may be young enough");
    let at = |minutes: i64| json!({ "auth_time": (company.world.now() - Duration::minutes(minutes)).timestamp() });
    let answer = browser.get(&company.provider.answer(&page, &bo(at(30)))).await;
    assert_eq!(go_on(&mut browser, answer).await.as_deref(), Some("/sign-in"), "it was not");
    let page = leave(&mut browser, "bo@acme.example").await;
    assert!(page.contains("max_age=0"), "now it has to be a new one");
    let answer = browser.get(&company.provider.answer(&page, &bo(at(0)))).await;
    let location = go_on(&mut browser, answer).await.expect("an answer");
    assert!(location.starts_with(CALLBACK) && location.contains("code="), "{location}");
    // Young enough, whatever it is that the portal itself saw last.
    let mut browser = company.must_sign_in(&bo(at(5))).await;
    let location = browser.get(&address).await.location.expect("an answer");
    assert!(location.contains("code="), "{location}");
});
