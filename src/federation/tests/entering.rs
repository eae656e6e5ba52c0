//! What a provider's word about somebody is worth: who gets in, as whom, with what, and who does not.

use chrono::Duration;
use serde_json::json;

use crate::{
    audit::EventKind,
    federation::{
        Claims, ClientAuth, IdentityProvider, JoinPolicy, Joining, Mapping, OidcSettings, Preset, Protocol, ProviderStatus, Rules,
        arrival::{Arrival, Blame, Disbelief},
        commands::{self, EnterError, Logout},
        domains::{Domain, DomainStatus},
        mapping::GroupRole,
    },
    for_each_backend,
    kernel::{DomainId, ProviderId},
    organizations::{Organization, Tenant},
    people::{Member, MemberRole, MemberStatus, Person, TenantRole},
    signin::identify,
    store::{self, federation as rows, sessions::SignedInAs},
    testing::World,
};

async fn connected(world: &World, organization: &Organization, policy: JoinPolicy) -> IdentityProvider {
    let mut cx = world.system().await;
    let provider = IdentityProvider {
        id: ProviderId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        name: "Acme account".to_owned(),
        preset: Preset::Oidc,
        protocol: Protocol::Oidc(OidcSettings {
            issuer: "https://login.acme.example".to_owned(),
            client_id: "portal".to_owned(),
            client_auth: ClientAuth::Basic,
            scopes: Vec::new(),
            userinfo: false,
        }),
        status: ProviderStatus::Live,
        secrets: None,
        published: None,
        published_at: None,
        mapping: Mapping::of(Preset::Oidc),
        rules: Rules::default(),
        joining: Joining {
            policy,
            ..Joining::default()
        },
        trusts_second_factor: false,
        exclusive: false,
        break_glass: None,
        failures: 0,
        fell_back_at: None,
        tried_at: None,
        certificate_ends_at: None,
        certificate_warned_at: None,
        created_at: cx.now,
        version: 1,
    };
    rows::providers::insert(&cx.tx, &provider).await.unwrap();
    cx.commit().await.unwrap();
    provider
}

async fn proven(world: &World, organization: &Organization, name: &str, status: DomainStatus) {
    let mut cx = world.system().await;
    let domain = Domain {
        id: DomainId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        name: name.to_owned(),
        subdomains: false,
        proof: String::new(),
        status,
        provider: None,
        proven_at: Some(cx.now),
        checked_at: None,
        missing_since: None,
        created_at: cx.now,
        version: 1,
    };
    rows::domains::insert(&cx.tx, &domain).await.unwrap();
    cx.commit().await.unwrap();
}

fn arrival(claims: serde_json::Value) -> Arrival {
    Arrival {
        claims: Claims::from_json(claims.as_object().expect("an object")),
        session: Some("there-1".to_owned()),
        session_ends_at: None,
        second_factor_at: None,
        logout_name: None,
        authenticated_at: None,
        checks: Vec::new(),
    }
}

fn said(subject: &str, email: &str) -> Arrival {
    arrival(json!({"sub": subject, "email": email, "given_name": "Kim", "family_name": "Larsen", "groups": ["staff"]}))
}

async fn enter(world: &World, provider: &IdentityProvider, arrival: &Arrival) -> Result<SignedInAs, EnterError> {
    let provider = rows::providers::find(&world.portal.store.reader(), provider.id)
        .await
        .unwrap()
        .unwrap();
    let mut cx = world.cx(crate::access::Actor::Anonymous).await;
    let outcome = commands::enter(&mut cx, &provider, arrival).await;
    match &outcome {
        Err(error) if !error.takes_effect() => {
            cx.tx.rollback().await.unwrap();
            let mut cx = world.cx(crate::access::Actor::Anonymous).await;
            commands::note_refusal(&mut cx, &provider, error).await.unwrap();
            cx.commit().await.unwrap();
        }
        _ => cx.commit().await.unwrap(),
    }
    outcome
}

async fn changed(world: &World, provider: &IdentityProvider, change: impl FnOnce(&mut IdentityProvider)) {
    let cx = world.system().await;
    let mut now = rows::providers::find(&cx.tx, provider.id).await.unwrap().unwrap();
    change(&mut now);
    rows::providers::update(&cx.tx, &now).await.unwrap();
    cx.commit().await.unwrap();
}

async fn member_of(world: &World, organization: &Organization, who: &SignedInAs) -> Member {
    let id = who.member.expect("a hat");
    store::members::get(&world.portal.store.reader(), organization.id, id)
        .await
        .unwrap()
        .unwrap()
}

