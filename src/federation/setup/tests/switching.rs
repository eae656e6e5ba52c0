//! Switching over: not before it works, and never so that nobody is left who could repair it.

use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    federation::{ProviderStatus, discovery},
    for_each_backend,
    people::TenantRole,
};

async fn switch(
    world: &World,
    actor: Actor,
    organization: &Organization,
    provider: &IdentityProvider,
    exclusive: bool,
    exception: Option<MemberId>,
) -> Result<commands::Switched, SetupError> {
    let version = now(world, provider).await.expect("it is there").version;
    run(world, actor, async |cx| {
        commands::switch_over(cx, organization, provider.id, version, exclusive, exception).await
    })
    .await
}

for_each_backend!(nobody_switches_over_to_what_was_not_tried, |world| {
    let acme = world.organization("Acme").await;
    prove(&world, &acme, "acme.example").await;
    let provider = draft(&world, &acme, Preset::Oidc).await;
    let early = switch(&world, Actor::System("test"), &acme, &provider, false, None).await;
    assert!(matches!(early, Err(SetupError::NotTried)), "{early:?}");
    assert_eq!(now(&world, &provider).await.unwrap().status, ProviderStatus::Draft);
});

for_each_backend!(nobody_switches_over_without_a_domain_that_leads_there, |world| {
    let acme = world.organization("Acme").await;
    let provider = tried(&world, &acme).await;
    let system = || Actor::System("test");
    let without = switch(&world, system(), &acme, &provider, false, None).await;
    assert!(matches!(without, Err(SetupError::NoDomain)), "{without:?}");

    // A claim is no proof, and a domain of another connection does not count either.
    let mut cx = world.system().await;
    domains::commands::claim_domain(&mut cx, &acme, "acme.example").await.unwrap();
    cx.commit().await.unwrap();
    let claimed = switch(&world, system(), &acme, &provider, false, None).await;
    assert!(matches!(claimed, Err(SetupError::NoDomain)), "{claimed:?}");
    let other = run(&world, system(), async |cx| {
        commands::create_provider(cx, &acme, Preset::Saml, "Other account".to_owned()).await
    })
    .await
    .unwrap();
    let bound = prove(&world, &acme, "acme.test").await;
    let mut cx = world.system().await;
    let bound = store::federation::domains::get(&cx.tx, acme.id, bound.id).await.unwrap().unwrap();
    domains::commands::assign_domain(&mut cx, &acme, bound.id, bound.version, Some(other.id))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let elsewhere = switch(&world, system(), &acme, &provider, false, None).await;
    assert!(matches!(elsewhere, Err(SetupError::NoDomain)), "{elsewhere:?}");

    prove(&world, &acme, "acme.org").await;
    switch(&world, system(), &acme, &provider, false, None).await.unwrap();
});

for_each_backend!(keeping_passwords_out_needs_an_admin_who_can_still_use_one, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    prove(&world, &acme, "acme.example").await;
    let provider = tried(&world, &acme).await;
    let kim = admin(&world, &acme).await;
    let manager = world.member(&acme, "Uma Manager", MemberRole::UserManager).await;
    let foreign = admin(&world, &other).await;
    both_factors(&world, &manager).await;
    both_factors(&world, &foreign).await;
    let attempt = async |exclusive: bool, exception: Option<MemberId>| {
        switch(&world, world.acting(&kim).await, &acme, &provider, exclusive, exception).await
    };
    for (case, exception) in [("nobody", None), ("no factors", Some(kim.id)), ("no admin", Some(manager.id))] {
        let refused = attempt(true, exception).await;
        assert!(matches!(refused, Err(SetupError::NoBreakGlass)), "{case}: {refused:?}");
    }
    let refused = attempt(true, Some(foreign.id)).await;
    assert!(matches!(refused, Err(SetupError::Access(Refused::NotFound))), "{refused:?}");
    assert_eq!(now(&world, &provider).await.unwrap().status, ProviderStatus::Draft);

    both_factors(&world, &kim).await;
    attempt(true, Some(kim.id)).await.unwrap();
    let live = now(&world, &provider).await.unwrap();
    assert!(live.keeps_out_passwords());
    assert_eq!(live.break_glass, Some(kim.id));
    // With a password: the exception still acts for Acme, everybody else does not.
    assert!(world.acting(&kim).await.member().is_some());
    assert!(world.acting(&manager).await.member().is_none());
});

