//! Leaver to joiner in one step (mission E2).

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    kernel::EmailAddress,
    people::{
        MemberError, MemberStatus, Standing,
        invitations::{
            Invitation, InvitationError, InvitationStatus,
            commands::{InviteError, resend_invitation, withdraw_invitation},
        },
    },
};

async fn swap(world: &World, leaver: &Member, overlap_hours: i32) -> RotateMember {
    let email: EmailAddress = "jo.park@example.com".parse().unwrap();
    RotateMember {
        which: which(world, leaver).await,
        email,
        name: "Jo Park".to_owned(),
        overlap_hours,
    }
}

async fn rotate_as(world: &World, actor: &Member, rotation: RotateMember) -> Result<Rotated, RotateError> {
    let mut cx = acting(world, actor).await;
    let done = rotate_member(&mut cx, rotation).await?;
    cx.commit().await?;
    Ok(done)
}

/// What waits to set up this member's account.
async fn waiting(world: &World, member: &Member) -> Vec<Invitation> {
    store::invitations::pending_of_member(&world.portal.store.reader(), member.id)
        .await
        .unwrap()
}

for_each_backend!(the_joiner_gets_the_same_for_the_remaining_time_under_a_new_subject, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let (orders, scopes) = world.application("orders").await;
    let (stock, more) = world.application("stock").await;
    let first = world.entitle(&acme, &orders, &scopes[..2]).await;
    let second = world.entitle(&acme, &stock, &more).await;
    let mut narrowed = world.assign(&bo, &first).await;
    world.assign(&bo, &second).await;
    let cx = world.system().await;
    narrowed.ends_at = Some(world.now() + Duration::days(20));
    narrowed.scopes = vec![scopes[0].id];
    store::grants::update_assignment(&cx.tx, &narrowed).await.unwrap();
    let mut dated = bo.clone();
    dated.ends_at = Some(world.now() + Duration::days(90));
    store::members::update(&cx.tx, &dated).await.unwrap();
    cx.commit().await.unwrap();

    let done = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();

    let joiner = latest(&world, &done.joiner).await;
    assert_ne!((joiner.id, joiner.person), (bo.id, bo.person));
    assert_eq!(
        (joiner.role, joiner.ends_at, joiner.rotated_from),
        (bo.role, dated.ends_at, Some(bo.id))
    );
    let mut handed = held(&world, &joiner).await;
    handed.sort_by_key(|assignment| assignment.entitlement);
    assert_eq!(handed.len(), 2);
    let copy = handed.iter().find(|assignment| assignment.entitlement == first.id).unwrap();
    assert_eq!((copy.ends_at, copy.scopes.clone()), (narrowed.ends_at, vec![scopes[0].id]));

    let leaver = latest(&world, &bo).await;
    assert_eq!(
        (leaver.standing_at(world.now()), leaver.rotated_to),
        (Standing::Removed, Some(joiner.id))
    );
    assert!(held(&world, &bo).await.is_empty());
    assert!(world.acting(&bo).await.organization().is_none());
    assert!(world.acting(&joiner).await.organization() == Some(acme.id));
    assert_eq!(world.events(EventKind::MemberRotated).await, 1);
    assert_eq!(world.events(EventKind::MemberAdded).await, 1);
});

for_each_backend!(without_overlap_the_leavers_sessions_end_at_once, |world| {
    let (_, ana, bo) = acme(&world).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();
    assert_eq!(browser.get("/me").await.location.as_deref(), Some("/sign-in"));
});

for_each_backend!(during_the_overlap_the_leaver_may_only_look_and_then_it_is_over, |world| {
    let (acme, ana, _) = acme(&world).await;
    let manager = world.member(&acme, "Mia Holt", MemberRole::UserManager).await;
    let target = world.member(&acme, "Tim Voss", MemberRole::Member).await;
    let mut browser = world.browser_as(manager.person, Some(manager.id)).await;
    rotate_as(&world, &ana, swap(&world, &manager, 1).await).await.unwrap();

    let leaver = latest(&world, &manager).await;
    assert!(leaver.read_only);
    assert_eq!(leaver.ends_at, Some(world.now() + Duration::hours(1)));
    assert_eq!(browser.get("/team").await.status, 200, "looking goes on");
    let error = remove_as(&world, world.acting(&manager).await, ending(&world, &target).await)
        .await
        .unwrap_err();
    assert!(is_forbidden(&error), "{error}");

    // Nobody stretches the overlap.
    let mut cx = acting(&world, &ana).await;
    let which = MemberRef {
        organization: acme.id,
        member: leaver.id,
        version: leaver.version,
    };
    let error = schedule_leave(&mut cx, ScheduleLeave { which, last_day: None }).await.unwrap_err();
    assert!(matches!(error, MembershipError::Member(MemberError::HandedOver)));
    drop(cx);

    world.clock.advance(Duration::minutes(50));
    assert_eq!(browser.get("/team").await.status, 200);
    world.clock.advance(Duration::minutes(10));
    assert_eq!(browser.get("/team").await.location.as_deref(), Some("/no-access"));
});

