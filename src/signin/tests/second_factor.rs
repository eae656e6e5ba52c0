//! Promises of the second factor.

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    people::{Member, MemberRole},
    signin::recovery,
};

async fn bo(world: &World) -> (Member, TotpSecret) {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    give_password(world, bo.person).await;
    let secret = give_authenticator(world, bo.person).await;
    (bo, secret)
}

async fn after_password(world: &World) -> Browser {
    let mut browser = world.browser();
    let answer = type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/code"));
    browser
}

for_each_backend!(the_password_alone_does_not_sign_in_once_an_authenticator_is_set_up, |world| {
    let (_, secret) = bo(&world).await;
    let mut browser = after_password(&world).await;
    assert!(!is_signed_in(&mut browser).await);
    assert!(browser.get("/sign-in/code").await.text.contains("one-time-code"));
    let wrong = browser.post("/do/check-code", &[("code", "000000")]).await;
    assert_eq!(wrong.location.as_deref(), Some("/sign-in/code"));
    assert!(browser.get("/sign-in/code").await.text.contains("This code is not right"));
    let code = secret.code_at(world.now());
    let answer = browser
        .post("/do/check-code", &[("code", &format!("{} {}", &code[..3], &code[3..]))])
        .await;
    assert_eq!(answer.location.as_deref(), Some("/me"), "where it wanted to go");
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(
        (world.events(EventKind::SignedIn).await, world.events(EventKind::SignInFailed).await),
        (1, 1)
    );
});

for_each_backend!(a_code_is_accepted_once_even_by_another_browser, |world| {
    let (_, secret) = bo(&world).await;
    let code = secret.code_at(world.now());
    let (mut first, mut second) = (after_password(&world).await, after_password(&world).await);
    first.post("/do/check-code", &[("code", &code)]).await;
    assert!(is_signed_in(&mut first).await);
    second.post("/do/check-code", &[("code", &code)]).await;
    assert!(second.get("/sign-in/code").await.text.contains("used already"));
    assert!(!is_signed_in(&mut second).await);
    world.clock.advance(Duration::seconds(30));
    second.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(is_signed_in(&mut second).await);
});

for_each_backend!(a_code_of_the_step_before_or_after_counts_and_no_other, |world| {
    let (_, secret) = bo(&world).await;
    for (seconds, accepted) in [(-60, false), (60, false), (-30, true), (30, true)] {
        let mut browser = after_password(&world).await;
        let code = secret.code_at(world.now() + Duration::seconds(seconds));
        browser.post("/do/check-code", &[("code", &code)]).await;
        assert_eq!(is_signed_in(&mut browser).await, accepted, "{seconds} seconds");
    }
});

for_each_backend!(a_sign_in_without_its_second_factor_expires, |world| {
    let (_, secret) = bo(&world).await;
    let mut browser = after_password(&world).await;
    world.clock.advance(Duration::minutes(10));
    assert_eq!(browser.get("/sign-in/code").await.location.as_deref(), Some("/sign-in"));
    let answer = browser.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    assert!(!is_signed_in(&mut browser).await);
});

for_each_backend!(a_sign_in_that_waits_for_its_second_factor_dies_with_the_password, |world| {
    let (bo, secret) = bo(&world).await;
    let mut browser = after_password(&world).await;
    let mut cx = world.system().await;
    commands::set_password(&mut cx, bo.person, Password::new(OTHER_PASSWORD.to_owned()))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let answer = browser.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    assert!(!is_signed_in(&mut browser).await);
});

for_each_backend!(a_code_without_the_password_before_it_is_worth_nothing, |world| {
    let (_, secret) = bo(&world).await;
    let mut browser = world.browser();
    let code = secret.code_at(world.now());
    for path in ["/do/check-code", "/do/use-recovery-code"] {
        assert_eq!(browser.post(path, &[("code", &code)]).await.location.as_deref(), Some("/sign-in"));
    }
    assert!(!is_signed_in(&mut browser).await);
});

for_each_backend!(a_recovery_code_signs_in_once, |world| {
    let (bo, _) = bo(&world).await;
    let mut cx = world.system().await;
    let codes = recovery::generate(&mut cx.rng);
    let hashes = codes
        .iter()
        .map(|code| {
            (
                crate::kernel::CredentialId::new(cx.now, &mut cx.rng),
                recovery::hash(&cx.master_key, bo.person, code),
            )
        })
        .collect();
    store::credentials::replace_recovery_codes(&cx.tx, bo.person, hashes, cx.now)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let typed = codes[0].to_lowercase().replace('-', " ");
    let (mut first, mut second) = (after_password(&world).await, after_password(&world).await);
    assert_eq!(
        first.post("/do/use-recovery-code", &[("code", &typed)]).await.location.as_deref(),
        Some("/")
    );
    assert!(is_signed_in(&mut first).await);
    second.post("/do/use-recovery-code", &[("code", &typed)]).await;
    assert!(second.get("/sign-in/recovery").await.text.contains("used already"));
    assert!(!is_signed_in(&mut second).await);
    assert_eq!(
        store::credentials::recovery_codes_left(&world.portal.store.reader(), bo.person)
            .await
            .unwrap(),
        9
    );
    assert_eq!(world.events(EventKind::RecoveryCodeUsed).await, 1);
});

for_each_backend!(codes_are_guessed_five_times_and_no_more, |world| {
    let (_, secret) = bo(&world).await;
    let mut browser = after_password(&world).await;
    for _ in 0..5 {
        browser.post("/do/check-code", &[("code", "000000")]).await;
    }
    browser.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(browser.get("/sign-in/code").await.text.contains("Too many attempts"));
    let mut other = after_password(&world).await;
    other.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(!is_signed_in(&mut other).await, "another browser is no way around");
    assert_eq!(world.events(EventKind::SignInThrottled).await, 1);
    world.clock.advance(Duration::minutes(15));
    let mut later = after_password(&world).await;
    later.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(is_signed_in(&mut later).await);
});

