//! Promises about templates for new partners.

use std::collections::BTreeMap;

use chrono::Duration;

use super::{
    ContractTerms, Template, TemplateApplication, TemplateRefused,
    commands::{
        FirstContract, FromTemplate, FromTemplateError, TemplateError, TemplateTerms, change_template, create_partner_from,
        create_template, drop_application, put_application, remove_template,
    },
};
use crate::{
    access::{Actor, Refused},
    apps::{Application, Scope, commands::EntitleError},
    audit::EventKind,
    cx::Cx,
    federation::{JoinPolicy, Preset, setup},
    for_each_backend,
    kernel::{Day, day_of, last_day},
    organizations::{
        Organization,
        commands::{ContractRefused, CreatePartner, ProfileError},
    },
    people::{MemberRole, Person, TenantRole},
    store::{self, StoreError},
    testing::World,
};

fn terms(name: &str) -> TemplateTerms {
    TemplateTerms {
        name: name.to_owned(),
        kind: "Consultancy".to_owned(),
        lifetimes: crate::organizations::Lifetimes::default(),
        require_step_up: false,
        certification_months: 6,
        contract: Some(ContractTerms {
            months: 12,
            notice_days: 60,
            seats: 7,
        }),
        policy: JoinPolicy::Open,
        role: MemberRole::Member,
        days: Some(90),
    }
}

fn partner(world: &World, name: &str) -> CreatePartner {
    CreatePartner {
        name: name.to_owned(),
        slug: None,
        kind: "Consultancy".to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
        parent: None,
        owner: None,
        deputy: None,
        certification_due_at: world.now() + Duration::days(180),
        require_step_up: false,
    }
}

fn given(application: &Application, scopes: &[Scope], days: Option<u16>) -> TemplateApplication {
    TemplateApplication {
        application: application.id,
        scopes: scopes.iter().map(|scope| scope.id).collect(),
        days,
    }
}

/// Runs one command as it would be run: committed when it succeeds, rolled back when it is refused.
async fn run<T, E>(world: &World, actor: Actor, command: impl AsyncFnOnce(&mut Cx) -> Result<T, E>) -> Result<T, E> {
    let mut cx = world.cx(actor).await;
    let outcome = command(&mut cx).await;
    match &outcome {
        Ok(_) => cx.commit().await.expect("commit"),
        Err(_) => cx.tx.rollback().await.expect("rollback"),
    }
    outcome
}

async fn operator(world: &World) -> Person {
    world.employee("Opal Operator", TenantRole::Operator).await
}

/// A template that gives `orders` (one scope, for 30 days, at joining) and `quality` (for as long as the contract).
async fn template(world: &World, operator: &Person) -> (Template, Application, Application) {
    let (orders, scopes) = world.application("orders").await;
    let (quality, others) = world.application("quality").await;
    let acting = || world.actor(operator.id, None);
    let made = run(world, acting().await, async |cx| create_template(cx, terms("Consultancies")).await)
        .await
        .expect("a template");
    run(world, acting().await, async |cx| {
        put_application(cx, made.id, 1, given(&orders, &scopes[..1], Some(30)), true).await?;
        put_application(cx, made.id, 2, given(&quality, &others, None), false).await
    })
    .await
    .expect("applications");
    (stored(world, &made).await.expect("it is there"), orders, quality)
}

async fn stored(world: &World, template: &Template) -> Option<Template> {
    store::templates::get(&world.portal.store.reader(), template.id)
        .await
        .expect("read")
}

fn from(template: &Template, world: &World, applications: &[&Application]) -> FromTemplate {
    FromTemplate {
        template: template.id,
        version: template.version,
        contract: Some(FirstContract {
            reference: "C-1042".to_owned(),
            last_day: day_of(world.now() + Duration::days(200), chrono_tz::Tz::UTC),
            notice_days: 60,
            seats: 7,
        }),
        applications: applications.iter().map(|application| application.id).collect(),
    }
}