/// A person of Acme with an address in its domain.
async fn kim(world: &World, acme: &Organization) -> (Person, Member) {
    let mut cx = world.system().await;
    let person = Person {
        id: crate::kernel::PersonId::new(cx.now, &mut cx.rng),
        email: "kim@acme.example".parse().unwrap(),
        name: "Kim Larsen".to_owned(),
        time_zone: chrono_tz::UTC,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    assert!(store::people::insert(&cx.tx, &person).await.unwrap());
    cx.commit().await.unwrap();
    let member = world.membership(acme, &person, MemberRole::Member).await;
    (person, member)
}

for_each_backend!(
    a_member_is_joined_by_a_proven_domain_once_and_known_by_subject_from_then_on,
    |world| {
        let acme = world.organization("Acme").await;
        let provider = connected(&world, &acme, JoinPolicy::Off).await;
        let (_, member) = kim(&world, &acme).await;
        let unproven = enter(&world, &provider, &said("s-1", "kim@acme.example")).await;
        assert!(matches!(unproven, Err(EnterError::NotTheirs(_))), "{unproven:?}");
        proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
        let who = enter(&world, &provider, &said("s-1", "Kim@Acme.example")).await.unwrap();
        assert_eq!(who.member, Some(member.id));
        assert_eq!(world.events(EventKind::IdentityLinked).await, 1);
        // The address may change, even out of the domain: the subject counts.
        let later = enter(&world, &provider, &said("s-1", "kim.larsen@elsewhere.example"))
            .await
            .unwrap();
        assert_eq!((later.member, world.events(EventKind::IdentityLinked).await), (Some(member.id), 1));
        // Another subject with the same address is somebody else until the address says otherwise: it is joined to the same member.
        let second = enter(&world, &provider, &said("s-2", "kim@acme.example")).await.unwrap();
        assert_eq!(second.member, Some(member.id));
    }
);

for_each_backend!(unknown_people_come_in_as_the_connection_says, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Off).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let (application, scopes) = world.application("orders").await;
    world.entitle(&acme, &application, &scopes).await;
    for policy in [JoinPolicy::Off, JoinPolicy::Invited] {
        changed(&world, &provider, |provider| provider.joining.policy = policy).await;
        let refused = enter(&world, &provider, &said("s-1", "kim@acme.example")).await;
        assert!(matches!(refused, Err(EnterError::Join(_))), "{refused:?}");
    }
    changed(&world, &provider, |provider| {
        provider.joining = Joining {
            policy: JoinPolicy::Open,
            role: MemberRole::UserManager,
            applications: vec![application.id],
            days: Some(30),
        };
    })
    .await;
    let who = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    let member = member_of(&world, &acme, &who).await;
    assert_eq!(
        (member.role, member.ends_at),
        (MemberRole::UserManager, Some(world.now() + Duration::days(30)))
    );
    let held = store::grants::assignments_of_member(&world.portal.store.reader(), member.id)
        .await
        .unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(world.events(EventKind::MemberAdded).await, 1);
    // The second sign-in is the same member.
    let again = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    assert_eq!(again.member, Some(member.id));
});

for_each_backend!(seats_contract_and_status_bound_joining, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let cx = world.system().await;
    let mut contract = store::contracts::in_force(&cx.tx, acme.id, cx.now).await.unwrap().unwrap();
    contract.seats = 1;
    store::contracts::update(&cx.tx, &contract).await.unwrap();
    cx.commit().await.unwrap();
    enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    let full = enter(&world, &provider, &said("s-2", "bo@acme.example")).await;
    assert!(full.unwrap_err().to_string().contains("All seats"));
    world.clock.advance(Duration::days(400));
    let over = enter(&world, &provider, &said("s-3", "ada@acme.example")).await;
    assert!(over.unwrap_err().to_string().contains("contract"));
    let known = enter(&world, &provider, &said("s-1", "kim@acme.example")).await;
    assert!(known.is_err(), "nobody gets in without a contract");
});

for_each_backend!(what_the_domain_does_not_say_is_not_believed, |world| {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    proven(&world, &other, "other.example", DomainStatus::Proven).await;
    for email in [
        "eve@other.example",
        "eve@people.acme.example",
        "eve@acme.example.evil.example",
        "eve@nobody.example",
    ] {
        let refused = enter(&world, &provider, &said("s-9", email)).await;
        assert!(matches!(refused, Err(EnterError::NotTheirs(_))), "{email}: {refused:?}");
    }
    let doubted = arrival(json!({"sub": "s-9", "email": "eve@acme.example", "email_verified": false}));
    assert!(matches!(enter(&world, &provider, &doubted).await, Err(EnterError::Unconfirmed)));
    let nameless = arrival(json!({"email": "eve@acme.example"}));
    assert!(matches!(enter(&world, &provider, &nameless).await, Err(EnterError::Mapping(_))));
    assert_eq!(world.events(EventKind::MemberAdded).await, 0);
    assert_eq!(world.events(EventKind::SignInFailed).await, 6);
});

