//! The pages and forms, asked for over HTTP.

use super::*;
use crate::{audit::EventKind, for_each_backend, people::TenantRole};

for_each_backend!(an_admin_sees_the_team_and_a_plain_member_does_not, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let auditor = world.member(&acme, "Ida Falk", MemberRole::Auditor).await;
    let globex = world.organization("Globex").await;
    let foreign = world.member(&globex, "Gil Moss", MemberRole::Member).await;

    let mut admin = world.browser_as(ana.person, Some(ana.id)).await;
    let page = admin.get("/team").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Bo Lind") && !page.text.contains("Gil Moss"));
    assert_eq!(admin.get(&format!("/team/{}", bo.id)).await.status, 200);
    assert_eq!(admin.get(&format!("/team/rotate/{}", bo.id)).await.status, 200);
    assert_eq!(admin.get(&format!("/team/{}", foreign.id)).await.status, 404);
    assert_eq!(admin.get(&format!("/team/rotate/{}", foreign.id)).await.status, 404);
    assert_eq!(admin.get("/team/nonsense").await.status, 404);
    assert_eq!(admin.get(&format!("/partners/{}/people", acme.slug)).await.status, 404);

    let mut plain = world.browser_as(bo.person, Some(bo.id)).await;
    for path in [
        "/team".to_owned(),
        format!("/team/{}", ana.id),
        format!("/team/rotate/{}", ana.id),
        "/team.csv".to_owned(),
    ] {
        assert_eq!(plain.get(&path).await.status, 403, "{path}");
    }
    let mut reader = world.browser_as(auditor.person, Some(auditor.id)).await;
    let page = reader.get(&format!("/team/{}", bo.id)).await;
    assert!(page.status == 200 && !page.text.contains("/do/remove-member"));
    assert_eq!(reader.get(&format!("/team/rotate/{}", bo.id)).await.status, 403);
    assert_eq!(world.browser().get("/team").await.location.as_deref(), Some("/sign-in"));
    assert_eq!(world.browser().get("/team.csv").await.location.as_deref(), Some("/sign-in"));
});

for_each_backend!(forms_do_what_they_say_and_come_back_when_refused, |world| {
    let (_, ana, bo) = acme(&world).await;
    let mut admin = world.browser_as(ana.person, Some(ana.id)).await;
    let (id, page) = (bo.id.to_string(), format!("/team/{}", bo.id));

    let answer = admin
        .post(
            "/do/schedule-leave",
            &[("member", &id), ("version", "1"), ("ends_on", "2099-01-01")],
        )
        .await;
    assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some(page.as_str())));
    let text = admin.get(&page).await.text;
    assert!(
        text.contains("The contract ends on 1 Jun 2027") && text.contains("2099-01-01"),
        "{text}"
    );

    let long = "x".repeat(501);
    admin
        .post("/do/suspend-member", &[("member", &id), ("version", "1"), ("reason", &long)])
        .await;
    assert!(admin.get(&page).await.text.contains("Use at most 500 characters."));

    admin
        .post("/do/change-role", &[("member", &id), ("version", "1"), ("role", "emperor")])
        .await;
    assert!(admin.get(&page).await.text.contains("Choose one of the options."));

    admin
        .post("/do/suspend-member", &[("member", &id), ("version", "1"), ("reason", "Holiday")])
        .await;
    let text = admin.get(&page).await.text;
    assert!(text.contains("Bo Lind is suspended") && text.contains("Reason: Holiday"), "{text}");

    // The page that was open in another tab.
    admin.post("/do/remove-member", &[("member", &id), ("version", "1")]).await;
    assert!(admin.get(&page).await.text.contains("Someone else changed this"));

    admin.post("/do/reinstate-member", &[("member", &id), ("version", "2")]).await;
    assert!(admin.get(&page).await.text.contains("Bo Lind is active again"));
    admin
        .post("/do/remove-member", &[("member", &id), ("version", "3"), ("reason", "Left")])
        .await;
    let text = admin.get(&page).await.text;
    assert!(text.contains("no longer a member") && !text.contains("/do/suspend-member"));
    assert_eq!(world.events(EventKind::MemberRemoved).await, 1);
});

for_each_backend!(a_rotation_form_swaps_and_links_both_ways, |world| {
    let (_, ana, bo) = acme(&world).await;
    let mut admin = world.browser_as(ana.person, Some(ana.id)).await;
    let id = bo.id.to_string();
    let form = [
        ("member", id.as_str()),
        ("version", "1"),
        ("email", "nope"),
        ("name", "Jo Park"),
        ("overlap", "99"),
    ];
    let answer = admin.post("/do/rotate-member", &form).await;
    assert_eq!(answer.location, Some(format!("/team/rotate/{id}")));
    let text = admin.get(&format!("/team/rotate/{id}")).await.text;
    assert!(text.contains("not an e-mail address") && text.contains("from 0 to 72") && text.contains("Jo Park"));

    let form = [
        ("member", id.as_str()),
        ("version", "1"),
        ("email", "jo.park@example.com"),
        ("name", "Jo Park"),
        ("overlap", "8"),
    ];
    let answer = admin.post("/do/rotate-member", &form).await;
    let joiner = answer.location.unwrap();
    let text = admin.get(&joiner).await.text;
    assert!(text.contains("Took over from") && text.contains(&format!("/team/{id}")));
    let text = admin.get(&format!("/team/{id}")).await.text;
    assert!(text.contains("Handed over to") && text.contains(&joiner));
    assert_eq!(
        admin.get(&format!("/team/rotate/{id}")).await.location,
        Some(format!("/team/{id}")),
        "only once"
    );
});

