//! From an address to the provider and back, in a browser: who gets in, as whom, and what is made.

use chrono::Duration;
use serde_json::json;

use super::{company::*, provider::Provider};
use crate::{
    audit::EventKind,
    federation::{JoinPolicy, Joining, domains::DomainStatus},
    for_each_backend,
    kernel::InvitationId,
    organizations::OrganizationStatus,
    people::{
        Member, MemberRole, MemberStatus,
        invitations::{Invitation, InvitationStatus, InvitedGrant},
    },
    store,
    testing::Browser,
};

for_each_backend!(an_address_of_a_proven_domain_leads_to_the_provider_and_back_signed_in, |world| {
    let company = Company::new(world).await;
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    let mut browser = company.world.browser();
    let answer = browser.post("/do/begin-sign-in", &[("email", "Bo@Acme.example")]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/away"));
    let page = browser.get("/sign-in/away").await;
    assert!(page.text.contains("Continue to Acme account") && page.text.contains("href=\"/sign-in/password\""));
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert!(page.headers["cache-control"].to_str().unwrap().contains("no-store"));
    let there = away(&mut browser).await;
    assert!(there.starts_with(&format!("{}/authorize?", company.provider.issuer)), "{there}");
    assert!(there.contains("login_hint=Bo%40Acme.example"), "{there}");

    let back = company.provider.answer(&there, &claims("bo-1", "bo@acme.example"));
    let answer = browser.get(&back).await;
    assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some("/")));
    assert_eq!(browser.get("/").await.status.as_u16(), 200);
    assert_eq!(company.link("bo-1").await.map(|link| link.member), Some(bo.id));
    let signed_in = trail(&company.world, EventKind::SignedIn).await;
    assert_eq!(signed_in.len(), 1);
    assert_eq!(signed_in[0].1["identity_provider"], "Acme account");
    let linked = trail(&company.world, EventKind::IdentityLinked).await;
    assert_eq!((linked.len(), &linked[0].1["identity_provider"]), (1, &json!("Acme account")));
    assert_eq!(
        browser.get("/sign-in/away").await.location.as_deref(),
        Some("/sign-in"),
        "the way is forgotten"
    );
});

for_each_backend!(after_the_sign_in_people_go_where_they_wanted, |world| {
    let company = Company::new(world).await;
    company.employ("Bo Lind", "bo@acme.example", MemberRole::PartnerAdmin).await;
    let mut browser = company.world.browser();
    assert_eq!(browser.get("/team").await.location.as_deref(), Some("/sign-in"));
    let answer = company.arrive(&mut browser, &claims("bo-1", "bo@acme.example")).await;
    assert_eq!(answer.location.as_deref(), Some("/team"));
});

for_each_backend!(a_new_cookie_value_comes_with_the_sign_in, |world| {
    let company = Company::new(world).await;
    let mut browser = company.world.browser();
    let page = leave(&mut browser, "kim@acme.example").await;
    let mut before = browser.clone();
    browser.get(&company.provider.answer(&page, &kim())).await;
    assert!(is_signed_in(&mut browser).await);
    assert!(!is_signed_in(&mut before).await, "whoever knew the value from before has nothing");
});

for_each_backend!(the_subject_is_who_somebody_is_whatever_their_address_becomes, |world| {
    let company = Company::new(world).await;
    company.must_sign_in(&kim()).await;
    let link = company.link("kim-1").await.expect("a link");
    company.world.clock.advance(Duration::days(1));
    // Typed is still an address that leads there; what the provider says is another one by now.
    let mut browser = company.world.browser();
    let page = leave(&mut browser, "kim@acme.example").await;
    let married = claims("kim-1", "kim.berg@elsewhere.example");
    let answer = browser.get(&company.provider.answer(&page, &married)).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
    let again = company.link("kim-1").await.expect("a link");
    assert_eq!((again.id, again.member), (link.id, link.member));
    assert_eq!(again.last_used_at, company.world.now());
    assert_eq!(company.world.events(EventKind::IdentityLinked).await, 1);
    assert_eq!(company.seats().await, 1);
});

