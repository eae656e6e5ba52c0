//! Promises of one's own account.

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    people::{Member, MemberRole},
};

async fn bo(world: &World) -> (Member, Browser) {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    give_password(world, bo.person).await;
    let browser = world.browser_as(bo.person, Some(bo.id)).await;
    (bo, browser)
}

/// The key shown beside the QR code.
fn shown_key(page: &str) -> TotpSecret {
    let at = page.find("copy-key").expect("the key is shown");
    let value = page[at..].split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    TotpSecret::new(
        totp_rs::Secret::try_from_base32(value.replace(' ', ""))
            .unwrap()
            .as_bytes()
            .to_vec(),
    )
}

for_each_backend!(an_authenticator_is_set_up_with_a_code_and_recovery_codes_are_shown_once, |world| {
    let (bo, mut browser) = bo(&world).await;
    let answer = browser.post("/do/begin-totp", &[("current", OTHER_PASSWORD)]).await;
    assert_eq!(answer.location.as_deref(), Some("/me/security"));
    assert!(browser.get("/me/security").await.text.contains("not your present password"));
    browser.post("/do/begin-totp", &[("current", PASSWORD)]).await;
    let page = browser.get("/me/security").await.text;
    assert!(
        page.contains("<svg width=\"220\"") && !page.contains("style=\""),
        "a QR code without inline style"
    );
    let secret = shown_key(&page);
    browser.post("/do/confirm-totp", &[("code", "000000")]).await;
    assert!(browser.get("/me/security").await.text.contains("This code is not right"));
    browser.post("/do/confirm-totp", &[("code", &secret.code_at(world.now()))]).await;
    let page = browser.get("/me/security").await.text;
    assert!(page.contains("Shown this once") && page.contains("10 left"), "{page}");
    assert!(!browser.get("/me/security").await.text.contains("Shown this once"));
    assert_eq!(
        (
            world.events(EventKind::TotpEnrolled).await,
            world.events(EventKind::RecoveryCodesCreated).await
        ),
        (1, 1)
    );
    let mut other = world.browser();
    let answer = type_password(&mut other, "bo.lind@example.com", PASSWORD).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/code"));
    other.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(!is_signed_in(&mut other).await, "the code that confirmed it was used");
    assert_eq!(
        store::credentials::recovery_codes_left(&world.portal.store.reader(), bo.person)
            .await
            .unwrap(),
        10
    );
});

for_each_backend!(a_qr_code_that_was_shown_long_ago_confirms_nothing, |world| {
    let (_, mut browser) = bo(&world).await;
    browser.post("/do/begin-totp", &[("current", PASSWORD)]).await;
    let secret = shown_key(&browser.get("/me/security").await.text);
    world.clock.advance(Duration::minutes(30));
    browser.post("/do/confirm-totp", &[("code", &secret.code_at(world.now()))]).await;
    assert!(browser.get("/me/security").await.text.contains("Too much time went by"));
    assert_eq!(world.events(EventKind::TotpEnrolled).await, 0);
});

for_each_backend!(recovery_codes_need_a_fresh_second_factor_and_end_the_old_ones, |world| {
    let (bo, mut browser) = bo(&world).await;
    let secret = give_authenticator(&world, bo.person).await;
    assert_eq!(
        browser.post("/do/create-recovery-codes", &[]).await.location.as_deref(),
        Some("/sign-in/step-up")
    );
    browser.post("/do/step-up", &[("code", &secret.code_at(world.now()))]).await;
    browser.post("/do/create-recovery-codes", &[]).await;
    let first = browser.get("/me/security").await.text;
    browser.post("/do/create-recovery-codes", &[]).await;
    assert!(first.contains("Shown this once"));
    assert_eq!(
        store::credentials::recovery_codes_left(&world.portal.store.reader(), bo.person)
            .await
            .unwrap(),
        10
    );
    assert_eq!(world.events(EventKind::RecoveryCodesCreated).await, 2);
});

for_each_backend!(a_changed_password_ends_every_other_session_and_keeps_this_one, |world| {
    let (bo, mut browser) = bo(&world).await;
    let mut other = world.browser_as(bo.person, Some(bo.id)).await;
    browser
        .post("/do/change-password", &[("current", OTHER_PASSWORD), ("password", OTHER_PASSWORD)])
        .await;
    assert!(browser.get("/me/security").await.text.contains("not your present password"));
    browser
        .post("/do/change-password", &[("current", PASSWORD), ("password", "password1234")])
        .await;
    assert!(browser.get("/me/security").await.text.contains("guessed first"));
    assert!(is_signed_in(&mut other).await);
    browser
        .post("/do/change-password", &[("current", PASSWORD), ("password", OTHER_PASSWORD)])
        .await;
    assert!(is_signed_in(&mut browser).await && !is_signed_in(&mut other).await);
    let mut fresh = world.browser();
    type_password(&mut fresh, "bo.lind@example.com", OTHER_PASSWORD).await;
    assert!(is_signed_in(&mut fresh).await);
});

