//! Promises of the trail: nobody reads another organization's, pages have no gaps, exports are whole and harmless.

use std::collections::BTreeSet;

use chrono::Duration;

use super::{
    details::{Change, Shown, particulars},
    *,
};
use crate::{
    access::Actor,
    for_each_backend,
    kernel::{AuditEventId, PageRequest},
    organizations::Organization,
    people::{Member, MemberRole, TenantRole},
    store::audit_events::{self, TrailFilter, TrailScope},
    testing::{Browser, World},
};

/// Two partners of two owners, each with an admin.
struct Two {
    acme: Organization,
    acme_admin: Member,
    beta: Organization,
    beta_admin: Member,
    owner: crate::people::Person,
}

async fn two(world: &World) -> Two {
    let owner = world.employee("Otto Kern", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let beta = world.organization("Beta").await;
    let acme_admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let beta_admin = world.member(&beta, "Ben Fox", MemberRole::PartnerAdmin).await;
    Two {
        acme,
        acme_admin,
        beta,
        beta_admin,
        owner,
    }
}

async fn record_as(world: &World, actor: Actor, event: Event) -> AuditEventId {
    let mut cx = world.cx(actor).await;
    record(&mut cx, event).await.expect("recorded");
    cx.commit().await.expect("commit");
    let newest = audit_events::list(
        &world.portal.store.reader(),
        TrailScope::Everything,
        &TrailFilter::default(),
        PageRequest::Newest,
        1,
    )
    .await;
    let row = newest.expect("list").rows.remove(0);
    world.clock.advance(Duration::milliseconds(1));
    row.id
}

fn about(organization: &Organization, name: &str) -> Event {
    Event::new(EventKind::MemberSuspended)
        .organization(organization.id, organization.name.as_str())
        .subject(Subject::new("member", uuid::Uuid::from_u128(9), name))
}

async fn admin_of(world: &World, member: &Member) -> Browser {
    world.browser_as(member.person, Some(member.id)).await
}

for_each_backend!(a_partner_sees_its_own_trail_and_no_other, |world| {
    let two = two(&world).await;
    let own = record_as(&world, world.acting(&two.acme_admin).await, about(&two.acme, "Own Person")).await;
    let foreign = record_as(&world, world.acting(&two.beta_admin).await, about(&two.beta, "Foreign Person")).await;
    let mut ana = admin_of(&world, &two.acme_admin).await;
    for path in [
        "/team/activity",
        "/team/activity?organization=beta",
        "/team/activity/export.csv",
        "/team/activity/export.jsonl?organization=beta",
        "/team/activity?subject=Foreign",
    ] {
        let answer = ana.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.contains("Foreign Person"), "{path}");
    }
    assert!(ana.get("/team/activity").await.text.contains("Own Person"));
    assert!(ana.get("/team/activity/export.csv").await.text.contains("Own Person"));
    assert_eq!(ana.get(&format!("/audit/{own}")).await.status, 200);
    assert_eq!(ana.get(&format!("/audit/{foreign}")).await.status, 404);
    assert_eq!(ana.get("/audit").await.status, 403);
    assert_eq!(ana.get("/audit/export.csv").await.status, 403);
    assert_eq!(ana.get("/partners/acme/activity").await.status, 404);
    assert_eq!(ana.get("/partners/beta/activity/export.csv").await.status, 404);
});

for_each_backend!(an_owner_sees_the_trails_of_their_partners_alone, |world| {
    let two = two(&world).await;
    let own = record_as(&world, world.acting(&two.acme_admin).await, about(&two.acme, "Own Person")).await;
    let foreign = record_as(&world, world.acting(&two.beta_admin).await, about(&two.beta, "Foreign Person")).await;
    let mut otto = world.browser_as(two.owner.id, None).await;
    for path in [
        "/audit",
        "/audit/export.csv",
        "/audit/export.jsonl",
        "/audit?organization=acme",
        "/partners/acme/activity",
        "/partners/acme/activity/export.jsonl",
    ] {
        let answer = otto.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.text.contains("Own Person") && !answer.text.contains("Foreign Person"),
            "{path}"
        );
    }
    assert!(!otto.get("/audit?organization=beta").await.text.contains("Foreign Person"));
    assert_eq!(otto.get(&format!("/audit/{own}")).await.status, 200);
    assert_eq!(otto.get(&format!("/audit/{foreign}")).await.status, 404);
    assert_eq!(otto.get("/partners/beta/activity").await.status, 404);
    assert_eq!(otto.get("/team/activity").await.status, 404);
});

