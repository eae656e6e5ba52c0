//! Promises of the forgotten password.

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    kernel::PageRequest,
    people::{Member, MemberRole},
    store::outbox::{OutboxFilter, list},
};

async fn bo(world: &World) -> Member {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(world, bo.person).await;
    bo
}

/// Asks for a link and reads it in the newest mail.
async fn mailed_link(world: &World) -> String {
    let answer = world.browser().post("/do/request-reset", &[("email", "bo.lind@example.com")]).await;
    assert_eq!(answer.location.as_deref(), Some("/forgot?sent=1"));
    let mails = list(&world.portal.store.reader(), &OutboxFilter::default(), PageRequest::Newest, 1)
        .await
        .unwrap();
    let text = &mails.rows[0].text;
    let at = text.find("/reset/").expect("the mail has the link");
    text[at..].split_whitespace().next().unwrap().to_owned()
}

fn token(link: &str) -> &str {
    link.trim_start_matches("/reset/")
}

async fn set(world: &World, link: &str, password: &str) -> Answer {
    world
        .browser()
        .post("/do/reset-password", &[("token", token(link)), ("password", password)])
        .await
}

for_each_backend!(a_mailed_link_sets_a_new_password_once_and_ends_every_session, |world| {
    let bo = bo(&world).await;
    let mut live = world.browser_as(bo.person, Some(bo.id)).await;
    let link = mailed_link(&world).await;
    assert!(world.browser().get(&link).await.text.contains("new-password"));
    assert!(
        world.browser().get(&link).await.text.contains("new-password"),
        "looking does not use it up"
    );
    assert_eq!(set(&world, &link, OTHER_PASSWORD).await.location.as_deref(), Some("/sign-in"));
    assert!(!is_signed_in(&mut live).await);
    let mut browser = world.browser();
    type_password(&mut browser, "bo.lind@example.com", OTHER_PASSWORD).await;
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(set(&world, &link, PASSWORD).await.location.as_deref(), Some("/forgot"), "used");
    assert!(world.browser().get(&link).await.text.contains("no longer works"));
    assert_eq!(world.events(EventKind::PasswordChanged).await, 2);
});

for_each_backend!(an_expired_link_sets_nothing, |world| {
    bo(&world).await;
    let link = mailed_link(&world).await;
    world.clock.advance(Duration::minutes(30));
    assert!(world.browser().get(&link).await.text.contains("no longer works"));
    assert_eq!(set(&world, &link, OTHER_PASSWORD).await.location.as_deref(), Some("/forgot"));
    let mut browser = world.browser();
    type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
    assert!(is_signed_in(&mut browser).await, "the password is as it was");
});

for_each_backend!(a_newer_link_ends_the_older_one, |world| {
    bo(&world).await;
    let old = mailed_link(&world).await;
    world.clock.advance(Duration::seconds(1));
    let new = mailed_link(&world).await;
    assert_ne!(old, new);
    assert_eq!(set(&world, &old, OTHER_PASSWORD).await.location.as_deref(), Some("/forgot"));
    assert_eq!(set(&world, &new, OTHER_PASSWORD).await.location.as_deref(), Some("/sign-in"));
});

for_each_backend!(a_foreign_or_malformed_token_sets_nothing, |world| {
    bo(&world).await;
    mailed_link(&world).await;
    let guesses = [
        "x",
        "",
        "../sign-in",
        "a\r\nLocation: https://evil.example",
        &"A".repeat(43),
        &"A".repeat(5000),
    ];
    for guess in guesses {
        let answer = world
            .browser()
            .post("/do/reset-password", &[("token", guess), ("password", OTHER_PASSWORD)])
            .await;
        assert_eq!(answer.location.as_deref(), Some("/forgot"), "{guess:?}");
    }
    assert_eq!(world.events(EventKind::PasswordChanged).await, 1);
});

for_each_backend!(a_weak_new_password_is_refused_and_the_link_stays, |world| {
    bo(&world).await;
    let link = mailed_link(&world).await;
    let mut browser = world.browser();
    for (weak, error) in [
        ("short", "12 characters"),
        ("password1234", "guessed first"),
        ("bo.lind@acme!", "mostly your name"),
    ] {
        let answer = browser
            .post("/do/reset-password", &[("token", token(&link)), ("password", weak)])
            .await;
        assert_eq!(answer.location.as_deref(), Some(link.as_str()));
        let page = browser.get(&link).await;
        assert!(page.text.contains(error) && !page.text.contains(weak), "{weak}");
    }
    assert_eq!(set(&world, &link, OTHER_PASSWORD).await.location.as_deref(), Some("/sign-in"));
});

for_each_backend!(links_are_mailed_five_times_an_hour_and_no_more, |world| {
    bo(&world).await;
    for email in ["bo.lind@example.com", "nobody@example.com"] {
        let mut browser = world.browser();
        for _ in 0..5 {
            assert_eq!(
                browser.post("/do/request-reset", &[("email", email)]).await.location.as_deref(),
                Some("/forgot?sent=1")
            );
        }
        assert_eq!(
            browser.post("/do/request-reset", &[("email", email)]).await.location.as_deref(),
            Some("/forgot")
        );
        assert!(browser.get("/forgot").await.text.contains("Too many links"));
    }
    let mails = list(&world.portal.store.reader(), &OutboxFilter::default(), PageRequest::Newest, 50)
        .await
        .unwrap();
    assert_eq!(mails.rows.len(), 5, "and none to an address without an account");
    world.clock.advance(Duration::minutes(60));
    mailed_link(&world).await;
});

for_each_backend!(a_new_password_that_is_not_committed_changes_nothing, |world| {
    let bo = bo(&world).await;
    let mut live = world.browser_as(bo.person, Some(bo.id)).await;
    let mut cx = world.system().await;
    commands::set_password(&mut cx, bo.person, Password::new(OTHER_PASSWORD.to_owned()))
        .await
        .unwrap();
    drop(cx);
    assert!(is_signed_in(&mut live).await);
    let mut browser = world.browser();
    type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
    assert!(is_signed_in(&mut browser).await);
});
