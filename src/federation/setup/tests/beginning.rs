//! Drafts, and what everybody else may not do with them.

use rstest::rstest;

use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    federation::{
        Protocol, ProviderStatus,
        commands::{ManageError, managed_organization},
        discovery,
        setup::commands::MAX_PROVIDERS,
    },
    for_each_backend,
    people::TenantRole,
    store::StoreError,
};

for_each_backend!(a_draft_signs_nobody_in, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    prove(&world, &acme, "acme.example").await;
    let provider = run(&world, world.acting(&kim).await, async |cx| {
        commands::create_provider(cx, &acme, Preset::Keycloak, "Acme account".to_owned()).await
    })
    .await
    .unwrap();
    assert_eq!((provider.status, provider.tried_at), (ProviderStatus::Draft, None));
    let address = "bo@acme.example".parse().unwrap();
    let way = discovery::route(&world.portal.store.reader(), &address).await.unwrap();
    assert!(matches!(way, discovery::Route::Local), "{way:?}");
    assert_eq!(world.events(EventKind::ProviderCreated).await, 1);
});

for_each_backend!(whoever_was_suspended_meanwhile_sets_nothing_up, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    // Identified before, asked after the suspension.
    let actor = world.acting(&kim).await;
    world.suspend(&kim).await;
    let cx = world.cx(actor).await;
    let refused = managed_organization(&cx, "").await;
    assert!(matches!(refused, Err(ManageError::ActorChanged(_))), "{refused:?}");
});

for_each_backend!(every_kind_begins_with_a_key_of_its_own, |world| {
    let acme = world.organization("Acme").await;
    let mut keys = Vec::new();
    for preset in Preset::ALL {
        let provider = run(&world, Actor::System("test"), async |cx| {
            commands::create_provider(cx, &acme, *preset, preset.title().to_owned()).await
        })
        .await
        .unwrap();
        let secrets = Secrets::open(&world.portal.master_key, provider.secrets.as_deref()).unwrap();
        match &provider.protocol {
            Protocol::Saml(_) => {
                assert_eq!((secrets.sp_keys.len(), secrets.client_key_pem), (1, None));
                keys.push(secrets.sp_keys[0].key_pem.clone());
            }
            Protocol::Oidc(_) => {
                assert!(secrets.sp_keys.is_empty());
                keys.push(secrets.client_key_pem.expect("a key"));
            }
        }
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), Preset::ALL.len(), "no two connections share a key");
});

for_each_backend!(names_are_told_apart_and_there_are_not_too_many, |world| {
    let acme = world.organization("Acme").await;
    draft(&world, &acme, Preset::Oidc).await;
    let create = async |name: String| {
        run(&world, Actor::System("test"), async |cx| {
            commands::create_provider(cx, &acme, Preset::Oidc, name).await
        })
        .await
    };
    let twice = create("ACME account".to_owned()).await;
    assert!(matches!(twice, Err(SetupError::NameTaken)), "{twice:?}");
    for number in 1..MAX_PROVIDERS {
        create(format!("Account {number}")).await.unwrap();
    }
    let more = create("One more".to_owned()).await;
    assert!(matches!(more, Err(SetupError::TooMany)), "{more:?}");
});

for_each_backend!(what_is_not_committed_leaves_nothing, |world| {
    let acme = world.organization("Acme").await;
    let mut cx = world.system().await;
    let provider = commands::create_provider(&mut cx, &acme, Preset::Saml, "Acme account".to_owned())
        .await
        .unwrap();
    drop(cx);
    assert!(now(&world, &provider).await.is_none());
    assert_eq!(world.events(EventKind::ProviderCreated).await, 0);
});

