//! Promises about what happens by itself.

use chrono::Duration;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::{Swept, sweep};
use crate::{
    audit::EventKind,
    certification::commands::{CertifyPartner, certify_partner},
    for_each_backend,
    kernel::{Clock, Timestamp},
    organizations::{Organization, OrganizationStatus},
    people::{Member, MemberRole, MemberStatus, Person, TenantRole, invitations::invite_joiner},
    store::{self, Db as _, entity::outbox},
    testing::World,
};

async fn owned(world: &World, name: &str, owner: &Person) -> Organization {
    world.own(&world.organization(name).await, owner).await
}

async fn stored(world: &World, organization: &Organization) -> Organization {
    store::organizations::get(&world.portal.store.reader(), organization.id)
        .await
        .unwrap()
        .unwrap()
}

async fn letters_to(world: &World, person: &Person) -> u64 {
    let query = outbox::Entity::find().filter(outbox::Column::Recipient.eq(person.email.as_str()));
    query.count(world.portal.store.reader().connection()).await.unwrap()
}

async fn leaving(world: &World, member: &Member, ends_at: Timestamp) -> Member {
    let cx = world.system().await;
    let member = member.clone().leave_on(Some(ends_at), cx.now).unwrap();
    store::members::update(&cx.tx, &member).await.unwrap();
    cx.commit().await.unwrap();
    member
}

async fn member_now(world: &World, member: &Member) -> Member {
    store::members::get(&world.portal.store.reader(), member.organization, member.id)
        .await
        .unwrap()
        .unwrap()
}

for_each_backend!(a_lapsed_certification_suspends_once, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    world.clock.advance(Duration::days(90 + 13));
    sweep(&world.portal).await.unwrap();
    assert_eq!(stored(&world, &acme).await.status, OrganizationStatus::Active, "within the grace");
    world.clock.advance(Duration::days(1));
    world.browser_as(member.person, Some(member.id)).await;
    let before = letters_to(&world, &owner).await;
    assert_eq!(sweep(&world.portal).await.unwrap().lapsed, 1);
    let lapsed = stored(&world, &acme).await;
    assert_eq!(
        (lapsed.status, lapsed.suspended_by_certification),
        (OrganizationStatus::Suspended, true)
    );
    assert_eq!(
        store::sessions::live_in_organization(&world.portal.store.reader(), acme.id, world.now())
            .await
            .unwrap(),
        0
    );
    assert_eq!(sweep(&world.portal).await.unwrap(), Swept::default());
    assert_eq!(
        (
            world.events(EventKind::CertificationLapsed).await,
            world.events(EventKind::OrganizationSuspended).await
        ),
        (1, 1)
    );
    assert_eq!(letters_to(&world, &owner).await - before, 1);

    // A certification gives it back, and the sweep leaves it.
    let mut cx = world.cx(world.actor(owner.id, None).await).await;
    let yes = CertifyPartner {
        organization: "acme".to_owned(),
        version: lapsed.version,
        reason: "Needed".to_owned(),
        next_due_at: world.now() + Duration::days(365),
    };
    certify_partner(&mut cx, yes).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(sweep(&world.portal).await.unwrap(), Swept::default());
    assert_eq!(stored(&world, &acme).await.status, OrganizationStatus::Active);
});

for_each_backend!(sweepers_at_the_same_moment_do_things_once, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    leaving(&world, &member, world.now() + Duration::days(1)).await;
    world.clock.advance(Duration::days(104));
    let (one, two, three) = tokio::join!(sweep(&world.portal), sweep(&world.portal), sweep(&world.portal));
    let swept = [one.unwrap(), two.unwrap(), three.unwrap()];
    assert_eq!(swept.iter().map(|swept| swept.lapsed).sum::<u64>(), 1);
    assert_eq!(swept.iter().map(|swept| swept.members_ended).sum::<u64>(), 1);
    assert_eq!(
        (
            world.events(EventKind::CertificationLapsed).await,
            world.events(EventKind::MemberEnded).await
        ),
        (1, 1)
    );
});

for_each_backend!(an_owner_is_reminded_once_before_and_once_after, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    owned(&world, "Acme", &owner).await;
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 0);
    world.clock.advance(Duration::days(76));
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 1);
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 0);
    world.clock.advance(Duration::days(14));
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 1);
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 0);
    assert_eq!(letters_to(&world, &owner).await, 2);
});

