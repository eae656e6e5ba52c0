//! A link opens once, in time, for one browser.

use chrono::Duration;

use super::{
    super::{LINK_DAYS, OPEN_HOURS, Standing},
    *,
};
use crate::{audit::EventKind, for_each_backend};

for_each_backend!(a_link_opens_once, |world| {
    let (acme, owner) = owned(&world).await;
    let link = send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let token = token(&world).await;
    let held = open(&world, &token).await.unwrap();
    assert!(is_open(&world, &held).await);
    let again = open(&world, &token).await;
    assert!(matches!(again, Err(OpenError::Unusable)), "{again:?}");
    assert!(is_open(&world, &held).await, "who opened it goes on");
    assert_eq!(stored(&world, &link).await.standing_at(world.now()), Standing::Open);
    assert_eq!(world.events(EventKind::SetupLinkOpened).await, 1);
});

for_each_backend!(of_two_browsers_at_the_same_moment_one_gets_in, |world| {
    let (acme, owner) = owned(&world).await;
    send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let token = token(&world).await;
    let (one, two, three) = tokio::join!(open(&world, &token), open(&world, &token), open(&world, &token));
    let mut inside = 0;
    for outcome in [one, two, three] {
        match outcome {
            Ok(held) => {
                assert!(is_open(&world, &held).await);
                inside += 1;
            }
            Err(OpenError::Unusable) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(inside, 1);
    assert_eq!(world.events(EventKind::SetupLinkOpened).await, 1);
});

for_each_backend!(nothing_opens_after_the_last_day_or_without_the_value, |world| {
    let (acme, owner) = owned(&world).await;
    let link = send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let token = token(&world).await;
    for wrong in ["", "a", &token[1..], &"x".repeat(5_000)] {
        let refused = open(&world, wrong).await;
        assert!(matches!(refused, Err(OpenError::Unusable)), "{refused:?}");
    }
    world.clock.advance(Duration::days(LINK_DAYS));
    let late = open(&world, &token).await;
    assert!(matches!(late, Err(OpenError::Unusable)), "{late:?}");
    assert_eq!(stored(&world, &link).await.standing_at(world.now()), Standing::Expired);
});

for_each_backend!(another_browser_does_not_go_on_with_it, |world| {
    let (acme, owner) = owned(&world).await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, None).await;
    let mut other = serde_json::to_value(&held).unwrap();
    other["browser"] = "another value".into();
    let other: Held = serde_json::from_value(other).unwrap();
    assert!(!is_open(&world, &other).await);
    // Nor does the link lead into another organization.
    let foreign = world.organization("Other").await;
    let mut moved = serde_json::to_value(&held).unwrap();
    moved["organization"] = foreign.id.to_string().into();
    let moved: Held = serde_json::from_value(moved).unwrap();
    assert!(!is_open(&world, &moved).await);
    assert!(is_open(&world, &held).await);
    assert!(!format!("{held:?}").contains(&serde_json::to_value(&held).unwrap()["browser"].as_str().unwrap().to_owned()));
});

for_each_backend!(it_closes_by_itself_after_two_hours, |world| {
    let (acme, owner) = owned(&world).await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, None).await;
    world.clock.advance(Duration::hours(OPEN_HOURS) - Duration::seconds(1));
    assert!(is_open(&world, &held).await);
    world.clock.advance(Duration::seconds(1));
    assert!(!is_open(&world, &held).await);
});

for_each_backend!(whoever_tries_many_links_has_to_wait, |world| {
    let (acme, owner) = owned(&world).await;
    send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let token = token(&world).await;
    // As the form does: the try itself is kept.
    let attempt = async |token: &str| {
        let mut cx = world.cx(Actor::Anonymous).await;
        cx.meta.address = Some("192.0.2.7".to_owned());
        let outcome = commands::open_link(&mut cx, token).await;
        cx.commit().await.unwrap();
        outcome
    };
    for _ in 0..40 {
        let refused = attempt("wrong").await;
        assert!(matches!(refused, Err(OpenError::Unusable)), "{refused:?}");
    }
    let throttled = attempt(&token).await;
    assert!(matches!(throttled, Err(OpenError::TooMany)), "{throttled:?}");
    attempt(&token).await.unwrap_err();
    assert_eq!(world.events(EventKind::SignInThrottled).await, 1, "told once");
    world.clock.advance(Duration::minutes(61));
    attempt(&token).await.unwrap();
});

for_each_backend!(nobody_sets_up_the_sign_in_of_a_partner_that_nobody_certified_in_time, |world| {
    let (acme, owner) = owned(&world).await;
    world.clock.advance(Duration::days(90 + 14) - Duration::hours(1));
    let held = opened(&world, world.actor(owner.id, None).await, &acme, None).await;
    assert!(is_open(&world, &held).await, "within the grace");
    world.clock.advance(Duration::hours(1));
    assert!(!is_open(&world, &held).await);
    let refused = send_to(&world, world.actor(owner.id, None).await, &acme, "other@contractor.example", None).await;
    assert!(matches!(refused, Err(LinkError::Closed(_))), "{refused:?}");
});
