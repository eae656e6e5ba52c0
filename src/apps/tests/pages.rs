//! The pages and forms as a browser meets them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::Duration;

use super::*;
use crate::{apps::queries, for_each_backend, people::TenantRole, store};

for_each_backend!(the_launchpad_takes_the_same_queries_for_one_and_for_fifty, |world| {
    let mut world = world;
    let acme = acme(&world).await;
    let many = world.member(&acme.organization, "Max Many", MemberRole::Member).await;
    for number in 0..50 {
        let (application, scopes) = world.application(&format!("app{number}")).await;
        let entitlement = world.entitle(&acme.organization, &application, &scopes).await;
        world.assign(&many, &entitlement).await;
    }
    let counter = Arc::new(AtomicU64::new(0));
    world.portal.store.count_queries(&counter);
    let mut counts = Vec::new();
    for member in [&acme.member, &many] {
        let qx = world.qx(world.acting(member).await).await;
        counter.store(0, Ordering::Relaxed);
        let pad = queries::launchpad(&qx).await.unwrap();
        counts.push((counter.load(Ordering::Relaxed), pad.ending.len() + pad.lasting.len()));
    }
    assert_eq!(counts, [(7, 1), (7, 50)]);

    // The same for the whole page, session and frame included.
    let mut whole = Vec::new();
    for member in [&acme.member, &many] {
        let mut browser = world.browser_as(member.person, Some(member.id)).await;
        browser.get("/").await;
        counter.store(0, Ordering::Relaxed);
        assert_eq!(browser.get("/").await.status, 200);
        whole.push(counter.load(Ordering::Relaxed));
    }
    assert_eq!(whole[0], whole[1], "{whole:?}");
});

for_each_backend!(the_launchpad_shows_what_ends_soon_first_and_nothing_of_others, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let (payroll, scopes) = world.application("payroll").await;
    let entitlement = world.entitle(&acme.organization, &payroll, &scopes).await;
    let assignment = world.assign(&acme.member, &entitlement).await;
    let cx = world.system().await;
    let soon = Assignment {
        ends_at: Some(cx.now + Duration::days(3)),
        ..assignment
    };
    store::grants::update_assignment(&cx.tx, &soon).await.unwrap();
    cx.commit().await.unwrap();
    let mut bo = world.browser_as(acme.member.person, Some(acme.member.id)).await;
    let page = bo.get("/").await;
    assert_eq!(page.status, 200);
    let place = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text} is not there"));
    assert!(place("/launch/payroll") < place("/launch/orders"));
    let mut eve = world.browser_as(eve.person, Some(eve.id)).await;
    let page = eve.get("/").await;
    assert!(!page.text.contains("orders") && page.text.contains("Nothing is assigned to you now"));
    assert!(page.text.contains("Eve Stone"), "whom to ask");
});

for_each_backend!(the_start_page_of_the_companys_people_is_where_their_work_is, |world| {
    for (name, role, path) in [
        ("Olga Berg", TenantRole::Owner, "/partners"),
        ("Ola Nord", TenantRole::Operator, "/admin"),
        ("Ada King", TenantRole::Auditor, "/audit"),
    ] {
        let person = world.employee(name, role).await;
        let answer = world.browser_as(person.id, None).await.get("/").await;
        assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some(path)));
    }
});

for_each_backend!(pages_of_other_organizations_applications_do_not_exist, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let assignment = format!("/team/apps/orders/{}", acme.assignment.id);
    let mut stranger = world.browser_as(eve.person, Some(eve.id)).await;
    for path in [
        "/apps/orders",
        "/team/apps/orders",
        "/team/apps/orders/assign",
        &assignment,
        "/partners/acme/apps",
        "/partners/acme/apps/orders",
    ] {
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
    let mut admin = world.browser_as(acme.admin.person, Some(acme.admin.id)).await;
    for path in [
        "/team/apps",
        "/team/apps/orders",
        "/team/apps/orders/assign",
        &assignment,
        "/search?q=bo",
    ] {
        let page = admin.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
    let mut bo = world.browser_as(acme.member.person, Some(acme.member.id)).await;
    for path in ["/team/apps", "/team/apps/orders", "/admin/apps", "/admin/apps/orders"] {
        assert_eq!(bo.get(path).await.status, 403, "{path}");
    }
    let page = bo.get("/apps/orders").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("C-Acme") && page.text.contains("Ana Ruiz"));
});

