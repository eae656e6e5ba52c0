//! What was changed in the portal is brought back to what the file says; what the file does not name is left alone.

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    kernel::EmailAddress,
    organizations::{Organization, OrganizationStatus},
    people::{Member, MemberRole, MemberStatus, invitations::invite_joiner},
    store,
};

async fn acme(world: &World) -> Organization {
    store::organizations::find_by_slug(&world.portal.store.reader(), "acme")
        .await
        .unwrap()
        .unwrap()
}

async fn member(world: &World, email: &str) -> Option<Member> {
    let db = world.portal.store.reader();
    let email: EmailAddress = email.parse().unwrap();
    let person = store::people::find_by_email(&db, &email).await.unwrap().unwrap();
    store::members::find(&db, acme(world).await.id, person.id).await.unwrap()
}

for_each_backend!(drift_is_repaired_and_told_field_by_field, |world| {
    applied(&world, SMALL).await;
    let mut organization = acme(&world).await;
    let cx = world.system().await;
    organization.name = "Acme Ltd".to_owned();
    organization.require_step_up = false;
    store::organizations::update(&cx.tx, &organization).await.unwrap();
    let mut contract = store::contracts::in_force(&cx.tx, organization.id, cx.now).await.unwrap().unwrap();
    contract.seats = 99;
    store::contracts::update(&cx.tx, &contract).await.unwrap();
    let mut orders = store::applications::find_by_slug(&cx.tx, "orders").await.unwrap().unwrap();
    orders.name = "Orders".to_owned();
    store::applications::update(&cx.tx, &orders).await.unwrap();
    let entitlement = store::grants::entitlement_for(&cx.tx, organization.id, orders.id)
        .await
        .unwrap()
        .unwrap();
    let one = vec![entitlement.scopes[0]];
    let (starts, ends) = (entitlement.starts_at, entitlement.ends_at);
    store::grants::update_entitlement(&cx.tx, &entitlement.change(one, starts, ends, Some(2)).unwrap())
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let ada = member(&world, "ada@acme.example").await.unwrap();
    let cx = world.system().await;
    store::members::update(&cx.tx, &ada.change_role(MemberRole::Auditor).unwrap())
        .await
        .unwrap();
    cx.commit().await.unwrap();

    let told = applied(&world, SMALL).await.to_string();
    for line in [
        "~ organization acme",
        "name: \"Acme Ltd\" → \"Acme\"",
        "require_step_up: no → yes",
        "seats: 99 → 3",
        "name: \"Orders\" → \"Order desk\"",
        "role: auditor → partner_admin",
        "→ orders:approve, orders:read",
    ] {
        assert!(told.contains(line), "{line} is missing in\n{told}");
    }
    assert!(applied(&world, SMALL).await.is_empty());
    assert_eq!(member(&world, "ada@acme.example").await.unwrap().role, MemberRole::PartnerAdmin);
    assert_eq!(world.events(EventKind::RoleChanged).await, 1);
    assert_eq!(world.events(EventKind::ContractChanged).await, 1);
    assert_eq!(world.events(EventKind::EntitlementChanged).await, 1);
});

for_each_backend!(what_the_file_does_not_name_is_left_alone, |world| {
    applied(&world, SMALL).await;
    let other = world.organization("Other Partner").await;
    let report = applied(&world, "[[organizations]]\nslug = \"acme\"\nname = \"Acme Renamed\"\n").await;
    assert_eq!(report.changes.len(), 1);
    let acme = acme(&world).await;
    assert_eq!(
        (acme.kind.as_str(), acme.status, acme.metadata.len()),
        ("Consultancy", OrganizationStatus::Active, 1)
    );
    assert!(acme.owner.is_some() && acme.certified_at.is_some());
    let db = world.portal.store.reader();
    assert_eq!(
        store::organizations::get(&db, other.id).await.unwrap().unwrap().version,
        other.version
    );
    assert!(member(&world, "ada@acme.example").await.is_some());
});

for_each_backend!(an_empty_text_clears_and_none_takes_an_end_away, |world| {
    applied(&world, SMALL).await;
    applied(&world, "[tenant]\nsupport_contact = \"\"\n[[organizations]]\nslug = \"acme\"\ndeputy = \"\"\ncertification_due = \"none\"\n[[people]]\nemail = \"bo@acme.example\"\nmemberships = [{ organization = \"acme\", ends = \"none\" }]").await;
    let acme = acme(&world).await;
    assert_eq!((acme.deputy, acme.certification_due_at), (None, None));
    assert_eq!(member(&world, "bo@acme.example").await.unwrap().ends_at, None);
    assert_eq!(
        store::tenant::get(&world.portal.store.reader())
            .await
            .unwrap()
            .unwrap()
            .support_contact,
        None
    );
});

