//! What can be written, by whom, and what becomes of versions.

use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    for_each_backend,
    policies::{PolicyRefused, PolicyStatus, pages::written as difference},
    store::StoreError,
};

async fn write(world: &World, operator: &Person, text: &str) -> Result<Policy, PolicyError> {
    let actor = world.actor(operator.id, None).await;
    run(world, actor, async |cx| commands::write_policy(cx, draft(text, None, None)).await).await
}

for_each_backend!(what_is_no_policy_of_an_operator_is_refused_with_its_place, |world| {
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let says = async |text: &str| refused_text(write(&world, &operator, text).await);

    let broken =
        says("@id(\"a\")\n@reason(\"b\")\nforbid (principal, action == Action::\"Launch\", resource)\nwhen { context.hour << 7 };").await;
    assert!(broken.starts_with("Line 4, column "), "{broken}");
    let unknown =
        says("@id(\"a\")\n@reason(\"b\")\nforbid (principal, action == Action::\"Launch\", resource)\nwhen { context.moon == 7 };").await;
    assert!(unknown.starts_with("Line 4, column ") && unknown.contains("moon"), "{unknown}");
    let unguarded =
        says("@id(\"a\")\n@reason(\"b\")\nforbid (principal, action == Action::\"Launch\", resource)\nwhen { context.unused_days > 7 };")
            .await;
    assert!(
        unguarded.contains("unused_days"),
        "what may be missing has to be asked for first: {unguarded}"
    );

    let nameless = says("forbid (principal, action == Action::\"Launch\", resource);").await;
    assert!(nameless.contains("@id") && nameless.contains("@reason"), "{nameless}");
    let shadowing = says(&NO_WRITING.replace("no-writing", "launch")).await;
    assert!(
        shadowing.contains("launch already"),
        "a policy that Portico comes with keeps its name: {shadowing}"
    );
    let permitting = says(&NO_WRITING.replace("forbid", "permit")).await;
    assert!(permitting.contains("Write forbid"), "{permitting}");
    for foreign in [
        "action == Action::\"ManageTenant\"",
        "action",
        "action in [Action::\"UseScope\", Action::\"Certify\"]",
    ] {
        let text = NO_WRITING.replace("action == Action::\"UseScope\"", foreign);
        let text = text.replace("when { resource.access == \"write\" }", "");
        let beyond = says(&text).await;
        assert!(beyond.contains("Nothing else is yours to decide"), "{foreign}: {beyond}");
    }
    let template = says("@id(\"a\")\n@reason(\"b\")\nforbid (principal == ?principal, action == Action::\"Launch\", resource);").await;
    assert!(template.contains("Templates"), "{template}");
    let twice = says(&format!("{NO_WRITING}\n{NO_WRITING}")).await;
    assert!(twice.contains("no-writing already"), "{twice}");
    assert!(says("  ").await.contains("at least one statement"));

    assert!(store::policies::all(&world.portal.store.reader(), 10).await.unwrap().is_empty());
    assert_eq!(world.events(EventKind::PolicyWritten).await, 0);
});

for_each_backend!(only_operators_write_and_auditors_read, |world| {
    let setting = Setting::new(&world).await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let auditor = world.employee("Aude Auditor", TenantRole::Auditor).await;
    let policy = in_force(&world, &setting.operator, draft(NO_WRITING, None, None)).await;
    let before = stored(&world, policy.id).await;
    let outsiders = [
        world.actor(owner.id, None).await,
        world.actor(auditor.id, None).await,
        world.acting(&setting.bo).await,
    ];
    for actor in outsiders {
        let written = run(&world, actor.clone(), async |cx| {
            commands::write_policy(cx, draft(NO_WRITING, None, None)).await
        })
        .await;
        assert!(
            matches!(written, Err(PolicyError::Access(Refused::Forbidden { .. }))),
            "{written:?}"
        );
        let retired = run(&world, actor, async |cx| {
            commands::retire_policy(cx, policy.id, policy.version, "No".to_owned()).await
        })
        .await;
        assert!(matches!(retired, Err(PolicyError::Access(_))), "{retired:?}");
    }
    assert_eq!(stored(&world, policy.id).await, before);
    let read = crate::policies::queries::policies(&world.qx(world.actor(auditor.id, None).await).await)
        .await
        .unwrap();
    assert!(read.policies.len() == 1 && !read.may_manage);
});