async fn partners(world: &World) -> usize {
    let mut found = 0;
    for slug in ["new-corp", "newer-corp"] {
        let partner = store::organizations::find_by_slug(&world.portal.store.reader(), slug).await;
        found += usize::from(partner.expect("read").is_some());
    }
    found
}

#[test]
fn a_first_contract_lasts_whole_months() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let lasts = |months: u16, today: &str| {
        let terms = ContractTerms {
            months,
            notice_days: 0,
            seats: 1,
        };
        terms.last_day(day(today))
    };
    assert_eq!(lasts(12, "2026-06-01"), day("2027-05-31"));
    assert_eq!(lasts(1, "2027-01-31"), day("2027-02-27"), "February has no 31st");
}

for_each_backend!(a_partner_begins_with_copies_of_what_its_template_gives, |world| {
    let operator = operator(&world).await;
    let (template, orders, quality) = template(&world, &operator).await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let actor = world.actor(owner.id, None).await;
    let made = run(&world, actor, async |cx| {
        create_partner_from(cx, partner(&world, "New Corp"), from(&template, &world, &[&orders, &quality])).await
    })
    .await
    .unwrap();
    assert_eq!(made.owner, Some(owner.id), "an owner who creates a partner answers for it");

    let db = world.portal.store.reader();
    let contracts = store::contracts::of_organization(&db, made.id).await.unwrap();
    assert_eq!(
        contracts.iter().map(|c| (c.reference.as_str(), c.seats)).collect::<Vec<_>>(),
        [("C-1042", 7)]
    );
    let held = store::grants::entitlements_of(&db, made.id).await.unwrap();
    let of = |application: &Application| held.iter().find(|held| held.application == application.id).unwrap();
    assert_eq!(of(&orders).scopes, template.application(orders.id).unwrap().scopes);
    let end = of(&orders).ends_at.map(|end| last_day(end, chrono_tz::Tz::UTC).to_string());
    assert_eq!(end.as_deref(), Some("2026-06-30"), "thirty days with the first");
    assert_eq!(of(&quality).ends_at, None);

    // What happens to the template afterwards is not the partner's business.
    run(&world, world.actor(operator.id, None).await, async |cx| {
        drop_application(cx, template.id, template.version, orders.id).await?;
        remove_template(cx, template.id, template.version + 1).await
    })
    .await
    .unwrap();
    assert_eq!(store::grants::entitlements_of(&db, made.id).await.unwrap().len(), 2);
    assert_eq!(world.events(EventKind::TemplateApplied).await, 1);
    assert_eq!(world.events(EventKind::TemplateRemoved).await, 1);
});

for_each_backend!(a_connection_of_such_a_partner_begins_with_its_joining, |world| {
    let operator = operator(&world).await;
    let (template, orders, quality) = template(&world, &operator).await;
    let made = run(&world, world.actor(operator.id, None).await, async |cx| {
        create_partner_from(cx, partner(&world, "New Corp"), from(&template, &world, &[&quality])).await
    })
    .await
    .unwrap();
    let connect = async |organization: &Organization| {
        run(&world, Actor::System("test"), async |cx| {
            setup::commands::create_provider(cx, organization, Preset::Oidc, "New account".to_owned()).await
        })
        .await
        .unwrap()
        .joining
    };
    let joining = connect(&made).await;
    assert_eq!((joining.policy, joining.days), (JoinPolicy::Open, Some(90)));
    assert!(
        !joining.applications.contains(&orders.id),
        "an application that was left out is not given either"
    );
    let by_hand = world.organization("Acme").await;
    assert_eq!(connect(&by_hand).await, crate::federation::Joining::default());
});