for_each_backend!(suspending_and_removing_end_sessions_and_grants, |world| {
    applied(&world, SMALL).await;
    let ada = member(&world, "ada@acme.example").await.unwrap();
    let mut browser = world.browser_as(ada.person, Some(ada.id)).await;
    assert_eq!(browser.get("/").await.status, 200);
    // Somebody must be left to run Acme.
    applied(&world, "[[people]]\nemail = \"cy@acme.example\"\nname = \"Cy Moss\"\nmemberships = [{ organization = \"acme\", role = \"partner_admin\" }]").await;
    applied(&world, "[[people]]\nemail = \"ada@acme.example\"\nmemberships = [{ organization = \"acme\", status = \"removed\", status_reason = \"Left.\" }]").await;
    assert!(member(&world, "ada@acme.example").await.is_none());
    assert_ne!(browser.get("/").await.status, 200);
    assert!(
        store::grants::assignments_of_member(&world.portal.store.reader(), ada.id)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.events(EventKind::MemberRemoved).await, 1);

    applied(
        &world,
        "[[organizations]]\nslug = \"acme\"\nstatus = \"suspended\"\nstatus_reason = \"Unpaid.\"",
    )
    .await;
    let acme = acme(&world).await;
    assert_eq!(
        (acme.status, acme.status_reason.as_deref(), acme.suspended_by_certification),
        (OrganizationStatus::Suspended, Some("Unpaid."), false)
    );
    assert_eq!(world.events(EventKind::OrganizationSuspended).await, 1);
    applied(&world, "[[organizations]]\nslug = \"acme\"\nstatus = \"active\"").await;
    assert_eq!(world.events(EventKind::OrganizationActivated).await, 1);
});

for_each_backend!(who_is_removed_before_they_set_up_their_account_has_no_invitation_left, |world| {
    applied(&world, SMALL).await;
    let (acme, bo) = (acme(&world).await, member(&world, "bo@acme.example").await.unwrap());
    let mut cx = world.system().await;
    let person = store::people::get(&cx.tx, bo.person).await.unwrap().unwrap();
    invite_joiner(&mut cx, &acme, &bo, &person, "Cy Moss").await.unwrap();
    cx.commit().await.unwrap();
    applied(
        &world,
        "[[people]]\nemail = \"bo@acme.example\"\nmemberships = [{ organization = \"acme\", status = \"removed\" }]",
    )
    .await;
    let waiting = store::invitations::pending_of_member(&world.portal.store.reader(), bo.id)
        .await
        .unwrap();
    assert!(waiting.is_empty());
    assert_eq!(world.events(EventKind::InvitationWithdrawn).await, 1);
});

for_each_backend!(a_grant_can_be_taken_away_and_given_again, |world| {
    applied(&world, SMALL).await;
    let report = applied(&world, "[[people]]\nemail = \"ada@acme.example\"\nmemberships = [{ organization = \"acme\", assignments = [{ application = \"orders\", revoked = true }] }]").await;
    assert!(
        report.to_string().contains("- assignment orders of ada@acme.example in acme"),
        "{report}"
    );
    let report = applied(
        &world,
        "[[organizations]]\nslug = \"acme\"\nentitlements = [{ application = \"orders\", revoked = true }]",
    )
    .await;
    assert!(report.to_string().contains("- entitlement orders of acme"), "{report}");
    assert!(
        applied(
            &world,
            "[[organizations]]\nslug = \"acme\"\nentitlements = [{ application = \"orders\", revoked = true }]"
        )
        .await
        .is_empty()
    );
    let again = applied(&world, SMALL).await;
    assert_eq!(
        again.changes.iter().map(|change| change.kind).collect::<Vec<_>>(),
        ["entitlement", "assignment"]
    );
});

for_each_backend!(only_a_certification_lifts_what_a_missing_one_suspended, |world| {
    applied(&world, SMALL).await;
    let organization = acme(&world).await.suspend("Nobody certified it.".to_owned(), true).unwrap();
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &organization).await.unwrap();
    cx.commit().await.unwrap();
    let report = applied(&world, SMALL).await;
    assert!(report.is_empty() && report.notes[0].contains("stays suspended"), "{report}");
    assert_eq!(acme(&world).await.status, OrganizationStatus::Suspended);
    let certified = applied(&world, &SMALL.replace("certified = \"-10d\"", "certified = \"today\"")).await;
    assert!(certified.to_string().contains("status: suspended → active"), "{certified}");
});

for_each_backend!(a_certification_of_the_portal_is_not_taken_back, |world| {
    applied(&world, SMALL).await;
    let due = world.now() + chrono::Duration::days(300);
    let organization = acme(&world).await.certify(due, world.now()).unwrap();
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &organization).await.unwrap();
    cx.commit().await.unwrap();
    assert!(applied(&world, SMALL).await.is_empty());
    assert_eq!(acme(&world).await.certification_due_at, Some(due));
});

for_each_backend!(a_member_of_several_organizations_has_a_hat_in_each, |world| {
    applied(&world, SMALL).await;
    applied(
        &world,
        "[[people]]\nemail = \"ADA@acme.example\"\nmemberships = [{ organization = \"acme-nordics\", role = \"auditor\" }]",
    )
    .await;
    let db = world.portal.store.reader();
    let ada = store::people::find_by_email(&db, &"ada@acme.example".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let hats = store::members::of_person(&db, ada.id).await.unwrap();
    assert_eq!(hats.len(), 2);
    assert!(hats.iter().all(|hat| hat.status == MemberStatus::Active));
});
