use super::*;
use crate::{
    access::{Action, LaunchFacts, Resource},
    audit::EventKind,
    for_each_backend,
    organizations::{
        Contract, ContractError,
        commands::{AddContract, ChangeContract, ContractEnd, ContractRefused, add_contract, change_contract},
        queries,
    },
    people::{Member, MemberRole, TenantRole},
    store::{StoreError, contracts::Outliving},
};

/// Acme with an owner, three people, an application held by two of them, and one open session.
async fn acme(world: &World) -> (Organization, Person, Contract, Member) {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let (application, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &application, &scopes).await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let cy = world.member(&acme, "Cy Long", MemberRole::Member).await;
    world.member(&acme, "Di Short", MemberRole::PartnerAdmin).await;
    world.assign(&bo, &entitlement).await;
    world.assign(&cy, &entitlement).await;
    world.browser_as(bo.person, Some(bo.id)).await;
    let contract = in_force(world, &acme).await.unwrap();
    (acme, owner, contract, bo)
}

async fn in_force(world: &World, organization: &Organization) -> Option<Contract> {
    store::contracts::in_force(&world.portal.store.reader(), organization.id, world.now())
        .await
        .unwrap()
}

fn ending(contract: &Contract, ends: ContractEnd, confirmed: bool) -> ChangeContract {
    ChangeContract {
        organization: "acme".to_owned(),
        contract: contract.id,
        version: contract.version,
        reference: contract.reference.clone(),
        starts_at: None,
        ends,
        notice_days: contract.notice_days,
        seats: contract.seats,
        confirmed,
    }
}

for_each_backend!(nothing_outlives_the_contract, |world| {
    let (acme, owner, contract, bo) = acme(&world).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert!(world.acting(&bo).await.member().is_some());
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let end = world.now() + Duration::minutes(30);
    change_contract(&mut cx, ending(&contract, ContractEnd::At(end), true))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert_ne!(browser.get("/me").await.location.as_deref(), Some("/no-access"));
    world.clock.advance(Duration::minutes(30));
    // Nothing swept yet: the end counts when it is asked for.
    assert!(in_force(&world, &acme).await.is_none());
    assert!(world.acting(&bo).await.member().is_none());
    assert_eq!(browser.get("/team").await.location.as_deref(), Some("/no-access"));

    let db = world.portal.store.reader();
    let entitlement = store::grants::entitlements_of(&db, acme.id).await.unwrap().remove(0);
    let assignment = store::grants::assignments_of_member(&db, bo.id).await.unwrap().remove(0);
    let application = store::applications::get(&db, entitlement.application).await.unwrap().unwrap();
    let scopes = store::applications::scopes_of(&db, &[application.id]).await.unwrap();
    let shortened = store::contracts::get(&db, acme.id, contract.id).await.unwrap();
    let facts = LaunchFacts::new(
        &acme,
        shortened.as_ref(),
        &bo,
        &application,
        Some(&entitlement),
        Some(&assignment),
        &scopes,
        14,
        world.now(),
    );
    let qx = world.qx(world.acting(&bo).await).await;
    assert!(!qx.may(Action::Launch, Resource::Launch(Box::new(facts))));
});

