//! The pages and forms, as browsers meet them.

use super::*;
use crate::for_each_backend;

for_each_backend!(the_forms_lead_from_a_draft_to_a_policy_in_force_and_back, |world| {
    let setting = Setting::new(&world).await;
    opens(&world, &setting.bo, "orders").await;
    let mut browser = world.browser_as(setting.operator.id, None).await;
    assert!(browser.get("/admin/policies").await.text.contains("No policies of your own yet"));
    let wrong = NO_WRITING.replace("resource.access", "resource.colour");
    let mut form = vec![
        ("name", "No writing at Acme"),
        ("partner", "acme"),
        ("application", "orders"),
        ("text", wrong.as_str()),
        ("reason", "They asked for it"),
    ];
    let answer = browser.post("/do/write-policy", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/policies/new"));
    let page = browser.get("/admin/policies/new").await.text;
    assert!(
        page.contains("Line 4, column") && page.contains("resource.colour") && page.contains("No writing at Acme"),
        "{page}"
    );
    form[3].1 = NO_WRITING;
    let made = browser.post("/do/write-policy", &form).await.location.unwrap();
    let page = browser.get(&made).await.text;
    assert!(
        page.contains("Put version 1 in force") && page.contains("They asked for it") && page.contains("orders for Acme"),
        "{page}"
    );
    let id = made.rsplit('/').next().unwrap().to_owned();
    assert!(browser.get("/admin/policies").await.text.contains("Opal Operator"));

    let replayed = browser.get(&format!("{made}/replay")).await.text;
    assert!(
        replayed.contains("Bo Lind") && replayed.contains("orders:write") && replayed.contains("refused"),
        "{replayed}"
    );
    let member = setting.bo.id.to_string();
    let asked = format!("/admin/policies/try?partner=acme&application=orders&member={member}&scope=orders:write&with={id}");
    let tried = browser.get(&asked).await.text;
    assert!(
        tried.contains("Refused") && tried.contains("Writing is not allowed here."),
        "{tried}"
    );
    let tried = browser.get(&asked.replace(&format!("&with={id}"), "")).await.text;
    assert!(tried.contains("Allowed") && tried.contains("The contract is in force"), "{tried}");
    let unknown = browser.get("/admin/policies/try?partner=nobody&application=orders").await.text;
    assert!(unknown.contains("There is no such partner"), "{unknown}");

    let form = [("policy", id.as_str()), ("version", "1"), ("number", "1"), ("reason", "Now")];
    assert_eq!(
        browser.post("/do/activate-policy", &form).await.location.as_deref(),
        Some(made.as_str())
    );
    assert!(browser.get(&made).await.text.contains("In force"));
    assert_eq!(opens(&world, &setting.bo, "orders").await.0, ["orders:read"]);
    // The same form again is a page that was left open.
    browser.post("/do/activate-policy", &form).await;
    assert!(browser.get(&made).await.text.contains("Someone else changed this"));
    let form = [("policy", id.as_str()), ("version", "2"), ("reason", "Over")];
    browser.post("/do/retire-policy", &form).await;
    let page = browser.get(&made).await.text;
    assert!(page.contains("Retired") && !page.contains("/do/rewrite-policy"), "{page}");
});

for_each_backend!(pages_open_for_those_who_may_read, |world| {
    let setting = Setting::new(&world).await;
    let policy = in_force(&world, &setting.operator, draft(NO_WRITING, None, None)).await;
    let auditor = world.employee("Aude Auditor", TenantRole::Auditor).await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let paths = |id: &str| {
        [
            "/admin/policies".to_owned(),
            "/admin/policies/try".to_owned(),
            format!("/admin/policies/{id}"),
            format!("/admin/policies/{id}/replay"),
        ]
    };
    let id = policy.id.to_string();
    for path in paths(&id) {
        let page = world.browser_as(auditor.id, None).await.get(&path).await;
        assert!(page.status.is_success(), "{path}: {}", page.status);
        assert!(
            !page.text.contains("/do/rewrite-policy") && !page.text.contains("/do/retire-policy"),
            "{path}"
        );
        assert_eq!(world.browser_as(owner.id, None).await.get(&path).await.status, 403, "{path}");
        let member = world
            .browser_as(setting.bo.person, Some(setting.bo.id))
            .await
            .get(&path)
            .await
            .status;
        assert!(member == 403 || member == 404, "{path}: {member}");
    }
    assert_eq!(
        world.browser_as(auditor.id, None).await.get("/admin/policies/new").await.status,
        403
    );
    let mut operator = world.browser_as(setting.operator.id, None).await;
    for path in paths("0190a0a0-0000-7000-8000-000000000000").into_iter().skip(2) {
        assert_eq!(operator.get(&path).await.status, 404, "{path}");
    }
});

for_each_backend!(an_owner_reads_what_counts_for_their_partner_and_no_more, |world| {
    let setting = Setting::new(&world).await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    world.own(&setting.acme, &owner).await;
    let theirs = NO_WRITING.replace("no-writing", "theirs");
    in_force(&world, &setting.operator, draft(&theirs, Some("acme"), None)).await;
    let foreign = NO_WRITING.replace("no-writing", "of-another");
    in_force(&world, &setting.operator, draft(&foreign, Some("rival"), None)).await;
    let page = world.browser_as(owner.id, None).await.get("/partners/acme/apps").await.text;
    assert!(
        page.contains("Policies in force") && page.contains("theirs") && !page.contains("of-another"),
        "{page}"
    );
});
