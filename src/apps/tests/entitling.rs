//! Entitlements: the owner's to give, narrower at once, gone with everything that hangs on them.

use chrono::Duration;

use super::*;
use crate::{
    access::Refused,
    apps::{
        GrantError,
        commands::{EntitleError, EntitlementTerms, LaunchOutcome},
        queries,
    },
    audit::EventKind,
    for_each_backend,
    kernel::ScopeId,
    people::TenantRole,
    store::{self, StoreError},
};

fn terms(world: &World, scopes: &[ScopeId]) -> EntitlementTerms {
    EntitlementTerms {
        scopes: scopes.to_vec(),
        starts_at: world.now(),
        ends_at: None,
        seats: None,
    }
}

for_each_backend!(only_the_partners_owner_and_operators_entitle, |world| {
    let acme = world.organization("Acme").await;
    let (_, scopes) = world.application("orders").await;
    let owner = world.employee("Olga Berg", TenantRole::Owner).await;
    let stranger = world.employee("Sam Hill", TenantRole::Owner).await;
    let auditor = world.employee("Ada King", TenantRole::Auditor).await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let acme = world.own(&acme, &owner).await;
    let terms = terms(&world, &[scopes[0].id]);
    let attempts = [
        (world.actor(stranger.id, None).await, false),
        (world.actor(auditor.id, None).await, true),
        (world.acting(&admin).await, true),
    ];
    for (actor, forbidden) in attempts {
        let mut cx = world.cx(actor).await;
        let refused = commands::grant_entitlement(&mut cx, &acme.slug, "orders", terms.clone()).await;
        if forbidden {
            assert!(
                matches!(refused, Err(EntitleError::Access(Refused::Forbidden { .. }))),
                "{refused:?}"
            );
        } else {
            assert!(matches!(refused, Err(EntitleError::Access(Refused::NotFound))), "{refused:?}");
        }
        cx.tx.rollback().await.unwrap();
    }
    let mut cx = world.cx(world.actor(owner.id, None).await).await;
    commands::grant_entitlement(&mut cx, &acme.slug, "orders", terms.clone())
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let mut cx = world.cx(world.actor(owner.id, None).await).await;
    let twice = commands::grant_entitlement(&mut cx, &acme.slug, "orders", terms).await;
    assert!(matches!(twice, Err(EntitleError::AlreadyHeld)), "{twice:?}");
    cx.tx.rollback().await.unwrap();
    assert_eq!(world.events(EventKind::EntitlementGranted).await, 1);
});

for_each_backend!(a_scope_of_another_application_is_not_granted, |world| {
    let acme = world.organization("Acme").await;
    let (_, _) = world.application("orders").await;
    let (_, foreign) = world.application("payroll").await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let mut cx = world.cx(world.actor(operator.id, None).await).await;
    let refused = commands::grant_entitlement(&mut cx, &acme.slug, "orders", terms(&world, &[foreign[0].id])).await;
    assert!(matches!(refused, Err(EntitleError::UnknownScope)), "{refused:?}");
});

for_each_backend!(a_narrower_entitlement_counts_at_once, |world| {
    let acme = acme(&world).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let operator = world.actor(operator.id, None).await;
    let bo = world.acting(&acme.member).await;
    let mut cx = world.cx(operator.clone()).await;
    let narrow = EntitlementTerms {
        starts_at: acme.entitlement.starts_at,
        ..terms(&world, &[acme.scopes[0].id])
    };
    commands::change_entitlement(&mut cx, &acme.organization.slug, acme.entitlement.id, 1, narrow.clone(), false)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let pad = queries::launchpad(&world.qx(bo.clone()).await).await.unwrap();
    assert_eq!(pad.lasting[0].facts.scopes.len(), 1);

    let mut cx = world.cx(operator.clone()).await;
    let stale = commands::change_entitlement(&mut cx, &acme.organization.slug, acme.entitlement.id, 1, narrow.clone(), false).await;
    assert!(matches!(stale, Err(EntitleError::Store(StoreError::Stale))), "{stale:?}");
    cx.tx.rollback().await.unwrap();

    // Until the day after tomorrow; then it is over without anybody doing anything.
    let mut cx = world.cx(operator).await;
    let short = EntitlementTerms {
        ends_at: Some(world.now() + Duration::days(2)),
        ..narrow
    };
    commands::change_entitlement(&mut cx, &acme.organization.slug, acme.entitlement.id, 2, short, false)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(launch(&world, bo.clone(), "orders").await.unwrap(), LaunchOutcome::Go(_)));
    assert_eq!(queries::launchpad(&world.qx(bo.clone()).await).await.unwrap().ending.len(), 1);
    world.clock.advance(Duration::days(2));
    assert_eq!(launch(&world, bo, "orders").await.unwrap(), LaunchOutcome::Denied);
});