for_each_backend!(forms_of_other_organizations_change_nothing, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let (id, scope) = (acme.assignment.id.to_string(), acme.scopes[0].id.to_string());
    let (member, entitlement) = (eve.id.to_string(), acme.entitlement.id.to_string());
    let mut stranger = world.browser_as(eve.person, Some(eve.id)).await;
    let forms: [(&str, Vec<(&str, &str)>); 6] = [
        (
            "assign-application",
            vec![("application", "orders"), ("members[]", &member), ("scopes[]", &scope)],
        ),
        (
            "change-assignment",
            vec![
                ("application", "orders"),
                ("assignment", &id),
                ("version", "1"),
                ("scopes[]", &scope),
            ],
        ),
        ("revoke-assignment", vec![("application", "orders"), ("assignment", &id)]),
        ("return-application", vec![("application", "orders")]),
        (
            "revoke-entitlement",
            vec![("organization", "acme"), ("application", "orders"), ("entitlement", &entitlement)],
        ),
        (
            "grant-entitlement",
            vec![
                ("organization", "acme"),
                ("application", "orders"),
                ("scopes[]", &scope),
                ("starts", "2026-06-01"),
            ],
        ),
    ];
    for (name, form) in forms {
        let answer = stranger.post(&format!("/do/{name}"), &form).await;
        assert_eq!(answer.status, 404, "{name}: {}", answer.text);
    }
    let bo = world.acting(&acme.member).await;
    assert!(launch(&world, bo, "orders").await.is_ok());
});