/// An answer as somebody sees it who compares two of them: without what is fresh each time.
async fn seen(browser: &mut Browser, email: &str) -> (u16, Vec<(String, String)>, String) {
    let answer = browser.post("/do/begin-sign-in", &[("email", email)]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/away"));
    let page = browser.get("/sign-in/away").await;
    let there: url::Url = away(browser).await.parse().unwrap();
    let mut text = page.text.clone();
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .chain(page.headers.iter())
        .filter(|(name, _)| !["set-cookie", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let mut fresh: Vec<String> = there
        .query_pairs()
        .filter(|(name, _)| ["state", "nonce", "code_challenge"].contains(&name.as_ref()))
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(fresh.len(), 3);
    fresh.push(email.replace('@', "%40"));
    for secret in fresh {
        text = text.replace(&secret, "~");
        headers.iter_mut().for_each(|(_, value)| *value = value.replace(&secret, "~"));
    }
    (answer.status.as_u16(), headers, text)
}

for_each_backend!(known_and_unknown_addresses_of_a_domain_are_answered_alike, |world| {
    let company = Company::new(world).await;
    company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    // Addresses of one length: the answers hold them.
    company.must_sign_in(&claims("ki-1", "ki@acme.example")).await;
    let unknown = seen(&mut company.world.browser(), "no@acme.example").await;
    assert_eq!(unknown, seen(&mut company.world.browser(), "bo@acme.example").await, "a member");
    assert_eq!(
        unknown,
        seen(&mut company.world.browser(), "ki@acme.example").await,
        "somebody who came this way before"
    );
    company.change(|connection| connection.joining.policy = JoinPolicy::Off).await;
    assert_eq!(
        unknown,
        seen(&mut company.world.browser(), "me@acme.example").await,
        "where nobody new can join"
    );
});

/// An invitation of somebody into Acme that waits.
async fn invite(company: &Company, email: &str, shape: impl FnOnce(&mut Invitation)) -> InvitationId {
    let mut cx = company.world.system().await;
    let id = InvitationId::new(cx.now, &mut cx.rng);
    let mut invitation = Invitation {
        id,
        organization: company.acme.id,
        email: email.parse().unwrap(),
        name: String::new(),
        role: MemberRole::Member,
        status: InvitationStatus::Pending,
        token_hash: crate::kernel::sha256(id.to_string()),
        code_hash: crate::kernel::sha256(format!("code {id}")),
        grants: Vec::new(),
        member_ends_at: None,
        invited_by: None,
        rotated_from: None,
        member: None,
        sent_at: cx.now,
        opened_at: None,
        accepted_at: None,
        expires_at: cx.now + Duration::days(7),
        created_at: cx.now,
        version: 1,
    };
    shape(&mut invitation);
    assert!(store::invitations::insert(&cx.tx, &invitation).await.unwrap());
    cx.commit().await.unwrap();
    id
}

async fn invited_status(company: &Company, id: InvitationId) -> InvitationStatus {
    let db = company.world.portal.store.reader();
    store::invitations::get(&db, company.acme.id, id).await.unwrap().unwrap().status
}

for_each_backend!(an_invitation_that_waits_is_accepted_by_signing_in_with_all_it_gives, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.joining.policy = JoinPolicy::Invited).await;
    let (application, scopes) = company.world.application("orders").await;
    let entitlement = company.world.entitle(&company.acme, &application, &scopes).await;
    let end = company.world.now() + Duration::days(20);
    let text = company.must_not_sign_in(&kim()).await;
    assert!(text.contains("You are not a member of Acme here yet."), "{text}");
    let invitation = invite(&company, "kim@acme.example", |invitation| {
        invitation.role = MemberRole::Auditor;
        invitation.member_ends_at = Some(end);
        invitation.grants = vec![InvitedGrant {
            entitlement: entitlement.id,
            scopes: vec![scopes[0].id],
            ends_at: None,
        }];
    })
    .await;
    let mut browser = company.must_sign_in(&kim()).await;
    let member = company.member(company.link("kim-1").await.unwrap().member).await;
    assert_eq!((member.role, member.ends_at), (MemberRole::Auditor, Some(end)));
    assert_eq!(invited_status(&company, invitation).await, InvitationStatus::Accepted);
    let held = store::grants::assignments_of_member(&company.world.portal.store.reader(), member.id)
        .await
        .unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].scopes, vec![scopes[0].id]);
    assert!(browser.get("/").await.text.contains("orders"));
    assert_eq!(company.world.events(EventKind::InvitationAccepted).await, 1);
});

