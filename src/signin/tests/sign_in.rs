//! Promises of the first factor: who gets in, and that nobody learns which accounts exist.

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    people::{MemberRole, TenantRole},
};

for_each_backend!(the_right_password_signs_in_under_a_new_cookie_and_is_recorded, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    let mut browser = world.browser();
    browser.post("/do/begin-sign-in", &[("email", "Bo.Lind@Example.com")]).await;
    let mut fixated = browser.clone();
    let answer = browser
        .post("/do/check-password", &[("email", "Bo.Lind@Example.com"), ("password", PASSWORD)])
        .await;
    assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some("/")));
    assert!(is_signed_in(&mut browser).await);
    assert!(
        !is_signed_in(&mut fixated).await,
        "the cookie from before the sign-in must not be signed in"
    );
    assert_eq!(world.events(EventKind::SignedIn).await, 1);
});

for_each_backend!(an_unknown_address_sees_the_same_pages_as_a_known_one, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    let no_password = world.member(&acme, "Cy Moe", MemberRole::Member).await;
    assert!(no_password.is_in_force_at(world.now()));
    let mut seen = Vec::new();
    for email in ["bo.lind@example.com", "cy.moe@example.com", "nobody@example.com"] {
        let mut browser = world.browser();
        let mut pages = Vec::new();
        let answer = type_password(&mut browser, email, OTHER_PASSWORD).await;
        pages.push((answer.status, answer.location, String::new()));
        let page = browser.get("/sign-in/password").await;
        pages.push((page.status, page.location, plain(&page.text, email)));
        let answer = browser.post("/do/request-reset", &[("email", email)]).await;
        pages.push((answer.status, answer.location, String::new()));
        let page = browser.get("/forgot?sent=1").await;
        pages.push((page.status, page.location, plain(&page.text, email)));
        seen.push(pages);
    }
    assert!(seen[0][1].2.contains("do not belong together"), "{}", seen[0][1].2);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
});

/// What stands on a page, without the address that was typed.
fn plain(text: &str, email: &str) -> String {
    let main = text
        .split("<main")
        .nth(1)
        .and_then(|rest| rest.split("</main>").next())
        .expect("a page");
    main.replace(email, "ADDRESS")
}

for_each_backend!(
    a_wrong_password_is_recorded_in_the_trail_of_each_organization_of_the_person,
    |world| {
        let (acme, beta) = (world.organization("Acme").await, world.organization("Beta").await);
        let person = world.person("Bo Lind").await;
        world.membership(&acme, &person, MemberRole::Member).await;
        world.membership(&beta, &person, MemberRole::Member).await;
        give_password(&world, person.id).await;
        let mut browser = world.browser();
        let answer = type_password(&mut browser, "bo.lind@example.com", OTHER_PASSWORD).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in/password"));
        assert!(!is_signed_in(&mut browser).await);
        assert_eq!(world.events(EventKind::SignInFailed).await, 2);
        type_password(&mut browser, "nobody@example.com", OTHER_PASSWORD).await;
        assert_eq!(world.events(EventKind::SignInFailed).await, 3);
    }
);

for_each_backend!(a_disabled_account_does_not_sign_in, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    let cx = world.system().await;
    let mut person = store::people::get(&cx.tx, bo.person).await.unwrap().unwrap();
    person.disabled_at = Some(cx.now);
    store::people::update_profile(&cx.tx, &person).await.unwrap();
    cx.commit().await.unwrap();
    let mut browser = world.browser();
    type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
    assert!(!is_signed_in(&mut browser).await);
});

for_each_backend!(a_person_goes_on_where_they_wanted_to_go, |world| {
    let person = world.employee("Olu Ade", TenantRole::Operator).await;
    give_password(&world, person.id).await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/me/sessions").await.location.as_deref(), Some("/sign-in"));
    let answer = type_password(&mut browser, "olu.ade@example.com", PASSWORD).await;
    assert_eq!(answer.location.as_deref(), Some("/me/sessions"));
});

for_each_backend!(what_is_not_an_address_comes_back_with_its_value_and_an_error, |world| {
    let mut browser = world.browser();
    assert_eq!(
        browser.post("/do/begin-sign-in", &[("email", "<b>bo")]).await.location.as_deref(),
        Some("/sign-in")
    );
    let page = browser.get("/sign-in").await;
    assert!(
        page.text.contains("name@example.com") && page.text.contains("&lt;b&gt;bo"),
        "{}",
        page.text
    );
});

for_each_backend!(signing_out_ends_the_session_for_good, |world| {
    let person = world.employee("Olu Ade", TenantRole::Operator).await;
    let mut browser = world.browser_as(person.id, None).await;
    let mut copy = browser.clone();
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(browser.post("/do/sign-out", &[]).await.location.as_deref(), Some("/sign-in"));
    assert!(browser.get("/sign-in").await.text.contains("You are signed out."));
    assert!(!is_signed_in(&mut browser).await);
    assert!(!is_signed_in(&mut copy).await, "the cookie is worth nothing any more");
    assert_eq!(world.events(EventKind::SignedOut).await, 1);
    browser.post("/do/sign-out", &[]).await;
    assert_eq!(world.events(EventKind::SignedOut).await, 1);
});

for_each_backend!(an_idle_or_old_session_is_over, |world| {
    let person = world.employee("Olu Ade", TenantRole::Operator).await;
    let mut idle = world.browser_as(person.id, None).await;
    world.clock.advance(chrono::Duration::minutes(61));
    assert!(!is_signed_in(&mut idle).await);
    let mut used = world.browser_as(person.id, None).await;
    for _ in 0..14 {
        world.clock.advance(chrono::Duration::minutes(50));
        is_signed_in(&mut used).await;
    }
    world.clock.advance(chrono::Duration::minutes(19));
    assert!(is_signed_in(&mut used).await, "11 hours and 59 minutes");
    world.clock.advance(chrono::Duration::minutes(2));
    assert!(!is_signed_in(&mut used).await);
});

#[tokio::test]
async fn the_steps_do_not_wait_for_each_other_on_one_writer_and_many_readers() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::sqlite_file(&folder.path().join("portico.db")).await;
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    let secret = give_authenticator(&world, bo.person).await;
    let mut browser = world.browser();
    type_password(&mut browser, "bo.lind@example.com", OTHER_PASSWORD).await;
    type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
    browser.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(is_signed_in(&mut browser).await);
    world.clock.advance(chrono::Duration::minutes(1));
    browser.post("/do/step-up", &[("code", &secret.code_at(world.now()))]).await;
    browser.post("/do/switch-hat", &[("hat", &bo.id.to_string())]).await;
    browser.post("/do/create-recovery-codes", &[]).await;
    assert!(browser.get("/me/security").await.text.contains("10 left"));
    browser.post("/do/sign-out", &[]).await;
    assert!(!is_signed_in(&mut browser).await);
}
