//! Claiming, proving, assigning and giving up.

use rstest::rstest;

use super::{super::DomainError, *};
use crate::{access::Refused, audit::EventKind, for_each_backend, people::TenantRole, store::StoreError};

for_each_backend!(a_domain_is_proven_by_its_record_alone, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let actor = world.acting(&kim).await;
    let domain = claim(&world, actor.clone(), &acme, "*.Acme.Example").await.unwrap();
    assert_eq!((domain.name.as_str(), domain.subdomains), ("acme.example", true));

    let unseen = check(&world, actor.clone(), &acme, &domain, Found::No).await;
    assert!(matches!(unseen, Err(DomainCommandError::NotFound)));
    let looked_for = now(&world, &domain).await.unwrap();
    assert_eq!(
        (looked_for.status, looked_for.checked_at),
        (DomainStatus::Pending, Some(world.now()))
    );
    let silent = check(&world, actor.clone(), &acme, &domain, Found::NoAnswer).await;
    assert!(matches!(silent, Err(DomainCommandError::NoAnswer)));
    assert_eq!(status(&world, &domain).await, Some(DomainStatus::Pending));

    check(&world, actor.clone(), &acme, &domain, Found::Yes).await.unwrap();
    check(&world, actor, &acme, &domain, Found::Yes).await.unwrap();
    assert_eq!(status(&world, &domain).await, Some(DomainStatus::Proven));
    assert_eq!(
        (
            world.events(EventKind::DomainClaimed).await,
            world.events(EventKind::DomainProven).await
        ),
        (1, 1)
    );
});

for_each_backend!(a_domain_is_listed_once, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let actor = world.acting(&kim).await;
    claim(&world, actor.clone(), &acme, "acme.example").await.unwrap();
    let again = claim(&world, actor.clone(), &acme, "ACME.example.").await;
    assert!(matches!(again, Err(DomainCommandError::Twice)));
    assert_eq!(world.events(EventKind::DomainClaimed).await, 1);

    let dropped = {
        let mut cx = world.cx(actor).await;
        let domain = commands::claim_domain(&mut cx, &acme, "other.example").await.unwrap();
        cx.tx.rollback().await.unwrap();
        domain
    };
    assert_eq!(now(&world, &dropped).await, None);
    assert_eq!(
        world.events(EventKind::DomainClaimed).await,
        1,
        "a crash before the commit leaves nothing"
    );
});

for_each_backend!(
    what_another_organization_has_proven_is_refused_without_saying_whose_it_is,
    |world| {
        let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
        let kim = admin(&world, &other).await;
        let actor = world.acting(&kim).await;
        let early = claim(&world, actor.clone(), &other, "acme.example").await.unwrap();
        let mut theirs = proven(&world, &acme, "acme.example").await;

        let late = check(&world, actor.clone(), &other, &early, Found::Yes).await.unwrap_err();
        assert!(matches!(late, DomainCommandError::ProvenElsewhere) && !late.to_string().contains("Acme"));
        assert_eq!(status(&world, &early).await, Some(DomainStatus::Pending));

        // Lost is not free yet: its people still sign in by it.
        theirs.status = DomainStatus::Lost;
        keep(&world, &theirs).await;
        let third = world.organization("Third").await;
        let fay = admin(&world, &third).await;
        let refused = claim(&world, world.acting(&fay).await, &third, "acme.example").await.unwrap_err();
        assert!(matches!(refused, DomainCommandError::Taken) && !refused.to_string().contains("Acme"));

        // What stands above or below another's domain is another domain.
        claim(&world, world.acting(&fay).await, &third, "people.acme.example")
            .await
            .unwrap();
    }
);

for_each_backend!(of_two_who_prove_at_the_same_moment_one_has_it, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let system = Actor::System("test");
    let one = claim(&world, system.clone(), &acme, "acme.example").await.unwrap();
    let two = claim(&world, system.clone(), &other, "acme.example").await.unwrap();
    let (first, second) = tokio::join!(
        check(&world, system.clone(), &acme, &one, Found::Yes),
        check(&world, system.clone(), &other, &two, Found::Yes)
    );
    let refused: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refused[..], [DomainCommandError::ProvenElsewhere]), "{refused:?}");
    let mut both = [status(&world, &one).await, status(&world, &two).await].map(Option::unwrap);
    both.sort_by_key(|status| status.as_str());
    assert_eq!(both, [DomainStatus::Pending, DomainStatus::Proven]);
    assert_eq!(world.events(EventKind::DomainProven).await, 1);
});

for_each_backend!(the_database_itself_keeps_a_proven_name_to_one_owner, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let late = claim(&world, Actor::System("test"), &other, "acme.example").await.unwrap();
    proven(&world, &acme, "acme.example").await;
    let cx = world.system().await;
    let written = store::federation::domains::prove(&cx.tx, &late.clone().seen(cx.now)).await;
    assert!(matches!(written, Ok(false)), "{written:?}");
    cx.tx.rollback().await.unwrap();
    assert_eq!(status(&world, &late).await, Some(DomainStatus::Pending));
});

for_each_backend!(a_partnership_that_is_over_keeps_no_name, |world| {
    let (mut acme, successor) = (world.organization("Acme").await, world.organization("Successor").await);
    let theirs = proven(&world, &acme, "acme.example").await;
    acme.status = crate::organizations::OrganizationStatus::Offboarded;
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &acme).await.unwrap();
    cx.commit().await.unwrap();
    proven(&world, &successor, "acme.example").await;
    assert_eq!(now(&world, &theirs).await, None);
    assert_eq!(world.events(EventKind::DomainGivenUp).await, 1);
});

