//! Who would be locked out or come a second time.

use super::*;
use crate::{
    federation::{
        place::Place,
        setup::queries::{self, Prospect},
    },
    for_each_backend,
    kernel::PersonId,
    people::MemberStatus,
};

async fn with_address(world: &World, organization: &Organization, name: &str, address: &str) -> Member {
    let mut cx = world.system().await;
    let person = Person {
        id: PersonId::new(cx.now, &mut cx.rng),
        email: address.parse().expect("an address"),
        name: name.to_owned(),
        time_zone: chrono_tz::Tz::UTC,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    assert!(store::people::insert(&cx.tx, &person).await.expect("a person"));
    cx.commit().await.expect("commit");
    world.membership(organization, &person, MemberRole::Member).await
}

for_each_backend!(a_rehearsal_names_who_would_not_get_in, |world| {
    let acme = world.organization("Acme").await;
    let provider = tried(&world, &acme).await;
    prove(&world, &acme, "acme.example").await;
    let known = with_address(&world, &acme, "Kai Known", "kai@elsewhere.example").await;
    link(&world, &provider, &known, "kai").await;
    for (name, address) in [
        ("Jo Joined", "jo@acme.example"),
        ("Old Domain", "od@acme.test"),
        ("Sub Domain", "sd@mail.acme.example"),
        ("Jo Twice", "JO@private.example"),
        ("Lou Locked", "lou@private.example"),
    ] {
        with_address(&world, &acme, name, address).await;
    }
    let mut gone = with_address(&world, &acme, "Gil Gone", "gil@private.example").await;
    gone.status = MemberStatus::Removed;
    let cx = world.system().await;
    store::members::update(&cx.tx, &gone).await.unwrap();
    cx.commit().await.unwrap();

    let place = Place {
        organization: acme.clone(),
        is_own: true,
    };
    let qx = world.qx(Actor::System("test")).await;
    let seen = queries::connection(&qx, &place, provider.id).await.unwrap();
    let mut found: Vec<_> = seen
        .rehearsed
        .iter()
        .map(|person| (person.name.as_str(), person.prospect))
        .collect();
    found.sort_by_key(|(name, _)| *name);
    assert_eq!(
        found,
        [
            ("Jo Joined", Prospect::WouldBeJoined),
            ("Jo Twice", Prospect::Duplicate),
            ("Kai Known", Prospect::Known),
            ("Lou Locked", Prospect::LockedOut),
            ("Old Domain", Prospect::Duplicate),
            ("Sub Domain", Prospect::Duplicate),
        ]
    );
});
