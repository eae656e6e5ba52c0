//! Switching off and removing.

use super::*;
use crate::{
    audit::EventKind,
    federation::{ProviderStatus, discovery},
    for_each_backend,
    store::federation::trips::{self, Purpose, Trip},
};

for_each_backend!(switching_off_ends_what_the_connection_had_opened, |world| {
    let acme = world.organization("Acme").await;
    let provider = live(&world, &acme).await;
    let (kim, second) = (
        admin(&world, &acme).await,
        world.member(&acme, "Sam Second", MemberRole::PartnerAdmin).await,
    );
    session(&world, &kim, Some(&provider)).await;
    session(&world, &kim, None).await;
    let pause = async || {
        let version = now(&world, &provider).await.unwrap().version;
        run(&world, world.acting(&kim).await, async |cx| {
            commands::pause_provider(cx, &acme, provider.id, version).await
        })
        .await
    };
    assert_eq!(pause().await.unwrap(), 1);
    assert_eq!(sessions(&world, &kim).await, 1, "what a password opened goes on");
    let address = "bo@acme.example".parse().unwrap();
    let way = discovery::route(&world.portal.store.reader(), &address).await.unwrap();
    assert!(matches!(way, discovery::Route::Local), "{way:?}");
    let told = letters(&world, &person(&world, &second).await).await;
    assert!(matches!(&told[..], [(subject, _)] if subject.contains("switched off")), "{told:?}");
    let twice = pause().await;
    assert!(matches!(twice, Err(SetupError::AlreadySo)), "{twice:?}");
    assert_eq!(world.events(EventKind::ProviderPaused).await, 1);
});

for_each_backend!(what_is_in_use_is_not_removed, |world| {
    let acme = world.organization("Acme").await;
    let provider = live(&world, &acme).await;
    let refused = run(&world, Actor::System("test"), async |cx| {
        commands::remove_provider(cx, &acme, provider.id, provider.version).await
    })
    .await;
    assert!(matches!(refused, Err(SetupError::InUse)), "{refused:?}");
    assert_eq!(now(&world, &provider).await.unwrap().status, ProviderStatus::Live);
});

for_each_backend!(removing_forgets_who_is_who_and_leaves_people_and_domains, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let domain = prove(&world, &acme, "acme.example").await;
    let provider = tried(&world, &acme).await;
    link(&world, &provider, &kim, "kim").await;
    let mut cx = world.system().await;
    let proven = store::federation::domains::get(&cx.tx, acme.id, domain.id).await.unwrap().unwrap();
    domains::commands::assign_domain(&mut cx, &acme, proven.id, proven.version, Some(provider.id))
        .await
        .unwrap();
    let trip = Trip {
        id: vec![7; 32],
        provider: provider.id,
        purpose: Purpose::Try,
        browser: vec![8; 32],
        sealed: vec![9],
        arrival: None,
        ends_at: cx.now + chrono::Duration::minutes(15),
    };
    trips::insert(&cx.tx, trip, cx.now).await.unwrap();
    cx.commit().await.unwrap();

    let remove = async || {
        run(&world, world.acting(&kim).await, async |cx| {
            commands::remove_provider(cx, &acme, provider.id, provider.version).await
        })
        .await
    };
    remove().await.unwrap();
    let db = world.portal.store.reader();
    assert!(now(&world, &provider).await.is_none());
    assert!(trips::find(&db, &[7; 32], world.now()).await.unwrap().is_none());
    let freed = store::federation::domains::get(&db, acme.id, domain.id).await.unwrap().unwrap();
    assert_eq!(freed.provider, None);
    assert!(store::members::get(&db, acme.id, kim.id).await.unwrap().is_some());
    let twice = remove().await;
    assert!(matches!(twice, Err(SetupError::Access(_))), "{twice:?}");
    assert_eq!(world.events(EventKind::ProviderRemoved).await, 1);
});
