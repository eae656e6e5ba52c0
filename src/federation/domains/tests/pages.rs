//! The pages and forms, in a browser.

use axum::http::StatusCode;

use super::*;
use crate::{for_each_backend, people::TenantRole};

for_each_backend!(a_partner_admin_claims_sees_the_record_and_proves, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let mut browser = world.browser_as(kim.person, Some(kim.id)).await;
    let team = acme.id.to_string();
    // A page that was made in another hat lists nothing.
    browser.post("/do/claim-domain", &[("name", "acme.example")]).await;
    assert!(browser.get("/team/settings/domains").await.text.contains("so nothing was done"));
    let answer = browser.post("/do/claim-domain", &[("team", &team), ("name", "acme.example")]).await;
    assert_eq!(answer.location.as_deref(), Some("/team/settings/domains"));
    let listed = store::federation::domains::of_organization(&world.portal.store.reader(), acme.id)
        .await
        .unwrap();
    let [domain] = &listed[..] else { panic!("{listed:?}") };
    let page = browser.get("/team/settings/domains").await.text;
    for shown in ["_portico.acme.example", &domain.proof, "To be proven"] {
        assert!(page.contains(shown), "{shown}");
    }

    let id = domain.id.to_string();
    browser.post("/do/check-domain", &[("domain", &id)]).await;
    let page = browser.get("/team/settings/domains").await.text;
    assert!(page.contains("The record was not found yet."), "the reason stands on the page");
    names.set("_portico.acme.example", &[&domain.proof]);
    browser.post("/do/check-domain", &[("domain", &id)]).await;
    assert!(browser.get("/team/settings/domains").await.text.contains("acme.example is proven."));
    assert_eq!(status(&world, domain).await, Some(DomainStatus::Proven));

    // Another partner with the same name hears that it is taken, on the field and at the record.
    let other = world.organization("Other").await;
    let fay = admin(&world, &other).await;
    let mut theirs = world.browser_as(fay.person, Some(fay.id)).await;
    let team = other.id.to_string();
    theirs.post("/do/claim-domain", &[("team", &team), ("name", "acme.example")]).await;
    let page = theirs.get("/team/settings/domains").await.text;
    assert!(
        page.contains("proven by another organization already") && !page.contains("Acme"),
        "{page}"
    );
});

for_each_backend!(
    a_domain_with_other_letters_is_shown_in_them_and_its_record_as_the_dns_wants_it,
    |world| {
        let acme = world.organization("Acme").await;
        let kim = admin(&world, &acme).await;
        let mut browser = world.browser_as(kim.person, Some(kim.id)).await;
        let team = acme.id.to_string();
        browser
            .post("/do/claim-domain", &[("team", &team), ("name", "Bücher.example")])
            .await;
        let page = browser.get("/team/settings/domains").await.text;
        for shown in [
            "bücher.example is in the list.",
            "Give bücher.example up",
            "_portico.xn--bcher-kva.example",
            ">xn--bcher-kva.example<",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        let mixed = claim(&world, Actor::System("test"), &acme, "аcme.example").await.unwrap();
        let page = browser.get("/team/settings/domains").await.text;
        assert!(
            mixed.name.starts_with("xn--") && page.contains(&format!("Give {} up", mixed.name)),
            "{page}"
        );
        assert!(
            !page.contains("аcme.example"),
            "a Cyrillic letter among Latin ones is not shown as if it were one"
        );
    }
);

for_each_backend!(who_comes_late_with_the_right_record_is_told_why, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let late = claim(&world, Actor::System("test"), &other, "acme.example").await.unwrap();
    proven(&world, &acme, "acme.example").await;
    names.set("acme.example", &[&late.proof]);
    let fay = admin(&world, &other).await;
    let mut browser = world.browser_as(fay.person, Some(fay.id)).await;
    browser.post("/do/check-domain", &[("domain", &late.id.to_string())]).await;
    let page = browser.get("/team/settings/domains").await.text;
    assert!(page.contains("proven by another organization already"), "{page}");
    assert_eq!(status(&world, &late).await, Some(DomainStatus::Pending));
});

for_each_backend!(nobody_else_makes_the_portal_ask_the_dns, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let domain = claim(&world, Actor::System("test"), &acme, "acme.example").await.unwrap();
    let id = domain.id.to_string();
    let fay = admin(&world, &other).await;
    let member = world.member(&acme, "Mia Member", MemberRole::Member).await;
    for (person, hat) in [(fay.person, fay.id), (member.person, member.id)] {
        let mut browser = world.browser_as(person, Some(hat)).await;
        let answer = browser.post("/do/check-domain", &[("organization", "acme"), ("domain", &id)]).await;
        let turned_away = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
        assert!(turned_away, "{}", answer.status);
    }
    world
        .browser()
        .post("/do/check-domain", &[("organization", "acme"), ("domain", &id)])
        .await;
    assert_eq!(names.asked(), []);
});

for_each_backend!(an_owner_manages_a_partners_domains_on_its_page, |world| {
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let mut browser = world.browser_as(owner.id, None).await;
    let page = format!("/partners/{}/domains", acme.slug);
    let answer = browser
        .post("/do/claim-domain", &[("organization", &acme.slug), ("name", "acme.example")])
        .await;
    assert_eq!(answer.location.as_deref(), Some(page.as_str()));
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("_portico.acme.example"));

    let domain = store::federation::domains::of_organization(&world.portal.store.reader(), acme.id)
        .await
        .unwrap()
        .remove(0);
    let id = domain.id.to_string();
    let answer = browser
        .post("/do/give-up-domain", &[("organization", &acme.slug), ("domain", &id)])
        .await;
    assert_eq!(answer.location.as_deref(), Some(page.as_str()));
    assert_eq!(now(&world, &domain).await, None);

    let stranger = world.employee("Otto Owner", TenantRole::Owner).await;
    let answer = world.browser_as(stranger.id, None).await.get(&page).await;
    assert!(
        matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN),
        "{}",
        answer.status
    );
});

for_each_backend!(the_last_domain_asks_what_happens_to_its_people, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    connection(&world, &acme, "Acme account", |provider| {
        provider.exclusive = true;
        provider.break_glass = Some(kim.id);
    })
    .await;
    let domain = proven(&world, &acme, "acme.example").await;
    let id = domain.id.to_string();
    let mut browser = world.browser_as(kim.person, Some(kim.id)).await;
    assert!(
        browser
            .get("/team/settings/domains")
            .await
            .text
            .contains("Its people will need a password here")
    );
    browser.post("/do/give-up-domain", &[("domain", &id)]).await;
    let page = browser.get("/team/settings/domains").await.text;
    assert!(
        page.contains("This is the last domain whose people sign in with Acme account"),
        "{page}"
    );
    browser.post("/do/give-up-domain", &[("domain", &id), ("stranding", "yes")]).await;
    assert_eq!(now(&world, &domain).await, None);
});
