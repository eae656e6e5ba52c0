//! Signing out because an application asks for it.

use super::desk::*;
use crate::{audit::EventKind, for_each_backend, store, testing::World};

const AFTER: &str = "https://orders.example.com/signed-out";

async fn desk(world: World) -> Desk {
    let desk = Desk::new(world).await;
    let cx = desk.world.system().await;
    let mut client = desk.client.clone();
    client.terms.post_logout_redirect_uris = vec![AFTER.to_owned()];
    store::issuer::clients::update(&cx.tx, &client).await.unwrap();
    cx.commit().await.unwrap();
    desk
}

fn address(pairs: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/oauth/logout?{query}")
}

for_each_backend!(the_applications_own_person_is_signed_out_and_sent_back, |world| {
    let desk = desk(world).await;
    let tokens = desk.tokens().await;
    let hint = tokens["id_token"].as_str().unwrap();
    let mut browser = desk.browser().await;
    let pairs = [("id_token_hint", hint), ("post_logout_redirect_uri", AFTER), ("state", "a & b")];
    let answer = browser.get(&address(&pairs)).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("https://orders.example.com/signed-out?state=a+%26+b")
    );
    assert_eq!(browser.get("/me").await.location.as_deref(), Some("/sign-in"));
    assert_eq!(desk.world.events(EventKind::SignedOut).await, 1);
    // Nobody is here any more: it goes straight back.
    let again = browser.get(&address(&pairs)).await;
    assert!(again.location.unwrap().starts_with(AFTER));
});

for_each_backend!(whoever_is_not_named_by_the_token_is_asked, |world| {
    let desk = desk(world).await;
    let tokens = desk.tokens().await;
    let cleo = desk
        .world
        .member(&desk.acme, "Cleo Colleague", crate::people::MemberRole::Member)
        .await;
    for pairs in [
        vec![],
        vec![("client_id", "orders-web"), ("post_logout_redirect_uri", AFTER)],
        vec![("id_token_hint", "a.b.c"), ("post_logout_redirect_uri", AFTER)],
        vec![("id_token_hint", tokens["access_token"].as_str().unwrap())],
        vec![
            ("id_token_hint", tokens["id_token"].as_str().unwrap()),
            ("post_logout_redirect_uri", AFTER),
        ],
    ] {
        let mut browser = desk.world.browser_as(cleo.person, Some(cleo.id)).await;
        let page = browser.get(&address(&pairs)).await;
        assert_eq!((page.status.as_u16(), page.location.as_deref()), (200, None), "{pairs:?}");
        assert!(page.text.contains("Sign out?"));
        assert_eq!(browser.get("/me").await.status.as_u16(), 200, "still signed in");
        let guessed = browser
            .clone()
            .post_from_elsewhere("/oauth/logout/confirm", &[("value", "guessed")])
            .await;
        assert_eq!(guessed.status.as_u16(), 403);
        let mut browser = desk.world.browser_as(cleo.person, Some(cleo.id)).await;
        let page = browser.get(&address(&pairs)).await.text;
        let value = page
            .split("name=\"value\" value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let done = browser.post("/oauth/logout/confirm", &[("value", &value)]).await;
        let knows_where = pairs.iter().any(|(name, _)| *name == "post_logout_redirect_uri") && pairs[0].1 != "a.b.c";
        if knows_where {
            assert_eq!(done.status.as_u16(), 200, "{pairs:?}: {:?}", done.location);
            assert_eq!(done.headers["refresh"], format!("0; url={AFTER}"));
        } else {
            assert_eq!(done.location.as_deref(), Some("/sign-in"), "{pairs:?}");
        }
        assert_eq!(browser.get("/me").await.location.as_deref(), Some("/sign-in"));
    }
});

for_each_backend!(nobody_is_sent_to_an_address_that_is_not_registered, |world| {
    let desk = desk(world).await;
    let tokens = desk.tokens().await;
    let hint = tokens["id_token"].as_str().unwrap();
    let mut browser = desk.browser().await;
    let answer = browser
        .get(&address(&[
            ("id_token_hint", hint),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ]))
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"), "signed out, and no further");
    let mut browser = desk.browser().await;
    let answer = browser
        .get(&address(&[("id_token_hint", hint), ("client_id", "somebody-else")]))
        .await;
    assert_eq!(answer.status.as_u16(), 400);
});