for_each_backend!(a_rolled_back_policy_decides_as_it_did_and_its_history_says_so, |world| {
    let setting = Setting::new(&world).await;
    let policy = in_force(&world, &setting.operator, draft(NO_WRITING, Some("acme"), None)).await;
    assert_eq!(opens(&world, &setting.bo, "orders").await.0, ["orders:read"]);

    let actor = || world.actor(setting.operator.id, None);
    let nobody = NO_WRITING
        .replace("UseScope", "Launch")
        .replace("when { resource.access == \"write\" }", "");
    let rewritten = run(&world, actor().await, async |cx| {
        commands::rewrite_policy(cx, policy.id, policy.version, nobody, "Closed".to_owned()).await
    })
    .await
    .unwrap();
    assert_eq!((rewritten.latest, rewritten.in_force), (2, Some(1)));
    assert_eq!(
        opens(&world, &setting.bo, "orders").await.0,
        ["orders:read"],
        "a draft decides nothing"
    );
    let policy = stored(&world, policy.id).await;
    run(&world, actor().await, async |cx| {
        commands::activate_policy(cx, policy.id, policy.version, 2, "Now".to_owned()).await
    })
    .await
    .unwrap();
    assert_eq!(opens(&world, &setting.bo, "orders").await.1, LaunchOutcome::Denied);

    let policy = stored(&world, policy.id).await;
    let back = run(&world, actor().await, async |cx| {
        commands::roll_back_policy(cx, policy.id, policy.version, 1, "Too much".to_owned()).await
    })
    .await
    .unwrap();
    assert_eq!((back.latest, back.in_force), (3, Some(3)));
    assert_eq!(opens(&world, &setting.bo, "orders").await.0, ["orders:read"]);
    let versions = store::policies::versions(&world.portal.store.reader(), policy.id, 10)
        .await
        .unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|v| (v.number, v.rolled_back_to, v.author_name.as_str(), v.reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, Some(1), "Opal Operator", "Too much"),
            (2, None, "Opal Operator", "Closed"),
            (1, None, "Opal Operator", "Because of a test")
        ]
    );
    assert_eq!(versions[0].text, versions[2].text);
    assert_eq!(world.events(EventKind::PolicyRolledBack).await, 1);

    let policy = stored(&world, policy.id).await;
    run(&world, actor().await, async |cx| {
        commands::retire_policy(cx, policy.id, policy.version, "Over".to_owned()).await
    })
    .await
    .unwrap();
    assert_eq!(opens(&world, &setting.bo, "orders").await.0, ["orders:read", "orders:write"]);
    let policy = stored(&world, policy.id).await;
    assert_eq!((policy.status, policy.in_force), (PolicyStatus::Retired, None));
    let again = run(&world, actor().await, async |cx| {
        commands::activate_policy(cx, policy.id, policy.version, 1, "Again".to_owned()).await
    })
    .await;
    assert!(matches!(again, Err(PolicyError::Policy(PolicyRefused::Retired))), "{again:?}");
});

for_each_backend!(who_has_not_seen_the_newest_changes_nothing, |world| {
    let setting = Setting::new(&world).await;
    let policy = in_force(&world, &setting.operator, draft(NO_WRITING, None, None)).await;
    let actor = || world.actor(setting.operator.id, None);
    let rewrite = async |version: i32| {
        run(&world, actor().await, async |cx| {
            commands::rewrite_policy(cx, policy.id, version, NO_WRITING.to_owned(), "Again".to_owned()).await
        })
        .await
    };
    let stale = rewrite(policy.version - 1).await;
    assert!(matches!(stale, Err(PolicyError::Store(StoreError::Stale))), "{stale:?}");
    // Both have seen the same page.
    let (first, second) = tokio::join!(rewrite(policy.version), rewrite(policy.version));
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{first:?} {second:?}");
    assert_eq!(stored(&world, policy.id).await.latest, 2);
});

