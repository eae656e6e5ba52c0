//! What policies decide: where they count, each scope by itself, and by what was around.

use chrono::Duration;
use rstest::rstest;

use super::*;
use crate::{access::Verdict, audit::EventKind, cx::RequestMeta, for_each_backend};

for_each_backend!(a_policy_counts_for_its_partner_and_application_alone, |world| {
    let setting = Setting::new(&world).await;
    let all = |slug: &str| vec![format!("{slug}:read"), format!("{slug}:write")];
    in_force(&world, &setting.operator, draft(NO_WRITING, Some("acme"), Some("orders"))).await;
    assert_eq!(
        opens(&world, &setting.bo, "orders").await.0,
        ["orders:read"],
        "read is left, the high value waits"
    );
    assert_eq!(opens(&world, &setting.bo, "quality").await.0, all("quality"));
    assert_eq!(opens(&world, &setting.eve, "orders").await.0, all("orders"));

    let other = NO_WRITING.replace("no-writing", "no-writing-in-quality");
    in_force(&world, &setting.operator, draft(&other, None, Some("quality"))).await;
    assert_eq!(opens(&world, &setting.bo, "quality").await.0, ["quality:read"]);
    assert_eq!(opens(&world, &setting.eve, "quality").await.0, ["quality:read"]);
    assert_eq!(opens(&world, &setting.eve, "orders").await.0, all("orders"));
});

for_each_backend!(a_forbidden_scope_is_dropped_and_said_why, |world| {
    let setting = Setting::new(&world).await;
    in_force(&world, &setting.operator, draft(NO_WRITING, None, None)).await;
    let mut browser = world.browser_as(setting.bo.person, Some(setting.bo.id)).await;
    let page = browser.get("/apps/orders").await.text;
    assert!(page.contains("Writing is not allowed here."), "the person reads why");
    assert!(matches!(opens(&world, &setting.bo, "orders").await.1, LaunchOutcome::Go(_)));
    let told = crate::policies::tests::last_details(&world, EventKind::Launched).await;
    assert_eq!(told["scopes_kept_back"]["orders:write"][0], "no-writing");
    assert_eq!(told["circumstances"]["held"].as_array().unwrap().len(), 3);
});

for_each_backend!(who_has_nothing_left_reads_which_policy_took_it, |world| {
    let setting = Setting::new(&world).await;
    let text = NO_WRITING.replace("when { resource.access == \"write\" }", "");
    in_force(&world, &setting.operator, draft(&text, Some("acme"), None)).await;
    let qx = world.qx(world.acting(&setting.bo).await).await;
    assert!(
        crate::apps::queries::launchpad(&qx).await.unwrap().lasting.is_empty(),
        "no tile either"
    );
    let mine = crate::apps::queries::my_application(&qx, "orders").await.unwrap();
    assert_eq!(mine.judged.decision.verdict, Verdict::Deny);
    assert!(
        mine.judged.decision.policies().contains(&"no-writing"),
        "{:?}",
        mine.judged.decision
    );
});

for_each_backend!(what_is_of_high_value_waits_for_a_fresh_second_factor, |world| {
    let setting = Setting::new(&world).await;
    let judge = async |actor: Actor| {
        let qx = world.qx(actor).await;
        crate::apps::queries::my_application(&qx, "orders").await.unwrap().judged
    };
    let names =
        |judged: &crate::apps::chain::Judged, verdict| judged.scopes_that(verdict).map(|it| it.scope.name.clone()).collect::<Vec<_>>();
    let judged = judge(world.acting(&setting.bo).await).await;
    assert_eq!(names(&judged, Verdict::StepUp), ["orders:admin"]);
    assert_eq!(judged.decision.verdict, Verdict::Allow, "there is something without it");
    let fresh = world.actor_with_second_factor(setting.bo.person, Some(setting.bo.id)).await;
    assert_eq!(names(&judge(fresh.clone()).await, Verdict::Allow).len(), 3);
    world.clock.advance(Duration::minutes(crate::access::STEP_UP_MINUTES));
    assert_eq!(names(&judge(fresh).await, Verdict::StepUp), ["orders:admin"]);

    // With nothing else left the start itself waits.
    let text = NO_WRITING.replace("resource.access == \"write\"", "!resource.high_value");
    in_force(&world, &setting.operator, draft(&text, None, None)).await;
    assert_eq!(opens(&world, &setting.bo, "orders").await.1, LaunchOutcome::StepUp);
});