for_each_backend!(somebody_elses_domain_does_not_exist, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let domain = proven(&world, &acme, "acme.example").await;
    let foreign = connection(&world, &acme, "Acme account", |_| {}).await;
    let kim = admin(&world, &other).await;
    let mine = proven(&world, &other, "other.example").await;

    let mut cx = world.cx(world.acting(&kim).await).await;
    let refused = |outcome: Result<Domain, DomainCommandError>| {
        assert!(matches!(outcome, Err(DomainCommandError::Access(Refused::NotFound))), "{outcome:?}");
    };
    refused(commands::check_domain(&mut cx, &other, domain.id, Found::No).await);
    refused(commands::give_up_domain(&mut cx, &other, domain.id, true).await);
    refused(commands::assign_domain(&mut cx, &other, domain.id, domain.version, None).await);
    refused(commands::assign_domain(&mut cx, &other, mine.id, mine.version, Some(foreign.id)).await);
    // Aimed at the other organization itself.
    let aimed = commands::claim_domain(&mut cx, &acme, "new.example").await;
    assert!(
        matches!(
            aimed,
            Err(DomainCommandError::Access(Refused::NotFound | Refused::Forbidden { .. }))
        ),
        "{aimed:?}"
    );
    cx.tx.rollback().await.unwrap();
});

#[rstest]
#[case(MemberRole::Member)]
#[case(MemberRole::Auditor)]
#[case(MemberRole::UserManager)]
#[tokio::test]
async fn whoever_does_not_run_the_organization_claims_nothing(#[case] role: MemberRole) {
    let world = World::sqlite().await;
    let acme = world.organization("Acme").await;
    let member = world.member(&acme, "Mia Member", role).await;
    let outcome = claim(&world, world.acting(&member).await, &acme, "acme.example").await;
    assert!(matches!(outcome, Err(DomainCommandError::Access(_))), "{outcome:?}");
}

for_each_backend!(what_belongs_to_nobody_is_not_listed, |world| {
    let acme = world.organization("Acme").await;
    for (typed, error) in [
        ("gmail.com", DomainError::PublicMail),
        ("co.uk", DomainError::PublicSuffix),
        ("not a domain", DomainError::Malformed),
    ] {
        let outcome = claim(&world, Actor::System("test"), &acme, typed).await;
        assert!(
            matches!(outcome, Err(DomainCommandError::Name(found)) if found == error),
            "{outcome:?}"
        );
    }
    assert_eq!(world.events(EventKind::DomainClaimed).await, 0);
});

for_each_backend!(
    the_last_domain_of_a_connection_that_keeps_passwords_out_is_not_given_up_by_accident,
    |world| {
        let acme = world.organization("Acme").await;
        let kim = admin(&world, &acme).await;
        connection(&world, &acme, "Acme account", |provider| {
            provider.exclusive = true;
            provider.break_glass = Some(kim.id);
        })
        .await;
        let (first, second) = (
            proven(&world, &acme, "acme.example").await,
            proven(&world, &acme, "acme.test").await,
        );
        let pending = claim(&world, Actor::System("test"), &acme, "later.example").await.unwrap();
        let give_up = async |domain: &Domain, stranding: bool| {
            let mut cx = world.cx(world.acting(&kim).await).await;
            let outcome = commands::give_up_domain(&mut cx, &acme, domain.id, stranding).await;
            match &outcome {
                Ok(_) => cx.commit().await.unwrap(),
                Err(_) => cx.tx.rollback().await.unwrap(),
            }
            outcome
        };
        give_up(&first, false).await.unwrap();
        let refused = give_up(&second, false).await;
        assert!(
            matches!(&refused, Err(DomainCommandError::LastDomain(name)) if name == "Acme account"),
            "{refused:?}"
        );
        assert_eq!(status(&world, &second).await, Some(DomainStatus::Proven));
        give_up(&pending, false).await.unwrap();
        give_up(&second, true).await.unwrap();
        assert_eq!(now(&world, &second).await, None);
        let twice = give_up(&second, true).await;
        assert!(matches!(twice, Err(DomainCommandError::Access(Refused::NotFound))));
        assert_eq!(world.events(EventKind::DomainGivenUp).await, 3);
    }
);

for_each_backend!(a_domain_is_assigned_from_what_was_seen, |world| {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let berlin = connection(&world, &acme, "Berlin account", |_| {}).await;
    let domain = proven(&world, &acme, "acme.example").await;
    let assign = async |version: i32, provider: Option<ProviderId>| {
        let mut cx = world.cx(world.actor(owner.id, None).await).await;
        let outcome = commands::assign_domain(&mut cx, &acme, domain.id, version, provider).await;
        match &outcome {
            Ok(_) => cx.commit().await.unwrap(),
            Err(_) => cx.tx.rollback().await.unwrap(),
        }
        outcome
    };
    assign(domain.version, Some(berlin.id)).await.unwrap();
    let stale = assign(domain.version, None).await;
    assert!(matches!(stale, Err(DomainCommandError::Store(StoreError::Stale))), "{stale:?}");
    assert_eq!(now(&world, &domain).await.unwrap().provider, Some(berlin.id));
    assign(domain.version + 1, Some(berlin.id)).await.unwrap();
    assert_eq!(world.events(EventKind::DomainAssigned).await, 1, "the same once more is no change");
});

for_each_backend!(what_a_declaration_vouches_for_cannot_be_lost_by_a_look, |world| {
    let acme = world.organization("Acme").await;
    let mut domain = proven(&world, &acme, "acme.example").await;
    domain.proof = String::new();
    keep(&world, &domain).await;
    let outcome = check(&world, Actor::System("test"), &acme, &domain, Found::No).await;
    assert!(matches!(outcome, Err(DomainCommandError::NoRecord)), "{outcome:?}");
    assert_eq!(now(&world, &domain).await.unwrap().missing_since, None);
});