for_each_backend!(operators_and_auditors_see_everything, |world| {
    let two = two(&world).await;
    let event = record_as(&world, world.acting(&two.beta_admin).await, about(&two.beta, "Foreign Person")).await;
    for role in [TenantRole::Operator, TenantRole::Auditor] {
        let person = world.employee(&format!("Some {}", role.as_str()), role).await;
        let mut browser = world.browser_as(person.id, None).await;
        for path in [
            "/audit".to_owned(),
            "/audit/export.jsonl".to_owned(),
            format!("/audit/{event}"),
            "/partners/beta/activity".to_owned(),
        ] {
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.text.contains("Foreign Person"), "{path}");
        }
    }
});

for_each_backend!(the_trail_is_for_those_whose_role_includes_it, |world| {
    let two = two(&world).await;
    let event = record_as(&world, world.acting(&two.acme_admin).await, about(&two.acme, "Own Person")).await;
    for (role, status) in [
        (MemberRole::Member, 403),
        (MemberRole::UserManager, 403),
        (MemberRole::Auditor, 200),
    ] {
        let member = world.member(&two.acme, &format!("Role {}", role.as_str()), role).await;
        let mut browser = admin_of(&world, &member).await;
        for path in ["/team/activity", "/team/activity/export.csv", "/team/activity/export.jsonl"] {
            assert_eq!(browser.get(path).await.status, status, "{role:?} {path}");
        }
        assert_eq!(
            browser.get(&format!("/audit/{event}")).await.status,
            if status == 200 { 200 } else { 404 }
        );
        assert_eq!(browser.get("/me/activity").await.status, 200);
    }
    for path in [
        "/audit",
        "/team/activity",
        "/me/activity",
        "/audit/export.csv",
        "/team/activity/export.csv",
    ] {
        assert_eq!(world.browser().get(path).await.location.as_deref(), Some("/sign-in"), "{path}");
    }
});

for_each_backend!(own_activity_is_ones_own_in_this_hat, |world| {
    let two = two(&world).await;
    let mine = record_as(&world, world.acting(&two.acme_admin).await, about(&two.acme, "My Deed")).await;
    let theirs = record_as(&world, world.acting(&two.beta_admin).await, about(&two.beta, "Their Deed")).await;
    let failed =
        Event::new(EventKind::SignInFailed)
            .outcome(Outcome::Failure)
            .subject(Subject::new("person", two.acme_admin.person, "An Attempt"));
    record_as(&world, Actor::Anonymous, failed).await;
    let person = crate::store::people::get(&world.portal.store.reader(), two.acme_admin.person)
        .await
        .expect("get")
        .expect("exists");
    let second = world.membership(&two.beta, &person, MemberRole::Member).await;
    let here = world
        .browser_as(person.id, Some(two.acme_admin.id))
        .await
        .get("/me/activity")
        .await
        .text;
    assert!(here.contains("My Deed") && here.contains("An Attempt") && !here.contains("Their Deed"));
    let mut elsewhere = world.browser_as(person.id, Some(second.id)).await;
    let text = elsewhere.get("/me/activity").await.text;
    assert!(!text.contains("My Deed") && text.contains("An Attempt"));
    assert_eq!(elsewhere.get(&format!("/audit/{mine}")).await.status, 404);
    assert_eq!(elsewhere.get(&format!("/audit/{theirs}")).await.status, 404);
});

