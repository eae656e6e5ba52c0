//! Templates are declared like everything else, and new organizations begin with one.

use super::*;
use crate::{
    audit::EventKind,
    federation::JoinPolicy,
    for_each_backend,
    kernel::{day_of, end_of_day, start_of_day},
    organizations::{
        Organization,
        templates::{ContractTerms, Template},
    },
    people::MemberRole,
    store::{self, Reader},
};

const TEMPLATES: &str = r##"
[[templates]]
name = "Consultancies"
kind = "Consultancy"
require_step_up = true
certification_months = 6
contract = { months = 12, notice_days = 60, seats = 7 }
joining = "open"
joining_role = "user_manager"
joining_days = 90
applications = [
  { application = "orders", scopes = ["orders:read"], days = 30, at_joining = true },
]

[[templates]]
name = "Suppliers"
kind = "Supplier"
"##;

fn with_templates(more: &str) -> String {
    format!("{SMALL}\n{TEMPLATES}\n{more}")
}

async fn template(db: &Reader, name: &str) -> Option<Template> {
    let all = store::templates::all(db).await.expect("templates");
    all.into_iter().find(|template| template.name == name)
}

async fn organization(db: &Reader, slug: &str) -> Organization {
    store::organizations::find_by_slug(db, slug)
        .await
        .expect("an answer")
        .expect("the organization")
}

for_each_backend!(declared_templates_land_once, |world| {
    let report = applied(&world, &with_templates("")).await;
    let told = report.to_string();
    assert!(
        told.contains("+ template Consultancies") && told.contains("+ template Suppliers"),
        "{told}"
    );
    let db = world.portal.store.reader();
    let consultancies = template(&db, "Consultancies").await.unwrap();
    let content = &consultancies.content;
    assert_eq!(
        (content.kind.as_str(), content.require_step_up, content.certification_months),
        ("Consultancy", true, 6)
    );
    let terms = ContractTerms {
        months: 12,
        notice_days: 60,
        seats: 7,
    };
    assert_eq!(content.contract, Some(terms));
    assert_eq!(
        (content.joining.policy, content.joining.role, content.joining.days),
        (JoinPolicy::Open, MemberRole::UserManager, Some(90))
    );
    let orders = store::applications::find_by_slug(&db, "orders").await.unwrap().unwrap();
    assert_eq!(content.joining.applications, [orders.id]);
    assert_eq!((content.applications.len(), content.applications[0].days), (1, Some(30)));
    let suppliers = template(&db, "Suppliers").await.unwrap().content;
    assert_eq!(
        (suppliers.certification_months, suppliers.contract, suppliers.joining.policy),
        (12, None, JoinPolicy::Invited)
    );
    assert_eq!(world.events(EventKind::TemplateCreated).await, 2);

    let again = applied(&world, &with_templates("")).await;
    assert!(again.is_empty(), "{again}");
    assert_eq!(template(&db, "Consultancies").await.unwrap(), consultancies);
});

for_each_backend!(a_template_is_changed_in_what_the_file_names_and_a_dry_run_only_says_so, |world| {
    applied(&world, &with_templates("")).await;
    let db = world.portal.store.reader();
    let before = template(&db, "Consultancies").await.unwrap();
    let text = r##"
[[templates]]
name = "Consultancies"
certification_months = 3
contract = { seats = 9 }
joining_days = 0
applications = [{ application = "orders", scopes = ["orders:read", "orders:approve"], at_joining = false }]
"##;
    let declaration = read_text("portal.toml", text, Format::Toml).unwrap();
    let dry = run(&world.portal, "portal.toml", &declaration, true).await.unwrap();
    assert_eq!(template(&db, "Consultancies").await.unwrap(), before, "a dry run changes nothing");
    let expected = "~ template Consultancies
    certification_months: 6 → 3
    contract: 12 months, 60 days of notice, 7 seats → 12 months, 60 days of notice, 9 seats
    joining_days: 90 days → as long as the contract
    applications: orders (orders:read; 30 days, at joining) → orders (orders:approve, orders:read; 30 days)
0 created, 1 changed, 0 ended.
";
    assert_eq!(dry.to_string(), expected);
    let report = applied(&world, text).await;
    assert_eq!(report, dry);
    let after = template(&db, "Consultancies").await.unwrap();
    assert_eq!((after.content.kind.as_str(), after.content.require_step_up), ("Consultancy", true));
    assert_eq!(after.content.joining.applications, []);
    assert_eq!(world.events(EventKind::TemplateChanged).await, 1);

    let taken = "[[templates]]\nname = \"Consultancies\"\ncontract = { months = 0 }\napplications = [{ application = \"orders\", revoked = true }]\n\
                 [[templates]]\nname = \"Suppliers\"\nremoved = true";
    let report = applied(&world, taken).await.to_string();
    assert!(
        report.contains("- template Suppliers") && report.contains("contract: 12 months"),
        "{report}"
    );
    let content = template(&db, "Consultancies").await.unwrap().content;
    assert!(content.contract.is_none() && content.applications.is_empty());
    assert!(template(&db, "Suppliers").await.is_none());
    assert!(applied(&world, taken).await.is_empty());
});