for_each_backend!(an_invitation_that_ran_out_or_is_somebody_elses_lets_nobody_in, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.joining.policy = JoinPolicy::Invited).await;
    invite(&company, "bo@acme.example", |_| {}).await;
    invite(&company, "kim@acme.example", |invitation| {
        invitation.expires_at = invitation.created_at
    })
    .await;
    company.must_not_sign_in(&kim()).await;
    assert_eq!(company.seats().await, 0);
    // Where nobody joins by signing in, an invitation is accepted by its link alone.
    company.change(|connection| connection.joining.policy = JoinPolicy::Off).await;
    company.must_not_sign_in(&claims("bo-1", "bo@acme.example")).await;
    assert_eq!(company.seats().await, 0);
});

for_each_backend!(whoever_is_turned_away_leaves_nothing_behind, |world| {
    let company = Company::new(world).await;
    company.limit_seats(1).await;
    company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    invite(&company, "ina@acme.example", |_| {}).await;
    let text = company.must_not_sign_in(&claims("ina-1", "ina@acme.example")).await;
    assert!(text.contains("seat"), "{text}");
    let text = company.must_not_sign_in(&kim()).await;
    assert!(text.contains("All seats of Acme are taken"), "{text}");
    for (subject, email) in [("ina-1", "ina@acme.example"), ("kim-1", "kim@acme.example")] {
        assert!(company.account(email).await.is_none(), "{email} has no account");
        assert!(company.link(subject).await.is_none());
    }
    let failed = trail(&company.world, EventKind::SignInFailed).await;
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|(reason, _)| reason.contains("seat")), "{failed:?}");
});

