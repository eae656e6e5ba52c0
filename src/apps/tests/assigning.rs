//! Assignments: never beyond the entitlement, never more than there are seats, once or not at all.

use chrono::Duration;

use super::*;
use crate::{
    access::Refused,
    apps::{
        GrantError,
        commands::{AssignApplication, AssignError, ChangeAssignment},
    },
    audit::EventKind,
    for_each_backend,
    kernel::{MemberId, ScopeId, Timestamp},
    store::{self, StoreError},
};

fn input(members: &[MemberId], scopes: &[ScopeId], ends_at: Option<Timestamp>) -> AssignApplication {
    AssignApplication {
        application: "orders".to_owned(),
        members: members.to_vec(),
        scopes: scopes.to_vec(),
        ends_at,
    }
}

async fn assign(world: &World, who: &Member, input: AssignApplication) -> Result<Vec<Assignment>, AssignError> {
    let mut cx = world.cx(world.acting(who).await).await;
    let done = commands::assign_application(&mut cx, input).await;
    finish(cx, done).await
}

async fn finish<T, E>(cx: crate::cx::Cx, done: Result<T, E>) -> Result<T, E> {
    if done.is_ok() {
        cx.commit().await.unwrap();
    } else {
        cx.tx.rollback().await.unwrap();
    }
    done
}

for_each_backend!(an_assignment_stays_within_the_entitlement, |world| {
    let acme = acme(&world).await;
    let (_, foreign) = world.application("payroll").await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let now = world.now();
    let read = acme.scopes[0].id;

    let refused = assign(&world, &acme.admin, input(&[cy.id], &[read, foreign[0].id], None)).await;
    assert!(
        matches!(refused, Err(AssignError::Grant(GrantError::BeyondEntitlement))),
        "{refused:?}"
    );
    let refused = assign(&world, &acme.admin, input(&[cy.id], &[], None)).await;
    assert!(matches!(refused, Err(AssignError::Grant(GrantError::NoScopes))), "{refused:?}");
    let refused = assign(&world, &acme.admin, input(&[cy.id], &[read], Some(now))).await;
    assert!(matches!(refused, Err(AssignError::Grant(GrantError::EndInThePast))), "{refused:?}");
    let refused = assign(&world, &acme.admin, input(&[cy.id], &[read], Some(now + Duration::days(400)))).await;
    assert!(matches!(refused, Err(AssignError::TooLate { .. })), "{refused:?}");
    assert_eq!(world.events(EventKind::AssignmentGranted).await, 0);

    let granted = assign(&world, &acme.admin, input(&[cy.id], &[read], Some(now + Duration::days(30))))
        .await
        .unwrap();
    assert_eq!(granted[0].scopes, [read]);
    assert_eq!(world.events(EventKind::AssignmentGranted).await, 1);
    let twice = assign(&world, &acme.admin, input(&[cy.id], &[read], None)).await;
    assert!(matches!(twice, Err(AssignError::AlreadyAssigned { .. })), "{twice:?}");
});