/// Letters that say that somebody guesses.
async fn warnings(world: &World) -> u64 {
    use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
    use store::{Db as _, entity::outbox as o};
    let query = o::Entity::find()
        .filter(o::Column::Recipient.eq("bo.lind@example.com"))
        .filter(o::Column::Subject.contains("may know your password"));
    query.count(world.portal.store.reader().connection()).await.unwrap()
}

for_each_backend!(codes_are_guessed_thirty_times_a_day_and_the_person_is_told_once, |world| {
    let (_, secret) = bo(&world).await;
    for round in 1..=6 {
        let mut browser = after_password(&world).await;
        for _ in 0..5 {
            browser.post("/do/check-code", &[("code", "000000")]).await;
        }
        assert_eq!(warnings(&world).await, u64::from(round == 6), "round {round}");
        world.clock.advance(Duration::minutes(15));
        crate::lifecycle::sweep(&world.portal).await.unwrap();
        // The person's own sign-ins in between do not give whoever guesses new tries.
        let mut own = after_password(&world).await;
        own.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
        assert_eq!(is_signed_in(&mut own).await, round < 6, "round {round}");
    }
    world.clock.advance(Duration::hours(24) - Duration::minutes(91));
    crate::lifecycle::sweep(&world.portal).await.unwrap();
    let mut early = after_password(&world).await;
    early.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(!is_signed_in(&mut early).await);
    assert_eq!((warnings(&world).await, world.events(EventKind::SignInThrottled).await), (1, 1));
    world.clock.advance(Duration::minutes(1));
    let mut later = after_password(&world).await;
    later.post("/do/check-code", &[("code", &secret.code_at(world.now()))]).await;
    assert!(is_signed_in(&mut later).await, "a day after the first one");
});

for_each_backend!(stepping_up_gives_a_fresh_second_factor_under_a_new_cookie, |world| {
    let (bo, secret) = bo(&world).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert!(browser.get("/sign-in/step-up").await.text.contains("Confirm it is you"));
    let mut old_cookie = browser.clone();
    let answer = browser.post("/do/remove-totp", &[]).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/sign-in/step-up"),
        "a fresh second factor is asked for"
    );
    let answer = browser.post("/do/step-up", &[("code", &secret.code_at(world.now()))]).await;
    assert_eq!(answer.location.as_deref(), Some("/me/security"));
    assert!(!is_signed_in(&mut old_cookie).await);
    assert_eq!(world.events(EventKind::SteppedUp).await, 1);
    world.clock.advance(Duration::minutes(15));
    assert_eq!(
        browser.post("/do/remove-totp", &[]).await.location.as_deref(),
        Some("/sign-in/step-up"),
        "it is fresh no longer"
    );
    browser.post("/do/step-up", &[("code", &secret.code_at(world.now()))]).await;
    assert_eq!(browser.post("/do/remove-totp", &[]).await.location.as_deref(), Some("/me/security"));
    assert_eq!(world.events(EventKind::TotpRemoved).await, 1);
});

for_each_backend!(stepping_up_does_not_make_a_session_younger, |world| {
    let (bo, secret) = bo(&world).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    for _ in 0..13 {
        world.clock.advance(Duration::minutes(55));
        browser.post("/do/step-up", &[("code", &secret.code_at(world.now()))]).await;
        assert!(is_signed_in(&mut browser).await);
    }
    world.clock.advance(Duration::minutes(6));
    assert!(!is_signed_in(&mut browser).await, "12 hours after the sign-in");
});

for_each_backend!(without_an_authenticator_stepping_up_leads_to_setting_one_up, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert!(browser.get("/sign-in/step-up").await.text.contains("href=\"/me/security\""));
    assert_eq!(
        browser.post("/do/step-up", &[("code", "123456")]).await.location.as_deref(),
        Some("/me/security")
    );
});

for_each_backend!(a_confirmation_that_is_too_old_is_asked_for_again_and_the_form_comes_back, |world| {
    let (bo, secret) = bo(&world).await;
    let cx = world.system().await;
    let mut acme = store::organizations::get(&cx.tx, bo.organization).await.unwrap().unwrap();
    acme.require_step_up = true;
    store::organizations::update(&cx.tx, &acme).await.unwrap();
    cx.commit().await.unwrap();
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    let team = acme.id.to_string();
    for (version, colour) in [("2", "#0a7d33"), ("3", "#7d330a")] {
        let form = [("team", team.as_str()), ("version", version), ("accent", colour)];
        let asked = browser.post("/do/change-branding", &form).await;
        assert_eq!(asked.location.as_deref(), Some("/sign-in/step-up"), "version {version}");
        let code = secret.code_at(world.now());
        let back = browser.post("/do/step-up", &[("code", &code)]).await;
        assert_eq!(back.location.as_deref(), Some("/team/settings"));
        let page = browser.get("/team/settings").await.text;
        assert!(page.contains(&format!("value=\"{colour}\"")), "what was typed comes back: {page}");
        // Just short of too old it still counts.
        world
            .clock
            .advance(Duration::minutes(crate::access::STEP_UP_MINUTES) - Duration::seconds(1));
        let done = browser.post("/do/change-branding", &form).await;
        assert_eq!(done.location.as_deref(), Some("/team/settings"));
        assert!(browser.get("/team/settings").await.text.contains("The branding was changed."));
        world.clock.advance(Duration::seconds(1));
    }
    assert_eq!(world.events(EventKind::BrandingChanged).await, 2);
});