for_each_backend!(joining_gives_what_the_connection_and_the_contract_allow, |world| {
    let company = Company::new(world).await;
    let (orders, scopes) = company.world.application("orders").await;
    company.world.entitle(&company.acme, &orders, &scopes).await;
    let (foreign, _) = company.world.application("foreign").await;
    company
        .change(|connection| {
            connection.joining = Joining {
                policy: JoinPolicy::Open,
                role: MemberRole::UserManager,
                applications: vec![orders.id, foreign.id],
                days: Some(4000),
            };
        })
        .await;
    company.must_sign_in(&kim()).await;
    let db = company.world.portal.store.reader();
    let member = company.member(company.link("kim-1").await.unwrap().member).await;
    let contract = store::contracts::in_force(&db, company.acme.id, company.world.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((member.role, member.ends_at), (MemberRole::UserManager, Some(contract.ends_at)));
    let held = store::grants::assignments_of_member(&db, member.id).await.unwrap();
    assert_eq!(
        held.iter().map(|held| held.application).collect::<Vec<_>>(),
        vec![orders.id],
        "not what Acme does not hold"
    );
});

for_each_backend!(no_contract_and_no_partnership_let_nobody_in_new_or_known, |world| {
    let company = Company::new(world).await;
    company.must_sign_in(&kim()).await;
    let set = async |status: OrganizationStatus| {
        let cx = company.world.system().await;
        let mut acme = store::organizations::get(&cx.tx, company.acme.id).await.unwrap().unwrap();
        acme.status = status;
        store::organizations::update(&cx.tx, &acme).await.unwrap();
        cx.commit().await.unwrap();
    };
    set(OrganizationStatus::Suspended).await;
    let text = company.must_not_sign_in(&kim()).await;
    assert!(text.contains("Access of Acme is paused."), "{text}");
    let text = company.must_not_sign_in(&claims("bo-1", "bo@acme.example")).await;
    assert!(text.contains("Acme cannot take anybody in right now"), "{text}");
    set(OrganizationStatus::Active).await;
    company.must_sign_in(&kim()).await;
    company.world.clock.advance(Duration::days(366));
    let text = company.must_not_sign_in(&kim()).await;
    assert!(text.contains("Acme has no contract in force."), "{text}");
    company.must_not_sign_in(&claims("bo-1", "bo@acme.example")).await;
    assert!(company.account("bo@acme.example").await.is_none());
    set(OrganizationStatus::Offboarded).await;
    let answer = company
        .world
        .browser()
        .post("/do/begin-sign-in", &[("email", "kim@acme.example")])
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/password"));
});

for_each_backend!(names_below_a_domain_count_where_they_were_proven_and_nowhere_else, |world| {
    let company = Company::new(world).await;
    prove(&company.world, &company.acme, "group.example", true).await;
    let vouched = |subject: &str, email: &str| claims(subject, email);
    let via = async |who: &serde_json::Value| {
        let mut browser = company.world.browser();
        let page = leave(&mut browser, "anybody@acme.example").await;
        browser.get(&company.provider.answer(&page, who)).await.location
    };
    for (subject, email) in [
        ("1", "a@group.example"),
        ("2", "a@people.group.example"),
        ("3", "a@very.deep.group.example"),
    ] {
        assert_eq!(via(&vouched(subject, email)).await.as_deref(), Some("/"), "{email}");
    }
    for (subject, email) in [
        ("4", "a@people.acme.example"),
        ("5", "a@mygroup.example"),
        ("6", "a@group.example.evil.example"),
        ("7", "a@elsewhere.example"),
    ] {
        assert_eq!(via(&vouched(subject, email)).await.as_deref(), Some("/sign-in"), "{email}");
        assert!(company.account(email).await.is_none(), "{email}");
    }
});

for_each_backend!(a_provider_speaks_only_for_the_domains_that_use_it, |world| {
    let company = Company::new(world).await;
    // Another organization's domain: its people are not Acme's to vouch for, even where an account exists.
    let beta = company.world.organization("Beta").await;
    prove(&company.world, &beta, "beta.example", false).await;
    let boss = person(&company.world, "Bea Boss", "bea@beta.example").await;
    company.world.membership(&beta, &boss, MemberRole::PartnerAdmin).await;
    // And a domain of Acme's own that uses another connection.
    let second = Provider::start(company.world.clock.clone()).await;
    let other = connect(&company.world, &company.acme, &second, "Oslo account").await;
    let mut oslo = prove(&company.world, &company.acme, "oslo.example", false).await;
    oslo.provider = Some(other.id);
    let owned = store::federation::domains::of_organization(&company.world.portal.store.reader(), company.acme.id).await;
    let mut acme = owned.unwrap().into_iter().find(|domain| domain.name == "acme.example").unwrap();
    acme.provider = Some(company.connection.id);
    let cx = company.world.system().await;
    for domain in [&oslo, &acme] {
        store::federation::domains::update(&cx.tx, domain).await.unwrap();
    }
    cx.commit().await.unwrap();
    for (subject, email) in [("bea-1", "bea@beta.example"), ("ola-1", "ola@oslo.example")] {
        let mut browser = company.world.browser();
        let page = leave(&mut browser, "anybody@acme.example").await;
        let answer = browser.get(&company.provider.answer(&page, &claims(subject, email))).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"), "{email}");
        let text = readable(&browser.get("/sign-in").await.text);
        assert!(text.contains("does not belong to a domain of this organization"), "{text}");
        assert!(company.link(subject).await.is_none());
    }
    let mut browser = company.world.browser();
    let page = leave(&mut browser, "ola@oslo.example").await;
    let answer = browser.get(&second.answer(&page, &claims("ola-1", "ola@oslo.example"))).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
});

for_each_backend!(an_address_that_the_provider_doubts_or_does_not_name_is_worth_nothing, |world| {
    let company = Company::new(world).await;
    company.employ("Kim Larsen", "kim@acme.example", MemberRole::PartnerAdmin).await;
    for (more, words) in [
        (json!({ "email_verified": false }), "your address is not confirmed yet"),
        (json!({ "email_verified": "false" }), "your address is not confirmed yet"),
        (json!({ "email": "" }), "does not tell us who you are"),
        (
            json!({ "email": ["eve@evil.example", "kim@acme.example"] }),
            "did not work, so you are not signed in",
        ),
    ] {
        let mut browser = company.world.browser();
        let page = leave(&mut browser, "kim@acme.example").await;
        let answer = browser.get(&company.provider.answer(&page, &with(kim(), more.clone()))).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"), "{more}");
        let text = readable(&browser.get("/sign-in").await.text);
        assert!(text.contains(words), "{more}: {text}");
        assert!(company.link("kim-1").await.is_none(), "{more}");
    }
});

for_each_backend!(a_domain_that_is_lost_stops_newcomers_alone, |world| {
    let company = Company::new(world).await;
    company.must_sign_in(&kim()).await;
    let cx = company.world.system().await;
    let mut domain = store::federation::domains::of_organization(&cx.tx, company.acme.id)
        .await
        .unwrap()
        .remove(0);
    domain.status = DomainStatus::Lost;
    store::federation::domains::update(&cx.tx, &domain).await.unwrap();
    cx.commit().await.unwrap();
    company.must_sign_in(&kim()).await;
    company.must_not_sign_in(&claims("bo-1", "bo@acme.example")).await;
});

async fn remove(company: &Company, member: &Member) {
    let now = company.member(member.id).await;
    let cx = company.world.system().await;
    let removed = now.remove(Some("Left".to_owned()), cx.now).unwrap();
    store::members::update(&cx.tx, &removed).await.unwrap();
    cx.commit().await.unwrap();
}

for_each_backend!(whoever_was_removed_before_their_first_sign_in_does_not_come_back_by_it, |world| {
    let company = Company::new(world).await;
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    remove(&company, &bo).await;
    let text = company.must_not_sign_in(&claims("bo-1", "bo@acme.example")).await;
    assert!(text.contains("access for Acme has ended"), "{text}");
    assert_eq!((company.seats().await, company.world.events(EventKind::MemberAdded).await), (0, 0));
});

for_each_backend!(whoever_left_on_a_day_does_not_come_back_by_signing_in, |world| {
    let company = Company::new(world).await;
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    let cx = company.world.system().await;
    let leaving = bo.leave_on(Some(cx.now + Duration::days(1)), cx.now).unwrap();
    store::members::update(&cx.tx, &leaving).await.unwrap();
    cx.commit().await.unwrap();
    company.world.clock.advance(Duration::days(2));
    company.must_not_sign_in(&claims("bo-1", "bo@acme.example")).await;
    assert_eq!(company.seats().await, 0);
});

for_each_backend!(whoever_was_removed_and_invited_again_comes_back_by_signing_in, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.joining.policy = JoinPolicy::Invited).await;
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::PartnerAdmin).await;
    let who = claims("bo-1", "bo@acme.example");
    company.must_sign_in(&who).await;
    remove(&company, &bo).await;
    let text = company.must_not_sign_in(&who).await;
    assert!(text.contains("Your access for Acme has ended."), "{text}");
    assert_eq!(company.link("bo-1").await.map(|link| link.member), Some(bo.id));
    invite(&company, "bo@acme.example", |_| {}).await;
    company.must_sign_in(&who).await;
    let link = company.link("bo-1").await.unwrap();
    assert_ne!(link.member, bo.id, "a new membership, with nothing of the old one");
    assert_eq!(company.member(link.member).await.role, MemberRole::Member);
    assert_eq!(company.member(bo.id).await.status, MemberStatus::Removed);
    company.must_sign_in(&who).await;
    assert_eq!(company.seats().await, 1);
});

