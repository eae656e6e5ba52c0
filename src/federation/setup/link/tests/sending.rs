//! Who sends links, to whom, and what the mail alone holds.

use super::{super::LINK_DAYS, *};
use crate::{access::Refused, audit::EventKind, for_each_backend, kernel::sha256, people::MemberRole, store::StoreError};

for_each_backend!(whoever_answers_for_the_partner_sends_links_and_nobody_else, |world| {
    let (acme, owner) = owned(&world).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let (auditor, stranger) = (
        world.employee("Aude Auditor", TenantRole::Auditor).await,
        world.employee("Otto Owner", TenantRole::Owner).await,
    );
    let other = world.organization("Other").await;
    let (kim, foreign) = (admin(&world, &acme).await, admin(&world, &other).await);
    let plain = world.member(&acme, "Mia Member", MemberRole::Member).await;
    for (who, actor) in [
        ("auditor", world.actor(auditor.id, None).await),
        ("partner admin", world.acting(&kim).await),
        ("member", world.acting(&plain).await),
    ] {
        let refused = send(&world, actor, &acme, None).await;
        assert!(
            matches!(refused, Err(LinkError::Access(Refused::Forbidden { .. }))),
            "{who}: {refused:?}"
        );
    }
    for (who, actor) in [
        ("foreign admin", world.acting(&foreign).await),
        ("other owner", world.actor(stranger.id, None).await),
    ] {
        let refused = send(&world, actor, &acme, None).await;
        assert!(matches!(refused, Err(LinkError::Access(Refused::NotFound))), "{who}: {refused:?}");
    }
    let nobody = send(&world, Actor::Anonymous, &acme, None).await;
    assert!(matches!(nobody, Err(LinkError::Access(Refused::SignedOut))), "{nobody:?}");
    assert!(mails(&world, ADDRESS).await.is_empty());

    send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    send_to(
        &world,
        world.actor(operator.id, None).await,
        &acme,
        "other@contractor.example",
        None,
    )
    .await
    .unwrap();
    assert_eq!(world.events(EventKind::SetupLinkSent).await, 2);
});

for_each_backend!(the_value_is_in_the_mail_alone, |world| {
    let (acme, owner) = owned(&world).await;
    let link = send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let sent = mails(&world, ADDRESS).await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].0.contains("Olga Owner") && sent[0].0.contains("Acme"), "{}", sent[0].0);
    let token = token_in(&sent[0].1);
    assert_eq!(stored(&world, &link).await.token_hash, sha256(&token));
    let mut browser = world.browser_as(owner.id, None).await;
    for page in ["/partners/acme/sign-in", "/partners/acme/activity"] {
        let shown = browser.get(page).await.text;
        assert!(shown.contains(ADDRESS), "{page} names whom it was sent to");
        assert!(!shown.contains(&token), "{page}");
    }
});

for_each_backend!(an_address_has_one_open_link_and_a_partner_a_handful, |world| {
    let (acme, owner) = owned(&world).await;
    let actor = world.actor(owner.id, None).await;
    send(&world, actor.clone(), &acme, None).await.unwrap();
    let twice = send(&world, actor.clone(), &acme, None).await;
    assert!(matches!(twice, Err(LinkError::Twice)), "{twice:?}");
    for number in 2..=commands::MAX_PENDING {
        send_to(&world, actor.clone(), &acme, &format!("it{number}@contractor.example"), None)
            .await
            .unwrap();
    }
    let many = send_to(&world, actor.clone(), &acme, "more@contractor.example", None).await;
    assert!(matches!(many, Err(LinkError::TooMany)), "{many:?}");
    // What nobody opened in time is in nobody's way.
    world.clock.advance(chrono::Duration::days(LINK_DAYS));
    send(&world, actor, &acme, None).await.unwrap();
});

for_each_backend!(a_link_opens_a_draft_and_nothing_that_is_in_use_or_elsewhere, |world| {
    let (acme, owner) = owned(&world).await;
    let actor = world.actor(owner.id, None).await;
    let other = world.organization("Other").await;
    let theirs = draft(&world, &other, crate::federation::Preset::Oidc).await;
    let foreign = send(&world, actor.clone(), &acme, Some(theirs.id)).await;
    assert!(matches!(foreign, Err(LinkError::Access(Refused::NotFound))), "{foreign:?}");
    let live = crate::federation::setup::tests::live(&world, &acme).await;
    let in_use = send(&world, actor, &acme, Some(live.id)).await;
    assert!(matches!(in_use, Err(LinkError::NoDraft)), "{in_use:?}");
});

for_each_backend!(sent_again_the_old_value_is_dead_and_what_it_opens_stays, |world| {
    let (acme, owner) = owned(&world).await;
    let actor = world.actor(owner.id, None).await;
    let provider = draft(&world, &acme, crate::federation::Preset::Oidc).await;
    let link = send(&world, actor.clone(), &acme, Some(provider.id)).await.unwrap();
    let old = token(&world).await;
    let resend = async |version: i32| {
        run(&world, actor.clone(), async |cx| {
            commands::resend_link(cx, &acme, link.id, version).await
        })
        .await
    };
    world.clock.advance(chrono::Duration::hours(1));
    resend(1).await.unwrap();
    let stale = resend(1).await;
    assert!(matches!(stale, Err(LinkError::Store(StoreError::Stale))), "{stale:?}");
    let new = token(&world).await;
    assert_ne!(old, new);
    let dead = open(&world, &old).await;
    assert!(matches!(dead, Err(OpenError::Unusable)), "{dead:?}");

    // Also the browser that had opened it is out.
    let held = open(&world, &new).await.unwrap();
    assert!(is_open(&world, &held).await);
    world.clock.advance(chrono::Duration::minutes(1));
    resend(stored(&world, &link).await.version).await.unwrap();
    assert!(!is_open(&world, &held).await);
    let again = open(&world, &token(&world).await).await.unwrap();
    let opens = work(&world, &again, async |_, _, reach| Ok(reach.connections)).await.unwrap();
    assert_eq!(opens, [provider.id]);
    assert_eq!(world.events(EventKind::SetupLinkResent).await, 2);
});

for_each_backend!(nothing_is_sent_for_a_partner_whose_access_is_paused, |world| {
    let (acme, owner) = owned(&world).await;
    let paused = acme.clone().suspend("A pause".to_owned(), false).unwrap();
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &paused).await.unwrap();
    cx.commit().await.unwrap();
    let refused = send(&world, world.actor(owner.id, None).await, &paused, None).await;
    assert!(matches!(refused, Err(LinkError::Closed(_))), "{refused:?}");
});
