use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    for_each_backend,
    organizations::{
        OrganizationError, OrganizationStatus,
        commands::{
            AssignOwner, ProfileError, StatusError, activate_partner, assign_owner, create_partner, offboard_partner, suspend_partner,
        },
        queries::{self, PartnerSearch},
    },
    people::{MemberRole, TenantRole},
    store::StoreError,
};

for_each_backend!(an_owner_answers_for_the_partner_they_bring_in, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let other = world.employee("Ben Own", TenantRole::Owner).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let input = commands::CreatePartner {
        owner: Some(other.id),
        ..new_partner(&world, "Acme Consulting")
    };
    let partner = create_partner(&mut cx, input).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(
        (partner.owner, partner.slug.as_str(), partner.status),
        (Some(owner.id), "acme-consulting", OrganizationStatus::Onboarding)
    );
    assert_eq!(world.events(EventKind::OrganizationCreated).await, 1);
});

for_each_backend!(a_short_name_names_one_partner, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    world.organization("Acme").await;
    let mut cx = world.cx(acting(&world, &operator).await).await;
    assert!(matches!(
        create_partner(&mut cx, new_partner(&world, "ACME")).await,
        Err(ProfileError::SlugTaken)
    ));
    cx.commit().await.unwrap();
    assert_eq!(world.events(EventKind::OrganizationCreated).await, 0);
});

for_each_backend!(only_people_with_the_owner_role_become_owners, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.organization("Acme").await;
    let mut cx = world.cx(acting(&world, &operator).await).await;
    let input = |owner, deputy| AssignOwner {
        organization: "acme".to_owned(),
        version: acme.version,
        owner,
        deputy,
    };
    assert!(matches!(
        assign_owner(&mut cx, input(operator.id, None)).await,
        Err(ProfileError::NotAnOwner)
    ));
    assert!(matches!(
        assign_owner(&mut cx, input(owner.id, Some(operator.id))).await,
        Err(ProfileError::DeputyNotAnOwner)
    ));
    assert!(matches!(
        assign_owner(&mut cx, input(owner.id, Some(owner.id))).await,
        Err(ProfileError::DeputyIsOwner)
    ));
    let acme = assign_owner(&mut cx, input(owner.id, None)).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(acme.owner, Some(owner.id));
});

for_each_backend!(an_owner_does_not_name_owners, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let input = AssignOwner {
        organization: "acme".to_owned(),
        version: acme.version,
        owner: owner.id,
        deputy: None,
    };
    assert!(matches!(
        assign_owner(&mut cx, input).await,
        Err(ProfileError::Refused(Refused::Forbidden { .. }))
    ));
});

for_each_backend!(no_partner_is_its_own_ancestor, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let (top, below) = (world.organization("Top").await, world.organization("Below").await);
    let mut cx = world.cx(acting(&world, &operator).await).await;
    let change = |organization: &Organization, parent: &str| commands::ChangePartner {
        organization: organization.slug.clone(),
        version: organization.version,
        name: organization.name.clone(),
        kind: organization.kind.clone(),
        description: String::new(),
        metadata: BTreeMap::new(),
        parent: Some(parent.to_owned()),
        require_step_up: false,
    };
    commands::change_partner(&mut cx, change(&below, "top")).await.unwrap();
    assert!(matches!(
        commands::change_partner(&mut cx, change(&top, "below")).await,
        Err(ProfileError::OwnParent)
    ));
    assert!(matches!(
        commands::change_partner(&mut cx, change(&top, "top")).await,
        Err(ProfileError::OwnParent)
    ));
    assert!(matches!(
        commands::change_partner(&mut cx, change(&top, "nowhere")).await,
        Err(ProfileError::UnknownParent)
    ));
});

for_each_backend!(suspending_ends_the_sessions_with_the_same_commit, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let mut browser = world.browser_as(member.person, Some(member.id)).await;
    // Crash before the commit: nothing happened.
    let mut cx = world.cx(acting(&world, &owner).await).await;
    suspend_partner(&mut cx, status(&acme)).await.unwrap();
    drop(cx);
    assert_eq!(stored(&world, &acme).await.status, OrganizationStatus::Active);
    assert_eq!(
        store::sessions::live_in_organization(&world.portal.store.reader(), acme.id, world.now())
            .await
            .unwrap(),
        1
    );

    let mut cx = world.cx(acting(&world, &owner).await).await;
    let suspended = suspend_partner(&mut cx, status(&acme)).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(
        store::sessions::live_in_organization(&world.portal.store.reader(), acme.id, world.now())
            .await
            .unwrap(),
        0
    );
    assert_eq!(browser.get("/me").await.location.as_deref(), Some("/sign-in"));
    assert_eq!(world.events(EventKind::OrganizationSuspended).await, 1);

    let suspended = stored(&world, &suspended).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let again = suspend_partner(&mut cx, status(&suspended)).await;
    assert!(matches!(
        again,
        Err(StatusError::Organization(OrganizationError::WrongStatus(
            OrganizationStatus::Suspended
        )))
    ));
    let active = activate_partner(&mut cx, status(&suspended)).await;
    assert_eq!(active.unwrap().status, OrganizationStatus::Active);
});

