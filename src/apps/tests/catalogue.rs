//! The catalogue: what it accepts, and who may change it.

use super::*;
use crate::{
    access::Refused,
    apps::{
        ApplicationDraft, ScopeAccess, ScopeDraft, catalogue,
        commands::{CatalogueError, LaunchOutcome},
    },
    audit::EventKind,
    for_each_backend,
    people::TenantRole,
    store::StoreError,
};

#[test]
fn a_launch_leads_to_https_or_to_this_machine() {
    for good in [
        "https://orders.example.com/start?a=b",
        "http://localhost:4000/",
        "http://127.0.0.1:4000/x",
        "http://[::1]/",
    ] {
        assert!(catalogue::launch_url(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "orders.example.com",
        "/orders",
        "http://orders.example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/",
        "https://user:secret@example.com/",
        "http://127.0.0.1.evil.example/",
        "file:///etc/passwd",
    ] {
        assert!(catalogue::launch_url(bad).is_err(), "{bad}");
    }
}

#[test]
fn names_of_applications_and_scopes_fit_addresses_and_tokens() {
    for good in ["orders", "order-desk", "a1"] {
        assert!(catalogue::slug(good).is_ok(), "{good}");
    }
    for bad in ["", "a", "new", "Orders", "1orders", "orders-", "or ders", "orders/admin", "öl"] {
        assert!(catalogue::slug(bad).is_err(), "{bad}");
    }
    for good in ["orders:read", "https://api.example.com/orders.write"] {
        assert!(catalogue::scope_name(good).is_ok(), "{good}");
    }
    for bad in ["", "two words", "quote\"", "back\\slash", "zähler"] {
        assert!(catalogue::scope_name(bad).is_err(), "{bad}");
    }
}

fn draft(slug: &str) -> ApplicationDraft {
    ApplicationDraft {
        slug: slug.to_owned(),
        name: "Billing".to_owned(),
        description: "Invoices and payments.".to_owned(),
        icon: "receipt".to_owned(),
        category: "Finance".to_owned(),
        launch_url: "https://billing.example.com/".parse().unwrap(),
        owner: None,
    }
}

for_each_backend!(only_operators_change_the_catalogue, |world| {
    let acme = acme(&world).await;
    let owner = world.employee("Olga Berg", TenantRole::Owner).await;
    for actor in [world.actor(owner.id, None).await, world.acting(&acme.admin).await] {
        let mut cx = world.cx(actor).await;
        let refused = commands::create_application(&mut cx, draft("billing")).await;
        assert!(
            matches!(refused, Err(CatalogueError::Access(Refused::Forbidden { .. }))),
            "{refused:?}"
        );
        cx.tx.rollback().await.unwrap();
    }
    let mut cx = world.cx(crate::access::Actor::Anonymous).await;
    let refused = commands::create_application(&mut cx, draft("billing")).await;
    assert!(matches!(refused, Err(CatalogueError::Access(Refused::SignedOut))), "{refused:?}");
});

for_each_backend!(an_application_is_added_changed_retired_and_restored, |world| {
    let acme = acme(&world).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let actor = world.actor(operator.id, None).await;
    let mut cx = world.cx(actor.clone()).await;
    let application = commands::create_application(&mut cx, draft("billing")).await.unwrap();
    let twice = commands::create_application(&mut cx, draft("billing")).await;
    assert!(matches!(twice, Err(CatalogueError::SlugTaken)), "{twice:?}");
    let owned = ApplicationDraft {
        owner: Some(operator.id),
        ..draft("billing")
    };
    commands::change_application(&mut cx, application.version, owned).await.unwrap();
    let stale = commands::change_application(&mut cx, application.version, draft("billing")).await;
    assert!(matches!(stale, Err(CatalogueError::Store(StoreError::Stale))), "{stale:?}");
    let stranger = ApplicationDraft {
        owner: Some(acme.admin.person),
        ..draft("billing")
    };
    let unknown = commands::change_application(&mut cx, application.version + 1, stranger).await;
    assert!(matches!(unknown, Err(CatalogueError::UnknownOwner)), "{unknown:?}");

    let scope = ScopeDraft {
        name: "billing:read".to_owned(),
        description: "See invoices.".to_owned(),
        access: ScopeAccess::Read,
        high_value: false,
    };
    let added = commands::put_scope(&mut cx, "billing", application.version + 1, scope.clone(), false)
        .await
        .unwrap();
    let stale = commands::put_scope(
        &mut cx,
        "billing",
        application.version + 1,
        ScopeDraft {
            high_value: true,
            ..scope.clone()
        },
        true,
    )
    .await;
    assert!(matches!(stale, Err(CatalogueError::Store(StoreError::Stale))), "{stale:?}");
    let twice = commands::put_scope(&mut cx, "billing", application.version + 2, scope.clone(), false).await;
    assert!(matches!(twice, Err(CatalogueError::ScopeExists)), "{twice:?}");
    let changed = commands::put_scope(
        &mut cx,
        "billing",
        application.version + 2,
        ScopeDraft { high_value: true, ..scope },
        true,
    )
    .await
    .unwrap();
    assert_eq!(changed.id, added.id);

    commands::retire_application(&mut cx, "orders", false).await.unwrap();
    let twice = commands::retire_application(&mut cx, "orders", false).await;
    assert!(matches!(twice, Err(CatalogueError::AlreadySo)), "{twice:?}");
    cx.commit().await.unwrap();
    let bo = world.acting(&acme.member).await;
    assert_eq!(launch(&world, bo.clone(), "orders").await.unwrap(), LaunchOutcome::Denied);
    let mut cx = world.cx(actor).await;
    commands::retire_application(&mut cx, "orders", true).await.unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(launch(&world, bo, "orders").await.unwrap(), LaunchOutcome::Go(_)));
    assert_eq!(world.events(EventKind::ApplicationCreated).await, 1);
    assert_eq!(world.events(EventKind::ScopeChanged).await, 2);
});
