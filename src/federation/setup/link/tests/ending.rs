//! A link ends: withdrawn, with its organization, with its connection, or because whoever had it is finished.

use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    federation::{
        Preset,
        setup::{commands as setup, link::Standing, tests::letters},
    },
    for_each_backend,
    organizations::commands::{ChangeStatus, offboard_partner, suspend_partner},
    store::StoreError,
};

for_each_backend!(withdrawn_it_is_dead_also_where_it_is_open, |world| {
    let (acme, owner) = owned(&world).await;
    let actor = world.actor(owner.id, None).await;
    let link = send(&world, actor.clone(), &acme, None).await.unwrap();
    let held = open(&world, &token(&world).await).await.unwrap();
    let withdraw = async |version: i32| {
        run(&world, actor.clone(), async |cx| {
            commands::withdraw_link(cx, &acme, link.id, version).await
        })
        .await
    };
    // Opened meanwhile: the page that shows it unopened is overtaken.
    let stale = withdraw(1).await;
    assert!(matches!(stale, Err(LinkError::Store(StoreError::Stale))), "{stale:?}");
    withdraw(stored(&world, &link).await.version).await.unwrap();
    assert!(!is_open(&world, &held).await);
    let version = stored(&world, &link).await.version;
    let twice = withdraw(version).await;
    assert!(matches!(twice, Err(LinkError::Over)), "{twice:?}");
    let again = run(&world, actor.clone(), async |cx| {
        commands::resend_link(cx, &acme, link.id, version).await
    })
    .await;
    assert!(matches!(again, Err(LinkError::Over)), "{again:?}");
    assert_eq!(world.events(EventKind::SetupLinkWithdrawn).await, 1);
});

for_each_backend!(another_partners_owner_does_not_find_the_link, |world| {
    let (acme, owner) = owned(&world).await;
    let link = send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let other = world.organization("Other").await;
    let stranger = world.employee("Otto Owner", TenantRole::Owner).await;
    let other = world.own(&other, &stranger).await;
    let actor = world.actor(stranger.id, None).await;
    let refused = run(&world, actor, async |cx| commands::withdraw_link(cx, &other, link.id, 1).await).await;
    assert!(matches!(refused, Err(LinkError::Access(Refused::NotFound))), "{refused:?}");
});

for_each_backend!(no_link_outlives_the_access_of_its_partner, |world| {
    let (acme, owner) = owned(&world).await;
    let actor = world.actor(owner.id, None).await;
    let link = send(&world, actor.clone(), &acme, None).await.unwrap();
    let unopened = send_to(&world, actor.clone(), &acme, "second@contractor.example", None)
        .await
        .unwrap();
    let held = open(&world, &token(&world).await).await.unwrap();
    let change = |version: i32| ChangeStatus {
        organization: "acme".to_owned(),
        version,
        reason: "A test".to_owned(),
    };
    let mut cx = world.cx(actor.clone()).await;
    let paused = suspend_partner(&mut cx, change(acme.version)).await.unwrap();
    cx.commit().await.unwrap();
    assert!(!is_open(&world, &held).await);
    for link in [&link, &unopened] {
        assert_eq!(stored(&world, link).await.standing_at(world.now()), Standing::Withdrawn);
    }
    let value = token_in(&mails(&world, "second@contractor.example").await[0].1);
    let dead = open(&world, &value).await;
    assert!(matches!(dead, Err(OpenError::Unusable)), "{dead:?}");
    let mut cx = world.cx(actor).await;
    let version = store::organizations::get(&cx.tx, paused.id).await.unwrap().unwrap().version;
    offboard_partner(&mut cx, change(version)).await.unwrap();
    cx.commit().await.unwrap();
});

for_each_backend!(a_connection_is_removed_with_links_to_it, |world| {
    let (acme, owner) = owned(&world).await;
    let provider = draft(&world, &acme, Preset::Oidc).await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, Some(provider.id)).await;
    run(&world, Actor::System("test"), async |cx| {
        setup::remove_provider(cx, &acme, provider.id, provider.version).await
    })
    .await
    .unwrap();
    let opens = work(&world, &held, async |_, _, reach| Ok(reach.connections)).await.unwrap();
    assert!(opens.is_empty());
});

for_each_backend!(finished_the_link_is_spent_and_both_sides_are_told, |world| {
    let (acme, owner) = owned(&world).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let kim = admin(&world, &acme).await;
    let held = opened(&world, world.actor(operator.id, None).await, &acme, None).await;
    let finish = async || {
        work(&world, &held, async |cx, organization, reach| {
            commands::finish(cx, &organization, &reach).await
        })
        .await
    };
    let nothing = finish().await;
    assert!(matches!(nothing, Err(WorkError::Nothing)), "{nothing:?}");
    work(&world, &held, async |cx, organization, _| {
        let provider = setup::create_provider(cx, &organization, Preset::Oidc, "Acme account".to_owned()).await?;
        let connection = reached("https://idp.example", Some("a secret"));
        setup::change_oidc(cx, &organization, provider.id, provider.version, connection).await?;
        Ok(())
    })
    .await
    .unwrap();
    finish().await.unwrap();
    assert!(!is_open(&world, &held).await);
    let twice = finish().await;
    assert!(matches!(twice, Err(WorkError::NotOpen)), "{twice:?}");
    for (who, person, page) in [
        ("admin", person(&world, &kim).await, "/team/settings/sign-in"),
        ("owner", owner, "/partners/acme/sign-in"),
        ("sender", operator, "/partners/acme/sign-in"),
    ] {
        let told = letters(&world, &person).await;
        assert_eq!(told.len(), 1, "{who}");
        let (subject, text) = &told[0];
        assert!(subject.contains("can be switched over"), "{who}: {subject}");
        assert!(
            text.contains("Acme account") && text.contains(page) && text.contains("No trial"),
            "{who}: {text}"
        );
    }
    assert_eq!(world.events(EventKind::SetupLinkFinished).await, 1);
});

for_each_backend!(what_is_in_use_is_out_of_reach, |world| {
    let (acme, owner) = owned(&world).await;
    prove(&world, &acme, "acme.example").await;
    let provider = tried(&world, &acme).await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, Some(provider.id)).await;
    let change = async || {
        work(&world, &held, async |cx, organization, _| {
            let version = setup::theirs(cx, &organization, provider.id).await?.version;
            Ok(setup::change_mapping(cx, &organization, provider.id, version, provider.mapping.clone()).await?)
        })
        .await
    };
    change().await.unwrap();
    let switched = now(&world, &provider).await;
    run(&world, Actor::System("test"), async |cx| {
        store::federation::providers::note_trial(&cx.tx, provider.id, switched.version, cx.now).await?;
        setup::switch_over(cx, &acme, provider.id, switched.version, false, None).await
    })
    .await
    .unwrap();
    let refused = change().await;
    assert!(
        matches!(refused, Err(WorkError::Setup(setup::SetupError::Access(Refused::NotFound)))),
        "{refused:?}"
    );
});
