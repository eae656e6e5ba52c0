//! Promises of hats and of sessions that live while something ends.

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    people::{MemberRole, TenantRole},
};

for_each_backend!(a_person_switches_between_their_own_hats, |world| {
    let (acme, beta) = (world.organization("Acme").await, world.organization("Beta").await);
    let person = world.person("Bo Lind").await;
    let at_acme = world.membership(&acme, &person, MemberRole::Member).await;
    let at_beta = world.membership(&beta, &person, MemberRole::PartnerAdmin).await;
    let mut browser = world.browser_as(person.id, Some(at_acme.id)).await;
    let mut old_cookie = browser.clone();
    let answer = browser.post("/do/switch-hat", &[("hat", &at_beta.id.to_string())]).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
    assert!(browser.get("/me").await.text.contains("You now work for Beta."));
    assert!(!is_signed_in(&mut old_cookie).await);
    // Beta's trail says that it was done, and nothing of Acme.
    assert_eq!(world.told(EventKind::HatSwitched).await, [serde_json::json!({})]);
});

for_each_backend!(a_hat_of_an_organization_not_ones_own_does_not_exist, |world| {
    let (acme, beta) = (world.organization("Acme").await, world.organization("Beta").await);
    let bo = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    let foreign = world.member(&beta, "Cy Moe", MemberRole::Member).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    for hat in [
        foreign.id.to_string(),
        beta.id.to_string(),
        "tenant".to_owned(),
        "nonsense".to_owned(),
        String::new(),
    ] {
        assert_eq!(browser.post("/do/switch-hat", &[("hat", &hat)]).await.status.as_u16(), 404, "{hat}");
    }
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(
        world
            .browser()
            .post("/do/switch-hat", &[("hat", "tenant")])
            .await
            .location
            .as_deref(),
        Some("/sign-in")
    );
    assert_eq!(world.events(EventKind::HatSwitched).await, 0);
});

for_each_backend!(an_employee_with_a_partners_hat_comes_back_to_the_company, |world| {
    let acme = world.organization("Acme").await;
    let person = world.employee("Olu Ade", TenantRole::Owner).await;
    let member = world.membership(&acme, &person, MemberRole::Member).await;
    let mut browser = world.browser_as(person.id, Some(member.id)).await;
    assert_eq!(
        browser.post("/do/switch-hat", &[("hat", "tenant")]).await.location.as_deref(),
        Some("/")
    );
    assert!(browser.get("/me").await.text.contains("Northwind Industries"));
});

for_each_backend!(a_suspended_members_live_session_loses_the_hat_at_once, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert!(is_signed_in(&mut browser).await);
    let cx = world.system().await;
    let suspended = bo.clone().suspend(None).unwrap();
    store::members::update(&cx.tx, &suspended).await.unwrap();
    cx.commit().await.unwrap();
    for closed in ["/", "/team", "/inbox", "/search", "/me/activity"] {
        assert_eq!(browser.get(closed).await.location.as_deref(), Some("/no-access"), "{closed}");
    }
    let page = browser.get("/no-access").await;
    assert!(page.text.contains("Your access for Acme is paused."), "{}", page.text);
    let refused = browser.post("/do/switch-hat", &[("hat", &bo.id.to_string())]).await;
    assert_eq!(refused.status.as_u16(), 404);
});

for_each_backend!(ones_own_account_stays_open_without_any_hat, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    let links = |text: &str| text.matches("href=\"/me/activity\"").count();
    let before = links(&browser.get("/me").await.text);
    let cx = world.system().await;
    let suspended = bo.clone().suspend(None).unwrap();
    store::members::update(&cx.tx, &suspended).await.unwrap();
    cx.commit().await.unwrap();
    for open in ["/me", "/me/security", "/me/sessions"] {
        let page = browser.get(open).await;
        assert_eq!(page.status.as_u16(), 200, "{open}");
        assert_eq!(links(&page.text), before - 1, "{open} has no tab that leads nowhere");
    }
    assert!(browser.get("/no-access").await.text.contains("href=\"/me\""));
    let form = [("name", "Bo Lindqvist"), ("time_zone", "UTC"), ("version", "1")];
    assert_eq!(browser.post("/do/change-profile", &form).await.location.as_deref(), Some("/me"));
    assert!(browser.get("/me").await.text.contains("Bo Lindqvist"));
});

for_each_backend!(the_end_of_the_contract_ends_a_live_session, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    give_password(&world, bo.person).await;
    world.clock.advance(Duration::days(365) - Duration::seconds(1));
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert!(is_signed_in(&mut browser).await);
    world.clock.advance(Duration::seconds(1));
    assert_eq!(browser.get("/team").await.location.as_deref(), Some("/no-access"));
    assert!(browser.get("/no-access").await.text.contains("Acme has no contract in force."));
    let mut later = world.browser();
    type_password(&mut later, "bo.lind@example.com", PASSWORD).await;
    assert_eq!(
        later.get("/").await.location.as_deref(),
        Some("/no-access"),
        "signing in again does not help"
    );
});

for_each_backend!(a_certification_that_ran_out_takes_the_hat_off_before_anything_is_swept, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    world.clock.advance(Duration::days(90 + 14) - Duration::seconds(1));
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert_eq!(browser.get("/team").await.status.as_u16(), 200, "within the grace");
    world.clock.advance(Duration::seconds(1));
    assert_eq!(browser.get("/team").await.location.as_deref(), Some("/no-access"));
    let page = browser.get("/no-access").await.text;
    assert!(page.contains("The partnership with Acme was not confirmed in time"), "{page}");
    let version = acme.version.to_string();
    let form = [
        ("organization", "acme"),
        ("version", version.as_str()),
        ("reason", "Needed"),
        ("next_due", "2026-12-31"),
    ];
    let certified = world.browser_as(owner.id, None).await.post("/do/certify-partner", &form).await;
    assert_eq!(certified.location.as_deref(), Some("/certifications"));
    assert_eq!(browser.get("/team").await.status.as_u16(), 200, "and the hat is back");
});

for_each_backend!(the_page_without_access_is_for_those_without_access, |world| {
    let acme = world.organization("Acme").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    assert_eq!(world.browser().get("/no-access").await.location.as_deref(), Some("/sign-in"));
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert_eq!(browser.get("/no-access").await.location.as_deref(), Some("/"));
});