for_each_backend!(a_launch_that_waits_leads_to_the_second_factor, |world| {
    let setting = Setting::new(&world).await;
    let text = r#"@id("fresh-for-orders")
@reason("Orders needs a fresh confirmation.")
@advice("step_up")
forbid (principal, action == Action::"Launch", resource == Application::"orders")
unless { context.fresh_second_factor };"#;
    in_force(&world, &setting.operator, draft(text, None, None)).await;
    let mut browser = world.browser_as(setting.bo.person, Some(setting.bo.id)).await;
    let answer = browser.get("/launch/orders").await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/step-up"));
    assert_eq!(
        browser.get("/launch/quality").await.location.as_deref(),
        Some("https://quality.example.com/")
    );
    assert!(browser.get("/").await.text.contains("/launch/orders"), "the tile stays");
    let who = store::sessions::SignedInAs {
        person: setting.bo.person,
        member: Some(setting.bo.id),
        at: world.now(),
        second_factor_at: Some(world.now()),
        through: None,
    };
    let mut fresh = world.browser_signed_in(&who).await;
    assert_eq!(
        fresh.get("/launch/orders").await.location.as_deref(),
        Some("https://orders.example.com/")
    );
});

/// The world's clock stands at noon of a Monday, in UTC.
#[rstest]
#[case::hour("context.hour == 12", true)]
#[case::other_hour("context.hour == 13", false)]
#[case::weekday("context.weekday == 1", true)]
#[case::epoch("context.epoch > 1700000000", true)]
#[case::moment("context.now > datetime(\"2026-05-31\")", true)]
#[case::late("context.now > datetime(\"2026-06-02\")", false)]
#[case::within("context has address && context.address.isInRange(ip(\"203.0.113.0/24\"))", true)]
#[case::without("context has address && context.address.isInRange(ip(\"10.0.0.0/8\"))", false)]
#[case::device("context.device == \"browser\"", true)]
#[case::acr("context.acr == \"two-factors\"", false)]
#[case::role("context.role == \"member\"", true)]
#[case::partner("context.partner.slug == \"acme\"", true)]
#[case::partner_entity("context.partner == Partner::\"rival\"", false)]
#[case::metadata("context.partner.hasTag(\"region\") && context.partner.getTag(\"region\") == \"EU\"", true)]
#[case::unused("context has unused_days && context.unused_days >= 0", false)]
#[case::reading("principal.read_only", false)]
#[case::application("resource in Application::\"orders\"", true)]
#[case::name("resource.name like \"*:read\"", true)]
#[case::owners("principal has organization && principal.organization.open_to_changes", true)]
#[tokio::test]
async fn a_policy_can_speak_of_what_is_around(#[case] condition: &str, #[case] applies: bool) {
    let world = World::sqlite().await;
    let setting = Setting::new(&world).await;
    let mut acme = setting.acme.clone();
    acme.metadata.insert("region".to_owned(), "EU".to_owned());
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &acme).await.unwrap();
    cx.commit().await.unwrap();
    let text = NO_WRITING.replace("resource.access == \"write\"", condition);
    in_force(&world, &setting.operator, draft(&text, None, None)).await;
    let meta = RequestMeta {
        address: Some("203.0.113.7".to_owned()),
        ..RequestMeta::default()
    };
    let actor = std::sync::Arc::new(world.acting(&setting.bo).await);
    let qx = world.portal.query(actor, &meta).await.unwrap();
    let judged = crate::apps::queries::my_application(&qx, "orders").await.unwrap().judged;
    let read = judged.scopes.iter().find(|it| it.scope.name == "orders:read").unwrap();
    assert_eq!(
        read.decision.policies() == ["no-writing"],
        applies,
        "{condition}: {:?}",
        read.decision
    );
}

for_each_backend!(pages_take_the_same_few_queries_however_many_policies_there_are, |world| {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };
    let setting = Setting::new(&world).await;
    let mut counted = world.clone();
    let counter = Arc::new(AtomicU64::new(0));
    counted.portal.store.count_queries(&counter);
    let launchpad = async || {
        let qx = counted.qx(world.acting(&setting.bo).await).await;
        counter.store(0, Ordering::Relaxed);
        let qx = counted.portal.query(qx.actor.clone(), &RequestMeta::default()).await.unwrap();
        crate::apps::queries::launchpad(&qx).await.unwrap();
        counter.load(Ordering::Relaxed)
    };
    let before = launchpad().await;
    for number in 0..5 {
        let text = NO_WRITING.replace("no-writing", &format!("no-writing-{number}"));
        in_force(&world, &setting.operator, draft(&text, None, None)).await;
    }
    // The first request after a change reads them; then it is as before.
    launchpad().await;
    assert_eq!(launchpad().await, before);
});
