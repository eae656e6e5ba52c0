//! Policies are declared like everything else: checked, kept with their history, in force at once.

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    policies::{Policy, PolicyStatus},
    store,
};

fn forbidding(id: &str, hour: u8) -> String {
    format!(
        "@id(\"{id}\")\n@reason(\"Not now.\")\nforbid (principal, action == Action::\"UseScope\", resource)\nwhen {{ context.hour < {hour} }};"
    )
}

fn with_policy(more: &str, text: &str) -> String {
    format!(
        "{SMALL}\n[[policies]]\nname = \"No changes at night\"\npartner = \"acme\"\napplication = \"orders\"\n{more}\ntext = '''\n{text}\n'''\n"
    )
}

async fn named(world: &World) -> Vec<Policy> {
    let db = world.portal.store.reader();
    store::policies::open_by_name(&db, "No changes at night").await.unwrap()
}

for_each_backend!(a_declared_policy_is_in_force_once, |world| {
    let file = with_policy("reason = \"Agreed.\"", &forbidding("night", 6));
    let report = applied(&world, &file).await;
    assert!(report.to_string().contains("+ policy No changes at night"), "{report}");
    assert!(applied(&world, &file).await.is_empty(), "twice is once");
    let policy = named(&world).await.pop().unwrap();
    assert_eq!((policy.status, policy.in_force), (PolicyStatus::Active, Some(1)));
    assert!(policy.scope.organization.is_some() && policy.scope.application.is_some());
    let db = world.portal.store.reader();
    let version = store::policies::version(&db, policy.id, 1).await.unwrap().unwrap();
    assert_eq!(
        (version.author_name.as_str(), version.reason.as_str()),
        ("The portal itself", "Agreed.")
    );

    let changed = applied(&world, &with_policy("", &forbidding("night", 7))).await;
    assert!(changed.to_string().contains("version 1 → version 2"), "{changed}");
    assert_eq!(named(&world).await.pop().unwrap().in_force, Some(2));

    let ended = applied(&world, &with_policy("retired = true", &forbidding("night", 7))).await;
    assert!(ended.to_string().contains("- policy No changes at night"), "{ended}");
    assert!(named(&world).await.is_empty());
    assert!(applied(&world, &with_policy("retired = true", "")).await.is_empty());
    for (kind, times) in [
        (EventKind::PolicyWritten, 2),
        (EventKind::PolicyActivated, 2),
        (EventKind::PolicyRetired, 1),
    ] {
        assert_eq!(world.events(kind).await, times, "{kind:?}");
    }
});

for_each_backend!(a_draft_is_written_and_decides_nothing, |world| {
    let file = with_policy("draft = true", &forbidding("night", 6));
    applied(&world, &file).await;
    let policy = named(&world).await.pop().unwrap();
    assert_eq!((policy.status, policy.in_force), (PolicyStatus::Draft, None));
    assert!(applied(&world, &file).await.is_empty());
    applied(&world, &with_policy("", &forbidding("night", 6))).await;
    assert_eq!(named(&world).await.pop().unwrap().in_force, Some(1));
    // What is in force stays so: the file says no more than that a person puts its text in force.
    assert!(applied(&world, &file).await.is_empty());
});

for_each_backend!(a_policy_that_cannot_be_is_refused_with_its_place, |world| {
    let refused = refusal(&world, &with_policy("", "permit (principal, action, resource);")).await;
    assert!(refused.contains("policies[0].text"), "{refused}");
    let unknown = with_policy("", &forbidding("night", 6)).replace("partner = \"acme\"", "partner = \"nobody\"");
    assert!(refusal(&world, &unknown).await.contains("policies[0].partner"));
    let missing = format!("{SMALL}\n[[policies]]\nname = \"No changes at night\"\n");
    assert!(refusal(&world, &missing).await.contains("policies[0].text"));
    assert!(named(&world).await.is_empty(), "nothing of it is kept");

    applied(&world, &with_policy("", &forbidding("night", 6))).await;
    let elsewhere = with_policy("", &forbidding("night", 6)).replace("partner = \"acme\"\n", "");
    assert!(refusal(&world, &elsewhere).await.contains("counts for something else"));
    let twice = format!(
        "{}\n[[policies]]\nname = \"No changes at night\"\n",
        with_policy("", &forbidding("night", 6))
    );
    assert!(refusal(&world, &twice).await.contains("twice"));
});
