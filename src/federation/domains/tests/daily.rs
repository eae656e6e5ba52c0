//! The daily look for the record.

use chrono::Duration;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::{name_server::Mood, *};
use crate::{
    audit::EventKind,
    for_each_backend,
    lifecycle::sweep,
    people::{Person, TenantRole},
    store::{Db as _, entity::outbox},
};

async fn letters_to(world: &World, person: &Person) -> u64 {
    let query = outbox::Entity::find().filter(outbox::Column::Recipient.eq(person.email.as_str()));
    query.count(world.portal.store.reader().connection()).await.unwrap()
}

/// Whether the letters to somebody, and there are some, all lead to this page.
async fn led_to(world: &World, person: &Person, page: &str) -> bool {
    let query = outbox::Entity::find().filter(outbox::Column::Recipient.eq(person.email.as_str()));
    let letters = query.all(world.portal.store.reader().connection()).await.unwrap();
    let link = crate::web::routes::absolute(&world.portal.settings.public_url, page);
    !letters.is_empty() && letters.iter().all(|letter| letter.body_text.contains(&link))
}

async fn person(world: &World, member: &Member) -> Person {
    let found = store::people::get(&world.portal.store.reader(), member.person).await;
    found.unwrap().unwrap()
}

for_each_backend!(a_record_that_stays_away_warns_first_and_then_loses_the_domain, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let kim = admin(&world, &acme).await;
    let kim = person(&world, &kim).await;
    let domain = proven(&world, &acme, "acme.example").await;
    names.set("_portico.acme.example", &[&domain.proof]);
    let checked = async || sweep(&world.portal).await.unwrap().domains_checked;

    assert_eq!(checked().await, 0, "it was seen just now");
    world.clock.advance(Duration::hours(25));
    assert_eq!((checked().await, checked().await), (1, 0), "once a day");
    names.set("_portico.acme.example", &[]);
    for day in 0..3 {
        world.clock.advance(Duration::hours(24) + Duration::minutes(1));
        assert_eq!(checked().await, 1);
        assert_eq!(status(&world, &domain).await, Some(DomainStatus::Proven), "day {day}");
    }
    assert_eq!(
        (letters_to(&world, &kim).await, letters_to(&world, &owner).await),
        (1, 1),
        "one warning"
    );
    assert!(led_to(&world, &kim, "/team/settings/domains").await);
    assert!(
        led_to(&world, &owner, &format!("/partners/{}/domains", acme.slug)).await,
        "an owner has no settings of the partner"
    );
    world.clock.advance(Duration::hours(24) + Duration::minutes(1));
    checked().await;
    assert_eq!(status(&world, &domain).await, Some(DomainStatus::Lost));
    assert_eq!(
        (letters_to(&world, &kim).await, letters_to(&world, &owner).await),
        (2, 2),
        "and the loss"
    );
    world.clock.advance(Duration::hours(25));
    checked().await;
    assert_eq!(letters_to(&world, &kim).await, 2, "what is lost is not told again");

    names.set("acme.example", &[&domain.proof]);
    world.clock.advance(Duration::hours(25));
    checked().await;
    let again = now(&world, &domain).await.unwrap();
    assert_eq!((again.status, again.missing_since), (DomainStatus::Proven, None));
    assert_eq!(
        (
            world.events(EventKind::DomainMissing).await,
            world.events(EventKind::DomainLost).await,
            world.events(EventKind::DomainProven).await
        ),
        (1, 1, 2)
    );
});

for_each_backend!(name_servers_that_do_not_answer_lose_nothing_and_hold_nobody_up, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let acme = world.organization("Acme").await;
    let dead = proven(&world, &acme, "dead.example").await;
    names.mood("_portico.dead.example", Some(Mood::Fails));
    for _ in 0..5 {
        world.clock.advance(Duration::hours(25));
        assert_eq!(sweep(&world.portal).await.unwrap().domains_checked, 1);
        assert_eq!(
            sweep(&world.portal).await.unwrap().domains_checked,
            0,
            "it is not asked again and again"
        );
    }
    let kept = now(&world, &dead).await.unwrap();
    assert_eq!((kept.status, kept.missing_since), (DomainStatus::Proven, None));
});

for_each_backend!(only_what_was_proven_is_looked_for, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let acme = world.organization("Acme").await;
    claim(&world, Actor::System("test"), &acme, "pending.example").await.unwrap();
    let mut declared = proven(&world, &acme, "declared.example").await;
    declared.proof = String::new();
    keep(&world, &declared).await;
    world.clock.advance(Duration::days(9));
    assert_eq!(sweep(&world.portal).await.unwrap().domains_checked, 0);
    assert_eq!(names.asked(), []);
});

for_each_backend!(two_replicas_tell_of_a_missing_record_once, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    proven(&world, &acme, "acme.example").await;
    world.clock.advance(Duration::hours(25));
    let (one, two) = tokio::join!(sweep(&world.portal), sweep(&world.portal));
    assert_eq!(one.unwrap().domains_checked + two.unwrap().domains_checked, 1);
    assert_eq!(
        (world.events(EventKind::DomainMissing).await, letters_to(&world, &owner).await),
        (1, 1)
    );
});

for_each_backend!(a_letter_names_a_domain_in_its_own_script_and_as_the_dns_does, |world| {
    let names = NameServer::start().await;
    let world = asking(world, &names);
    let acme = world.organization("Acme").await;
    let kim = person(&world, &admin(&world, &acme).await).await;
    proven(&world, &acme, "bücher.example").await;
    names.set("_portico.xn--bcher-kva.example", &[]);
    world.clock.advance(Duration::hours(25));
    assert_eq!(sweep(&world.portal).await.unwrap().domains_checked, 1);
    let query = outbox::Entity::find().filter(outbox::Column::Recipient.eq(kim.email.as_str()));
    let letters = query.all(world.portal.store.reader().connection()).await.unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    let shown = "bücher.example (xn--bcher-kva.example)";
    assert!(letter.body_text.contains(shown), "{}", letter.body_text);
});