for_each_backend!(filters_narrow_and_what_cannot_be_used_is_said, |world| {
    let two = two(&world).await;
    let ana = world.acting(&two.acme_admin).await;
    record_as(&world, ana.clone(), about(&two.acme, "Jörg Überall")).await;
    record_as(
        &world,
        ana.clone(),
        Event::new(EventKind::MemberRemoved)
            .organization(two.acme.id, "Acme")
            .subject(Subject::new("member", uuid::Uuid::from_u128(8), "Removed Person")),
    )
    .await;
    let denied = Event::new(EventKind::AccessDenied)
        .outcome(Outcome::Denied)
        .organization(two.acme.id, "Acme")
        .reason("Denied Deed");
    record_as(&world, ana, denied).await;
    world.clock.advance(Duration::days(2));
    record_as(
        &world,
        Actor::System("sweeper"),
        Event::new(EventKind::MemberEnded)
            .organization(two.acme.id, "Acme")
            .subject(Subject::new("member", uuid::Uuid::from_u128(7), "Ended Person")),
    )
    .await;
    let all = ["Jörg Überall", "Removed Person", "Denied Deed", "Ended Person"];
    let mut browser = admin_of(&world, &two.acme_admin).await;
    for (query, found) in [
        ("", vec![0, 1, 2, 3]),
        ("action=member.removed", vec![1]),
        ("action=member.*", vec![0, 1, 3]),
        ("outcome=denied", vec![2]),
        ("subject=%C3%BCberall", vec![0]),
        ("subject=00000000-0000-0000-0000-000000000008", vec![1]),
        ("subject=%25", vec![]),
        ("actor=ana", vec![0, 1, 2]),
        ("actor=ana.ruiz%40example.com", vec![0, 1, 2]),
        ("actor=nobody%40example.com", vec![]),
        ("actor=sweeper", vec![3]),
        ("from=2026-06-03", vec![3]),
        ("to=2026-06-02", vec![0, 1, 2]),
        ("from=2026-06-01&to=2026-06-01&action=member.*&actor=ruiz", vec![0, 1]),
    ] {
        let text = browser.get(&format!("/team/activity?{query}")).await.text;
        let export = browser.get(&format!("/team/activity/export.csv?{query}")).await.text;
        let export = export.lines().filter(|line| !line.contains("audit.exported")).collect::<String>();
        for (index, name) in all.iter().enumerate() {
            assert_eq!(text.contains(name), found.contains(&index), "{query}: {name} on the page");
            assert_eq!(export.contains(name), found.contains(&index), "{query}: {name} in the export");
        }
    }
    for query in [
        "from=yesterday",
        "action=member.nothing",
        "outcome=maybe",
        "application=orders",
        "to=2026-06-01&from=2026-06-02",
    ] {
        assert!(
            browser
                .get(&format!("/team/activity?{query}"))
                .await
                .text
                .contains("A filter could not be used"),
            "{query}"
        );
        assert_eq!(
            browser.get(&format!("/team/activity/export.csv?{query}")).await.status,
            400,
            "{query}"
        );
    }
});

for_each_backend!(pages_have_no_gaps_and_no_repeats_while_events_arrive, |world| {
    let two = two(&world).await;
    let mut expected = BTreeSet::new();
    for number in 0..120 {
        let mut cx = world.system().await;
        // Several events share a microsecond.
        for _ in 0..3 {
            record(&mut cx, about(&two.acme, &number.to_string())).await.expect("recorded");
        }
        cx.commit().await.expect("commit");
        if number % 5 == 0 {
            world.clock.advance(Duration::microseconds(1));
        }
    }
    let db = world.portal.store.reader();
    let scope = TrailScope::Organization(two.acme.id);
    let filter = TrailFilter::default();
    let first = audit_events::list(&db, scope, &filter, PageRequest::Newest, 1000)
        .await
        .expect("list");
    expected.extend(first.rows.iter().map(|row| row.id));
    assert_eq!(expected.len(), 360);
    let mut seen = Vec::new();
    let mut page = PageRequest::Newest;
    loop {
        let rows = audit_events::list(&db, scope, &filter, page, 7).await.expect("list");
        seen.extend(rows.rows.iter().map(|row| row.id));
        world.clock.advance(Duration::microseconds(1));
        let mut cx = world.system().await;
        record(&mut cx, about(&two.acme, "new")).await.expect("recorded");
        record(&mut cx, about(&two.beta, "foreign")).await.expect("recorded");
        cx.commit().await.expect("commit");
        let Some(older) = rows.older else { break };
        page = PageRequest::Older(older);
    }
    assert_eq!(seen.len(), 360, "nothing twice");
    assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), expected, "nothing left out");
    // And back again, ending at the newest.
    let last = *seen.last().expect("an event");
    let edge = audit_events::get(&db, scope, last).await.expect("get").expect("exists");
    let mut page = PageRequest::Newer(crate::kernel::Cursor {
        at: edge.at,
        id: edge.id.0,
    });
    let mut back = BTreeSet::from([last]);
    loop {
        let rows = audit_events::list(&db, scope, &filter, page, 11).await.expect("list");
        for row in &rows.rows {
            assert!(back.insert(row.id), "nothing twice");
        }
        let Some(newer) = rows.newer else { break };
        page = PageRequest::Newer(newer);
    }
    assert!(back.is_superset(&expected));
    assert_eq!(back.len(), 360 + seen.len().div_ceil(7));
});