for_each_backend!(a_partner_is_made_whole_or_not_at_all, |world| {
    let operator = operator(&world).await;
    let (template, orders, quality) = template(&world, &operator).await;
    let attempt = async |from: FromTemplate| {
        run(&world, world.actor(operator.id, None).await, async |cx| {
            create_partner_from(cx, partner(&world, "New Corp"), from).await
        })
        .await
    };
    let mut over = from(&template, &world, &[&orders]);
    over.contract.as_mut().unwrap().last_day = day_of(world.now() - Duration::days(1), chrono_tz::Tz::UTC);
    let refused = attempt(over).await;
    assert!(
        matches!(
            refused,
            Err(FromTemplateError::Contract(
                ContractRefused::EndInThePast | ContractRefused::Contract(_)
            ))
        ),
        "{refused:?}"
    );
    let (foreign, _) = world.application("payroll").await;
    let refused = attempt(from(&template, &world, &[&orders, &foreign])).await;
    assert!(matches!(refused, Err(FromTemplateError::NotGiven)), "{refused:?}");
    let mut stale = from(&template, &world, &[]);
    stale.version -= 1;
    let refused = attempt(stale).await;
    assert!(matches!(refused, Err(FromTemplateError::Store(StoreError::Stale))), "{refused:?}");

    run(&world, world.actor(operator.id, None).await, async |cx| {
        crate::apps::commands::retire_application(cx, &quality.slug, false).await
    })
    .await
    .unwrap();
    let refused = attempt(from(&template, &world, &[&orders, &quality])).await;
    assert!(
        matches!(refused, Err(FromTemplateError::Entitle(EntitleError::Retired))),
        "{refused:?}"
    );
    assert_eq!(partners(&world).await, 0, "nothing of a refused partner is left");

    attempt(from(&template, &world, &[&orders])).await.unwrap();
    let twice = attempt(from(&template, &world, &[&orders])).await;
    assert!(
        matches!(twice, Err(FromTemplateError::Profile(ProfileError::SlugTaken))),
        "{twice:?}"
    );
});

for_each_backend!(only_operators_write_templates, |world| {
    let operator = operator(&world).await;
    let (template, orders, _) = template(&world, &operator).await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Kim Admin", MemberRole::PartnerAdmin).await;
    let before = stored(&world, &template).await;
    for actor in [world.actor(owner.id, None).await, world.acting(&admin).await] {
        let made = run(&world, actor.clone(), async |cx| create_template(cx, terms("Another")).await).await;
        assert!(matches!(made, Err(TemplateError::Access(Refused::Forbidden { .. }))), "{made:?}");
        let dropped = run(&world, actor.clone(), async |cx| {
            drop_application(cx, template.id, template.version, orders.id).await
        })
        .await;
        assert!(matches!(dropped, Err(TemplateError::Access(_))), "{dropped:?}");
        let removed = run(&world, actor, async |cx| remove_template(cx, template.id, template.version).await).await;
        assert!(matches!(removed, Err(TemplateError::Access(_))), "{removed:?}");
    }
    assert_eq!(stored(&world, &template).await, before);
});

for_each_backend!(a_template_is_changed_by_who_has_seen_it_and_keeps_its_applications, |world| {
    let operator = operator(&world).await;
    let (template, ..) = template(&world, &operator).await;
    let change = async |version: i32, name: &str| {
        run(&world, world.actor(operator.id, None).await, async |cx| {
            change_template(cx, template.id, version, terms(name)).await
        })
        .await
    };
    let stale = change(1, "Renamed").await;
    assert!(matches!(stale, Err(TemplateError::Store(StoreError::Stale))), "{stale:?}");
    change(template.version, "Renamed").await.unwrap();
    let after = stored(&world, &template).await.unwrap();
    assert_eq!((after.name.as_str(), after.content.applications.len()), ("Renamed", 2));
    assert_eq!(after.content.joining.applications, template.content.joining.applications);

    let other = run(&world, world.actor(operator.id, None).await, async |cx| {
        create_template(cx, terms("RENAMED")).await
    })
    .await;
    assert!(matches!(other, Err(TemplateError::NameTaken)), "{other:?}");
});

