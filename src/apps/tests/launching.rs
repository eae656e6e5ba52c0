//! Launches: what is over or somebody else's starts nothing, and every decision is on record.

use chrono::Duration;

use super::*;
use crate::{
    access::Refused,
    apps::{ApplicationStatus, commands::LaunchError, commands::LaunchOutcome, queries},
    audit::EventKind,
    for_each_backend,
    organizations::OrganizationStatus,
    people::MemberStatus,
    store,
};

for_each_backend!(a_launch_writes_its_event_and_notes_the_use_together, |world| {
    let acme = acme(&world).await;
    let actor = world.acting(&acme.member).await;
    let mut cx = world.cx(actor.clone()).await;
    commands::launch(&mut cx, "orders").await.unwrap();
    // A crash before the commit leaves neither.
    cx.tx.rollback().await.unwrap();
    let read = async || {
        let db = world.portal.store.reader();
        let used = store::grants::assignment(&db, acme.organization.id, acme.assignment.id)
            .await
            .unwrap()
            .unwrap()
            .last_used_at;
        (world.events(EventKind::Launched).await, used)
    };
    assert_eq!(read().await, (0, None));
    assert_eq!(
        launch(&world, actor, "orders").await.unwrap(),
        LaunchOutcome::Go("https://orders.example.com/".parse().unwrap())
    );
    assert_eq!(read().await, (1, Some(world.now())));
});

for_each_backend!(whatever_is_over_launches_nothing_and_the_attempt_is_on_record, |world| {
    let acme = acme(&world).await;
    // The actor was identified while everything held; the decision looks again.
    let actor = world.acting(&acme.member).await;
    let db = world.portal.store.reader();
    let mut denied = 0;
    for broken in [
        "organization",
        "certification",
        "member",
        "membership",
        "entitlement",
        "revoked",
        "assignment",
        "scopes",
        "application",
    ] {
        let cx = world.system().await;
        let mut organization = store::organizations::get(&cx.tx, acme.organization.id).await.unwrap().unwrap();
        let mut member = store::members::get(&cx.tx, organization.id, acme.member.id).await.unwrap().unwrap();
        let mut entitlement = store::grants::entitlement(&cx.tx, organization.id, acme.entitlement.id)
            .await
            .unwrap()
            .unwrap();
        let mut assignment = store::grants::assignment(&cx.tx, organization.id, acme.assignment.id)
            .await
            .unwrap()
            .unwrap();
        let mut application = store::applications::get(&cx.tx, acme.application.id).await.unwrap().unwrap();
        let before = (
            organization.clone(),
            member.clone(),
            entitlement.clone(),
            assignment.clone(),
            application.clone(),
        );
        match broken {
            "organization" => organization.status = OrganizationStatus::Suspended,
            "certification" => organization.certification_due_at = Some(cx.now - Duration::days(14)),
            "member" => member.status = MemberStatus::Suspended,
            "membership" => member.ends_at = Some(cx.now),
            "entitlement" => entitlement.ends_at = Some(cx.now),
            "revoked" => entitlement.revoked_at = Some(cx.now),
            "assignment" => assignment.ends_at = Some(cx.now),
            "scopes" => entitlement.scopes = Vec::new(),
            _ => application.status = ApplicationStatus::Retired,
        }
        write(&cx, &organization, &member, &entitlement, &assignment, &application).await;
        cx.commit().await.unwrap();

        assert_eq!(
            launch(&world, actor.clone(), "orders").await.unwrap(),
            LaunchOutcome::Denied,
            "{broken}"
        );
        denied += 1;
        assert_eq!(world.events(EventKind::Launched).await, denied, "{broken}");
        let pad = queries::launchpad(&world.qx(actor.clone()).await).await.unwrap();
        assert!(pad.ending.is_empty() && pad.lasting.is_empty(), "{broken}");

        // And back: what holds again launches again.
        let cx = world.system().await;
        let (mut organization, mut member, mut entitlement, mut assignment, mut application) = before;
        for version in [
            &mut organization.version,
            &mut member.version,
            &mut entitlement.version,
            &mut assignment.version,
            &mut application.version,
        ] {
            *version += 1;
        }
        write(&cx, &organization, &member, &entitlement, &assignment, &application).await;
        cx.commit().await.unwrap();
        assert!(
            matches!(launch(&world, actor.clone(), "orders").await.unwrap(), LaunchOutcome::Go(_)),
            "{broken}"
        );
        denied += 1;
    }
    let used = store::grants::assignment(&db, acme.organization.id, acme.assignment.id)
        .await
        .unwrap()
        .unwrap()
        .last_used_at;
    assert_eq!(used, Some(world.now()));
    // The contract's end needs nobody to change anything.
    world.clock.advance(Duration::days(365));
    assert_eq!(launch(&world, actor, "orders").await.unwrap(), LaunchOutcome::Denied);
});