for_each_backend!(a_rotation_needs_no_extra_seat, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let cx = world.system().await;
    let mut contract = store::contracts::of_organization(&cx.tx, acme.id).await.unwrap().remove(0);
    contract.seats = 2;
    store::contracts::update(&cx.tx, &contract).await.unwrap();
    cx.commit().await.unwrap();
    let (orders, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &orders, &scopes).await;
    world.assign(&bo, &entitlement).await;
    rotate_as(&world, &ana, swap(&world, &bo, 24).await).await.unwrap();
    let db = world.portal.store.reader();
    let seats = store::members::seats_taken(&db, acme.id, world.now()).await.unwrap();
    let reserved = store::invitations::seats_reserved(&db, acme.id, world.now()).await.unwrap();
    assert_eq!((seats, reserved), (2, 0));
    assert_eq!(
        store::grants::entitlement_seats_taken(&db, entitlement.id, world.now())
            .await
            .unwrap(),
        1
    );
});

for_each_backend!(the_only_admin_can_hand_over_even_themself, |world| {
    let (acme, ana, _) = acme(&world).await;
    let done = rotate_as(&world, &ana, swap(&world, &ana, 0).await).await.unwrap();
    let admins = store::members::admins(&world.portal.store.reader(), acme.id).await.unwrap();
    assert_eq!(admins.iter().map(|admin| admin.id).collect::<Vec<_>>(), [done.joiner.id]);
});

for_each_backend!(a_user_manager_hands_over_no_role_they_may_not_give, |world| {
    let (acme, ana, _) = acme(&world).await;
    let manager = world.member(&acme, "Mia Holt", MemberRole::UserManager).await;
    let auditor = world.member(&acme, "Ida Falk", MemberRole::Auditor).await;
    let error = rotate_as(&world, &manager, swap(&world, &ana, 0).await).await.unwrap_err();
    assert!(matches!(&error, RotateError::Membership(error) if is_forbidden(error)), "{error}");
    let error = rotate_as(&world, &manager, swap(&world, &auditor, 0).await).await.unwrap_err();
    assert!(matches!(error, RotateError::RoleNotYours), "{error}");
});

for_each_backend!(somebody_known_elsewhere_joins_with_their_own_account, |world| {
    let (_, ana, bo) = acme(&world).await;
    let globex = world.organization("Globex").await;
    let known = world.member(&globex, "Jo Park", MemberRole::PartnerAdmin).await;
    let done = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();
    assert_eq!(done.joiner.person, known.person);
    assert_ne!(done.joiner.id, known.id);
    assert_eq!(latest(&world, &known).await, known);
});

for_each_backend!(a_member_cannot_join_again_but_a_former_one_can, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let jo = world.member(&acme, "Jo Park", MemberRole::Member).await;
    let error = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap_err();
    assert!(matches!(error, RotateError::AlreadyMember(_)));
    assert_eq!(latest(&world, &bo).await, bo);

    let target = which(&world, &jo).await;
    let mut cx = acting(&world, &ana).await;
    schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(world.now().date_naive()),
        },
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();
    world.clock.advance(Duration::days(1));
    // Nothing tidied up yet: a browser still has the old hat on.
    world.browser_as(jo.person, Some(jo.id)).await;
    let done = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();
    assert_eq!(done.joiner.person, jo.person);
    assert_ne!(done.joiner.id, jo.id, "a new subject");
    assert_eq!(latest(&world, &jo).await.status, MemberStatus::Removed);
    let told = world.told(EventKind::MemberEnded).await;
    assert_eq!((told.len(), &told[0]["sessions_ended"]), (1, &serde_json::json!(1)), "{told:?}");
});

for_each_backend!(what_the_organization_no_longer_holds_is_not_handed_over, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let (orders, scopes) = world.application("orders").await;
    let (stock, more) = world.application("stock").await;
    let mut gone = world.entitle(&acme, &orders, &scopes).await;
    let mut narrower = world.entitle(&acme, &stock, &more).await;
    world.assign(&bo, &gone).await;
    world.assign(&bo, &narrower).await;
    let cx = world.system().await;
    gone.revoked_at = Some(world.now());
    store::grants::update_entitlement(&cx.tx, &gone).await.unwrap();
    narrower.scopes = vec![more[0].id];
    store::grants::update_entitlement(&cx.tx, &narrower).await.unwrap();
    cx.commit().await.unwrap();
    let done = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();
    let handed = held(&world, &done.joiner).await;
    assert_eq!(
        handed
            .iter()
            .map(|assignment| (assignment.entitlement, assignment.scopes.clone()))
            .collect::<Vec<_>>(),
        [(narrower.id, vec![more[0].id])]
    );
});