for_each_backend!(a_lost_domain_stops_newcomers_but_not_people_who_are_known, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    let cx = world.system().await;
    let mut domain = rows::domains::of_organization(&cx.tx, acme.id).await.unwrap().remove(0);
    domain.status = DomainStatus::Lost;
    rows::domains::update(&cx.tx, &domain).await.unwrap();
    cx.commit().await.unwrap();
    enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    assert!(enter(&world, &provider, &said("s-2", "bo@acme.example")).await.is_err());
});

for_each_backend!(
    a_rule_that_fails_puts_out_at_once_and_one_that_passes_lifts_its_own_suspension_alone,
    |world| {
        let acme = world.organization("Acme").await;
        let provider = connected(&world, &acme, JoinPolicy::Open).await;
        proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
        let who = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
        let mut browser = world.browser_as(who.person, who.member).await;
        assert_eq!(browser.get("/me").await.status, 200);
        changed(&world, &provider, |provider| {
            provider.rules = Rules::parse("groups includes leads | Only leads may come in.").unwrap();
        })
        .await;
        let refused = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap_err();
        assert_eq!(refused.to_string(), "Only leads may come in.");
        let member = member_of(&world, &acme, &who).await;
        assert_eq!(member.status, MemberStatus::Suspended);
        assert_eq!(browser.get("/me").await.status, 303, "the live session is dead");
        assert_eq!(world.events(EventKind::MemberSuspended).await, 1);

        changed(&world, &provider, |provider| provider.rules = Rules::default()).await;
        enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
        assert_eq!(member_of(&world, &acme, &who).await.status, MemberStatus::Active);

        // Suspended by a human: no sign-in lifts that.
        let member = member_of(&world, &acme, &who).await.suspend(Some("On leave".to_owned())).unwrap();
        let cx = world.system().await;
        store::members::update(&cx.tx, &member).await.unwrap();
        cx.commit().await.unwrap();
        assert!(enter(&world, &provider, &said("s-1", "kim@acme.example")).await.is_err());
        assert_eq!(member_of(&world, &acme, &who).await.status, MemberStatus::Suspended);
    }
);

for_each_backend!(whoever_was_removed_does_not_come_back_by_signing_in, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let who = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    let member = member_of(&world, &acme, &who).await.remove(None, world.now()).unwrap();
    let cx = world.system().await;
    store::members::update(&cx.tx, &member).await.unwrap();
    cx.commit().await.unwrap();
    let refused = enter(&world, &provider, &said("s-1", "kim@acme.example")).await;
    assert!(refused.unwrap_err().to_string().contains("has ended"));
});

for_each_backend!(groups_give_a_role_but_the_last_partner_admin_keeps_theirs, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let rule = |role: MemberRole| {
        move |provider: &mut IdentityProvider| {
            provider.mapping.group_roles = vec![GroupRole {
                group: "staff".to_owned(),
                role,
            }];
        }
    };
    changed(&world, &provider, rule(MemberRole::PartnerAdmin)).await;
    let who = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    assert_eq!(member_of(&world, &acme, &who).await.role, MemberRole::PartnerAdmin);
    changed(&world, &provider, rule(MemberRole::Member)).await;
    enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    assert_eq!(
        member_of(&world, &acme, &who).await.role,
        MemberRole::PartnerAdmin,
        "nobody else runs Acme"
    );
    world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    assert_eq!(member_of(&world, &acme, &who).await.role, MemberRole::Member);
    assert_eq!(world.events(EventKind::RoleChanged).await, 1);
});

for_each_backend!(a_session_through_a_provider_wears_that_hat_alone, |world| {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let (person, _) = kim(&world, &acme).await;
    world.membership(&other, &person, MemberRole::PartnerAdmin).await;
    let mut cx = world.system().await;
    let id = crate::kernel::new_uuid(cx.now, &mut cx.rng);
    assert!(
        store::tenant::grant_role(&cx.tx, id, person.id, TenantRole::Operator, cx.now)
            .await
            .unwrap()
    );
    cx.commit().await.unwrap();
    let who = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    let (db, tenant) = (world.portal.store.reader(), Tenant::unnamed());
    let found = identify(&db, &who, vec![1], &tenant, world.now()).await.unwrap().unwrap();
    let signed_in = found.actor.person().unwrap();
    assert!(signed_in.tenant_roles.is_empty(), "no role in the tenant");
    assert_eq!(signed_in.hats.len(), 1);
    assert_eq!(found.actor.organization(), Some(acme.id));
    // The same person with their password has all of it.
    let local = SignedInAs { through: None, ..who };
    let found = identify(&db, &local, vec![1], &tenant, world.now()).await.unwrap().unwrap();
    assert_eq!(found.actor.person().unwrap().hats.len(), 3);
});