for_each_backend!(an_id_is_given_once_among_what_is_in_force, |world| {
    let setting = Setting::new(&world).await;
    let actor = || world.actor(setting.operator.id, None);
    let write = async || {
        run(&world, actor().await, async |cx| {
            commands::write_policy(cx, draft(NO_WRITING, None, None)).await
        })
        .await
    };
    let (first, second) = (write().await.unwrap(), write().await.unwrap());
    let activate = async |policy: &Policy| {
        run(&world, actor().await, async |cx| {
            commands::activate_policy(cx, policy.id, policy.version, 1, "Now".to_owned()).await
        })
        .await
    };
    activate(&first).await.unwrap();
    let says = refused_text(activate(&second).await);
    assert!(says.contains("no-writing already"), "{says}");
    assert_eq!(stored(&world, second.id).await.status, PolicyStatus::Draft);
});

for_each_backend!(a_version_is_never_rewritten, |world| {
    use sea_orm::ConnectionTrait as _;
    use store::Db as _;
    let setting = Setting::new(&world).await;
    in_force(&world, &setting.operator, draft(NO_WRITING, None, None)).await;
    for statement in ["UPDATE policy_versions SET content = ''", "DELETE FROM policy_versions"] {
        let cx = world.system().await;
        assert!(cx.tx.connection().execute_unprepared(statement).await.is_err(), "{statement}");
        cx.tx.rollback().await.unwrap();
    }
});

for_each_backend!(another_replica_decides_by_a_change_at_once, |world| {
    let setting = Setting::new(&world).await;
    let mut other = world.clone();
    other.portal.policies = std::sync::Arc::new(crate::access::PolicyBook::built_in().unwrap());
    assert_eq!(opens(&other, &setting.bo, "orders").await.0, ["orders:read", "orders:write"]);
    in_force(&world, &setting.operator, draft(NO_WRITING, None, None)).await;
    assert_eq!(opens(&other, &setting.bo, "orders").await.0, ["orders:read"]);
    // What is not committed decides nothing.
    let mut cx = world.cx(world.actor(setting.operator.id, None).await).await;
    let policy = store::policies::all(&cx.tx, 1).await.unwrap().remove(0);
    commands::retire_policy(&mut cx, policy.id, policy.version, "Over".to_owned())
        .await
        .unwrap();
    cx.tx.rollback().await.unwrap();
    assert_eq!(opens(&other, &setting.bo, "orders").await.0, ["orders:read"]);
});

for_each_backend!(a_policy_that_cannot_be_read_any_more_refuses_what_it_counts_for, |world| {
    let setting = Setting::new(&world).await;
    let policy = in_force(&world, &setting.operator, draft(NO_WRITING, Some("acme"), Some("orders"))).await;
    let db = world.portal.store.reader();
    let version = store::policies::version(&db, policy.id, 1).await.unwrap().unwrap();
    let mut cx = world.system().await;
    let broken = crate::policies::PolicyVersion {
        number: 2,
        text: "forbid".to_owned(),
        ..version
    };
    let id = crate::kernel::new_uuid(cx.now, &mut cx.rng);
    store::policies::insert_version(&cx.tx, id, &broken).await.unwrap();
    let changed = Policy {
        latest: 2,
        in_force: Some(2),
        ..policy
    };
    store::policies::update(&cx.tx, &changed).await.unwrap();
    store::policies::begin_change(&cx.tx, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(opens(&world, &setting.bo, "orders").await.1, LaunchOutcome::Denied);
    assert!(matches!(opens(&world, &setting.bo, "quality").await.1, LaunchOutcome::Go(_)));
    assert!(matches!(opens(&world, &setting.eve, "orders").await.1, LaunchOutcome::Go(_)));
});

#[test]
fn a_difference_says_what_went_and_what_came() {
    let lines = difference("a\nb\nc", "a\nx\nc\nd");
    assert_eq!(lines, "  a\n- b\n+ x\n  c\n+ d");
    assert_eq!(difference("same", "same"), "  same");
}