for_each_backend!(a_stale_page_changes_nothing, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let mut stale = status(&acme);
    stale.version -= 1;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    assert!(matches!(
        suspend_partner(&mut cx, stale).await,
        Err(StatusError::Store(StoreError::Stale))
    ));
});

for_each_backend!(
    a_partner_without_an_owner_or_with_a_lapsed_certification_is_not_activated,
    |world| {
        let operator = world.employee("Op", TenantRole::Operator).await;
        let owner = world.employee("Ada Own", TenantRole::Owner).await;
        let acme = world.organization("Acme").await;
        let mut cx = world.cx(acting(&world, &operator).await).await;
        suspend_partner(&mut cx, status(&acme)).await.unwrap();
        cx.commit().await.unwrap();
        let acme = stored(&world, &acme).await;
        let mut cx = world.cx(acting(&world, &operator).await).await;
        assert!(matches!(activate_partner(&mut cx, status(&acme)).await, Err(StatusError::NoOwner)));
        drop(cx);
        let acme = world.own(&acme, &owner).await;
        world.clock.advance(Duration::days(90 + 14));
        let mut cx = world.cx(acting(&world, &operator).await).await;
        let refused = activate_partner(&mut cx, status(&acme)).await;
        assert!(matches!(
            refused,
            Err(StatusError::Organization(OrganizationError::NeedsCertification))
        ));
    }
);

for_each_backend!(what_is_over_stays_over, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let acme = world.organization("Acme").await;
    let mut cx = world.cx(acting(&world, &operator).await).await;
    offboard_partner(&mut cx, status(&acme)).await.unwrap();
    cx.commit().await.unwrap();
    let acme = stored(&world, &acme).await;
    for _ in 0..2 {
        let mut cx = world.cx(acting(&world, &operator).await).await;
        assert!(offboard_partner(&mut cx, status(&acme)).await.is_err());
        assert!(activate_partner(&mut cx, status(&acme)).await.is_err());
    }
});

for_each_backend!(to_a_foreign_owner_the_partner_does_not_exist, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let stranger = world.employee("Sam Else", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let contract = store::contracts::in_force(&world.portal.store.reader(), acme.id, world.now())
        .await
        .unwrap()
        .unwrap();
    let version = acme.version.to_string();
    let mut browser = world.browser_as(stranger.id, None).await;
    let page = format!("/partners/acme/contracts/{}", contract.id);
    for path in [
        "/partners/acme",
        "/partners/acme/edit",
        "/partners/acme/contracts",
        "/partners/acme/certify",
        page.as_str(),
        "/partners/nowhere",
    ] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    let id = contract.id.to_string();
    let form = [
        ("organization", "acme"),
        ("version", version.as_str()),
        ("name", "Mine"),
        ("kind", "Mine"),
        ("reason", "Mine now"),
        ("next_due", "2027-01-01"),
        ("owner", ""),
        ("contract", id.as_str()),
        ("reference", "X"),
        ("starts", "2026-01-01"),
        ("ends", "2027-01-01"),
        ("notice_days", "1"),
        ("seats", "5"),
        ("accent", "#123456"),
    ];
    for action in [
        "change-partner",
        "activate-partner",
        "suspend-partner",
        "offboard-partner",
        "add-contract",
        "change-contract",
        "change-branding",
        "change-sign-in-rules",
        "certify-partner",
        "decline-partner",
    ] {
        assert_eq!(browser.post(&format!("/do/{action}"), &form).await.status, 404, "{action}");
    }
    assert_eq!(stored(&world, &acme).await.version, acme.version);
});

for_each_backend!(an_auditor_sees_every_partner_and_changes_none, |world| {
    let auditor = world.employee("Audi Tor", TenantRole::Auditor).await;
    let acme = world.organization("Acme").await;
    let version = acme.version.to_string();
    let mut browser = world.browser_as(auditor.id, None).await;
    for path in [
        "/partners",
        "/partners/acme",
        "/partners/acme/contracts",
        "/partners/acme/certify",
        "/certifications",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            !answer.text.contains("action=\"/do/") || !answer.text.contains("-partner\""),
            "{path} offers a change"
        );
    }
    for path in ["/partners/new", "/partners/acme/edit", "/admin/settings"] {
        assert_eq!(browser.get(path).await.status, 403, "{path}");
    }
    let form = [
        ("organization", "acme"),
        ("version", version.as_str()),
        ("name", "Mine"),
        ("kind", "Mine"),
        ("reason", "Mine now"),
        ("next_due", "2027-01-01"),
        ("reference", "X"),
        ("starts", "2026-01-01"),
        ("ends", "2027-01-01"),
        ("notice_days", "1"),
        ("seats", "5"),
        ("accent", "#123456"),
        ("email", "x@example.com"),
        ("role", "operator"),
    ];
    for action in [
        "create-partner",
        "change-partner",
        "activate-partner",
        "suspend-partner",
        "offboard-partner",
        "add-contract",
        "change-branding",
        "change-sign-in-rules",
        "certify-partner",
        "decline-partner",
        "grant-tenant-role",
    ] {
        assert_eq!(browser.post(&format!("/do/{action}"), &form).await.status, 403, "{action}");
    }
    assert_eq!(stored(&world, &acme).await.version, acme.version);
});