/// Switches an account off.
async fn switch_off(world: &World, person: &Person) {
    let cx = world.system().await;
    let off = Person {
        disabled_at: Some(cx.now),
        ..person.clone()
    };
    store::people::update_profile(&cx.tx, &off).await.unwrap();
    cx.commit().await.unwrap();
}

for_each_backend!(a_reminder_goes_to_whoever_can_decide_and_else_to_the_operators, |world| {
    let (owner, deputy) = (
        world.employee("Ada Own", TenantRole::Owner).await,
        world.employee("Dee Put", TenantRole::Owner).await,
    );
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let mut acme = owned(&world, "Acme", &owner).await;
    acme.deputy = Some(deputy.id);
    let cx = world.system().await;
    store::organizations::update(&cx.tx, &acme).await.unwrap();
    cx.commit().await.unwrap();
    let told = async || {
        (
            letters_to(&world, &owner).await,
            letters_to(&world, &deputy).await,
            letters_to(&world, &operator).await,
        )
    };
    world.clock.advance(Duration::days(76));
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 1);
    assert_eq!(told().await, (1, 1, 0), "both can decide");

    // One account is off, and the other has lost the role: neither can.
    switch_off(&world, &owner).await;
    let cx = world.system().await;
    assert!(store::tenant::revoke_role(&cx.tx, deputy.id, TenantRole::Owner).await.unwrap());
    cx.commit().await.unwrap();
    world.clock.advance(Duration::days(14));
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 1);
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 0);
    assert_eq!(told().await, (1, 1, 1));
    assert_eq!(letters_leading_to(&world, &operator, "/partners/acme/edit").await, 1);

    // Whoever can decide again is reminded, although the operators were told.
    let mut cx = world.system().await;
    let id = crate::kernel::new_uuid(cx.now, &mut cx.rng);
    assert!(
        store::tenant::grant_role(&cx.tx, id, deputy.id, TenantRole::Owner, cx.now)
            .await
            .unwrap()
    );
    cx.commit().await.unwrap();
    assert_eq!(sweep(&world.portal).await.unwrap().reminded, 1);
    assert_eq!(told().await, (1, 2, 1));
});

for_each_backend!(a_membership_past_its_end_is_over_with_everything_it_held, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let (application, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &application, &scopes).await;
    world.assign(&member, &entitlement).await;
    let end = world.now() + Duration::hours(2);
    leaving(&world, &member, end).await;
    world.browser_as(member.person, Some(member.id)).await;
    assert_eq!(sweep(&world.portal).await.unwrap().members_ended, 0);
    world.clock.advance(Duration::hours(2));
    assert!(world.acting(&member).await.member().is_none(), "refused before anything was swept");
    assert_eq!(sweep(&world.portal).await.unwrap().members_ended, 1);
    assert_eq!(sweep(&world.portal).await.unwrap().members_ended, 0);
    let over = member_now(&world, &member).await;
    assert_eq!((over.status, over.ends_at), (MemberStatus::Removed, Some(end)));
    let db = world.portal.store.reader();
    assert_eq!(
        store::grants::entitlement_seats_taken(&db, entitlement.id, world.now())
            .await
            .unwrap(),
        0
    );
    assert_eq!(store::sessions::live_in_organization(&db, acme.id, world.now()).await.unwrap(), 0);
    assert_eq!(world.events(EventKind::MemberEnded).await, 1);
});

for_each_backend!(a_leave_date_that_moved_is_respected, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let member = leaving(&world, &member, world.now() + Duration::hours(2)).await;
    let mut member = member;
    member.version += 1;
    leaving(&world, &member, world.now() + Duration::hours(9)).await;
    world.clock.advance(Duration::hours(3));
    assert_eq!(sweep(&world.portal).await.unwrap().members_ended, 0);
    assert_eq!(member_now(&world, &member).await.status, MemberStatus::Active);
});

for_each_backend!(sessions_end_with_the_contract, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let cx = world.system().await;
    let contract = store::contracts::in_force(&cx.tx, acme.id, cx.now).await.unwrap().unwrap();
    let shorter = contract.end_on(cx.now + Duration::minutes(10), cx.now).unwrap();
    store::contracts::update(&cx.tx, &shorter).await.unwrap();
    cx.commit().await.unwrap();
    world.browser_as(member.person, Some(member.id)).await;
    assert_eq!(sweep(&world.portal).await.unwrap().sessions_ended, 0);
    world.clock.advance(Duration::minutes(10));
    assert_eq!(sweep(&world.portal).await.unwrap().sessions_ended, 1);
    assert_eq!(sweep(&world.portal).await.unwrap().sessions_ended, 0);
    assert_eq!(world.events(EventKind::SessionsEnded).await, 1);
});