for_each_backend!(what_ends_if_counts_what_would_last_longer, |world| {
    let (acme, owner, contract, _) = acme(&world).await;
    // One of the three leaves before the new end, so nothing of theirs is cut short.
    let db = world.portal.store.reader();
    let leaver = store::members::find(
        &db,
        acme.id,
        store::people::find_by_email(&db, &"cy.long@example.com".parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .id,
    )
    .await
    .unwrap()
    .unwrap();
    let cx = world.system().await;
    store::members::update(
        &cx.tx,
        &leaver.leave_on(Some(world.now() + Duration::days(5)), world.now()).unwrap(),
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();

    let qx = world.qx(acting(&world, &owner).await).await;
    let found = queries::contract(&qx, "acme", contract.id).await.unwrap();
    let mut shorter = contract.clone();
    shorter.ends_at = world.now() + Duration::days(10);
    let ends = queries::what_ends(&qx, &found, &shorter).await.unwrap();
    assert_eq!(
        ends.counts,
        Outliving {
            people: 2,
            assignments: 1,
            sessions: 0,
            invitations: 0
        }
    );
    assert_eq!(ends.first.len(), 2);
    shorter.ends_at = world.now();
    let ends = queries::what_ends(&qx, &found, &shorter).await.unwrap();
    assert_eq!(
        ends.counts,
        Outliving {
            people: 3,
            assignments: 2,
            sessions: 1,
            invitations: 0
        }
    );
    assert_eq!(ends.first[0].name, "Cy Long", "whose own end comes first");
    // Looking changed nothing.
    assert_eq!(in_force(&world, &acme).await.unwrap(), contract);
});

for_each_backend!(shortening_asks_first_and_extending_does_not, |world| {
    let (acme, owner, contract, _) = acme(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let sooner = ContractEnd::At(world.now() + Duration::days(10));
    assert!(matches!(
        change_contract(&mut cx, ending(&contract, sooner, false)).await,
        Err(ContractRefused::NeedsConfirmation)
    ));
    let later = ContractEnd::At(contract.ends_at + Duration::days(10));
    change_contract(&mut cx, ending(&contract, later, false)).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(
        in_force(&world, &acme).await.unwrap().ends_at,
        contract.ends_at + Duration::days(10)
    );
    // The page that was opened before is stale now.
    let mut cx = world.cx(acting(&world, &owner).await).await;
    assert!(matches!(
        change_contract(&mut cx, ending(&contract, sooner, true)).await,
        Err(ContractRefused::Store(StoreError::Stale))
    ));
    drop(cx);
    assert_eq!(world.events(EventKind::ContractChanged).await, 1);
});

for_each_backend!(ending_it_now_ends_the_sessions_with_the_same_commit, |world| {
    let (acme, owner, contract, _) = acme(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    change_contract(&mut cx, ending(&contract, ContractEnd::Now, true)).await.unwrap();
    cx.commit().await.unwrap();
    let db = world.portal.store.reader();
    assert_eq!(store::sessions::live_in_organization(&db, acme.id, world.now()).await.unwrap(), 0);
    // Over is over.
    let ended = store::contracts::get(&db, acme.id, contract.id).await.unwrap().unwrap();
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let later = ContractEnd::At(world.now() + Duration::days(10));
    let again = change_contract(&mut cx, ending(&ended, later, true)).await;
    assert!(matches!(again, Err(ContractRefused::Contract(ContractError::Ended))));
});

for_each_backend!(another_contract_that_ends_later_keeps_access, |world| {
    let (acme, owner, contract, bo) = acme(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let second = AddContract {
        organization: "acme".to_owned(),
        reference: "C-2".to_owned(),
        starts_at: world.now() - Duration::days(1),
        ends_at: contract.ends_at + Duration::days(30),
        notice_days: 0,
        seats: 3,
    };
    let second = add_contract(&mut cx, second).await.unwrap();
    change_contract(&mut cx, ending(&contract, ContractEnd::Now, true)).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(in_force(&world, &acme).await.unwrap().id, second.id);
    let db = world.portal.store.reader();
    assert_eq!(store::sessions::live_in_organization(&db, acme.id, world.now()).await.unwrap(), 1);
    assert!(world.acting(&bo).await.member().is_some());
});

for_each_backend!(seats_are_not_taken_from_under_people, |world| {
    let (_, owner, contract, _) = acme(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let fewer = |seats| ChangeContract {
        seats,
        ..ending(&contract, ContractEnd::At(contract.ends_at), false)
    };
    assert!(matches!(
        change_contract(&mut cx, fewer(2)).await,
        Err(ContractRefused::SeatsTaken(3))
    ));
    assert!(matches!(
        change_contract(&mut cx, fewer(0)).await,
        Err(ContractRefused::Contract(ContractError::NoSeats))
    ));
    assert_eq!(change_contract(&mut cx, fewer(3)).await.unwrap().seats, 3);
});

for_each_backend!(a_contract_that_is_over_is_not_added, |world| {
    let (_, owner, _, _) = acme(&world).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let input = |starts: i64, ends: i64| AddContract {
        organization: "acme".to_owned(),
        reference: "C-2".to_owned(),
        starts_at: world.now() + Duration::days(starts),
        ends_at: world.now() + Duration::days(ends),
        notice_days: 0,
        seats: 1,
    };
    assert!(matches!(
        add_contract(&mut cx, input(-9, -1)).await,
        Err(ContractRefused::EndInThePast)
    ));
    assert!(matches!(
        add_contract(&mut cx, input(9, 1)).await,
        Err(ContractRefused::Contract(ContractError::EndsBeforeStart))
    ));
});

for_each_backend!(a_reference_names_one_contract_of_a_partner, |world| {
    let (acme, owner, contract, _) = acme(&world).await;
    world.organization("Beta").await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let input = |reference: &str| AddContract {
        organization: "acme".to_owned(),
        reference: reference.to_owned(),
        starts_at: world.now(),
        ends_at: world.now() + Duration::days(30),
        notice_days: 0,
        seats: 5,
    };
    let second = add_contract(&mut cx, input("C-2")).await.unwrap();
    assert!(matches!(
        add_contract(&mut cx, input("C-2")).await,
        Err(ContractRefused::ReferenceTaken(reference)) if reference == "C-2"
    ));
    let renamed = ChangeContract {
        reference: contract.reference.clone(),
        ..ending(&second, ContractEnd::At(second.ends_at), false)
    };
    assert!(matches!(
        change_contract(&mut cx, renamed).await,
        Err(ContractRefused::ReferenceTaken(_))
    ));
    // What another partner calls its contract does not matter.
    add_contract(&mut cx, input("C-Beta")).await.unwrap();
    cx.commit().await.unwrap();
    let db = world.portal.store.reader();
    assert_eq!(store::contracts::of_organization(&db, acme.id).await.unwrap().len(), 3);
    assert_eq!(world.events(EventKind::ContractCreated).await, 2);
});

for_each_backend!(a_button_pressed_twice_adds_one_contract, |world| {
    let (acme, owner, _, _) = acme(&world).await;
    let mut browser = world.browser_as(owner.id, None).await;
    let form = [
        ("organization", "acme"),
        ("reference", "C-7"),
        ("starts", "2026-06-01"),
        ("ends", "2026-12-31"),
        ("notice_days", "30"),
        ("seats", "5"),
    ];
    browser.post("/do/add-contract", &form).await;
    let answer = browser.post("/do/add-contract", &form).await;
    let page = browser.get(answer.location.as_deref().unwrap()).await;
    assert!(page.text.contains("This partner already has a contract C-7."), "{}", page.text);
    let db = world.portal.store.reader();
    assert_eq!(store::contracts::of_organization(&db, acme.id).await.unwrap().len(), 2);
});

for_each_backend!(the_form_leads_to_the_preview_and_the_preview_to_the_change, |world| {
    let (acme, owner, contract, _) = acme(&world).await;
    let mut browser = world.browser_as(owner.id, None).await;
    let (id, version) = (contract.id.to_string(), contract.version.to_string());
    let mut form = vec![
        ("organization", "acme"),
        ("contract", id.as_str()),
        ("version", version.as_str()),
        ("reference", "C-1"),
        ("ends", "2026-06-10"),
        ("notice_days", "30"),
        ("seats", "25"),
    ];
    let answer = browser.post("/do/change-contract", &form).await;
    let preview = answer.location.unwrap();
    assert!(preview.starts_with(&format!("/partners/acme/contracts/{id}?")), "{preview}");
    assert_eq!(in_force(&world, &acme).await.unwrap(), contract);
    let page = browser.get(&preview).await;
    assert!(page.text.contains("People who lose access") && page.text.contains("Bo Lind"));
    form.push(("confirmed", "yes"));
    assert_eq!(
        browser.post("/do/change-contract", &form).await.location.as_deref(),
        Some("/partners/acme/contracts")
    );
    assert_eq!(
        in_force(&world, &acme).await.unwrap().ends_at,
        end_of_day("2026-06-10".parse().unwrap(), chrono_tz::Tz::UTC)
    );
    // Sent twice: told, not applied twice.
    assert_eq!(
        browser.post("/do/change-contract", &form).await.location,
        Some(format!("/partners/acme/contracts/{id}"))
    );
    assert_eq!(world.events(EventKind::ContractChanged).await, 1);
});
