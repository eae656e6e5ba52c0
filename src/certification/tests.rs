//! Promises about certification.

use std::collections::BTreeSet;

use chrono::{Duration, SecondsFormat};

use super::{
    CertificationDecision,
    commands::{CertifyError, CertifyPartner, DeclinePartner, certify_partner, decline_partner},
    http::file,
    inbox,
};
use crate::{
    access::{Action, Actor, LaunchFacts, Refused, Resource},
    audit::EventKind,
    for_each_backend,
    organizations::{
        Organization, OrganizationError, OrganizationStatus,
        commands::{ChangeStatus, StatusError, activate_partner, suspend_partner},
    },
    people::{MemberRole, Person, TenantRole},
    store::{self, StoreError},
    testing::World,
};

async fn owned(world: &World) -> (Organization, Person) {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    (world.own(&world.organization("Acme").await, &owner).await, owner)
}

async fn acting(world: &World, person: &Person) -> Actor {
    world.actor(person.id, None).await
}

async fn stored(world: &World, organization: &Organization) -> Organization {
    store::organizations::get(&world.portal.store.reader(), organization.id)
        .await
        .unwrap()
        .unwrap()
}

fn yes(world: &World, organization: &Organization) -> CertifyPartner {
    CertifyPartner {
        organization: organization.slug.clone(),
        version: organization.version,
        reason: "Still needed.".to_owned(),
        next_due_at: world.now() + Duration::days(365),
    }
}

fn no(organization: &Organization) -> DeclinePartner {
    DeclinePartner {
        organization: organization.slug.clone(),
        version: organization.version,
        reason: "The project is over.".to_owned(),
    }
}

fn status(organization: &Organization) -> ChangeStatus {
    ChangeStatus {
        organization: organization.slug.clone(),
        version: organization.version,
        reason: "Test.".to_owned(),
    }
}

async fn decline(world: &World, owner: &Person, organization: &Organization) -> Organization {
    let mut cx = world.cx(acting(world, owner).await).await;
    decline_partner(&mut cx, no(organization)).await.unwrap();
    cx.commit().await.unwrap();
    stored(world, organization).await
}

for_each_backend!(an_owner_certifies_and_what_was_known_is_kept, |world| {
    let (acme, owner) = owned(&world).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::PartnerAdmin).await;
    let (application, scopes) = world.application("orders").await;
    world.assign(&member, &world.entitle(&acme, &application, &scopes).await).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    certify_partner(&mut cx, yes(&world, &acme)).await.unwrap();
    cx.commit().await.unwrap();
    let after = stored(&world, &acme).await;
    assert_eq!(
        (after.certified_at, after.certification_due_at),
        (Some(world.now()), Some(world.now() + Duration::days(365)))
    );
    let kept = store::certifications::of_organization(&world.portal.store.reader(), acme.id, 5)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((kept.decision, kept.decided_by), (CertificationDecision::Certified, Some(owner.id)));
    assert_eq!(kept.evidence.people[0].name, "Bo Lind");
    assert_eq!(
        (kept.evidence.applications[0].scopes.len(), kept.evidence.applications[0].people),
        (3, 1)
    );
    assert_eq!(kept.evidence.contract.unwrap().reference, "C-Acme");
    assert_eq!(world.events(EventKind::Certified).await, 1);
    // The same form again is stale.
    let mut cx = world.cx(acting(&world, &owner).await).await;
    assert!(matches!(
        certify_partner(&mut cx, yes(&world, &acme)).await,
        Err(CertifyError::Store(StoreError::Stale))
    ));
});

for_each_backend!(nobody_certifies_in_the_owners_place, |world| {
    let (acme, _) = owned(&world).await;
    let operator = world.employee("Op", TenantRole::Operator).await;
    let auditor = world.employee("Audi", TenantRole::Auditor).await;
    let stranger = world.employee("Sam Else", TenantRole::Owner).await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    for actor in [
        acting(&world, &operator).await,
        acting(&world, &auditor).await,
        world.acting(&admin).await,
    ] {
        let mut cx = world.cx(actor).await;
        let outcome = certify_partner(&mut cx, yes(&world, &acme)).await;
        assert!(matches!(outcome, Err(CertifyError::Refused(Refused::Forbidden { .. }))));
        assert!(matches!(
            decline_partner(&mut cx, no(&acme)).await,
            Err(CertifyError::Refused(Refused::Forbidden { .. }))
        ));
    }
    let mut cx = world.cx(acting(&world, &stranger).await).await;
    assert!(matches!(
        certify_partner(&mut cx, yes(&world, &acme)).await,
        Err(CertifyError::Refused(Refused::NotFound))
    ));
});