for_each_backend!(a_template_gives_what_the_catalogue_offers, |world| {
    let operator = operator(&world).await;
    let (template, orders, quality) = template(&world, &operator).await;
    let (_, foreign) = world.application("payroll").await;
    let put = async |given: TemplateApplication| {
        run(&world, world.actor(operator.id, None).await, async |cx| {
            put_application(cx, template.id, template.version, given, false).await
        })
        .await
    };
    let nothing = put(given(&orders, &[], None)).await;
    assert!(
        matches!(nothing, Err(TemplateError::Template(TemplateRefused::NoScopes))),
        "{nothing:?}"
    );
    let another = put(given(&orders, &foreign, None)).await;
    assert!(matches!(another, Err(TemplateError::UnknownScope)), "{another:?}");
    run(&world, world.actor(operator.id, None).await, async |cx| {
        crate::apps::commands::retire_application(cx, &quality.slug, false).await
    })
    .await
    .unwrap();
    let retired = put(given(&quality, &[], None)).await;
    assert!(matches!(retired, Err(TemplateError::Retired)), "{retired:?}");
    assert_eq!(stored(&world, &template).await, Some(template.clone()));
});

for_each_backend!(the_forms_lead_from_a_template_to_a_partner, |world| {
    let operator = operator(&world).await;
    let (orders, scopes) = world.application("orders").await;
    let mut browser = world.browser_as(operator.id, None).await;
    assert!(browser.get("/admin/templates").await.text.contains("No templates yet"));
    assert!(!browser.get("/partners/new").await.text.contains("Start from"));
    let wrong = [
        ("name", "Consultancies"),
        ("kind", "Consultancy"),
        ("certification_months", "6"),
        ("seats", "7"),
        ("policy", "open"),
        ("role", "member"),
    ];
    let answer = browser.post("/do/create-template", &wrong).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/templates/new"));
    let page = browser.get("/admin/templates/new").await.text;
    assert!(page.contains("Enter for how many months") && page.contains("value=\"Consultancies\""));
    let mut right = wrong.to_vec();
    right.extend([("months", "12"), ("notice_days", "60"), ("require_step_up", "")]);
    let made = browser.post("/do/create-template", &right).await.location.unwrap();
    let id = made.rsplit('/').next().unwrap().to_owned();
    let scope = scopes[0].id.to_string();
    let open = browser.get(&format!("{made}?application=orders")).await.text;
    assert!(open.contains(&scope), "the application's permissions can be ticked");
    let form = [
        ("template", id.as_str()),
        ("version", "1"),
        ("application", "orders"),
        ("scopes[]", &scope),
        ("days", ""),
        ("at_joining", "yes"),
    ];
    assert_eq!(
        browser.post("/do/put-template-application", &form).await.location.as_deref(),
        Some(made.as_str())
    );
    assert!(browser.get(&made).await.text.contains(&orders.name));

    let new = format!("/partners/new?template={id}");
    let page = browser.get(&new).await.text;
    for shown in [
        "value=\"Consultancy\"",
        "value=\"60\"",
        "value=\"2027-05-31\"",
        "value=\"2026-12-01\"",
    ] {
        assert!(page.contains(shown), "{shown} is not shown");
    }
    let application = orders.id.to_string();
    let mut form = vec![
        ("template", id.as_str()),
        ("template_version", "2"),
        ("name", "New Corp"),
        ("kind", "Consultancy"),
        ("next_due", "2026-12-01"),
        ("reference", ""),
        ("ends", "2027-05-31"),
        ("notice_days", "60"),
        ("seats", "7"),
        ("applications[]", &application),
    ];
    assert_eq!(
        browser.post("/do/create-partner", &form).await.location.as_deref(),
        Some(new.as_str())
    );
    let page = browser.get(&new).await.text;
    assert!(page.contains("Enter the number or name of the contract") && page.contains("value=\"New Corp\""));
    form[5].1 = "C-1042";
    assert_eq!(
        browser.post("/do/create-partner", &form).await.location.as_deref(),
        Some("/partners/new-corp")
    );
    assert!(browser.get("/partners/new-corp/contracts").await.text.contains("C-1042"));
    assert!(browser.get("/partners/new-corp/apps").await.text.contains(&orders.name));
});