for_each_backend!(sessions_nobody_used_are_deleted, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    world.browser_as(owner.id, None).await;
    assert_eq!(sweep(&world.portal).await.unwrap().deleted, 0);
    world.clock.advance(Duration::minutes(61));
    assert_eq!(sweep(&world.portal).await.unwrap().deleted, 1);
});

for_each_backend!(a_mass_suspension_is_stopped_and_told_once_and_the_rest_goes_on, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    for number in 0..6 {
        owned(&world, &format!("Partner {number}"), &owner).await;
    }
    let leaver = world
        .member(&world.organization("Seventh").await, "Bo Lind", MemberRole::Member)
        .await;
    leaving(&world, &leaver, world.now() + Duration::days(1)).await;
    // As if the clock had jumped.
    world.clock.advance(Duration::days(200));
    for (members_ended, reminded) in [(1, 6), (0, 0)] {
        let swept = sweep(&world.portal).await.unwrap();
        assert_eq!((swept.stopped, swept.lapsed), (true, 0));
        assert_eq!((swept.members_ended, swept.reminded), (members_ended, reminded));
    }
    assert_eq!(
        (
            world.events(EventKind::SweepStopped).await,
            world.events(EventKind::CertificationLapsed).await
        ),
        (1, 0)
    );
    assert_eq!(member_now(&world, &leaver).await.status, MemberStatus::Removed);
    assert_eq!(letters_to(&world, &owner).await, 6);
});

#[tokio::test]
async fn the_worker_stops_when_told() {
    let world = World::sqlite().await;
    assert!(matches!(world.clock, Clock::Fixed(_)));
    super::run(world.portal.clone(), std::future::ready(())).await;
}

for_each_backend!(the_owner_is_told_once_of_each_end_of_a_contract, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let told = async || {
        (
            sweep(&world.portal).await.unwrap().contracts_told,
            letters_about_contracts(&world, &owner).await,
        )
    };
    // Certifications are out of the way: the next one is due far later.
    let mut later = stored(&world, &acme).await;
    let cx = world.system().await;
    later.certification_due_at = Some(world.now() + Duration::days(700));
    store::organizations::update(&cx.tx, &later).await.unwrap();
    cx.commit().await.unwrap();
    let days = i64::from(crate::organizations::Tenant::unnamed().warning_days);
    world.clock.advance(Duration::days(365 - days) - Duration::seconds(1));
    assert_eq!(told().await, (0, 0), "not before the warning days");
    world.clock.advance(Duration::seconds(1));
    assert_eq!(told().await, (1, 1));
    assert_eq!(told().await, (0, 1), "once");
    // Another end is another matter.
    let cx = world.system().await;
    let mut contract = store::contracts::in_force(&cx.tx, acme.id, cx.now).await.unwrap().unwrap();
    contract.ends_at -= Duration::days(1);
    store::contracts::update(&cx.tx, &contract).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(told().await, (1, 2));
    assert_eq!(world.events(EventKind::ContractEnding).await, 2);
});

for_each_backend!(what_sets_up_an_account_ends_with_the_membership, |world| {
    let acme = world.organization("Acme").await;
    let member = world.member(&acme, "Cleo New", MemberRole::Member).await;
    let mut cx = world.system().await;
    let person = store::people::get(&cx.tx, member.person).await.unwrap().unwrap();
    invite_joiner(&mut cx, &acme, &member, &person, "Bo Lind").await.unwrap();
    cx.commit().await.unwrap();
    leaving(&world, &member, world.now() + Duration::days(1)).await;
    world.clock.advance(Duration::days(2));
    assert_eq!(sweep(&world.portal).await.unwrap().members_ended, 1);
    let waiting = store::invitations::pending_of_member(&world.portal.store.reader(), member.id)
        .await
        .unwrap();
    assert!(waiting.is_empty());
    assert_eq!(world.events(EventKind::InvitationWithdrawn).await, 1);
});

