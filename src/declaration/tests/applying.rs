//! What is declared lands, once, and only when everything does.

use super::*;
use crate::{
    apps::ScopeAccess,
    audit::EventKind,
    for_each_backend,
    kernel::{EmailAddress, Password, end_of_day, start_of_day},
    organizations::OrganizationStatus,
    people::{MemberRole, MemberStatus, TenantRole},
    signin::passwords,
    store::{self, Reader},
};

fn address(text: &str) -> EmailAddress {
    text.parse().expect("an address")
}

async fn everything(db: &Reader) -> String {
    let mut text = format!("{:?}", store::tenant::get(db).await.expect("tenant"));
    for slug in ["acme", "acme-nordics"] {
        let Some(found) = store::organizations::find_by_slug(db, slug).await.expect("organization") else {
            continue;
        };
        let contracts = store::contracts::of_organization(db, found.id).await.expect("contracts");
        let entitlements = store::grants::entitlements_of(db, found.id).await.expect("entitlements");
        text += &format!("{found:?} {contracts:?} {entitlements:?}");
    }
    text += &format!("{:?}", store::applications::all(db).await.expect("applications"));
    for email in ["olga@northwind.example", "ada@acme.example", "bo@acme.example"] {
        let Some(person) = store::people::find_by_email(db, &address(email)).await.expect("person") else {
            continue;
        };
        for member in store::members::of_person(db, person.id).await.expect("members") {
            text += &format!(
                "{member:?} {:?}",
                store::grants::assignments_of_member(db, member.id).await.expect("assignments")
            );
        }
        text += &format!("{person:?}");
    }
    text
}

