//! What an open link does, and what it does not.

use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    federation::{
        Joining, Mapping, Preset, Rules, domains,
        mapping::GroupRole,
        setup::commands::{self as setup, Admission, SetupError},
    },
    for_each_backend,
    people::MemberRole,
};

/// What the trail says that was done with the link.
async fn by_the_link(world: &World) -> Vec<entity::audit_event::Model> {
    use entity::audit_event as e;
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    let query = e::Entity::find().filter(e::Column::ActorLabel.eq(format!("Set-up link to {ADDRESS}")));
    let db = world.portal.store.reader();
    query.all(db.connection()).await.expect("the database answers")
}

for_each_backend!(every_step_is_in_the_trail_under_the_links_name, |world| {
    let (acme, owner) = owned(&world).await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, None).await;
    let provider = work(&world, &held, async |cx, organization, _| {
        Ok(setup::create_provider(cx, &organization, Preset::Oidc, "Acme account".to_owned()).await?)
    })
    .await
    .unwrap();
    work(&world, &held, async |cx, organization, _| {
        let connection = reached("https://idp.example", Some("a secret"));
        setup::change_oidc(cx, &organization, provider.id, 1, connection).await?;
        let mapping = Mapping {
            subject: "oid".to_owned(),
            ..provider.mapping.clone()
        };
        setup::change_mapping(cx, &organization, provider.id, 2, mapping).await?;
        commands::note_trial(cx, &organization, &provider).await?;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(now(&world, &provider).await.mapping.subject, "oid");
    let rows = by_the_link(&world).await;
    let mut kinds: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "identity_provider.changed",
            "identity_provider.changed",
            "identity_provider.created",
            "setup_link.opened",
            "setup_link.trial",
        ]
    );
    for row in rows {
        assert!(row.details.contains("setup_link"), "{}", row.details);
        assert_eq!(row.organization_id, Some(acme.id.0));
    }
});

for_each_backend!(it_may_set_up_and_nothing_else, |world| {
    let (acme, owner) = owned(&world).await;
    let provider = tried(&world, &acme).await;
    let domain = prove(&world, &acme, "acme.example").await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, Some(provider.id)).await;
    let (id, version) = (provider.id, now(&world, &provider).await.version);
    let admission = || Admission {
        joining: Joining::default(),
        rules: Rules::default(),
        trusts_second_factor: true,
    };
    let before = world.events(EventKind::ProviderChanged).await;
    let mut refused: Vec<(&str, Result<(), WorkError>)> = Vec::new();
    macro_rules! attempt {
        ($name:literal, |$cx:ident, $organization:ident| $command:expr) => {
            let outcome = work(&world, &held, async |$cx, $organization, _| {
                $command.await?;
                Ok(())
            });
            refused.push(($name, outcome.await));
        };
    }
    attempt!("admission", |cx, acme| setup::change_admission(cx, &acme, id, version, admission()));
    attempt!("switch over", |cx, acme| setup::switch_over(cx, &acme, id, version, false, None));
    attempt!("pause", |cx, acme| setup::pause_provider(cx, &acme, id, version));
    attempt!("remove", |cx, acme| setup::remove_provider(cx, &acme, id, version));
    attempt!("fall back", |cx, acme| setup::end_fall_back(cx, &acme, id, version));
    attempt!("key", |cx, acme| setup::change_key(cx, &acme, id, version));
    for (what, outcome) in refused {
        assert!(
            matches!(outcome, Err(WorkError::Setup(SetupError::Access(Refused::NotFound)))),
            "{what}: {outcome:?}"
        );
    }
    let claimed = work(&world, &held, async |cx, acme, _| {
        Ok(domains::commands::claim_domain(cx, &acme, "evil.example").await.err())
    })
    .await
    .unwrap();
    assert!(
        matches!(claimed, Some(domains::commands::DomainCommandError::Access(Refused::NotFound))),
        "{claimed:?}"
    );
    let given_up = work(&world, &held, async |cx, acme, _| {
        Ok(domains::commands::give_up_domain(cx, &acme, domain.id, true).await.err())
    })
    .await
    .unwrap();
    assert!(
        matches!(given_up, Some(domains::commands::DomainCommandError::Access(Refused::NotFound))),
        "{given_up:?}"
    );
    let sent = work(&world, &held, async |cx, acme, _| {
        let address = "more@contractor.example".parse().unwrap();
        Ok(commands::send_link(cx, &acme, address, None).await.err())
    })
    .await
    .unwrap();
    assert!(matches!(sent, Some(LinkError::Access(Refused::NotFound))), "{sent:?}");
    assert_eq!(world.events(EventKind::ProviderChanged).await, before);
    assert_eq!(now(&world, &provider).await.version, version);
});