for_each_backend!(an_ended_session_stays_ended, |world| {
    let (bo, mut browser) = bo(&world).await;
    let mut other = world.browser_as(bo.person, Some(bo.id)).await;
    let mut third = world.browser_as(bo.person, Some(bo.id)).await;
    let page = browser.get("/me/sessions").await.text;
    let keys: Vec<&str> = page
        .split("name=\"session\" value=\"")
        .skip(1)
        .filter_map(|part| part.split('"').next())
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(page.contains("This browser"));
    assert_eq!(
        browser.post("/do/end-session", &[("session", keys[1])]).await.location.as_deref(),
        Some("/me/sessions")
    );
    let alive = [is_signed_in(&mut other).await, is_signed_in(&mut third).await];
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 1);
    browser.post("/do/end-session", &[("session", keys[1])]).await;
    assert!(browser.get("/me/sessions").await.text.contains("over already"));
    browser.post("/do/end-other-sessions", &[]).await;
    assert!(!is_signed_in(&mut other).await && !is_signed_in(&mut third).await);
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(world.events(EventKind::SessionsEnded).await, 2);
    assert_eq!(
        browser.post("/do/end-session", &[("session", keys[0])]).await.location.as_deref(),
        Some("/sign-in")
    );
    assert!(!is_signed_in(&mut browser).await);
});

for_each_backend!(somebody_elses_session_is_not_ended, |world| {
    let (_, mut browser) = bo(&world).await;
    let olu = world.employee("Olu Ade", crate::people::TenantRole::Operator).await;
    let mut olus = world.browser_as(olu.id, None).await;
    let page = olus.get("/me/sessions").await.text;
    let key = page
        .split("name=\"session\" value=\"")
        .nth(1)
        .and_then(|part| part.split('"').next())
        .unwrap()
        .to_owned();
    browser.post("/do/end-session", &[("session", &key)]).await;
    browser.post("/do/end-other-sessions", &[]).await;
    assert!(is_signed_in(&mut olus).await);
    assert_eq!(world.events(EventKind::SessionsEnded).await, 0);
});

for_each_backend!(a_profile_is_changed_once_from_one_page, |world| {
    let (bo, mut browser) = bo(&world).await;
    let form = |name| [("name", name), ("time_zone", "Europe/Berlin"), ("version", "1")];
    browser.post("/do/change-profile", &form("Bo Lindqvist")).await;
    assert!(browser.get("/me").await.text.contains("Bo Lindqvist"));
    browser.post("/do/change-profile", &form("Bo Again")).await;
    assert!(browser.get("/me").await.text.contains("Someone else changed this"));
    browser
        .post("/do/change-profile", &[("name", " "), ("time_zone", "Mars/Base"), ("version", "2")])
        .await;
    let page = browser.get("/me").await.text;
    assert!(page.contains("Enter your name.") && page.contains("Choose one of the options."));
    let person = store::people::get(&world.portal.store.reader(), bo.person).await.unwrap().unwrap();
    assert_eq!(
        (person.name.as_str(), person.time_zone),
        ("Bo Lindqvist", chrono_tz::Europe::Berlin)
    );
    assert_eq!(world.events(EventKind::ProfileChanged).await, 1);
});

for_each_backend!(nobody_signed_in_changes_no_account, |world| {
    let mut browser = world.browser();
    for path in [
        "/do/change-profile",
        "/do/change-password",
        "/do/begin-totp",
        "/do/confirm-totp",
        "/do/cancel-totp",
        "/do/remove-totp",
        "/do/create-recovery-codes",
        "/do/end-session",
        "/do/end-other-sessions",
        "/do/step-up",
        "/do/switch-hat",
    ] {
        let form = [
            ("name", "X"),
            ("time_zone", "UTC"),
            ("version", "1"),
            ("current", "x"),
            ("password", PASSWORD),
            ("hat", "tenant"),
            ("code", "1"),
        ];
        assert_eq!(browser.post(path, &form).await.location.as_deref(), Some("/sign-in"), "{path}");
    }
    for path in ["/me", "/me/security", "/me/sessions"] {
        assert_eq!(browser.get(path).await.location.as_deref(), Some("/sign-in"), "{path}");
    }
});