for_each_backend!(each_declared_thing_lands, |world| {
    let report = applied(&world, SMALL).await;
    assert!(report.to_string().contains("+ organization acme (Acme)"), "{report}");
    let db = world.portal.store.reader();
    let zone = chrono_tz::Europe::Berlin;
    let today = world.now().date_naive();
    let tenant = store::tenant::get(&db).await.unwrap().unwrap();
    assert_eq!(
        (tenant.time_zone, tenant.support_contact.as_deref()),
        (zone, Some("desk@northwind.example"))
    );

    let owner = store::people::find_by_email(&db, &address("olga@northwind.example"))
        .await
        .unwrap()
        .unwrap();
    let deputy = store::people::find_by_email(&db, &address("dario@northwind.example"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        store::tenant::roles_of(&db, owner.id).await.unwrap(),
        [TenantRole::Owner, TenantRole::Operator]
    );

    let acme = store::organizations::find_by_slug(&db, "acme").await.unwrap().unwrap();
    assert_eq!(
        (acme.status, acme.owner, acme.deputy),
        (OrganizationStatus::Active, Some(owner.id), Some(deputy.id))
    );
    assert_eq!(
        (acme.kind.as_str(), acme.accent.as_str(), acme.require_step_up),
        ("Consultancy", "#7a3ea1", true)
    );
    assert_eq!(acme.metadata.get("region").map(String::as_str), Some("EMEA"));
    assert_eq!(acme.certified_at, Some(start_of_day(today - chrono::Days::new(10), zone)));
    assert_eq!(acme.certification_due_at, Some(end_of_day(today + chrono::Days::new(90), zone)));
    let child = store::organizations::find_by_slug(&db, "acme-nordics").await.unwrap().unwrap();
    assert_eq!((child.parent, child.status), (Some(acme.id), OrganizationStatus::Onboarding));

    let contract = store::contracts::in_force(&db, acme.id, world.now()).await.unwrap().unwrap();
    assert_eq!((contract.reference.as_str(), contract.seats, contract.notice_days), ("A-1", 3, 60));
    assert_eq!(contract.ends_at, end_of_day("2027-03-31".parse().unwrap(), zone));

    let orders = store::applications::find_by_slug(&db, "orders").await.unwrap().unwrap();
    assert_eq!(
        (orders.launch_url.as_str(), orders.owner),
        ("http://127.0.0.1:3000/demo-app/orders", Some(owner.id))
    );
    let scopes = store::applications::scopes_of(&db, &[orders.id]).await.unwrap();
    assert_eq!(
        scopes.iter().map(|s| (s.name.as_str(), s.access, s.high_value)).collect::<Vec<_>>(),
        [
            ("orders:approve", ScopeAccess::Write, true),
            ("orders:read", ScopeAccess::Read, false)
        ]
    );
    let entitlement = store::grants::entitlement_for(&db, acme.id, orders.id).await.unwrap().unwrap();
    assert_eq!((entitlement.seats, entitlement.scopes.len()), (Some(2), 2));

    let ada = store::people::find_by_email(&db, &address("ada@acme.example"))
        .await
        .unwrap()
        .unwrap();
    assert!(ada.has_password && ada.totp_confirmed_at.is_some());
    assert_eq!(ada.time_zone, chrono_tz::Asia::Tokyo);
    let credentials = store::people::credentials(&db, ada.id).await.unwrap().unwrap();
    assert!(
        passwords::verify(
            &Password::new("correct-Horse-7-battery".to_owned()),
            credentials.password_hash.as_deref()
        )
        .await
        .unwrap()
    );
    assert_eq!(world.portal.master_key.open(&credentials.totp_secret.unwrap()).unwrap().len(), 20);
    let admin = store::members::find(&db, acme.id, ada.id).await.unwrap().unwrap();
    assert_eq!(
        (admin.role, admin.status, admin.ends_at),
        (MemberRole::PartnerAdmin, MemberStatus::Active, None)
    );
    let held = store::grants::assignments_of_member(&db, admin.id).await.unwrap();
    assert_eq!(
        (held.len(), held[0].scopes.len(), held[0].ends_at),
        (1, 1, Some(end_of_day(today + chrono::Days::new(9), zone)))
    );

    let bo = store::people::find_by_email(&db, &address("bo@acme.example"))
        .await
        .unwrap()
        .unwrap();
    let bo = store::members::find(&db, acme.id, bo.id).await.unwrap().unwrap();
    assert_eq!((bo.status, bo.status_reason.as_deref()), (MemberStatus::Suspended, Some("Away.")));

    for (kind, count) in [
        (EventKind::PersonCreated, 4),
        (EventKind::OrganizationCreated, 2),
        (EventKind::ContractCreated, 1),
        (EventKind::ApplicationCreated, 1),
        (EventKind::ScopeChanged, 2),
        (EventKind::EntitlementGranted, 1),
        (EventKind::TenantRoleGranted, 3),
        (EventKind::MemberAdded, 2),
        (EventKind::AssignmentGranted, 1),
        (EventKind::PasswordChanged, 1),
        (EventKind::TotpEnrolled, 1),
        (EventKind::DeclarationApplied, 1),
    ] {
        assert_eq!(world.events(kind).await, count, "{kind}");
    }
});

for_each_backend!(applying_twice_leaves_nothing_to_do, |world| {
    assert!(!applied(&world, SMALL).await.is_empty());
    let before = everything(&world.portal.store.reader()).await;
    let second = applied(&world, SMALL).await;
    assert!(second.is_empty() && second.notes.is_empty(), "{second}");
    assert!(second.to_string().contains("Nothing to do"));
    assert_eq!(before, everything(&world.portal.store.reader()).await);
    assert_eq!(world.events(EventKind::DeclarationApplied).await, 1);
});

for_each_backend!(a_dry_run_shows_the_same_and_writes_nothing, |world| {
    let before = everything(&world.portal.store.reader()).await;
    let declaration = read_text("portal.toml", SMALL, Format::Toml).unwrap();
    let shown = run(&world.portal, "portal.toml", &declaration, true).await.unwrap();
    assert_eq!(before, everything(&world.portal.store.reader()).await);
    assert_eq!(
        world.events(EventKind::DeclarationApplied).await + world.events(EventKind::PersonCreated).await,
        0
    );
    let done = applied(&world, SMALL).await;
    assert_eq!(shown.to_string(), done.to_string());
});

for_each_backend!(a_file_that_breaks_at_its_end_changes_nothing, |world| {
    let before = everything(&world.portal.store.reader()).await;
    let broken = format!("{SMALL}\nassignments = [{{ application = \"unheard-of\" }}]\n");
    let told = refusal(&world, &broken).await;
    assert!(
        told.contains("portal.toml: people[3].memberships[0].assignments[0].application") && told.contains("unheard-of"),
        "{told}"
    );
    assert_eq!(before, everything(&world.portal.store.reader()).await);
    assert_eq!(world.events(EventKind::PersonCreated).await, 0);
});

for_each_backend!(two_at_once_do_not_create_anything_twice, |world| {
    let (one, other) = tokio::join!(apply(&world, SMALL), apply(&world, SMALL));
    let done = [one, other]
        .into_iter()
        .filter(|report| report.as_ref().is_ok_and(|report| !report.is_empty()))
        .count();
    assert_eq!(done, 1);
    assert_eq!(world.events(EventKind::OrganizationCreated).await, 2);
});

for_each_backend!(secrets_show_neither_in_the_report_nor_in_the_trail, |world| {
    let report = applied(&world, SMALL).await;
    let changed = SMALL.replace("correct-Horse-7-battery", "another-Violet-91-harbour");
    let second = applied(&world, &changed).await;
    assert!(second.to_string().contains("password: (other) → (set)"), "{second}");
    let trail = {
        use sea_orm::EntityTrait as _;
        use store::{Db as _, entity::audit_event::Entity};
        format!("{:?}", Entity::find().all(world.portal.store.reader().connection()).await.unwrap())
    };
    for secret in ["correct-Horse-7-battery", "another-Violet-91-harbour", "JBSWY3DPEHPK3PXP", "argon2"] {
        assert!(!format!("{report}{second}{trail}").contains(secret), "{secret}");
    }
    assert!(!format!("{:?}", read_text("portal.toml", SMALL, Format::Toml).unwrap()).contains("Horse"));
});

for_each_backend!(a_client_that_is_declared_switched_off_is_off_from_the_first_time_on, |world| {
    let client = "[[applications.clients]]\nclient_id = \"orders-web\"\nname = \"Orders\"\ndisabled = true\n\
                  secret = \"a-secret-of-at-least-thirty-two-letters\"\nredirect_uris = [\"https://orders.example.com/callback\"]\n";
    let text = SMALL.replacen("[[organizations]]", &format!("{client}\n[[organizations]]"), 1);
    applied(&world, &text).await;
    let known = store::issuer::clients::by_name(&world.portal.store.reader(), "orders-web")
        .await
        .unwrap();
    assert!(known.unwrap().disabled_at.is_some());
    let again = applied(&world, &text).await;
    assert!(again.is_empty(), "{again}");
});