for_each_backend!(an_export_is_whole_recorded_and_named, |world| {
    let two = two(&world).await;
    let mut cx = world.system().await;
    for number in 0..1203 {
        record(&mut cx, about(&two.acme, &format!("=Person {number}")))
            .await
            .expect("recorded");
    }
    cx.commit().await.expect("commit");
    let mut ana = admin_of(&world, &two.acme_admin).await;
    let csv = ana.get("/team/activity/export.csv?action=member.suspended&from=2026-06-01").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        csv.headers["content-disposition"],
        "attachment; filename=\"audit-trail-acme-2026-06-01-to-2026-06-01.csv\""
    );
    assert_eq!(csv.text.lines().count(), 1204);
    assert!(csv.text.contains("'=Person 0") && !csv.text.contains(",=Person"));
    assert!(csv.text.contains("2026-06-01T12:00:00.000000Z"));
    let lines = ana.get("/team/activity/export.jsonl?action=member.suspended").await;
    let ids: BTreeSet<String> = lines
        .text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1203);
    assert_eq!(world.events(EventKind::TrailExported).await, 2);
    assert!(
        ana.get("/team/activity?action=audit.exported")
            .await
            .text
            .contains("Exported the trail")
    );
});

for_each_backend!(a_partner_does_not_learn_where_the_tenants_people_worked, |world| {
    let two = two(&world).await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let mut cx = world.cx(world.actor(operator.id, None).await).await;
    cx.meta.address = Some("198.51.100.7".to_owned());
    record(&mut cx, about(&two.acme, "Own Person")).await.expect("recorded");
    cx.commit().await.expect("commit");
    let mut ana = admin_of(&world, &two.acme_admin).await;
    for path in ["/team/activity", "/team/activity/export.csv"] {
        let text = ana.get(path).await.text;
        assert!(text.contains("Own Person") && !text.contains("198.51.100.7"), "{path}");
    }
    assert!(
        world
            .browser_as(operator.id, None)
            .await
            .get("/audit")
            .await
            .text
            .contains("198.51.100.7")
    );
});

#[test]
fn changes_are_shown_as_before_and_after() {
    let words = |text: &str| Shown::Words(text.to_owned());
    let read = particulars(r#"{"seats_before":5,"seats":8,"scopes_before":["a"],"scopes":["a"],"note":"x"}"#);
    assert_eq!(
        read.changes,
        [Change {
            label: "Seats".to_owned(),
            before: words("5"),
            after: words("8")
        }]
    );
    assert_eq!(
        read.facts.iter().map(|fact| fact.label.as_str()).collect::<BTreeSet<_>>(),
        BTreeSet::from(["Scopes", "Note"])
    );
    let read = particulars(r#"{"from":{"seats":5,"ends_at":"2027-01-01T00:00:00Z"},"to":{"seats":5,"ends_at":null}}"#);
    assert_eq!(read.changes.len(), 1);
    assert_eq!(read.changes[0].after, Shown::Nothing);
    let read = particulars(r#"{"changed":{"name":{"from":"A","to":"B"}}}"#);
    assert_eq!(
        read.changes,
        [Change {
            label: "Name".to_owned(),
            before: words("A"),
            after: words("B")
        }]
    );
    assert_eq!(particulars("nonsense"), Particulars::default());
}