async fn write(
    cx: &crate::cx::Cx,
    organization: &Organization,
    member: &Member,
    entitlement: &Entitlement,
    assignment: &Assignment,
    application: &Application,
) {
    store::organizations::update(&cx.tx, organization).await.unwrap();
    store::members::update(&cx.tx, member).await.unwrap();
    store::grants::update_entitlement(&cx.tx, entitlement).await.unwrap();
    store::grants::update_assignment(&cx.tx, assignment).await.unwrap();
    store::applications::update(&cx.tx, application).await.unwrap();
}

for_each_backend!(an_application_of_nobody_or_of_others_does_not_exist, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let without = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    for actor in [
        world.acting(&eve).await,
        world.acting(&without).await,
        world.acting(&acme.admin).await,
    ] {
        let outcome = launch(&world, actor, "orders").await;
        assert!(matches!(outcome, Err(LaunchError::Access(Refused::NotFound))), "{outcome:?}");
    }
    let outcome = launch(&world, world.acting(&acme.member).await, "payroll").await;
    assert!(matches!(outcome, Err(LaunchError::Access(Refused::NotFound))), "{outcome:?}");
    assert_eq!(world.events(EventKind::Launched).await, 0);
});

for_each_backend!(a_leaver_who_may_only_look_launches_with_what_reads, |world| {
    let acme = acme(&world).await;
    let cx = world.system().await;
    let leaver = Member {
        read_only: true,
        ..acme.member.clone()
    };
    store::members::update(&cx.tx, &leaver).await.unwrap();
    cx.commit().await.unwrap();
    let pad = queries::launchpad(&world.qx(world.acting(&leaver).await).await).await.unwrap();
    let names: Vec<_> = pad.lasting[0].facts.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["orders:read"]);
});

for_each_backend!(the_address_of_a_launch_decides_and_sends_the_browser_on, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let mut bo = world.browser_as(acme.member.person, Some(acme.member.id)).await;
    let answer = bo.get("/launch/orders").await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.location.as_deref(), Some("https://orders.example.com/"));
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers["cache-control"], "private, no-store");

    assert_eq!(bo.get("/launch/payroll").await.status, 404);
    let mut eve = world.browser_as(eve.person, Some(eve.id)).await;
    assert_eq!(eve.get("/launch/orders").await.status, 404);
    let answer = world.browser().get("/launch/orders").await;
    assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some("/sign-in")));
    // What follows a form goes on by a page of its own, because a form's redirects may not leave the portal.
    let answer = bo.get("/launch/orders?after=form").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["refresh"], "0; url=/launch/orders");
    assert_eq!(world.events(EventKind::Launched).await, 1);
});

for_each_backend!(a_launch_is_a_navigation_of_a_whole_window_and_nothing_else, |world| {
    let acme = acme(&world).await;
    let mut bo = world.browser_as(acme.member.person, Some(acme.member.id)).await;
    let image = [
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-site", "cross-site"),
    ];
    assert_eq!(bo.get_with("/launch/orders", &image).await.status, 404);
    let frame = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert_eq!(bo.get_with("/launch/orders", &frame).await.status, 404);
    let prefetch = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-purpose", "prefetch;prerender"),
    ];
    assert_eq!(bo.get_with("/launch/orders", &prefetch).await.status, 503);
    assert_eq!(world.events(EventKind::Launched).await, 0);
    let window = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_eq!(bo.get_with("/launch/orders", &window).await.status, 303);
    assert_eq!(world.events(EventKind::Launched).await, 1);
});