for_each_backend!(whoever_was_removed_and_came_back_by_a_link_in_a_mail_is_that_new_member, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.joining.policy = JoinPolicy::Off).await;
    let bo = company.employ("Bo Lind", "bo@acme.example", MemberRole::PartnerAdmin).await;
    let who = claims("bo-1", "bo@acme.example");
    company.must_sign_in(&who).await;
    remove(&company, &bo).await;
    let person = company.account("bo@acme.example").await.unwrap();
    let again = company.world.membership(&company.acme, &person, MemberRole::Member).await;
    company.must_sign_in(&who).await;
    assert_eq!(company.link("bo-1").await.map(|link| link.member), Some(again.id));
    // With another address at the provider it is the name there that was removed, and nobody new.
    remove(&company, &again).await;
    company.change(|connection| connection.joining.policy = JoinPolicy::Open).await;
    let mut browser = company.world.browser();
    let page = leave(&mut browser, "bo@acme.example").await;
    let answer = browser
        .get(&company.provider.answer(&page, &claims("bo-1", "bo.lind@acme.example")))
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    assert!(company.account("bo.lind@acme.example").await.is_none());
    assert_eq!(
        company.link("bo-1").await.map(|link| link.member),
        Some(again.id),
        "nothing is forgotten by a refusal"
    );
});

for_each_backend!(two_first_sign_ins_at_the_same_moment_make_one_member_and_one_link, |world| {
    let company = Company::new(world).await;
    let (mut one, mut two) = (company.world.browser(), company.world.browser());
    let first = company.provider.answer(&leave(&mut one, "kim@acme.example").await, &kim());
    let second = company.provider.answer(&leave(&mut two, "kim@acme.example").await, &kim());
    let (a, b) = tokio::join!(one.get(&first), two.get(&second));
    assert_eq!((a.location.as_deref(), b.location.as_deref()), (Some("/"), Some("/")));
    assert!(is_signed_in(&mut one).await && is_signed_in(&mut two).await);
    assert_eq!(company.seats().await, 1);
    assert_eq!(company.world.events(EventKind::MemberAdded).await, 1);
    assert_eq!(company.world.events(EventKind::IdentityLinked).await, 1);
});