for_each_backend!(a_wanted_end_is_drawn_in_to_the_end_of_the_chain, |world| {
    let acme = acme(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let mut cx = world.system().await;
    let contract_ends = cx.now + Duration::days(365);
    let far = Some(cx.now + Duration::days(4000));
    let scopes = vec![acme.scopes[0].id];
    let assignment = commands::grant_assignment(&mut cx, &acme.organization, &cy, &acme.entitlement, scopes, far)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert_eq!(assignment.ends_at, Some(contract_ends));
});

for_each_backend!(what_ended_can_be_assigned_again, |world| {
    let acme = acme(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let read = acme.scopes[0].id;
    assign(&world, &acme.admin, input(&[cy.id], &[read], Some(world.now() + Duration::days(1))))
        .await
        .unwrap();
    world.clock.advance(Duration::days(2));
    assign(&world, &acme.admin, input(&[cy.id], &[read], None)).await.unwrap();
    let held = store::grants::assignments_of_member(&world.portal.store.reader(), cy.id)
        .await
        .unwrap();
    assert_eq!(held.len(), 1);
});

for_each_backend!(several_get_it_together_or_none_does, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let read = acme.scopes[0].id;
    // Someone of another organization is not there, and nobody else gets it either.
    let refused = assign(&world, &acme.admin, input(&[cy.id, eve.id], &[read], None)).await;
    assert!(matches!(refused, Err(AssignError::Access(Refused::NotFound))), "{refused:?}");
    assert!(
        store::grants::assignments_of_member(&world.portal.store.reader(), cy.id)
            .await
            .unwrap()
            .is_empty()
    );
    let dee = world.member(&acme.organization, "Dee Park", MemberRole::Member).await;
    assert_eq!(
        assign(&world, &acme.admin, input(&[cy.id, dee.id, cy.id], &[read], None))
            .await
            .unwrap()
            .len(),
        2
    );
});

for_each_backend!(a_plain_member_assigns_nothing_and_another_organization_sees_nothing, |world| {
    let acme = acme(&world).await;
    let (_, eve) = rival(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let read = acme.scopes[0].id;
    let refused = assign(&world, &acme.member, input(&[cy.id], &[read], None)).await;
    assert!(
        matches!(refused, Err(AssignError::Access(Refused::Forbidden { .. }))),
        "{refused:?}"
    );
    let refused = assign(&world, &eve, input(&[eve.id], &[read], None)).await;
    assert!(matches!(refused, Err(AssignError::Access(Refused::NotFound))), "{refused:?}");

    let mut cx = world.cx(world.acting(&eve).await).await;
    let refused = commands::revoke_assignment(&mut cx, acme.assignment.id, None).await;
    assert!(matches!(refused, Err(AssignError::Access(Refused::NotFound))), "{refused:?}");
    let change = ChangeAssignment {
        assignment: acme.assignment.id,
        version: 1,
        scopes: vec![read],
        ends_at: None,
    };
    let refused = commands::change_assignment(&mut cx, change).await;
    assert!(matches!(refused, Err(AssignError::Access(Refused::NotFound))), "{refused:?}");
});

for_each_backend!(whoever_was_suspended_meanwhile_assigns_and_takes_away_nothing, |world| {
    let acme = acme(&world).await;
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let read = acme.scopes[0].id;
    // Identified before, asked after the suspension.
    let admin = world.acting(&acme.admin).await;
    world.suspend(&acme.admin).await;
    let mut cx = world.cx(admin).await;
    let refused = commands::assign_application(&mut cx, input(&[cy.id], &[read], None)).await;
    assert!(matches!(refused, Err(AssignError::ActorChanged(_))), "{refused:?}");
    let change = ChangeAssignment {
        assignment: acme.assignment.id,
        version: 1,
        scopes: vec![read],
        ends_at: None,
    };
    let refused = commands::change_assignment(&mut cx, change).await;
    assert!(matches!(refused, Err(AssignError::ActorChanged(_))), "{refused:?}");
    let refused = commands::revoke_assignment(&mut cx, acme.assignment.id, None).await;
    assert!(matches!(refused, Err(AssignError::ActorChanged(_))), "{refused:?}");
});

for_each_backend!(a_user_manager_leaves_what_a_partner_admin_holds, |world| {
    let acme = acme(&world).await;
    let manager = world.member(&acme.organization, "Mia Holt", MemberRole::UserManager).await;
    let held = world.assign(&acme.admin, &acme.entitlement).await;
    let (payroll, scopes) = world.application("payroll").await;
    world.entitle(&acme.organization, &payroll, &scopes).await;
    let read = acme.scopes[0].id;
    let forbidden = |error: &AssignError| matches!(error, AssignError::Access(Refused::Forbidden { .. }));

    let mut cx = world.cx(world.acting(&manager).await).await;
    let change = |assignment| ChangeAssignment {
        assignment,
        version: 1,
        scopes: vec![read],
        ends_at: None,
    };
    let refused = commands::change_assignment(&mut cx, change(held.id)).await.unwrap_err();
    assert!(forbidden(&refused), "{refused:?}");
    let refused = commands::revoke_assignment(&mut cx, held.id, None).await.unwrap_err();
    assert!(forbidden(&refused), "{refused:?}");
    let more = AssignApplication {
        application: "payroll".to_owned(),
        ..input(&[acme.admin.id], &[scopes[0].id], None)
    };
    let refused = commands::assign_application(&mut cx, more).await.unwrap_err();
    assert!(forbidden(&refused), "{refused:?}");
    // What a member holds, and what they hold themselves, is theirs to change.
    commands::change_assignment(&mut cx, change(acme.assignment.id)).await.unwrap();
    commands::assign_application(&mut cx, input(&[manager.id], &[read], None))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    // An admin needs nobody's leave to give their own back, nor to take away from a manager.
    let mut cx = world.cx(world.acting(&acme.admin).await).await;
    commands::return_application(&mut cx, "orders").await.unwrap();
    let managers = store::grants::assignments_of_member(&cx.tx, manager.id).await.unwrap();
    commands::revoke_assignment(&mut cx, managers[0].id, None).await.unwrap();
});

for_each_backend!(the_last_seat_goes_to_one_of_two, |world| {
    let acme = acme(&world).await;
    let cx = world.system().await;
    let limited = Entitlement {
        seats: Some(2),
        ..acme.entitlement.clone()
    };
    store::grants::update_entitlement(&cx.tx, &limited).await.unwrap();
    cx.commit().await.unwrap();
    let cy = world.member(&acme.organization, "Cy Moss", MemberRole::Member).await;
    let dee = world.member(&acme.organization, "Dee Park", MemberRole::Member).await;
    let read = vec![acme.scopes[0].id];
    // Bo has the first of two seats; both others reach for the second at once.
    let grant = async |member: &Member| {
        let mut cx = world.system().await;
        let done = commands::grant_assignment(&mut cx, &acme.organization, member, &acme.entitlement, read.clone(), None).await;
        finish(cx, done).await
    };
    let (first, second) = tokio::join!(grant(&cy), grant(&dee));
    let outcomes = [first, second];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Err(AssignError::NoSeatLeft { seats: 2 }))),
        "{outcomes:?}"
    );
    let taken = store::grants::entitlement_seats_taken(&world.portal.store.reader(), acme.entitlement.id, world.now())
        .await
        .unwrap();
    assert_eq!(taken, 2);
});

