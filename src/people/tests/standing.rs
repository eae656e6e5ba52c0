//! Suspending, reinstating, removing, leave dates, and that an admin remains.

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    kernel::{end_of_day, last_day},
    people::{MemberError, MemberStatus, Standing, TenantRole},
};

for_each_backend!(a_suspended_member_is_out_at_once_and_comes_back_with_everything, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let (orders, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &orders, &scopes).await;
    world.assign(&bo, &entitlement).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert_eq!(browser.get("/me").await.location, None);

    let target = ending(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    suspend_member(&mut cx, target).await.unwrap();
    cx.commit().await.unwrap();

    let suspended = latest(&world, &bo).await;
    assert_eq!(
        (suspended.status, suspended.status_reason.as_deref()),
        (MemberStatus::Suspended, Some("Project over"))
    );
    assert_eq!(browser.get("/me").await.location.as_deref(), Some("/sign-in"));
    assert_eq!(world.events(EventKind::MemberSuspended).await, 1);
    assert_eq!(held(&world, &bo).await.len(), 1, "assignments are kept");

    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    reinstate_member(&mut cx, ReinstateMember { which: target }).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(latest(&world, &bo).await.status, MemberStatus::Active);
    assert_eq!(world.events(EventKind::MemberReinstated).await, 1);
});

for_each_backend!(
    a_removed_member_loses_sessions_and_assignments_but_keeps_other_organizations,
    |world| {
        let (acme, ana, bo) = acme(&world).await;
        let globex = world.organization("Globex").await;
        let person = store::people::get(&world.portal.store.reader(), bo.person).await.unwrap().unwrap();
        let elsewhere = world.membership(&globex, &person, MemberRole::Member).await;
        let (orders, scopes) = world.application("orders").await;
        let entitlement = world.entitle(&acme, &orders, &scopes).await;
        world.assign(&bo, &entitlement).await;
        let mut here = world.browser_as(bo.person, Some(bo.id)).await;
        let mut there = world.browser_as(bo.person, Some(elsewhere.id)).await;

        let target = ending(&world, &bo).await;
        remove_as(&world, world.acting(&ana).await, target).await.unwrap();

        assert_eq!(latest(&world, &bo).await.standing_at(world.now()), Standing::Removed);
        assert!(held(&world, &bo).await.is_empty());
        assert_eq!(here.get("/me").await.location.as_deref(), Some("/sign-in"));
        assert_eq!(there.get("/me").await.location, None);
        assert_eq!(latest(&world, &elsewhere).await, elsewhere);
        assert_eq!(world.events(EventKind::MemberRemoved).await, 1);
    }
);

