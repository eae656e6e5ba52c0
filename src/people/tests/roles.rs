//! Nobody gives a role above their own (mission E4).

use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::{audit::EventKind, for_each_backend, people::TenantRole};

for_each_backend!(a_role_counts_at_once_in_open_sessions, |world| {
    let (_, ana, bo) = acme(&world).await;
    let mut browser = world.browser_as(bo.person, Some(bo.id)).await;
    assert_eq!(browser.get("/team").await.status, 403);
    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &ana).await;
    change_role(
        &mut cx,
        ChangeRole {
            which: target,
            role: MemberRole::UserManager,
        },
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();
    assert_eq!(browser.get("/team").await.status, 200);
    assert_eq!(world.events(EventKind::RoleChanged).await, 1);
});

for_each_backend!(a_user_manager_makes_nobody_an_admin_or_auditor, |world| {
    let (acme, _, bo) = acme(&world).await;
    let manager = world.member(&acme, "Mia Holt", MemberRole::UserManager).await;
    let target = which(&world, &bo).await;
    let mut cx = acting(&world, &manager).await;
    for role in [MemberRole::PartnerAdmin, MemberRole::Auditor] {
        let error = change_role(&mut cx, ChangeRole { which: target, role }).await.unwrap_err();
        assert!(matches!(error, MembershipError::RoleAboveOwn(above) if above == role));
    }
    change_role(
        &mut cx,
        ChangeRole {
            which: target,
            role: MemberRole::UserManager,
        },
    )
    .await
    .unwrap();
});

for_each_backend!(a_user_manager_does_not_touch_a_partner_admin, |world| {
    let (acme, ana, _) = acme(&world).await;
    world.member(&acme, "Cleo Ost", MemberRole::PartnerAdmin).await;
    let manager = world.member(&acme, "Mia Holt", MemberRole::UserManager).await;
    let target = ending(&world, &ana).await;
    let mut cx = acting(&world, &manager).await;
    assert!(is_forbidden(&suspend_member(&mut cx, target.clone()).await.unwrap_err()));
    assert!(is_forbidden(&remove_member(&mut cx, target.clone()).await.unwrap_err()));
    let change = ChangeRole {
        which: target.which,
        role: MemberRole::Member,
    };
    assert!(is_forbidden(&change_role(&mut cx, change).await.unwrap_err()));
});

for_each_backend!(the_only_partner_admin_is_not_demoted_and_nobody_changes_their_own_role, |world| {
    let (acme, ana, _) = acme(&world).await;
    let target = which(&world, &ana).await;
    let mut cx = acting(&world, &ana).await;
    let change = ChangeRole {
        which: target,
        role: MemberRole::Member,
    };
    assert!(matches!(change_role(&mut cx, change).await, Err(MembershipError::Yourself)));
    drop(cx);

    let operator = world.employee("Omar Diaz", TenantRole::Operator).await;
    let mut cx = world.cx(world.actor(operator.id, None).await).await;
    let error = change_role(&mut cx, change).await.unwrap_err();
    assert!(is_forbidden(&error), "roles in a partner are the partner's business: {error}");
    drop(cx);

    let cleo = world.member(&acme, "Cleo Ost", MemberRole::PartnerAdmin).await;
    let demote_cleo = ChangeRole {
        which: which(&world, &cleo).await,
        role: MemberRole::Member,
    };
    let (as_ana, as_cleo) = (world.acting(&ana).await, world.acting(&cleo).await);
    let both = async |actor, change| {
        let mut cx = world.cx(actor).await;
        change_role(&mut cx, change).await?;
        cx.commit().await.map_err(MembershipError::from)
    };
    let (first, second) = tokio::join!(both(as_ana, demote_cleo), both(as_cleo, change));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
});

const fn rank(role: MemberRole) -> u8 {
    match role {
        MemberRole::Member => 0,
        MemberRole::Auditor | MemberRole::UserManager => 1,
        MemberRole::PartnerAdmin => 2,
    }
}

for_each_backend!(no_sequence_of_role_changes_raises_anyone_above_the_actor, |world| {
    let acme = world.organization("Acme Consulting").await;
    let mut team = Vec::new();
    for (name, role) in [
        ("Ana Ruiz", MemberRole::PartnerAdmin),
        ("Bo Lind", MemberRole::Member),
        ("Cleo Ost", MemberRole::UserManager),
        ("Dana Roe", MemberRole::UserManager),
        ("Ida Falk", MemberRole::Auditor),
    ] {
        team.push(world.member(&acme, name, role).await);
    }
    let mut dice = rand::rngs::StdRng::seed_from_u64(2026);
    let mut done = 0;
    for _ in 0..120 {
        let (actor, target) = (&team[dice.random_range(0..team.len())], &team[dice.random_range(0..team.len())]);
        let role = MemberRole::ALL[dice.random_range(0..MemberRole::ALL.len())];
        let (actor_role, before) = (latest(&world, actor).await.role, latest(&world, target).await.role);
        let target_ref = which(&world, target).await;
        let mut cx = acting(&world, actor).await;
        if change_role(&mut cx, ChangeRole { which: target_ref, role }).await.is_ok() {
            cx.commit().await.unwrap();
            done += 1;
            assert_ne!(actor.id, target.id, "nobody changes their own role");
            assert!(rank(role) <= rank(actor_role), "{actor_role} made someone {role}");
            assert!(rank(before) <= rank(actor_role), "{actor_role} changed a {before}");
            assert!(!matches!(actor_role, MemberRole::Member | MemberRole::Auditor));
        } else {
            drop(cx);
            assert_eq!(latest(&world, target).await.role, before);
        }
        let admins = store::members::admins(&world.portal.store.reader(), acme.id).await.unwrap();
        assert!(!admins.is_empty(), "an admin remains");
    }
    assert!(done > 10, "only {done} changes were made");
});