for_each_backend!(seats_are_not_cut_below_what_is_taken, |world| {
    let acme = acme(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    world.assign(&cy, &acme.entitlement).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let mut cx = world.cx(world.actor(operator.id, None).await).await;
    let few = EntitlementTerms {
        seats: Some(1),
        ..terms(&world, &acme.entitlement.scopes)
    };
    let refused = commands::change_entitlement(&mut cx, &acme.organization.slug, acme.entitlement.id, 1, few, false).await;
    assert!(matches!(refused, Err(EntitleError::TooFewSeats { taken: 2 })), "{refused:?}");
});

for_each_backend!(taking_an_application_away_ends_every_assignment_of_it_once, |world| {
    let acme = acme(&world).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let operator = world.actor(operator.id, None).await;
    let bo = world.acting(&acme.member).await;
    let revoke = async || {
        let mut cx = world.cx(operator.clone()).await;
        let done = commands::revoke_entitlement(
            &mut cx,
            &acme.organization.slug,
            acme.entitlement.id,
            Some("The project is over.".to_owned()),
        )
        .await;
        if done.is_ok() {
            cx.commit().await.unwrap();
        } else {
            cx.tx.rollback().await.unwrap();
        }
        done
    };
    assert_eq!(revoke().await.unwrap().1, 1);
    let again = revoke().await;
    assert!(matches!(again, Err(EntitleError::Grant(GrantError::Revoked))), "{again:?}");
    assert_eq!(world.events(EventKind::EntitlementRevoked).await, 1);
    assert!(launch(&world, bo.clone(), "orders").await.is_err());

    // Granting it anew brings nobody back by itself.
    let mut cx = world.cx(operator).await;
    commands::grant_entitlement(&mut cx, &acme.organization.slug, "orders", terms(&world, &acme.entitlement.scopes))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(launch(&world, bo, "orders").await.is_err());
    assert!(
        store::grants::assignments_of_member(&world.portal.store.reader(), acme.member.id)
            .await
            .unwrap()
            .is_empty()
    );
});

for_each_backend!(an_ended_entitlement_gives_nothing_back_unless_asked_to, |world| {
    for give_back in [false, true] {
        let name = if give_back { "Acme" } else { "Beta" };
        let organization = world.organization(name).await;
        let member = world.member(&organization, &format!("Bo {name}"), MemberRole::Member).await;
        let (application, scopes) = world.application(&format!("orders-{}", organization.slug)).await;
        let entitlement = world.entitle(&organization, &application, &scopes).await;
        world.assign(&member, &entitlement).await;
        let operator = world.employee(&format!("Olga {name}"), TenantRole::Operator).await;
        let until = |days: i64, seats| EntitlementTerms {
            starts_at: entitlement.starts_at,
            ends_at: Some(world.now() + Duration::days(days)),
            seats,
            ..terms(&world, &entitlement.scopes)
        };
        let change = async |version, terms| {
            let mut cx = world.cx(world.actor(operator.id, None).await).await;
            let done = commands::change_entitlement(&mut cx, &organization.slug, entitlement.id, version, terms, give_back)
                .await
                .unwrap();
            cx.commit().await.unwrap();
            done
        };
        change(1, until(2, Some(1))).await;
        world.clock.advance(Duration::days(3));
        let bo = world.acting(&member).await;
        assert_eq!(launch(&world, bo.clone(), &application.slug).await.unwrap(), LaunchOutcome::Denied);
        // The page asks, and says about how many people.
        let page = format!("/partners/{}/apps/{}", organization.slug, application.slug);
        let mut browser = world.browser_as(operator.id, None).await;
        let shown = browser.get(&page).await.text;
        assert!(shown.contains("name=\"give_back\"") && shown.contains("1 person"), "{shown}");
        let changed = change(2, until(5, Some(1))).await;
        assert_eq!(
            (changed.given_back, changed.not_given_back),
            (u64::from(give_back), u64::from(!give_back))
        );
        let again = launch(&world, bo.clone(), &application.slug).await;
        assert_eq!(matches!(again, Ok(LaunchOutcome::Go(_))), give_back, "{again:?}");
        assert!(!browser.get(&page).await.text.contains("name=\"give_back\""), "it is asked once");
        if !give_back {
            // The seat is free, and the same member can be given it anew.
            let mut cx = world.system().await;
            let now_held = store::grants::entitlement(&cx.tx, organization.id, entitlement.id)
                .await
                .unwrap()
                .unwrap();
            commands::grant_assignment(&mut cx, &organization, &member, &now_held, entitlement.scopes.clone(), None)
                .await
                .unwrap();
            cx.commit().await.unwrap();
            assert!(matches!(launch(&world, bo, &application.slug).await.unwrap(), LaunchOutcome::Go(_)));
        }
    }
});

for_each_backend!(a_permission_that_comes_back_takes_no_second_seat, |world| {
    let acme = acme(&world).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let of = |scopes: &[ScopeId]| EntitlementTerms {
        seats: Some(1),
        starts_at: acme.entitlement.starts_at,
        ..terms(&world, scopes)
    };
    for (version, scopes) in [(1, vec![acme.scopes[0].id]), (2, acme.entitlement.scopes.clone())] {
        let mut cx = world.cx(world.actor(operator.id, None).await).await;
        commands::change_entitlement(&mut cx, &acme.organization.slug, acme.entitlement.id, version, of(&scopes), false)
            .await
            .unwrap();
        cx.commit().await.unwrap();
    }
    let taken = store::grants::entitlement_seats_taken(&world.portal.store.reader(), acme.entitlement.id, world.now()).await;
    assert_eq!(taken.unwrap(), 1);
});
