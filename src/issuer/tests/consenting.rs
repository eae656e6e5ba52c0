//! Asking people before an application gets something.

use super::desk::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    issuer::{Client, ClientAuthentication, ClientTerms},
    store,
    testing::{Answer, Browser, World},
};

/// A desk whose client is somebody else's.
async fn third_party(world: World) -> Desk {
    let mut desk = Desk::new(world).await;
    let cx = desk.world.system().await;
    let mut client: Client = desk.client.clone();
    client.terms.first_party = false;
    store::issuer::clients::update(&cx.tx, &client).await.unwrap();
    cx.commit().await.unwrap();
    desk.client = client;
    desk
}

fn value_of(page: &Answer) -> String {
    let rest = page
        .text
        .split("name=\"value\"")
        .nth(1)
        .unwrap_or_else(|| panic!("no form: {}", page.text));
    rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Asks, and answers the page with `answer`; then goes on where the form leads.
async fn asked(browser: &mut Browser, address: &str, answer: &str) -> Answer {
    let away = browser.get(address).await;
    assert_eq!(away.location.as_deref(), Some("/consent"), "{} {}", away.status, away.text);
    let page = browser.get("/consent").await;
    let done = browser
        .post("/do/answer-consent", &[("value", &value_of(&page)), ("answer", answer)])
        .await;
    let there = done.location.expect("it goes on");
    assert!(there.starts_with("/oauth/continue?"), "{there}");
    // That page leads on by itself, as a browser does.
    let between = browser.get(&there).await;
    let refresh = between.headers["refresh"].to_str().unwrap().to_owned();
    let address = url::Url::parse(refresh.trim_start_matches("0; url=")).unwrap();
    browser
        .get(&format!("{}?{}", address.path(), address.query().unwrap_or_default()))
        .await
}

for_each_backend!(an_application_of_others_is_asked_for_once, |world| {
    let desk = third_party(world).await;
    let mut browser = desk.browser().await;
    let page = {
        browser.get(&desk.address(&[])).await;
        browser.get("/consent").await
    };
    for words in [
        "Continue to Orders on the web?",
        "kim.larsen@example.com",
        "orders:write",
        "orders.example.com",
        "Stay signed in",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let code = back(&asked(&mut browser, &desk.address(&[]), "yes").await);
    json_of(&desk.redeem(code["code"].as_str().unwrap()).await, 200);
    assert_eq!(desk.world.events(EventKind::ConsentGiven).await, 1);
    // Remembered, also in another browser, and for less; more is asked for anew.
    let mut other = desk.browser().await;
    assert!(desk.ask(&mut other, &[("prompt", "none")]).await.contains_key("code"));
    assert!(desk.ask(&mut other, &[("scope", "orders:read")]).await.contains_key("code"));
    let again = other.get(&desk.address(&[("prompt", "consent")])).await;
    assert_eq!(again.location.as_deref(), Some("/consent"), "prompt=consent always asks");
});

for_each_backend!(whoever_refuses_sends_the_application_away, |world| {
    let desk = third_party(world).await;
    let mut browser = desk.browser().await;
    let fields = back(&asked(&mut browser, &desk.address(&[]), "no").await);
    assert_eq!(fields["error"], "access_denied");
    assert_eq!(desk.world.events(EventKind::ConsentGiven).await, 0);
    let silent = desk.ask(&mut browser, &[("prompt", "none")]).await;
    assert_eq!(silent["error"], "consent_required");
    assert_eq!(
        browser.get(&desk.address(&[])).await.location.as_deref(),
        Some("/consent"),
        "asked anew"
    );
});

for_each_backend!(an_answer_is_for_the_request_that_was_shown, |world| {
    let desk = third_party(world).await;
    let mut browser = desk.browser().await;
    browser.get(&desk.address(&[("scope", "openid")])).await;
    let first = value_of(&browser.get("/consent").await);
    // Another request is shown after it, in another tab.
    browser.get(&desk.address(&[("state", "another")])).await;
    let done = browser.post("/do/answer-consent", &[("value", &first), ("answer", "yes")]).await;
    assert_eq!(done.location.as_deref(), Some("/"), "the first page is old");
    assert_eq!(
        browser.get(&desk.address(&[("scope", "openid")])).await.location.as_deref(),
        Some("/consent")
    );
    let value = value_of(&browser.get("/consent").await);
    let done = browser.post("/do/answer-consent", &[("value", &value), ("answer", "yes")]).await;
    assert!(done.location.unwrap().starts_with("/oauth/continue?"));
    // A request that differs in anything is another.
    let differs = browser.get(&desk.address(&[("scope", "openid orders:write")])).await;
    assert_eq!(differs.location.as_deref(), Some("/consent"), "asked for itself");
    let value = value_of(&browser.get("/consent").await);
    browser.post("/do/answer-consent", &[("value", &value), ("answer", "yes")]).await;
    let twice = browser.post("/do/answer-consent", &[("value", &value), ("answer", "no")]).await;
    assert_eq!(twice.location.as_deref(), Some("/"), "answered already");
    let guessed = browser.post("/do/answer-consent", &[("value", ""), ("answer", "yes")]).await;
    assert_eq!(guessed.location.as_deref(), Some("/"));
});

for_each_backend!(a_pushed_request_is_asked_for_like_any_other, |world| {
    let desk = third_party(world).await;
    let url = url::Url::parse(&format!("https://x.example{}", desk.address(&[]))).unwrap();
    let form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let credentials = basic(&desk.client.terms.client_id, &desk.secret);
    let mut server = desk.world.browser();
    let pushed = json_of(
        &server.post_as_server("/oauth/par", &form, &[("authorization", &credentials)]).await,
        201,
    );
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &desk.client.terms.client_id)
        .append_pair("request_uri", pushed["request_uri"].as_str().unwrap())
        .finish();
    let mut browser = desk.browser().await;
    let fields = back(&asked(&mut browser, &format!("/oauth/authorize?{query}"), "yes").await);
    assert!(fields.contains_key("code"), "{fields:?}");
});

for_each_backend!(a_program_on_a_device_is_asked_for_each_time, |world| {
    let desk = Desk::new(world).await;
    for (client_id, uri) in [("cli", "http://127.0.0.1:49152/back"), ("phone", "com.example.phone:/back")] {
        let terms = ClientTerms {
            authentication: ClientAuthentication::None,
            redirect_uris: vec![uri.to_owned()],
            ..ClientTerms::new(client_id, "The program")
        };
        register(&desk.world, &desk.orders, terms, None).await;
        let mut browser = desk.browser().await;
        let address = desk.address(&[("client_id", client_id), ("redirect_uri", uri)]);
        for _ in 0..2 {
            let answer = asked(&mut browser, &address, "yes").await;
            assert!(answer.location.unwrap().contains("code="));
        }
        let silent = browser
            .get(&desk.address(&[("client_id", client_id), ("redirect_uri", uri), ("prompt", "none")]))
            .await;
        assert!(silent.location.unwrap().contains("error=interaction_required"), "{client_id}");
    }
    assert_eq!(desk.world.events(EventKind::ConsentGiven).await, 0, "nothing is remembered");
});

for_each_backend!(what_was_allowed_is_taken_back_on_the_page, |world| {
    let desk = third_party(world).await;
    let mut browser = desk.browser().await;
    let code = back(&asked(&mut browser, &desk.address(&[]), "yes").await);
    let tokens = json_of(&desk.redeem(code["code"].as_str().unwrap()).await, 200);
    let page = browser.get("/me/acting").await;
    let id = page
        .text
        .split("name=\"consent\" value=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("{}", page.text));
    let id = id.split('"').next().unwrap().to_owned();
    // It is nobody else's business.
    let cleo = desk
        .world
        .member(&desk.acme, "Cleo Colleague", crate::people::MemberRole::PartnerAdmin)
        .await;
    let mut foreign = desk.world.browser_as(cleo.person, Some(cleo.id)).await;
    assert_eq!(foreign.post("/do/withdraw-consent", &[("consent", &id)]).await.status.as_u16(), 404);
    let done = browser.post("/do/withdraw-consent", &[("consent", &id)]).await;
    assert_eq!(done.location.as_deref(), Some("/me/acting"));
    assert_eq!(desk.introspect(tokens["access_token"].as_str().unwrap()).await["active"], false);
    assert_eq!(browser.get(&desk.address(&[])).await.location.as_deref(), Some("/consent"));
    assert_eq!(desk.world.events(EventKind::ConsentWithdrawn).await, 1);
});
