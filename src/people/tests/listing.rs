//! Lists of people: narrowed, sorted, and paged without gaps or repeats.

use chrono::Duration;

use super::*;
use crate::{
    for_each_backend,
    people::{MemberCursor, MemberFilter, MemberPage, SortKey, StandingFilter},
};

async fn names(world: &World, acme: &Organization, filter: &MemberFilter) -> Vec<String> {
    let listed = store::members::list(&world.portal.store.reader(), acme.id, filter, &MemberPage::First, 100, world.now())
        .await
        .unwrap();
    listed.rows.into_iter().map(|row| row.name).collect()
}

async fn team(world: &World) -> (Organization, Vec<Member>) {
    let acme = world.organization("Acme Consulting").await;
    let mut members = Vec::new();
    for (name, role) in [
        ("ana ruiz", MemberRole::PartnerAdmin),
        ("Bo Lind", MemberRole::Member),
        ("Åse Dahl", MemberRole::Member),
        ("Cleo 100%_sure", MemberRole::UserManager),
        ("Dana Roe", MemberRole::Auditor),
    ] {
        members.push(world.member(&acme, name, role).await);
    }
    let globex = world.organization("Globex").await;
    world.member(&globex, "Bo Other", MemberRole::Member).await;
    (acme, members)
}

for_each_backend!(pages_forward_and_back_show_everyone_once, |world| {
    let (acme, members) = team(&world).await;
    let cx = world.system().await;
    for (index, member) in members.iter().enumerate().skip(2) {
        let mut dated = member.clone();
        dated.ends_at = Some(world.now() + Duration::days(10 - i64::try_from(index).unwrap()));
        store::members::update(&cx.tx, &dated).await.unwrap();
        store::members::touch(&cx.tx, member.id, world.now() - Duration::hours(3))
            .await
            .unwrap();
    }
    cx.commit().await.unwrap();
    let db = world.portal.store.reader();
    for sort in SortKey::ALL {
        for descending in [false, true] {
            let filter = MemberFilter {
                sort: *sort,
                descending,
                ..MemberFilter::default()
            };
            let whole = names(&world, &acme, &filter).await;
            assert_eq!(whole.len(), 5);
            let (mut page, mut forward) = (MemberPage::First, Vec::new());
            let mut last = None;
            loop {
                let listed = store::members::list(&db, acme.id, &filter, &page, 2, world.now()).await.unwrap();
                forward.extend(listed.rows.iter().map(|row| row.name.clone()));
                assert_eq!(listed.before.is_some(), page != MemberPage::First);
                last = listed.before.or(last);
                let Some(after) = listed.after else { break };
                assert_eq!(after.to_string().parse::<MemberCursor>(), Ok(after.clone()));
                page = MemberPage::After(after);
            }
            assert_eq!(forward, whole, "{sort} {descending}");
            let back = store::members::list(&db, acme.id, &filter, &MemberPage::Before(last.unwrap()), 2, world.now())
                .await
                .unwrap();
            assert_eq!(back.rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>(), whole[2..4]);
            assert!(back.before.is_some() && back.after.is_some());
        }
    }
});

for_each_backend!(a_search_finds_parts_of_names_and_addresses_and_takes_no_wildcards, |world| {
    let (acme, _) = team(&world).await;
    let search = |text: &str| MemberFilter {
        search: Some(text.to_owned()),
        ..MemberFilter::default()
    };
    assert_eq!(names(&world, &acme, &search("ANA")).await, ["ana ruiz", "Dana Roe"]);
    assert_eq!(names(&world, &acme, &search("Åse")).await, ["Åse Dahl"]);
    assert_eq!(names(&world, &acme, &search("bo.lind@example")).await, ["Bo Lind"]);
    assert_eq!(names(&world, &acme, &search("%_")).await, ["Cleo 100%_sure"]);
    assert!(names(&world, &acme, &search("a%z")).await.is_empty());
    assert!(names(&world, &acme, &search("'; DROP TABLE members; --")).await.is_empty());
});

for_each_backend!(filters_tell_where_a_membership_stands, |world| {
    let (acme, members) = team(&world).await;
    let (ana, bo, ase, cleo) = (&members[0], &members[1], &members[2], &members[3]);
    for (member, verb) in [(bo, 0), (ase, 1)] {
        let target = ending(&world, member).await;
        let mut cx = acting(&world, ana).await;
        if verb == 0 {
            suspend_member(&mut cx, target).await.unwrap();
        } else {
            remove_member(&mut cx, target).await.unwrap();
        }
        cx.commit().await.unwrap();
    }
    let target = which(&world, cleo).await;
    let mut cx = acting(&world, ana).await;
    let day = (world.now() + Duration::days(3)).date_naive();
    schedule_leave(
        &mut cx,
        ScheduleLeave {
            which: target,
            last_day: Some(day),
        },
    )
    .await
    .unwrap();
    cx.commit().await.unwrap();
    let with = |standing| MemberFilter {
        standing,
        ..MemberFilter::default()
    };
    assert_eq!(names(&world, &acme, &with(StandingFilter::Suspended)).await, ["Bo Lind"]);
    assert_eq!(names(&world, &acme, &with(StandingFilter::Over)).await, ["Åse Dahl"]);
    assert_eq!(names(&world, &acme, &with(StandingFilter::Leaving)).await, ["Cleo 100%_sure"]);
    assert_eq!(names(&world, &acme, &with(StandingFilter::Current)).await.len(), 4);
    assert_eq!(names(&world, &acme, &with(StandingFilter::Active)).await.len(), 3);
    assert_eq!(names(&world, &acme, &with(StandingFilter::All)).await.len(), 5);
    let managers = MemberFilter {
        role: Some(MemberRole::UserManager),
        ..MemberFilter::default()
    };
    assert_eq!(names(&world, &acme, &managers).await, ["Cleo 100%_sure"]);
});

#[test]
fn a_filter_survives_its_query_string() {
    let filter = MemberFilter {
        search: Some("bo & co".to_owned()),
        role: Some(MemberRole::Auditor),
        standing: StandingFilter::All,
        sort: SortKey::Ends,
        descending: true,
    };
    let text = filter.query_string(None);
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(text.trim_start_matches('?').as_bytes())
        .into_owned()
        .collect();
    let read = MemberFilter::read(|name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()));
    assert_eq!(read, filter);
    assert_eq!(MemberFilter::read(|_| Some("nonsense".to_owned())).sort, SortKey::Name);
}
