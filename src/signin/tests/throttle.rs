//! Promises of throttling.

use chrono::Duration;

use super::*;
use crate::{
    access::Actor,
    audit::EventKind,
    cx::RequestMeta,
    for_each_backend,
    kernel::EmailAddress,
    people::MemberRole,
    signin::throttle::{self, PASSWORDS_PER_ACCOUNT, PASSWORDS_PER_ADDRESS},
};

for_each_backend!(passwords_are_guessed_ten_times_and_no_more_until_the_window_is_over, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    for email in ["bo.lind@example.com", "nobody@example.com"] {
        let mut browser = world.browser();
        for _ in 0..10 {
            type_password(&mut browser, email, OTHER_PASSWORD).await;
        }
        assert!(
            browser.get("/sign-in/password").await.text.contains("do not belong together"),
            "{email}"
        );
        type_password(&mut browser, email, PASSWORD).await;
        assert!(
            browser
                .get("/sign-in/password")
                .await
                .text
                .contains("Too many attempts. Wait 15 minutes"),
            "{email}"
        );
        assert!(!is_signed_in(&mut browser).await);
        type_password(&mut browser, email, PASSWORD).await;
    }
    assert_eq!(
        world.events(EventKind::SignInThrottled).await,
        2,
        "once for each account, not for each attempt"
    );
    world.clock.advance(Duration::minutes(15));
    let mut browser = world.browser();
    type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
    assert!(is_signed_in(&mut browser).await);
});

for_each_backend!(a_success_forgets_the_failures_of_the_account, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    for _ in 0..2 {
        for _ in 0..6 {
            type_password(&mut world.browser(), "bo.lind@example.com", OTHER_PASSWORD).await;
        }
        let mut browser = world.browser();
        type_password(&mut browser, "bo.lind@example.com", PASSWORD).await;
        assert!(is_signed_in(&mut browser).await);
    }
});

for_each_backend!(one_address_cannot_try_many_accounts, |world| {
    let meta = RequestMeta {
        address: Some("203.0.113.9".to_owned()),
        ..RequestMeta::default()
    };
    let cx = world.portal.begin(Actor::Anonymous, meta.clone()).await.unwrap();
    let network = throttle::network(meta.address.as_deref()).unwrap();
    for _ in 0..PASSWORDS_PER_ADDRESS.most {
        assert_eq!(throttle::count(&cx, &[(PASSWORDS_PER_ADDRESS, &network)]).await.unwrap(), None);
    }
    cx.commit().await.unwrap();
    let email: EmailAddress = "fresh@example.com".parse().unwrap();
    let password = Password::new(PASSWORD.to_owned());
    let attempt = commands::check_password(&world.portal, &meta, &email, &password).await.unwrap();
    let mut cx = world.portal.begin(Actor::Anonymous, meta).await.unwrap();
    let refused = commands::sign_in_with_password(&mut cx, attempt).await.unwrap_err();
    assert!(matches!(refused, commands::SignInError::Throttled(15)), "{refused}");
});

for_each_backend!(attempts_at_the_same_time_are_all_counted, |world| {
    let count = || async {
        let cx = world.system().await;
        let throttled = throttle::count(&cx, &[(PASSWORDS_PER_ACCOUNT, "bo.lind@example.com")])
            .await
            .unwrap();
        cx.commit().await.unwrap();
        throttled.is_some()
    };
    let tries = futures::future::join_all((0..30).map(|_| count())).await;
    assert_eq!(tries.iter().filter(|throttled| !**throttled).count(), 10);
});

for_each_backend!(an_attempt_is_counted_even_if_nothing_comes_of_it, |world| {
    let email: EmailAddress = "nobody@example.com".parse().unwrap();
    let password = Password::new(PASSWORD.to_owned());
    for _ in 0..10 {
        drop(
            commands::check_password(&world.portal, &RequestMeta::default(), &email, &password)
                .await
                .unwrap(),
        );
    }
    let attempt = commands::check_password(&world.portal, &RequestMeta::default(), &email, &password)
        .await
        .unwrap();
    let mut cx = world.system().await;
    assert!(matches!(
        commands::sign_in_with_password(&mut cx, attempt).await,
        Err(commands::SignInError::Throttled(_))
    ));
});

#[test]
fn an_ipv6_customer_is_one_address() {
    let network = |address: &str| throttle::network(Some(address));
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    assert_eq!(throttle::network(None), None);
}