for_each_backend!(an_admin_assigns_in_the_browser_and_a_refused_form_keeps_what_was_ticked, |world| {
    let acme = acme(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let (member, scope) = (cy.id.to_string(), acme.scopes[0].id.to_string());
    let mut admin = world.browser_as(acme.admin.person, Some(acme.admin.id)).await;
    let answer = admin
        .post(
            "/do/assign-application",
            &[("application", "orders"), ("members[]", &member), ("ends", "2026-07-01")],
        )
        .await;
    assert_eq!(answer.location.as_deref(), Some("/team/apps/orders/assign"));
    let page = admin.get("/team/apps/orders/assign").await;
    assert!(page.text.contains("Choose at least one permission.") && page.text.contains("2026-07-01"));

    let form = [
        ("application", "orders"),
        ("members[]", member.as_str()),
        ("scopes[]", scope.as_str()),
        ("ends", "2026-07-01"),
    ];
    let answer = admin.post("/do/assign-application", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/team/apps/orders"), "{}", answer.text);
    assert!(admin.get("/team/apps/orders").await.text.contains("Cy Moss"));
    let cy = world.acting(&cy).await;
    assert!(matches!(
        launch(&world, cy, "orders").await.unwrap(),
        commands::LaunchOutcome::Go(_)
    ));
});

for_each_backend!(a_user_manager_is_offered_nothing_to_change_for_a_partner_admin, |world| {
    let acme = acme(&world).await;
    let manager = world.member(&acme.organization, "Mia Holt", MemberRole::UserManager).await;
    let held = world.assign(&acme.admin, &acme.entitlement).await;
    let (payroll, scopes) = world.application("payroll").await;
    world.entitle(&acme.organization, &payroll, &scopes).await;
    let mut mia = world.browser_as(manager.person, Some(manager.id)).await;
    let take = |assignment: &Assignment| format!("take-{}", assignment.id);
    let list = mia.get("/team/apps/orders").await.text;
    assert!(list.contains("Ana Ruiz") && list.contains(&take(&acme.assignment)) && !list.contains(&take(&held)));
    let one = mia.get(&format!("/team/apps/orders/{}", held.id)).await.text;
    assert!(one.contains("Ana Ruiz") && !one.contains("/do/revoke-assignment") && !one.contains("/do/change-assignment"));
    let one = mia.get(&format!("/team/apps/orders/{}", acme.assignment.id)).await.text;
    assert!(one.contains("/do/revoke-assignment") && one.contains("/do/change-assignment"));
    let choices = mia.get("/team/apps/payroll/assign").await.text;
    assert!(choices.contains("Bo Lind") && !choices.contains("Ana Ruiz"));
    let about = mia.get(&format!("/team/{}", acme.admin.id)).await.text;
    assert!(about.contains("Ana Ruiz") && !about.contains("/do/revoke-assignment") && !about.contains("/team/apps/payroll/assign"));
    let id = held.id.to_string();
    let answer = mia
        .post("/do/revoke-assignment", &[("application", "orders"), ("assignment", &id)])
        .await;
    assert_eq!(answer.status, 403);
});

for_each_backend!(an_owner_grants_and_takes_away_in_the_browser, |world| {
    let acme = acme(&world).await;
    let owner = world.employee("Olga Berg", TenantRole::Owner).await;
    world.own(&acme.organization, &owner).await;
    let (_, scopes) = world.application("payroll").await;
    let scope = scopes[0].id.to_string();
    let mut browser = world.browser_as(owner.id, None).await;
    for path in ["/partners/acme/apps", "/partners/acme/apps/orders", "/partners/acme/apps/payroll"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
    let grant = [
        ("organization", "acme"),
        ("application", "payroll"),
        ("scopes[]", scope.as_str()),
        ("starts", "2026-06-01"),
        ("seats", "0"),
    ];
    let answer = browser.post("/do/grant-entitlement", &grant).await;
    assert_eq!(answer.location.as_deref(), Some("/partners/acme/apps/payroll"));
    assert!(
        browser
            .get("/partners/acme/apps/payroll")
            .await
            .text
            .contains("Enter a whole number from 1")
    );
    let grant = [
        ("organization", "acme"),
        ("application", "payroll"),
        ("scopes[]", scope.as_str()),
        ("starts", "2026-06-01"),
        ("seats", "3"),
    ];
    let answer = browser.post("/do/grant-entitlement", &grant).await;
    assert_eq!(answer.location.as_deref(), Some("/partners/acme/apps"), "{}", answer.text);

    let entitlement = acme.entitlement.id.to_string();
    let take = [
        ("organization", "acme"),
        ("application", "orders"),
        ("entitlement", entitlement.as_str()),
        ("reason", "Project over"),
    ];
    let answer = browser.post("/do/revoke-entitlement", &take).await;
    assert_eq!(answer.location.as_deref(), Some("/partners/acme/apps"), "{}", answer.text);
    assert!(browser.get("/partners/acme/apps").await.text.contains("One person lost it."));
    let mut bo = world.browser_as(acme.member.person, Some(acme.member.id)).await;
    assert_eq!(bo.get("/launch/orders").await.status, 404);
});

for_each_backend!(search_finds_only_what_the_person_may_see, |world| {
    let acme = acme(&world).await;
    let (rival, eve) = rival(&world).await;
    let owner = world.employee("Olga Berg", TenantRole::Owner).await;
    world.own(&acme.organization, &owner).await;

    let qx = world.qx(world.acting(&acme.member).await).await;
    let found = queries::search(&qx, "ORD").await.unwrap();
    assert_eq!((found.applications.len(), found.people.len(), found.partners.len()), (1, 0, 0));
    assert!(queries::search(&qx, "Ruiz").await.unwrap().people.is_empty());

    let found = queries::search(&world.qx(world.acting(&acme.admin).await).await, "LIND")
        .await
        .unwrap();
    assert_eq!(
        found.people.iter().map(|somebody| somebody.name.as_str()).collect::<Vec<_>>(),
        ["Bo Lind"]
    );
    let found = queries::search(&world.qx(world.acting(&eve).await).await, "lind").await.unwrap();
    assert!(found.people.is_empty() && found.applications.is_empty());
    // Signs of the pattern language mean themselves.
    for text in ["%", "_", "\\"] {
        assert!(
            queries::search(&world.qx(world.acting(&acme.admin).await).await, text)
                .await
                .unwrap()
                .people
                .is_empty(),
            "{text}"
        );
    }

    let found = queries::search(&world.qx(world.actor(owner.id, None).await).await, "a")
        .await
        .unwrap();
    assert_eq!(
        found.partners.iter().map(|partner| partner.slug.as_str()).collect::<Vec<_>>(),
        ["acme"]
    );
    let auditor = world.employee("Ada King", TenantRole::Auditor).await;
    let found = queries::search(&world.qx(world.actor(auditor.id, None).await).await, &rival.name)
        .await
        .unwrap();
    assert_eq!(found.partners.len(), 1);
});

for_each_backend!(an_operator_runs_the_catalogue_in_the_browser, |world| {
    let acme = acme(&world).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let mut browser = world.browser_as(operator.id, None).await;
    for path in ["/admin/apps", "/admin/apps/new", "/admin/apps/orders", "/partners/acme/apps"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
    assert!(browser.get("/admin/apps/orders").await.text.contains(&acme.organization.name));
    let mut form = vec![
        ("slug", "billing"),
        ("name", "Billing"),
        ("description", "Invoices."),
        ("icon", "receipt"),
        ("category", "Finance"),
        ("launch_url", "javascript:alert(1)"),
        ("owner", ""),
    ];
    let answer = browser.post("/do/create-application", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/apps/new"), "{}", answer.text);
    assert!(browser.get("/admin/apps/new").await.text.contains("begins with https://"));
    form[5] = ("launch_url", "https://billing.example.com/");
    let answer = browser.post("/do/create-application", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/apps/billing"), "{}", answer.text);
    let scope = [
        ("application", "billing"),
        ("name", "billing:read"),
        ("description", "See invoices."),
        ("access", "read"),
    ];
    let answer = browser.post("/do/put-scope", &scope).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/apps/billing"), "{}", answer.text);
    assert!(browser.get("/admin/apps/billing").await.text.contains("billing:read"));
    let answer = browser.post("/do/retire-application", &[("application", "billing")]).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/apps/billing"), "{}", answer.text);
});