for_each_backend!(
    an_exclusive_connection_keeps_local_passwords_out_of_that_hat_except_for_one,
    |world| {
        let acme = world.organization("Acme").await;
        let provider = connected(&world, &acme, JoinPolicy::Open).await;
        let plain = world.member(&acme, "Mia Member", MemberRole::Member).await;
        let keeper = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
        changed(&world, &provider, |provider| {
            provider.exclusive = true;
            provider.break_glass = Some(keeper.id);
        })
        .await;
        assert!(world.actor(plain.person, Some(plain.id)).await.organization().is_none());
        assert_eq!(world.actor(keeper.person, Some(keeper.id)).await.organization(), Some(acme.id));
        changed(&world, &provider, |provider| provider.fell_back_at = Some(world.now())).await;
        assert_eq!(
            world.actor(plain.person, Some(plain.id)).await.organization(),
            Some(acme.id),
            "after the fall-back"
        );
    }
);

for_each_backend!(
    only_failures_of_the_connection_add_up_to_a_fall_back_and_a_success_ends_it,
    |world| {
        let acme = world.organization("Acme").await;
        let provider = connected(&world, &acme, JoinPolicy::Open).await;
        proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
        let disbelieve = async |blame: Blame| {
            let mut cx = world.cx(crate::access::Actor::Anonymous).await;
            let disbelief = Disbelief {
                reason: "It did not work.".to_owned(),
                blame,
                checks: Vec::new(),
            };
            commands::note_disbelief(&mut cx, &provider, &disbelief).await.unwrap();
            cx.commit().await.unwrap();
        };
        for _ in 0..12 {
            disbelieve(Blame::Browser).await;
            disbelieve(Blame::Person).await;
        }
        assert_eq!(world.events(EventKind::ProviderFellBack).await, 0);
        for _ in 0..12 {
            disbelieve(Blame::Connection).await;
        }
        assert_eq!(world.events(EventKind::ProviderFellBack).await, 1, "once");
        let db = world.portal.store.reader();
        assert!(
            rows::providers::find(&db, provider.id)
                .await
                .unwrap()
                .unwrap()
                .fell_back_at
                .is_some()
        );
        enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
        let now = rows::providers::find(&db, provider.id).await.unwrap().unwrap();
        assert_eq!((now.failures, now.fell_back_at), (0, None));
    }
);

for_each_backend!(a_provider_ends_the_sessions_it_opened_once_per_message, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let who = enter(&world, &provider, &said("s-1", "kim@acme.example")).await.unwrap();
    let mut through = world.browser_signed_in(&who).await;
    let mut local = world.browser_as(who.person, who.member).await;
    assert_eq!(through.get("/me").await.status, 200);
    assert_eq!(local.get("/me").await.status, 200);
    let logout = Logout {
        subject: Some("s-1".to_owned()),
        session: Some("there-1".to_owned()),
        message: "m-1".to_owned(),
        ends_at: world.now() + Duration::minutes(5),
    };
    let end = async |logout: &Logout| {
        let mut cx = world.system().await;
        let ended = commands::end_by_provider(&mut cx, &provider, logout).await.unwrap();
        cx.commit().await.unwrap();
        ended
    };
    assert_eq!(end(&logout).await, Some(1));
    assert_eq!(end(&logout).await, None, "a message counts once");
    assert_eq!(through.get("/me").await.status, 303);
    assert_eq!(local.get("/me").await.status, 200, "what the provider did not open goes on");
});

for_each_backend!(a_second_factor_at_the_company_counts_only_where_the_connection_says_so, |world| {
    let acme = world.organization("Acme").await;
    let provider = connected(&world, &acme, JoinPolicy::Open).await;
    proven(&world, &acme, "acme.example", DomainStatus::Proven).await;
    let mut with_factor = said("s-1", "kim@acme.example");
    with_factor.second_factor_at = Some(world.now());
    assert_eq!(enter(&world, &provider, &with_factor).await.unwrap().second_factor_at, None);
    changed(&world, &provider, |provider| provider.trusts_second_factor = true).await;
    assert_eq!(
        enter(&world, &provider, &with_factor).await.unwrap().second_factor_at,
        Some(world.now())
    );
});