for_each_backend!(what_is_not_committed_did_not_happen, |world| {
    let (_, ana, bo) = acme(&world).await;
    let target = ending(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    remove_member(&mut cx, target).await.unwrap();
    drop(cx);
    assert_eq!(latest(&world, &bo).await, bo);
    assert_eq!(world.events(EventKind::MemberRemoved).await, 0);
});

for_each_backend!(a_stale_page_changes_nothing, |world| {
    let (_, ana, bo) = acme(&world).await;
    let target = ending(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    suspend_member(&mut cx, target.clone()).await.unwrap();
    cx.commit().await.unwrap();
    let error = remove_as(&world, world.acting(&ana).await, target).await.unwrap_err();
    assert!(is_stale(&error));
    assert_eq!(latest(&world, &bo).await.status, MemberStatus::Suspended);
});

for_each_backend!(doing_it_twice_is_told, |world| {
    let (_, ana, bo) = acme(&world).await;
    let target = ending(&world, &bo).await;
    remove_as(&world, world.acting(&ana).await, target).await.unwrap();
    let target = ending(&world, &bo).await;
    let error = remove_as(&world, world.acting(&ana).await, target).await.unwrap_err();
    assert!(matches!(error, MembershipError::Member(MemberError::WrongStatus("removed"))));
});

for_each_backend!(nobody_reaches_into_another_organization, |world| {
    let (acme, ana, _) = acme(&world).await;
    let globex = world.organization("Globex").await;
    let foreign = world.member(&globex, "Gil Moss", MemberRole::Member).await;
    let honest = ending(&world, &foreign).await;
    let mut disguised = honest.clone();
    disguised.which.organization = acme.id;
    for target in [honest, disguised] {
        let error = remove_as(&world, world.acting(&ana).await, target).await.unwrap_err();
        assert!(is_unknown(&error), "{error}");
    }
    assert_eq!(latest(&world, &foreign).await.status, MemberStatus::Active);
});

for_each_backend!(members_and_auditors_change_nobody, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let auditor = world.member(&acme, "Ida Falk", MemberRole::Auditor).await;
    for actor in [&bo, &auditor] {
        let target = ending(&world, &ana).await;
        let error = remove_as(&world, world.acting(actor).await, target).await.unwrap_err();
        assert!(is_forbidden(&error), "{error}");
    }
});

for_each_backend!(nobody_suspends_removes_or_dates_themself, |world| {
    let (acme, ana, _) = acme(&world).await;
    world.member(&acme, "Cleo Ost", MemberRole::PartnerAdmin).await;
    let target = ending(&world, &ana).await;
    let mut cx = acting(&world, &ana).await;
    assert!(matches!(
        suspend_member(&mut cx, target.clone()).await,
        Err(MembershipError::Yourself)
    ));
    assert!(matches!(
        remove_member(&mut cx, target.clone()).await,
        Err(MembershipError::Yourself)
    ));
    let leave = ScheduleLeave {
        which: target.which,
        last_day: None,
    };
    assert!(matches!(schedule_leave(&mut cx, leave).await, Err(MembershipError::Yourself)));
});

for_each_backend!(the_only_partner_admin_stays, |world| {
    let (acme, ana, _) = acme(&world).await;
    let owner = world.employee("Olga Stern", TenantRole::Owner).await;
    world.own(&acme, &owner).await;
    let actor = world.actor(owner.id, None).await;
    let target = ending(&world, &ana).await;
    let mut cx = world.cx(actor).await;
    assert!(matches!(
        suspend_member(&mut cx, target.clone()).await,
        Err(MembershipError::LastAdmin { until: None, .. })
    ));
    assert!(matches!(
        remove_member(&mut cx, target.clone()).await,
        Err(MembershipError::LastAdmin { .. })
    ));
    let day = (world.now() + Duration::days(30)).date_naive();
    let leave = ScheduleLeave {
        which: target.which,
        last_day: Some(day),
    };
    assert!(matches!(
        schedule_leave(&mut cx, leave).await,
        Err(MembershipError::LastAdmin { .. })
    ));
});

for_each_backend!(an_admin_who_leaves_sooner_is_no_replacement, |world| {
    let (acme, ana, _) = acme(&world).await;
    let cleo = world.member(&acme, "Cleo Ost", MemberRole::PartnerAdmin).await;
    let dana = world.member(&acme, "Dana Roe", MemberRole::UserManager).await;
    let day = (world.now() + Duration::days(10)).date_naive();
    let target = which(&world, &cleo).await;
    let mut cx = acting(&world, &ana).await;
    schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(day),
        },
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();

    let target = ending(&world, &ana).await;
    let error = remove_as(&world, world.acting(&cleo).await, target).await.unwrap_err();
    assert!(
        matches!(error, MembershipError::LastAdmin { until: Some(until), .. } if until == day),
        "{error}"
    );

    // With a third admin who stays it is possible.
    let target = which(&world, &dana).await;
    let mut cx = acting(&world, &ana).await;
    change_role(
        &mut cx,
        ChangeRole {
            which: target,
            role: MemberRole::PartnerAdmin,
        },
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();
    let target = ending(&world, &ana).await;
    remove_as(&world, world.acting(&cleo).await, target).await.unwrap();
});

for_each_backend!(of_two_admins_who_remove_each_other_at_once_one_stays, |world| {
    let acme = world.organization("Acme Consulting").await;
    let ana = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let cleo = world.member(&acme, "Cleo Ost", MemberRole::PartnerAdmin).await;
    // Both were signed in and saw the page before either pressed the button.
    let (as_ana, as_cleo) = (world.acting(&ana).await, world.acting(&cleo).await);
    let (remove_cleo, remove_ana) = (ending(&world, &cleo).await, ending(&world, &ana).await);
    let (first, second) = tokio::join!(remove_as(&world, as_ana, remove_cleo), remove_as(&world, as_cleo, remove_ana));
    assert_eq!(
        [first.is_ok(), second.is_ok()].iter().filter(|done| **done).count(),
        1,
        "{first:?} {second:?}"
    );
    let told = first.err().or(second.err()).unwrap();
    assert!(
        matches!(told, MembershipError::ActorChanged(_) | MembershipError::LastAdmin { .. }),
        "{told}"
    );
    let left = store::members::admins(&world.portal.store.reader(), acme.id).await.unwrap();
    assert_eq!(left.len(), 1);
});

for_each_backend!(whoever_was_removed_meanwhile_does_nothing_more, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let cleo = world.member(&acme, "Cleo Ost", MemberRole::PartnerAdmin).await;
    let as_cleo = world.acting(&cleo).await;
    let target = ending(&world, &cleo).await;
    remove_as(&world, world.acting(&ana).await, target).await.unwrap();
    let target = ending(&world, &bo).await;
    let error = remove_as(&world, as_cleo, target).await.unwrap_err();
    assert!(matches!(error, MembershipError::ActorChanged(_)));
});