for_each_backend!(a_contract_that_another_one_follows_is_no_news, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = owned(&world, "Acme", &owner).await;
    let mut cx = world.system().await;
    let first = store::contracts::in_force(&cx.tx, acme.id, cx.now).await.unwrap().unwrap();
    let next = crate::organizations::Contract {
        id: crate::kernel::ContractId::new(cx.now, &mut cx.rng),
        reference: "C-2".to_owned(),
        starts_at: first.ends_at,
        ends_at: first.ends_at + Duration::days(365),
        ..first
    };
    assert!(store::contracts::insert(&cx.tx, &next, cx.now).await.unwrap());
    cx.commit().await.unwrap();
    world.clock.advance(Duration::days(364));
    assert_eq!(sweep(&world.portal).await.unwrap().contracts_told, 0);
});

async fn letters_about_contracts(world: &World, person: &Person) -> u64 {
    let query = outbox::Entity::find()
        .filter(outbox::Column::Recipient.eq(person.email.as_str()))
        .filter(outbox::Column::Subject.contains("ends soon"));
    query.count(world.portal.store.reader().connection()).await.unwrap()
}

/// Letters to somebody with an address below this page in them.
async fn letters_leading_to(world: &World, person: &Person, page: &str) -> u64 {
    let query = outbox::Entity::find()
        .filter(outbox::Column::Recipient.eq(person.email.as_str()))
        .filter(outbox::Column::BodyText.contains(page));
    query.count(world.portal.store.reader().connection()).await.unwrap()
}

async fn saml_provider(
    world: &World,
    organization: &Organization,
    ends_at: Timestamp,
    metadata_url: Option<String>,
) -> crate::kernel::ProviderId {
    use crate::federation::{IdentityProvider, Preset, Protocol, ProviderStatus, SamlSettings};
    let mut cx = world.system().await;
    let protocol = Protocol::Saml(SamlSettings {
        entity_id: "https://idp.acme.example".to_owned(),
        metadata_url,
        post_binding: false,
        accept_signed_response: false,
    });
    let id = crate::kernel::ProviderId::new(cx.now, &mut cx.rng);
    let provider = IdentityProvider {
        status: ProviderStatus::Live,
        published: Some("<old/>".to_owned()),
        published_at: Some(cx.now),
        certificate_ends_at: Some(ends_at),
        ..IdentityProvider::draft(id, organization.id, "Acme account", Preset::Saml, protocol, cx.now)
    };
    store::federation::providers::insert(&cx.tx, &provider).await.unwrap();
    cx.commit().await.unwrap();
    provider.id
}

for_each_backend!(
    both_sides_hear_of_a_certificate_sixty_thirty_and_seven_days_before_its_end,
    |world| {
        let owner = world.employee("Ada Own", TenantRole::Owner).await;
        let acme = owned(&world, "Acme", &owner).await;
        let admin = world.member(&acme, "Kim Admin", MemberRole::PartnerAdmin).await;
        let person = store::people::get(&world.portal.store.reader(), admin.person)
            .await
            .unwrap()
            .unwrap();
        saml_provider(&world, &acme, world.now() + Duration::days(61), None).await;
        let told = async || sweep(&world.portal).await.unwrap().certificates_told;
        assert_eq!(told().await, 0, "61 days before");
        for days in [2, 30, 23] {
            world.clock.advance(Duration::days(days));
            assert_eq!((told().await, told().await), (1, 0), "once for each mark");
        }
        world.clock.advance(Duration::days(10));
        assert_eq!(told().await, 0, "after the end there is nothing to warn of");
        for (somebody, page) in [(&owner, "/partners/acme/sign-in/"), (&person, "/team/settings/sign-in/")] {
            assert_eq!(letters_about_contracts(&world, somebody).await, 3);
            assert_eq!(letters_leading_to(&world, somebody, page).await, 3, "{page}");
        }
        assert_eq!(world.events(EventKind::CertificateEnding).await, 3);
    }
);

for_each_backend!(metadata_that_cannot_be_read_leaves_the_old_copy, |world| {
    let acme = world.organization("Acme").await;
    let nobody_listens = Some("http://127.0.0.1:9/metadata".to_owned());
    let id = saml_provider(&world, &acme, world.now() + Duration::days(400), nobody_listens).await;
    world.clock.advance(Duration::hours(13));
    assert_eq!(sweep(&world.portal).await.unwrap().metadata_read, 0);
    let kept = store::federation::providers::find(&world.portal.store.reader(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.published.as_deref(), Some("<old/>"));
});