for_each_backend!(two_rotations_of_one_leaver_at_once_make_one_joiner, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let rotation = swap(&world, &bo, 0).await;
    let mut other = rotation.clone();
    other.email = "kim.wu@example.com".parse().unwrap();
    let (first, second) = tokio::join!(rotate_as(&world, &ana, rotation), rotate_as(&world, &ana, other));
    assert!(first.is_ok() != second.is_ok());
    let seats = store::members::seats_taken(&world.portal.store.reader(), acme.id, world.now())
        .await
        .unwrap();
    assert_eq!(seats, 2);
});

for_each_backend!(a_rotation_that_is_not_committed_leaves_no_trace, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let rotation = swap(&world, &bo, 12).await;
    let mut cx = acting(&world, &ana).await;
    rotate_member(&mut cx, rotation.clone()).await.unwrap();
    drop(cx);
    assert_eq!(latest(&world, &bo).await, bo);
    let db = world.portal.store.reader();
    assert!(store::people::find_by_email(&db, &rotation.email).await.unwrap().is_none());
    assert_eq!(store::members::seats_taken(&db, acme.id, world.now()).await.unwrap(), 2);
});

for_each_backend!(a_suspended_leaver_has_nothing_to_overlap, |world| {
    let (_, ana, bo) = acme(&world).await;
    let target = ending(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    suspend_member(&mut cx, target).await.unwrap();
    cx.commit().await.unwrap();
    let error = rotate_as(&world, &ana, swap(&world, &bo, 4).await).await.unwrap_err();
    assert!(matches!(
        error,
        RotateError::Membership(MembershipError::Member(MemberError::OverlapWhileSuspended))
    ));
    let done = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();
    assert_eq!(done.joiner.status, MemberStatus::Active);
});

for_each_backend!(what_sets_up_the_joiners_account_goes_with_the_membership_alone, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let done = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap();
    let invitation = waiting(&world, &done.joiner).await.remove(0);
    // Taken back alone it would leave a member who can never get in.
    let mut cx = acting(&world, &ana).await;
    let refused = withdraw_invitation(&mut cx, acme.id, invitation.id, invitation.version).await;
    assert!(matches!(refused, Err(InviteError::State(InvitationError::HandOver))), "{refused:?}");
    drop(cx);
    let target = ending(&world, &done.joiner).await;
    remove_as(&world, world.acting(&ana).await, target).await.unwrap();
    assert!(waiting(&world, &done.joiner).await.is_empty());
    let gone = store::invitations::get(&world.portal.store.reader(), acme.id, invitation.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(gone.status, InvitationStatus::Withdrawn);
    assert_eq!(world.events(EventKind::InvitationWithdrawn).await, 1);
});

for_each_backend!(a_joiner_who_hands_over_in_turn_needs_no_account_any_more, |world| {
    let (_, ana, bo) = acme(&world).await;
    let jo = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap().joiner;
    let next = RotateMember {
        email: "kim.wu@example.com".parse().unwrap(),
        ..swap(&world, &jo, 0).await
    };
    let kim = rotate_as(&world, &ana, next).await.unwrap().joiner;
    assert!(waiting(&world, &jo).await.is_empty());
    assert_eq!(waiting(&world, &kim).await.len(), 1);
});

for_each_backend!(an_account_is_not_set_up_for_a_membership_that_is_over, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let jo = rotate_as(&world, &ana, swap(&world, &bo, 0).await).await.unwrap().joiner;
    let target = which(&world, &jo).await;
    let mut cx = acting(&world, &ana).await;
    let today = ScheduleLeave {
        which: target,
        last_day: Some(world.now().date_naive()),
    };
    schedule_leave(&mut cx, today).await.unwrap();
    cx.commit().await.unwrap();
    world.clock.advance(Duration::days(1));
    let invitation = waiting(&world, &jo).await.remove(0);
    let mut cx = acting(&world, &ana).await;
    let refused = resend_invitation(&mut cx, acme.id, invitation.id, invitation.version).await;
    assert!(matches!(refused, Err(InviteError::NoMember)), "{refused:?}");
    drop(cx);
    // Who comes back is a new member: the old invitation makes way together with the old membership.
    let cleo = world.member(&acme, "Cleo Ost", MemberRole::Member).await;
    let again = rotate_as(&world, &ana, swap(&world, &cleo, 0).await).await.unwrap().joiner;
    assert_eq!(again.person, jo.person);
    assert!(waiting(&world, &jo).await.is_empty());
    assert_eq!(waiting(&world, &again).await.len(), 1);
});