for_each_backend!(the_deputy_stands_in, |world| {
    let (acme, _) = owned(&world).await;
    let deputy = world.employee("Dee Put", TenantRole::Owner).await;
    let cx = world.system().await;
    let mut with_deputy = acme.clone();
    with_deputy.deputy = Some(deputy.id);
    store::organizations::update(&cx.tx, &with_deputy).await.unwrap();
    cx.commit().await.unwrap();
    let acme = stored(&world, &acme).await;
    let mut cx = world.cx(acting(&world, &deputy).await).await;
    certify_partner(&mut cx, yes(&world, &acme)).await.unwrap();
});

for_each_backend!(the_next_date_is_ahead_and_not_too_far, |world| {
    let (acme, owner) = owned(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    for days in [0, -1, 800] {
        let input = CertifyPartner {
            next_due_at: world.now() + Duration::days(days),
            ..yes(&world, &acme)
        };
        assert!(matches!(
            certify_partner(&mut cx, input).await,
            Err(CertifyError::Organization(OrganizationError::DueOutOfRange))
        ));
    }
});

for_each_backend!(declining_suspends_once_and_only_a_certification_lifts_it, |world| {
    let (acme, owner) = owned(&world).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    world.browser_as(member.person, Some(member.id)).await;
    let declined = decline(&world, &owner, &acme).await;
    assert_eq!(
        (declined.status, declined.suspended_by_certification),
        (OrganizationStatus::Suspended, true)
    );
    assert_eq!(
        store::sessions::live_in_organization(&world.portal.store.reader(), acme.id, world.now())
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        (
            world.events(EventKind::CertificationDeclined).await,
            world.events(EventKind::OrganizationSuspended).await
        ),
        (1, 1)
    );

    let mut cx = world.cx(acting(&world, &owner).await).await;
    let twice = decline_partner(&mut cx, no(&declined)).await;
    assert!(matches!(
        twice,
        Err(CertifyError::Organization(OrganizationError::WrongStatus(
            OrganizationStatus::Suspended
        )))
    ));
    let by_hand = activate_partner(&mut cx, status(&declined)).await;
    assert!(matches!(
        by_hand,
        Err(StatusError::Organization(OrganizationError::NeedsCertification))
    ));
    certify_partner(&mut cx, yes(&world, &declined)).await.unwrap();
    cx.commit().await.unwrap();
    let lifted = stored(&world, &acme).await;
    assert_eq!(
        (lifted.status, lifted.suspended_by_certification, lifted.status_reason),
        (OrganizationStatus::Active, false, None)
    );
    assert!(world.acting(&member).await.member().is_some());
});

for_each_backend!(a_certification_lifts_no_other_suspension, |world| {
    let (acme, owner) = owned(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    suspend_partner(&mut cx, status(&acme)).await.unwrap();
    cx.commit().await.unwrap();
    let acme = stored(&world, &acme).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    certify_partner(&mut cx, yes(&world, &acme)).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(stored(&world, &acme).await.status, OrganizationStatus::Suspended);
});

for_each_backend!(a_lapsed_certification_refuses_at_decision_time, |world| {
    let (acme, _) = owned(&world).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let (application, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &application, &scopes).await;
    let assignment = world.assign(&member, &entitlement).await;
    let contract = store::contracts::in_force(&world.portal.store.reader(), acme.id, world.now())
        .await
        .unwrap();
    let launches = async |world: &World| {
        let facts = LaunchFacts::new(
            &acme,
            contract.as_ref(),
            &member,
            &application,
            Some(&entitlement),
            Some(&assignment),
            &scopes,
            14,
            world.now(),
        );
        world
            .qx(world.acting(&member).await)
            .await
            .may(Action::Launch, Resource::Launch(Box::new(facts)))
    };
    world.clock.advance(Duration::days(90 + 14) - Duration::seconds(1));
    assert!(launches(&world).await, "within the grace");
    world.clock.advance(Duration::seconds(1));
    assert!(!launches(&world).await, "nothing swept, and yet refused");
    assert_eq!(stored(&world, &acme).await.status, OrganizationStatus::Active);
});

for_each_backend!(
    a_lapsed_partner_is_closed_to_its_own_people_and_open_to_whoever_answers_for_it,
    |world| {
        let (acme, owner) = owned(&world).await;
        let operator = world.employee("Op", TenantRole::Operator).await;
        let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
        world.clock.advance(Duration::days(90 + 14) - Duration::seconds(1));
        let let_in_before = world.acting(&admin).await;
        assert!(
            world.qx(let_in_before.clone()).await.may(Action::InviteMember, &acme),
            "within the grace"
        );
        world.clock.advance(Duration::seconds(1));
        assert!(world.acting(&admin).await.member().is_none(), "nothing swept, and yet no hat");
        assert!(!world.qx(let_in_before).await.may(Action::InviteMember, &acme));
        assert_eq!(stored(&world, &acme).await.status, OrganizationStatus::Active);
        for person in [&owner, &operator] {
            let qx = world.qx(acting(&world, person).await).await;
            assert!(qx.may(Action::EditOrganization, &acme) && qx.may(Action::ChangeOrganizationStatus, &acme));
        }
        let mut cx = world.cx(acting(&world, &owner).await).await;
        certify_partner(&mut cx, yes(&world, &acme)).await.unwrap();
        cx.commit().await.unwrap();
        assert!(world.acting(&admin).await.member().is_some());
    }
);

for_each_backend!(what_waits_is_counted_for_whom_it_waits, |world| {
    let (acme, owner) = owned(&world).await;
    let operator = world.employee("Op", TenantRole::Operator).await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    world.organization("Orphan").await;
    let count = async |actor: Actor| inbox::waiting_count(&world.qx(actor).await).await.unwrap();
    assert_eq!(count(acting(&world, &owner).await).await, 0);
    assert_eq!(count(acting(&world, &operator).await).await, 1, "the partner without an owner");
    world.clock.advance(Duration::days(80));
    assert_eq!(count(acting(&world, &owner).await).await, 1, "the certification is due in ten days");
    let cx = world.system().await;
    let leaving = member.clone().leave_on(Some(cx.now + Duration::days(3)), cx.now).unwrap();
    store::members::update(&cx.tx, &leaving).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(count(world.acting(&admin).await).await, 1, "a leave date comes");
    assert_eq!(count(world.acting(&member).await).await, 0);
    let mut browser = world.browser_as(owner.id, None).await;
    assert!(browser.get("/inbox").await.text.contains("Certify Acme"));
});

for_each_backend!(the_pages_certify_and_decline, |world| {
    let (acme, owner) = owned(&world).await;
    let mut browser = world.browser_as(owner.id, None).await;
    let version = acme.version.to_string();
    let form = [
        ("organization", "acme"),
        ("version", version.as_str()),
        ("reason", ""),
        ("next_due", "2026-12-31"),
    ];
    assert_eq!(
        browser.post("/do/certify-partner", &form).await.location.as_deref(),
        Some("/partners/acme/certify")
    );
    assert!(
        browser
            .get("/partners/acme/certify")
            .await
            .text
            .contains("Say why the partner still needs this access.")
    );
    let form = [
        ("organization", "acme"),
        ("version", version.as_str()),
        ("reason", "Needed"),
        ("next_due", "2026-12-31"),
    ];
    assert_eq!(
        browser.post("/do/certify-partner", &form).await.location.as_deref(),
        Some("/certifications")
    );
    let version = stored(&world, &acme).await.version.to_string();
    let form = [("organization", "acme"), ("version", version.as_str()), ("reason", "Over")];
    assert_eq!(
        browser.post("/do/decline-partner", &form).await.location.as_deref(),
        Some("/certifications")
    );
    assert_eq!(
        browser.post("/do/decline-partner", &form).await.location.as_deref(),
        Some("/partners/acme/certify")
    );
    assert_eq!(world.events(EventKind::CertificationDeclined).await, 1);
});

for_each_backend!(the_list_is_a_file_for_whoever_sees_it_with_their_partners_alone, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let other = world.employee("Sam Else", TenantRole::Owner).await;
    let operator = world.employee("Op", TenantRole::Operator).await;
    let acme = world.own(&world.organization("=Acme").await, &owner).await;
    world.own(&world.organization("Beta").await, &other).await;
    world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let mut ada = world.browser_as(owner.id, None).await;
    assert!(ada.get("/certifications").await.text.contains("href=\"/certifications.csv\""));
    let file = ada.get("/certifications.csv").await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        file.headers["content-disposition"],
        format!("attachment; filename=\"certifications-{}.csv\"", world.now().date_naive())
    );
    let due = acme.certification_due_at.unwrap().to_rfc3339_opts(SecondsFormat::Secs, true);
    let lines: Vec<&str> = file.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 2, "the heading and her partner: {lines:?}");
    assert!(lines[0].starts_with("Partner,Short name,Status,Owner,Due,"));
    assert!(
        lines[1].starts_with(&format!("'=Acme,'=acme,active,Ada Own,{due},,1,0,,C-=Acme,")),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with('Z'), "times are in UTC: {}", lines[1]);
    let everything = world.browser_as(operator.id, None).await.get("/certifications.csv").await.text;
    assert!(everything.contains("Acme") && everything.contains("Beta"));
});

for_each_backend!(the_file_has_all_partners_however_many_are_read_at_a_time, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let mut expected = BTreeSet::new();
    for number in 0..5 {
        expected.insert(world.organization(&format!("Partner {number}")).await.name);
    }
    for batch_size in [1, 2, 5, 6] {
        let qx = world.qx(acting(&world, &operator).await).await;
        let body = file(qx, batch_size).await.unwrap().into_body();
        let text = String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let names: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect();
        assert_eq!(names.len(), 5, "{batch_size} at a time");
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), expected, "{batch_size} at a time");
    }
});