for_each_backend!(groups_and_attributes_stay_as_they_are, |world| {
    let (acme, owner) = owned(&world).await;
    let provider = draft(&world, &acme, Preset::Oidc).await;
    let rule = |group: &str, role| GroupRole {
        group: group.to_owned(),
        role,
    };
    let mut mapping = provider.mapping.clone();
    mapping.groups = "groups".to_owned();
    mapping.group_roles = vec![rule("leads", MemberRole::UserManager)];
    run(&world, Actor::System("test"), async |cx| {
        setup::change_mapping(cx, &acme, provider.id, provider.version, mapping.clone()).await
    })
    .await
    .unwrap();
    let held = opened(&world, world.actor(owner.id, None).await, &acme, Some(provider.id)).await;
    let mut wanted = mapping.clone();
    wanted.given_name = "first".to_owned();
    wanted.groups = "everything".to_owned();
    wanted.group_roles = vec![rule("everybody", MemberRole::PartnerAdmin)];
    wanted.attributes = [("note".to_owned(), "secret".to_owned())].into();
    work(&world, &held, async |cx, organization, _| {
        Ok(setup::change_mapping(cx, &organization, provider.id, 2, wanted).await?)
    })
    .await
    .unwrap();
    let kept = now(&world, &provider).await.mapping;
    assert_eq!(kept.given_name, "first");
    assert_eq!(
        (kept.groups, kept.group_roles, kept.attributes),
        (mapping.groups, mapping.group_roles, mapping.attributes)
    );
});

for_each_backend!(only_its_own_connections_are_open, |world| {
    let (acme, owner) = owned(&world).await;
    let other = world.organization("Other").await;
    let (mine, foreign) = (draft(&world, &acme, Preset::Oidc).await, draft(&world, &other, Preset::Oidc).await);
    let held = opened(&world, world.actor(owner.id, None).await, &acme, None).await;
    for provider in [mine, foreign] {
        let refused = work(&world, &held, async |cx, organization, _| {
            let connection = reached("https://evil.example", Some("a secret"));
            setup::change_oidc(cx, &organization, provider.id, provider.version, connection).await?;
            Ok(())
        })
        .await;
        assert!(
            matches!(refused, Err(WorkError::Setup(SetupError::Access(Refused::NotFound)))),
            "{refused:?}"
        );
    }
});

for_each_backend!(a_link_begins_a_few_connections, |world| {
    let (acme, owner) = owned(&world).await;
    let held = opened(&world, world.actor(owner.id, None).await, &acme, None).await;
    let begin = async |number: usize| {
        work(&world, &held, async |cx, organization, _| {
            Ok(setup::create_provider(cx, &organization, Preset::Okta, format!("Account {number}")).await?)
        })
        .await
    };
    for number in 0..setup::MAX_BY_LINK {
        begin(number).await.unwrap();
    }
    let more = begin(9).await;
    assert!(matches!(more, Err(WorkError::Setup(SetupError::TooManyByLink))), "{more:?}");
});

for_each_backend!(what_was_not_committed_did_not_happen, |world| {
    let (acme, owner) = owned(&world).await;
    let link = send(&world, world.actor(owner.id, None).await, &acme, None).await.unwrap();
    let token = token(&world).await;
    let mut cx = world.cx(Actor::Anonymous).await;
    commands::open_link(&mut cx, &token).await.unwrap();
    cx.tx.rollback().await.unwrap();
    assert_eq!(stored(&world, &link).await.opened_at, None);
    assert_eq!(world.events(EventKind::SetupLinkOpened).await, 0);
    open(&world, &token).await.unwrap();
});