for_each_backend!(a_stale_change_is_refused_and_a_second_revocation_does_nothing, |world| {
    let acme = acme(&world).await;
    let admin = world.acting(&acme.admin).await;
    let change = |version| ChangeAssignment {
        assignment: acme.assignment.id,
        version,
        scopes: vec![acme.scopes[0].id],
        ends_at: None,
    };
    let mut cx = world.cx(admin.clone()).await;
    commands::change_assignment(&mut cx, change(1)).await.unwrap();
    cx.commit().await.unwrap();
    let mut cx = world.cx(admin.clone()).await;
    let stale = commands::change_assignment(&mut cx, change(1)).await;
    assert!(matches!(stale, Err(AssignError::Store(StoreError::Stale))), "{stale:?}");
    drop(cx);

    let revoke = async || {
        let mut cx = world.cx(admin.clone()).await;
        let done = commands::revoke_assignment(&mut cx, acme.assignment.id, None).await;
        finish(cx, done).await
    };
    revoke().await.unwrap();
    let again = revoke().await;
    assert!(matches!(again, Err(AssignError::Grant(GrantError::Revoked))), "{again:?}");
    assert_eq!(world.events(EventKind::AssignmentRevoked).await, 1);
    assert!(launch(&world, world.acting(&acme.member).await, "orders").await.is_err());
});

for_each_backend!(what_is_given_back_is_gone_and_cannot_be_given_back_twice, |world| {
    let acme = acme(&world).await;
    let bo = world.acting(&acme.member).await;
    let give_back = async || {
        let mut cx = world.cx(bo.clone()).await;
        let done = commands::return_application(&mut cx, "orders").await;
        finish(cx, done).await
    };
    assert_eq!(give_back().await.unwrap().application.slug, "orders");
    assert!(matches!(give_back().await, Err(AssignError::Access(Refused::NotFound))));
    assert_eq!(world.events(EventKind::AssignmentReturned).await, 1);
    assert!(launch(&world, bo, "orders").await.is_err());
});