for_each_backend!(a_switch_leads_people_there_and_is_told, |world| {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let kim = admin(&world, &acme).await;
    let second = world.member(&acme, "Sam Second", MemberRole::PartnerAdmin).await;
    let plain = world.member(&acme, "Mia Member", MemberRole::Member).await;
    prove(&world, &acme, "acme.example").await;
    let provider = tried(&world, &acme).await;
    switch(&world, world.acting(&kim).await, &acme, &provider, false, None)
        .await
        .unwrap();

    let address = "new@acme.example".parse().unwrap();
    let way = discovery::route(&world.portal.store.reader(), &address).await.unwrap();
    assert!(matches!(way, discovery::Route::Provider { provider: found, .. } if found.id == provider.id));
    let to_second = letters(&world, &person(&world, &second).await).await;
    assert!(matches!(&to_second[..], [(subject, text)] if subject.contains("Acme account") && text.contains("/team/settings/sign-in/")));
    let to_owner = letters(&world, &owner).await;
    assert!(
        matches!(&to_owner[..], [(_, text)] if text.contains("/partners/acme/sign-in/")),
        "{to_owner:?}"
    );
    for silent in [&kim, &plain] {
        assert!(letters(&world, &person(&world, silent).await).await.is_empty());
    }
    assert_eq!(world.events(EventKind::ProviderSwitchedOver).await, 1);
});

for_each_backend!(saved_again_in_use_nobody_is_told_of_a_switch, |world| {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let kim = admin(&world, &acme).await;
    let second = world.member(&acme, "Sam Second", MemberRole::PartnerAdmin).await;
    both_factors(&world, &kim).await;
    prove(&world, &acme, "acme.example").await;
    let provider = tried(&world, &acme).await;
    let save = async |exclusive: bool, exception: Option<MemberId>| {
        switch(&world, world.acting(&kim).await, &acme, &provider, exclusive, exception)
            .await
            .unwrap()
    };
    let told = async || {
        let admins = letters(&world, &person(&world, &second).await).await.len();
        (admins, letters(&world, &owner).await.len())
    };
    assert!(save(false, None).await.newly);
    assert_eq!(told().await, (1, 1));

    // As it was: nothing to write and nothing to tell.
    let version = now(&world, &provider).await.unwrap().version;
    assert!(!save(false, None).await.newly);
    assert_eq!(now(&world, &provider).await.unwrap().version, version);
    assert_eq!(
        world.events(EventKind::ProviderChanged).await,
        1,
        "the connection's own, before the switch"
    );

    // Who is kept out is in the trail, but no switch.
    assert!(!save(true, Some(kim.id)).await.newly);
    let kept = now(&world, &provider).await.unwrap();
    assert!(kept.keeps_out_passwords());
    assert_eq!(kept.break_glass, Some(kim.id));
    assert_eq!(world.events(EventKind::ProviderChanged).await, 2);
    assert_eq!(world.events(EventKind::ProviderSwitchedOver).await, 1);
    assert_eq!(told().await, (1, 1));

    // Off and on again is a switch.
    let version = kept.version;
    run(&world, world.acting(&kim).await, async |cx| {
        commands::pause_provider(cx, &acme, provider.id, version).await
    })
    .await
    .unwrap();
    assert!(save(true, Some(kim.id)).await.newly);
    assert_eq!(world.events(EventKind::ProviderSwitchedOver).await, 2);
    assert_eq!(told().await, (3, 3));
});

for_each_backend!(the_end_of_a_fall_back_keeps_passwords_out_again, |world| {
    let acme = world.organization("Acme").await;
    prove(&world, &acme, "acme.example").await;
    let provider = tried(&world, &acme).await;
    let kim = admin(&world, &acme).await;
    both_factors(&world, &kim).await;
    switch(&world, Actor::System("test"), &acme, &provider, true, Some(kim.id))
        .await
        .unwrap();
    let end = async || {
        let version = now(&world, &provider).await.unwrap().version;
        run(&world, Actor::System("test"), async |cx| {
            commands::end_fall_back(cx, &acme, provider.id, version).await
        })
        .await
    };
    let nothing = end().await;
    assert!(matches!(nothing, Err(SetupError::AlreadySo)), "{nothing:?}");
    let cx = world.system().await;
    providers::count_failure(&cx.tx, provider.id).await.unwrap();
    providers::fall_back(&cx.tx, provider.id, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    assert!(!now(&world, &provider).await.unwrap().keeps_out_passwords());
    end().await.unwrap();
    let ended = now(&world, &provider).await.unwrap();
    assert!(ended.keeps_out_passwords());
    assert_eq!(ended.failures, 0);
});