/// Every command, aimed at a connection from the organization in whose name it is asked.
async fn every_command(world: &World, actor: &Actor, organization: &Organization, id: ProviderId, version: i32) -> Vec<SetupError> {
    let mut refused = Vec::new();
    macro_rules! attempt {
        ($cx:ident, $command:expr) => {
            let outcome = run(world, actor.clone(), async |$cx| $command.await.map(|_| ())).await;
            refused.push(outcome.expect_err(stringify!($command)));
        };
    }
    let xml = String::new();
    let admission = commands::Admission {
        joining: crate::federation::Joining::default(),
        rules: crate::federation::Rules::default(),
        trusts_second_factor: false,
    };
    let mapping = crate::federation::Mapping::of(Preset::Oidc);
    let connection = reached("https://idp.example", Some(SECRET));
    attempt!(cx, commands::change_oidc(cx, organization, id, version, connection));
    attempt!(cx, commands::change_saml(cx, organization, id, version, xml, None, false, false));
    attempt!(cx, commands::change_key(cx, organization, id, version));
    attempt!(cx, commands::change_mapping(cx, organization, id, version, mapping));
    attempt!(cx, commands::change_admission(cx, organization, id, version, admission));
    attempt!(cx, commands::switch_over(cx, organization, id, version, false, None));
    attempt!(cx, commands::pause_provider(cx, organization, id, version));
    attempt!(cx, commands::remove_provider(cx, organization, id, version));
    attempt!(cx, commands::end_fall_back(cx, organization, id, version));
    refused
}

for_each_backend!(somebody_elses_connection_does_not_exist, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let theirs = live(&world, &acme).await;
    let kim = admin(&world, &other).await;
    let actor = world.acting(&kim).await;
    for refused in every_command(&world, &actor, &other, theirs.id, theirs.version).await {
        assert!(matches!(refused, SetupError::Access(Refused::NotFound)), "{refused:?}");
    }
    // Aimed at the other organization itself.
    for refused in every_command(&world, &actor, &acme, theirs.id, theirs.version).await {
        assert!(matches!(refused, SetupError::Access(_)), "{refused:?}");
    }
    assert_eq!(now(&world, &theirs).await.unwrap().version, theirs.version);
});

for_each_backend!(a_form_that_was_overtaken_changes_nothing, |world| {
    let acme = world.organization("Acme").await;
    let provider = live(&world, &acme).await;
    for refused in every_command(&world, &Actor::System("test"), &acme, provider.id, provider.version - 1).await {
        assert!(matches!(refused, SetupError::Store(StoreError::Stale)), "{refused:?}");
    }
    assert_eq!(now(&world, &provider).await.unwrap().version, provider.version);
});

#[rstest]
#[case(MemberRole::Member)]
#[case(MemberRole::Auditor)]
#[case(MemberRole::UserManager)]
#[tokio::test]
async fn whoever_does_not_run_the_organization_changes_nothing(#[case] role: MemberRole) {
    let world = World::sqlite().await;
    let acme = world.organization("Acme").await;
    let provider = live(&world, &acme).await;
    let member = world.member(&acme, "Mia Member", role).await;
    let actor = world.acting(&member).await;
    let created = run(&world, actor.clone(), async |cx| {
        commands::create_provider(cx, &acme, Preset::Oidc, "Mine".to_owned()).await
    })
    .await;
    assert!(matches!(created, Err(SetupError::Access(Refused::Forbidden { .. }))), "{created:?}");
    for refused in every_command(&world, &actor, &acme, provider.id, provider.version).await {
        assert!(matches!(refused, SetupError::Access(Refused::Forbidden { .. })), "{refused:?}");
    }
}

for_each_backend!(the_owner_sets_it_up_for_a_partner_and_other_owners_do_not, |world| {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let other = world.employee("Otto Other", TenantRole::Owner).await;
    let create = async |person: crate::kernel::PersonId| {
        run(&world, world.actor(person, None).await, async |cx| {
            commands::create_provider(cx, &acme, Preset::Okta, "Acme account".to_owned()).await
        })
        .await
    };
    let refused = create(other.id).await;
    assert!(matches!(refused, Err(SetupError::Access(_))), "{refused:?}");
    create(owner.id).await.unwrap();
});