for_each_backend!(a_new_organization_begins_with_what_its_template_says, |world| {
    let entry = r##"
[[organizations]]
slug = "consult"
name = "Consult"
template = "Consultancies"
contracts = [{ reference = "C-1", starts = "+1m" }]
identity_providers = [{ name = "Consult account", preset = "oidc", issuer = "https://idp.example", client_id = "portal" }]
"##;
    let report = applied(&world, &with_templates(entry)).await;
    assert!(report.to_string().contains("+ entitlement orders of consult"), "{report}");
    let db = world.portal.store.reader();
    let consult = organization(&db, "consult").await;
    assert_eq!((consult.kind.as_str(), consult.require_step_up), ("Consultancy", true));
    let zone = chrono_tz::Europe::Berlin;
    let today = day_of(world.now(), zone);
    let in_months = |months| today.checked_add_months(chrono::Months::new(months)).unwrap();
    assert_eq!(consult.certification_due_at, Some(end_of_day(in_months(6), zone)));
    let contract = store::contracts::of_organization(&db, consult.id).await.unwrap().remove(0);
    assert_eq!(
        (contract.starts_at, contract.ends_at),
        (
            start_of_day(in_months(1), zone),
            end_of_day(in_months(13).pred_opt().unwrap(), zone)
        )
    );
    assert_eq!((contract.notice_days, contract.seats), (60, 7));
    let held = store::grants::entitlements_of(&db, consult.id).await.unwrap();
    let last_day = today.checked_add_days(chrono::Days::new(29)).unwrap();
    assert_eq!((held.len(), held[0].ends_at), (1, Some(end_of_day(last_day, zone))));
    let provider = store::federation::providers::of_organization(&db, consult.id)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (provider.joining.policy, provider.joining.role, provider.joining.applications),
        (JoinPolicy::Open, MemberRole::UserManager, vec![held[0].application])
    );
    assert_eq!(world.events(EventKind::TemplateApplied).await, 1);

    // Organizations are copies: neither the file again nor another template changes them.
    assert!(applied(&world, &with_templates(entry)).await.is_empty());
    let other = entry.replace("Consultancies", "Suppliers");
    assert!(applied(&world, &with_templates(&other)).await.is_empty());
    applied(&world, "[[templates]]\nname = \"Consultancies\"\nrequire_step_up = false").await;
    assert!(organization(&db, "consult").await.require_step_up);
});

for_each_backend!(what_the_entry_says_goes_before_its_template, |world| {
    let entry = r##"
[[organizations]]
slug = "consult"
name = "Consult"
template = "Consultancies"
kind = "Auditor"
require_step_up = false
certification_due = "none"
contracts = [{ reference = "C-1", starts = "today", ends = "+10d", seats = 1, notice_days = 0 }]
entitlements = [{ application = "orders", revoked = true }]
"##;
    applied(&world, &with_templates(entry)).await;
    let db = world.portal.store.reader();
    let consult = organization(&db, "consult").await;
    assert_eq!(
        (consult.kind.as_str(), consult.require_step_up, consult.certification_due_at),
        ("Auditor", false, None)
    );
    let contract = store::contracts::of_organization(&db, consult.id).await.unwrap().remove(0);
    assert_eq!((contract.seats, contract.notice_days), (1, 0));
    assert!(store::grants::entitlements_of(&db, consult.id).await.unwrap().is_empty());
    let joining = store::templates::joining_of(&db, consult.id).await.unwrap().unwrap();
    assert!(
        joining.applications.is_empty(),
        "nobody joins with what the organization does not hold"
    );
});

for_each_backend!(what_a_template_cannot_give_is_told, |world| {
    let entry = "[[organizations]]\nslug = \"consult\"\nname = \"Consult\"\ntemplate = \"Consultancies\"";
    let retired = with_templates("");
    applied(&world, &retired).await;
    applied(&world, "[[applications]]\nslug = \"orders\"\nstatus = \"retired\"").await;
    let report = applied(&world, entry).await;
    assert_eq!(
        report.notes,
        [
            "organizations[0].template: consult gets no contract, because the file gives none a reference",
            "organizations[0].template: consult does not get orders, which is retired",
        ]
    );
    for (text, key, says) in [
        (
            "[[organizations]]\nslug = \"x\"\nname = \"X\"\ntemplate = \"Nothing\"",
            "organizations[0].template",
            "expected the name of a template",
        ),
        ("[[templates]]\nname = \"New\"", "templates[0].kind", "because this template is new"),
        (
            "[[templates]]\nname = \"New\"\nkind = \"K\"\ncontract = { months = 3 }",
            "templates[0].contract.seats",
            "is missing",
        ),
        (
            "[[templates]]\nname = \"New\"\nkind = \"K\"\napplications = [{ application = \"orders\" }]",
            "templates[0].applications[0].application",
            "is retired",
        ),
        (
            "[[templates]]\nname = \"Suppliers\"\napplications = [{ application = \"nothing\" }]",
            "templates[0].applications[0].application",
            "neither in the file nor in the portal",
        ),
        (
            "[[templates]]\nname = \"Suppliers\"\n[[templates]]\nname = \"suppliers\"",
            "templates[1].name",
            "is there twice",
        ),
        (
            "[[templates]]\nname = \"Suppliers\"\ncertification_months = 25",
            "templates[0].certification_months",
            "from 1 to 24",
        ),
    ] {
        let told = refusal(&world, text).await;
        assert!(
            told.starts_with(&format!("portal.toml: {key}: ")) && told.contains(says),
            "{text}\nwas answered\n{told}"
        );
    }
    assert_eq!(store::templates::all(&world.portal.store.reader()).await.unwrap().len(), 2);
});