for_each_backend!(a_partners_own_people_see_no_page_about_partners, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let mut browser = world.browser_as(admin.person, Some(admin.id)).await;
    for path in ["/partners", "/partners/acme", "/certifications"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    assert_eq!(browser.get("/inbox").await.status, 200);
});

for_each_backend!(the_list_is_paged_by_due_date_and_narrowed, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    for number in 0..60 {
        let organization = world.organization(&format!("Partner {number:02}")).await;
        let cx = world.system().await;
        let mut due = organization.clone();
        due.certification_due_at = (number != 59).then(|| world.now() + Duration::days(60 - number));
        due.owner = (number == 7).then_some(owner.id);
        store::organizations::update(&cx.tx, &due).await.unwrap();
        cx.commit().await.unwrap();
    }
    let qx = world.qx(acting(&world, &operator).await).await;
    let first = queries::partners(&qx, &PartnerSearch::default(), PageRequest::Newest)
        .await
        .unwrap();
    assert_eq!(
        (first.rows.len(), first.rows[0].organization.name.as_str(), first.newer),
        (50, "Partner 58", None)
    );
    let second = queries::partners(&qx, &PartnerSearch::default(), PageRequest::Older(first.older.unwrap()))
        .await
        .unwrap();
    assert_eq!(
        (second.rows.len(), second.rows[9].organization.name.as_str(), second.older),
        (10, "Partner 59", None)
    );
    let back = queries::partners(&qx, &PartnerSearch::default(), PageRequest::Newer(second.newer.unwrap()))
        .await
        .unwrap();
    assert_eq!(back.rows[0].organization.name, "Partner 58");
    let search = PartnerSearch {
        text: Some("PARTNER 0".to_owned()),
        ..PartnerSearch::default()
    };
    assert_eq!(queries::partners(&qx, &search, PageRequest::Newest).await.unwrap().rows.len(), 10);
    let search = PartnerSearch {
        text: Some("%".to_owned()),
        ..PartnerSearch::default()
    };
    assert_eq!(queries::partners(&qx, &search, PageRequest::Newest).await.unwrap().rows.len(), 0);
    let qx = world.qx(acting(&world, &owner).await).await;
    let own = queries::partners(&qx, &PartnerSearch::default(), PageRequest::Newest)
        .await
        .unwrap();
    assert_eq!(
        own.rows.iter().map(|row| row.organization.name.as_str()).collect::<Vec<_>>(),
        ["Partner 07"]
    );
});

for_each_backend!(every_page_of_a_partner_renders_for_its_owner, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let (application, scopes) = world.application("orders").await;
    world.assign(&member, &world.entitle(&acme, &application, &scopes).await).await;
    let contract = store::contracts::in_force(&world.portal.store.reader(), acme.id, world.now())
        .await
        .unwrap()
        .unwrap();
    let mut browser = world.browser_as(owner.id, None).await;
    for (path, text) in [
        ("/partners".to_owned(), "Acme"),
        ("/partners/new".to_owned(), "Create partner"),
        ("/partners/acme".to_owned(), "Pause Acme"),
        ("/partners/acme/edit".to_owned(), "Save profile"),
        ("/partners/acme/contracts".to_owned(), "Add contract"),
        (format!("/partners/acme/contracts/{}", contract.id), "Save contract"),
        (
            format!(
                "/partners/acme/contracts/{}?preview=yes&reference=C&ends=now&notice_days=1&seats=5",
                contract.id
            ),
            "End the contract now",
        ),
        ("/partners/acme/certify".to_owned(), "Bo Lind"),
        ("/certifications".to_owned(), "/partners/acme/certify"),
        ("/inbox".to_owned(), "Nothing waits for you"),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text.contains(text), "{path} does not show {text}");
    }
});

for_each_backend!(who_asks_for_fresh_confirmation_can_give_one, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let input = commands::ChangePartner {
        organization: "acme".to_owned(),
        version: acme.version,
        name: "Acme".to_owned(),
        kind: "Consultancy".to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
        parent: None,
        require_step_up: true,
    };
    let mut cx = world.cx(acting(&world, &owner).await).await;
    assert!(matches!(
        commands::change_partner(&mut cx, input).await,
        Err(ProfileError::NoSecondFactor)
    ));
});
