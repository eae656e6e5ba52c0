//! Promises of the trail's table: rows are only inserted, and every filter finds its rows by an index.

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};

use super::*;
use crate::{
    audit::{self, Event, EventKind, Outcome},
    for_each_backend,
    store::Store,
    testing::World,
};

async fn record_one(world: &World) {
    let mut cx = world.system().await;
    audit::record(&mut cx, Event::new(EventKind::SignedIn)).await.expect("recorded");
    cx.commit().await.expect("commit");
}

for_each_backend!(the_database_refuses_to_rewrite_history, |world| {
    record_one(&world).await;
    let before = world.events(EventKind::SignedIn).await;
    for statement in [
        "UPDATE audit_events SET actor_label = 'Somebody else'",
        "UPDATE audit_events SET at = at WHERE action = 'sign_in.succeeded'",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE action = 'sign_in.succeeded'",
    ] {
        let tx = world.system().await.tx;
        assert!(tx.connection().execute_unprepared(statement).await.is_err(), "{statement}");
        tx.rollback().await.expect("rollback");
    }
    assert_eq!(world.events(EventKind::SignedIn).await, before);
});

for_each_backend!(
    a_command_that_is_rolled_back_leaves_no_event_and_a_committed_one_exactly_one,
    |world| {
        for _ in 0..3 {
            let mut cx = world.system().await;
            audit::record(&mut cx, Event::new(EventKind::SignedOut)).await.expect("recorded");
            drop(cx);
            let mut cx = world.system().await;
            audit::record(&mut cx, Event::new(EventKind::SignedOut)).await.expect("recorded");
            cx.tx.rollback().await.expect("rollback");
        }
        assert_eq!(world.events(EventKind::SignedOut).await, 0);
        let mut cx = world.system().await;
        audit::record(&mut cx, Event::new(EventKind::SignedOut)).await.expect("recorded");
        cx.commit().await.expect("commit");
        assert_eq!(world.events(EventKind::SignedOut).await, 1);
    }
);

/// The plan of a page's query, as the database explains it.
async fn plan(store: &Store, scope: TrailScope, filter: &TrailFilter, page: &PageRequest) -> String {
    let tx = store.begin().await.expect("begin");
    let connection = tx.connection();
    let backend = if store.is_embedded() {
        DatabaseBackend::Sqlite
    } else {
        DatabaseBackend::Postgres
    };
    let query = keyset(filtered(scope, filter), C::At, C::Id, page, 50).build(backend);
    let prefix = if store.is_embedded() { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    if !store.is_embedded() {
        // A table of a few rows is read whole whatever the index; what counts is that an index can serve the query.
        connection.execute_unprepared("SET LOCAL enable_seqscan = off").await.expect("set");
    }
    let explain = Statement::from_sql_and_values(
        backend,
        format!("{prefix} {}", query.sql),
        query.values.map(|values| values.0).unwrap_or_default(),
    );
    let rows = connection.query_all_raw(explain).await.expect("a plan");
    let column = if store.is_embedded() { "detail" } else { "QUERY PLAN" };
    rows.iter()
        .map(|row| row.try_get::<String>("", column).expect("text"))
        .collect::<Vec<_>>()
        .join("\n")
}

for_each_backend!(every_combination_of_filters_is_served_by_an_index, |world| {
    record_one(&world).await;
    let id = Uuid::from_u128(7);
    let scopes = [
        TrailScope::Everything,
        TrailScope::PartnersOf(id.into()),
        TrailScope::Organization(id.into()),
        TrailScope::Own {
            person: id.into(),
            organization: None,
        },
        TrailScope::Own {
            person: id.into(),
            organization: Some(id.into()),
        },
    ];
    let edge = Cursor { at: world.now(), id };
    let mut checked = 0;
    for scope in scopes {
        for bits in 0_u32..128 {
            let on = |bit: u32| bits & (1 << bit) != 0;
            let filter = TrailFilter {
                from: on(0).then(|| world.now()),
                until: on(0).then(|| world.now()),
                actor: on(1).then(|| id.into()),
                actor_text: (!on(1) && on(6)).then(|| "ana".to_owned()),
                actions: match (on(2), on(6)) {
                    (true, true) => vec!["member.removed", "member.suspended"],
                    (true, false) => vec!["member.removed"],
                    _ => Vec::new(),
                },
                subject: on(3).then_some(id),
                subject_text: (!on(3) && on(6)).then(|| "bo".to_owned()),
                application: on(4).then(|| id.into()),
                outcome: on(5).then_some(Outcome::Denied.as_str()),
                organizations: on(6).then(|| vec![id.into()]),
            };
            for page in [PageRequest::Newest, PageRequest::Older(edge), PageRequest::Newer(edge)] {
                let plan = plan(&world.portal.store, scope, &filter, &page).await;
                let whole = if world.portal.store.is_embedded() {
                    !plan.lines().any(|line| line.contains("audit_events") && line.contains("INDEX"))
                        || plan
                            .lines()
                            .any(|line| line.starts_with("SCAN audit_events") && !line.contains("USING INDEX"))
                } else {
                    plan.contains("Seq Scan on audit_events")
                };
                assert!(!whole, "{scope:?} {filter:?} {page:?}\n{plan}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 5 * 128 * 3);
});