for_each_backend!(a_leave_date_ends_access_by_itself, |world| {
    let (_, ana, bo) = acme(&world).await;
    let day = (world.now() + Duration::days(9)).date_naive();
    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    let zone = cx.tenant.time_zone;
    schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(day),
        },
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();
    let dated = latest(&world, &bo).await;
    assert_eq!(dated.ends_at, Some(end_of_day(day, zone)));
    assert!(dated.is_in_force_at(end_of_day(day, zone) - Duration::microseconds(1)));
    world.clock.advance(end_of_day(day, zone) - world.now());
    assert!(world.acting(&bo).await.organization().is_none());
    assert_eq!(world.events(EventKind::LeaveScheduled).await, 1);
});

for_each_backend!(a_leave_date_never_outlives_the_contract, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let contract = store::contracts::of_organization(&world.portal.store.reader(), acme.id)
        .await
        .unwrap()
        .remove(0);
    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    let last = last_day(contract.ends_at, cx.tenant.time_zone);
    let late = ScheduleLeave {
        which: target,
        last_day: last.succ_opt(),
    };
    let error = schedule_leave(&mut cx, late).await.unwrap_err();
    assert!(matches!(error, MembershipError::AfterContract(day) if day == last), "{error}");
    let (member, _) = schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(last),
        },
    )
    .await
    .unwrap();
    assert_eq!(member.ends_at, Some(contract.ends_at), "the contract ends at noon of that day");
});

for_each_backend!(a_leave_date_in_the_past_is_refused, |world| {
    let (_, ana, bo) = acme(&world).await;
    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    let yesterday = (world.now() - Duration::days(1)).date_naive();
    let error = schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(yesterday),
        },
    )
    .await
    .unwrap_err();
    assert!(matches!(error, MembershipError::Member(MemberError::EndInThePast)));
});

for_each_backend!(whoever_comes_back_after_their_end_needs_a_free_seat, |world| {
    let (acme, ana, bo) = acme(&world).await;
    let day = world.now().date_naive();
    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(day),
        },
    )
    .await
    .unwrap();
    let mut contract = store::contracts::of_organization(&cx.tx, acme.id).await.unwrap().remove(0);
    contract.seats = 1;
    store::contracts::update(&cx.tx, &contract).await.unwrap();
    cx.commit().await.unwrap();
    world.clock.advance(Duration::days(2));

    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    let error = schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: None,
        },
    )
    .await
    .unwrap_err();
    assert!(matches!(error, MembershipError::NoSeatLeft(1)), "{error}");
});

for_each_backend!(owner_and_operator_act_on_their_partners_people_and_the_auditor_does_not, |world| {
    let (acme, _, bo) = acme(&world).await;
    let owner = world.employee("Olga Stern", TenantRole::Owner).await;
    let stranger = world.employee("Otto Kern", TenantRole::Owner).await;
    let auditor = world.employee("Aino Berg", TenantRole::Auditor).await;
    let operator = world.employee("Omar Diaz", TenantRole::Operator).await;
    world.own(&acme, &owner).await;

    let target = ending(&world, &bo).await;
    let error = remove_as(&world, world.actor(stranger.id, None).await, target.clone())
        .await
        .unwrap_err();
    assert!(is_unknown(&error), "another owner's partner does not exist: {error}");
    let error = remove_as(&world, world.actor(auditor.id, None).await, target.clone())
        .await
        .unwrap_err();
    assert!(is_forbidden(&error), "{error}");

    let mut cx = world.cx(world.actor(owner.id, None).await).await;
    suspend_member(&mut cx, target).await.unwrap();
    cx.commit().await.unwrap();
    let target = ending(&world, &bo).await;
    remove_as(&world, world.actor(operator.id, None).await, target).await.unwrap();
});