for_each_backend!(owner_operator_and_auditor_see_a_partners_people_and_strangers_do_not, |world| {
    let (acme, _, bo) = acme(&world).await;
    let owner = world.employee("Olga Stern", TenantRole::Owner).await;
    let stranger = world.employee("Otto Kern", TenantRole::Owner).await;
    let auditor = world.employee("Aino Berg", TenantRole::Auditor).await;
    world.own(&acme, &owner).await;
    let list = format!("/partners/{}/people", acme.slug);
    let one = format!("{list}/{}", bo.id);

    let mut browser = world.browser_as(owner.id, None).await;
    assert!(browser.get(&list).await.text.contains(&one));
    let text = browser.get(&one).await.text;
    assert!(text.contains("/do/remove-member") && !text.contains("/do/change-role"));
    assert_eq!(browser.get("/team").await.status, 404);
    let id = bo.id.to_string();
    let form = [("organization", acme.slug.as_str()), ("member", &id), ("version", "1")];
    let answer = browser.post("/do/suspend-member", &form).await;
    assert_eq!(answer.location.as_deref(), Some(one.as_str()));
    assert!(browser.get(&one).await.text.contains("is suspended"));

    let mut browser = world.browser_as(auditor.id, None).await;
    assert_eq!(browser.get(&list).await.status, 200);
    assert!(!browser.get(&one).await.text.contains("/do/remove-member"));
    let form = [("organization", acme.slug.as_str()), ("member", id.as_str()), ("version", "2")];
    assert_eq!(browser.post("/do/remove-member", &form).await.status, 403);

    let mut browser = world.browser_as(stranger.id, None).await;
    for path in [list.clone(), one.clone(), format!("{list}.csv")] {
        assert_eq!(browser.get(&path).await.status, 404, "{path}");
    }
    let form = [("organization", acme.slug.as_str()), ("member", &id), ("version", "2")];
    assert_eq!(browser.post("/do/remove-member", &form).await.status, 404);
});

for_each_backend!(a_form_that_names_another_organization_than_the_hat_finds_nothing, |world| {
    let (_, ana, bo) = acme(&world).await;
    world.organization("Globex").await;
    let mut admin = world.browser_as(ana.person, Some(ana.id)).await;
    let id = bo.id.to_string();
    let form = [("organization", "globex"), ("member", id.as_str()), ("version", "1")];
    assert_eq!(admin.post("/do/remove-member", &form).await.status, 404);
    assert_eq!(
        admin
            .post("/do/remove-member", &[("member", "nonsense"), ("version", "1")])
            .await
            .status,
        404
    );
});

for_each_backend!(the_csv_has_what_the_page_shows_and_no_formulas, |world| {
    let (acme, ana, _) = acme(&world).await;
    world.member(&acme, "=cmd|calc", MemberRole::Member).await;
    world.member(&acme, "Ida Falk", MemberRole::Auditor).await;
    let mut admin = world.browser_as(ana.person, Some(ana.id)).await;
    let file = admin.get("/team.csv?role=member").await;
    assert_eq!(file.headers.get("content-type").unwrap(), "text/csv; charset=utf-8");
    assert!(file.text.contains("Bo Lind,bo.lind@example.com,Member,Active,0,"));
    assert!(file.text.contains("'=cmd|calc") && !file.text.contains("Ida Falk"));
});

for_each_backend!(the_page_of_a_member_says_what_they_hold_and_takes_it_away, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let (orders, scopes) = world.application("orders").await;
    let (tracking, tracking_scopes) = world.application("tracking").await;
    let assignment = world.assign(&bo, &world.entitle(&acme, &orders, &scopes).await).await;
    world.entitle(&acme, &tracking, &tracking_scopes).await;
    let mut admin = world.browser_as(ana.person, Some(ana.id)).await;
    let page = format!("/team/{}", bo.id);
    let text = admin.get(&page).await.text;
    assert!(
        text.contains(&format!("href=\"/team/apps/orders/{}\"", assignment.id)),
        "the way to change it"
    );
    assert!(
        text.contains(&format!("href=\"/team/apps/tracking/assign?member={}\"", bo.id)),
        "what else could be assigned"
    );
    let (id, member) = (assignment.id.to_string(), bo.id.to_string());
    let form = [("application", "orders"), ("assignment", id.as_str()), ("member", member.as_str())];
    let answer = admin.post("/do/revoke-assignment", &form).await;
    assert_eq!(answer.location.as_deref(), Some(page.as_str()), "back to the person");
    let text = admin.get(&page).await.text;
    assert!(!text.contains("/do/revoke-assignment") && text.contains("/team/apps/orders/assign?member="));

    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    world.own(&acme, &owner).await;
    world
        .assign(&bo, &world.entitle(&acme, &world.application("drawings").await.0, &[]).await)
        .await;
    let text = world
        .browser_as(owner.id, None)
        .await
        .get(&format!("/partners/{}/people/{}", acme.slug, bo.id))
        .await
        .text;
    let held = format!("href=\"/partners/{}/apps/drawings\"", acme.slug);
    assert!(text.contains(&held), "{text}");
    assert!(!text.contains("/do/revoke-assignment"));
});
