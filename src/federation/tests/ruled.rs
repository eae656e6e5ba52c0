//! Claim rules and groups at work: what a provider says decides at every sign-in.

use serde_json::json;

use super::company::*;
use crate::{
    access::Actor,
    audit::EventKind,
    federation::{Rules, mapping::GroupRole},
    for_each_backend,
    people::{
        MemberRole, MemberStatus,
        commands::{EndMembership, MemberRef, ReinstateMember, reinstate_member, suspend_member},
    },
};

const RULE: &str = "contract_status is active | Your contract has ended in Acme's own system.";

async fn ruled(company: &Company) {
    company.change(|connection| connection.rules = Rules::parse(RULE).unwrap()).await;
}

fn working() -> serde_json::Value {
    with(kim(), json!({ "contract_status": "active" }))
}

fn gone() -> serde_json::Value {
    with(kim(), json!({ "contract_status": "ended" }))
}

for_each_backend!(a_rule_that_fails_ends_access_everywhere_at_once_and_says_why, |world| {
    let company = Company::new(world).await;
    ruled(&company).await;
    let mut browser = company.must_sign_in(&working()).await;
    let member = company.link("kim-1").await.unwrap().member;
    assert!(is_signed_in(&mut browser).await);

    let text = company.must_not_sign_in(&gone()).await;
    assert!(text.contains("Your contract has ended in Acme's own system."), "{text}");
    assert!(!is_signed_in(&mut browser).await, "the session of before is dead");
    let suspended = company.member(member).await;
    assert_eq!(suspended.status, MemberStatus::Suspended);
    let said = trail(&company.world, EventKind::MemberSuspended).await;
    assert_eq!(said.len(), 1);
    assert!(said[0].0.contains("Your contract has ended in Acme's own system."), "{said:?}");
    assert_eq!((&said[0].1["rule"], &said[0].1["sessions_ended"]), (&json!(RULE), &json!(1)));

    let mut back = company.must_sign_in(&working()).await;
    assert!(is_signed_in(&mut back).await);
    assert_eq!(company.member(member).await.status, MemberStatus::Active);
    assert_eq!(company.world.events(EventKind::MemberReinstated).await, 1);
    assert_eq!(company.link("kim-1").await.unwrap().disabled_by_rule, None);
});

for_each_backend!(a_rule_keeps_strangers_out_and_makes_nothing_of_them, |world| {
    let company = Company::new(world).await;
    ruled(&company).await;
    company.must_not_sign_in(&gone()).await;
    company.must_not_sign_in(&kim()).await;
    assert!(company.account("kim@acme.example").await.is_none());
    assert_eq!(company.world.events(EventKind::SignInFailed).await, 2);
});

/// The admin of Acme, and what they need to act on a member.
async fn hand_of(company: &Company, admin: &crate::people::Member, member: crate::kernel::MemberId) -> (Actor, MemberRef) {
    let actor = company.world.acting(admin).await;
    let which = MemberRef {
        organization: company.acme.id,
        member,
        version: company.member(member).await.version,
    };
    (actor, which)
}

for_each_backend!(what_a_human_ended_no_rule_begins_again, |world| {
    let company = Company::new(world).await;
    ruled(&company).await;
    let admin = company.world.member(&company.acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    company.must_sign_in(&working()).await;
    let member = company.link("kim-1").await.unwrap().member;
    let suspend = async || {
        let (actor, which) = hand_of(&company, &admin, member).await;
        let mut cx = company.world.cx(actor).await;
        suspend_member(&mut cx, EndMembership { which, reason: None }).await.unwrap();
        cx.commit().await.unwrap();
    };
    let reinstate = async || {
        let (actor, which) = hand_of(&company, &admin, member).await;
        let mut cx = company.world.cx(actor).await;
        reinstate_member(&mut cx, ReinstateMember { which }).await.unwrap();
        cx.commit().await.unwrap();
    };
    suspend().await;
    let text = company.must_not_sign_in(&working()).await;
    assert!(text.contains("Your access for Acme is paused."), "{text}");
    // A rule that fails in between is no reason to lift what the admin said.
    company.must_not_sign_in(&gone()).await;
    company.must_not_sign_in(&working()).await;
    assert_eq!(company.member(member).await.status, MemberStatus::Suspended);

    // The rule put them out, the admin let them in again, and then put them out for a reason of their own.
    reinstate().await;
    company.must_not_sign_in(&gone()).await;
    reinstate().await;
    suspend().await;
    company.must_not_sign_in(&working()).await;
    assert_eq!(company.member(member).await.status, MemberStatus::Suspended);
});

for_each_backend!(groups_give_roles_at_every_sign_in, |world| {
    let company = Company::new(world).await;
    company
        .change(|connection| {
            connection.mapping.group_roles = vec![
                GroupRole {
                    group: "staff".to_owned(),
                    role: MemberRole::Member,
                },
                GroupRole {
                    group: "leads".to_owned(),
                    role: MemberRole::PartnerAdmin,
                },
            ];
        })
        .await;
    let lead = with(kim(), json!({ "groups": ["staff", "leads"] }));
    let staff = with(kim(), json!({ "groups": ["staff"] }));
    let mut browser = company.must_sign_in(&lead).await;
    let member = company.link("kim-1").await.unwrap().member;
    assert_eq!(browser.get("/team/settings").await.status.as_u16(), 200);
    company.must_sign_in(&staff).await;
    assert_eq!(
        company.member(member).await.role,
        MemberRole::PartnerAdmin,
        "nobody else could run Acme"
    );

    company.world.member(&company.acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    company.change(|connection| connection.break_glass = Some(member)).await;
    company.must_sign_in(&staff).await;
    assert_eq!(
        company.member(member).await.role,
        MemberRole::PartnerAdmin,
        "the one who can always get in"
    );

    company.change(|connection| connection.break_glass = None).await;
    company.must_sign_in(&staff).await;
    assert_eq!(company.member(member).await.role, MemberRole::Member);
    assert_eq!(browser.get("/team/settings").await.status.as_u16(), 403, "the other session's too");
    let changed = trail(&company.world, EventKind::RoleChanged).await;
    assert_eq!(
        (changed.len(), &changed[0].1["from"], &changed[0].1["to"]),
        (1, &json!("partner_admin"), &json!("member"))
    );
});

for_each_backend!(attributes_are_kept_as_last_said, |world| {
    let company = Company::new(world).await;
    company
        .change(|connection| {
            connection.mapping.attributes.insert("cost_centre".to_owned(), "cc".to_owned());
        })
        .await;
    company.must_sign_in(&with(kim(), json!({ "cc": 17 }))).await;
    company
        .must_sign_in(&with(kim(), json!({ "cc": "18", "secret": "not asked for" })))
        .await;
    let kept = company.link("kim-1").await.unwrap().attributes;
    assert_eq!(
        kept.into_iter().collect::<Vec<_>>(),
        vec![("cost_centre".to_owned(), "18".to_owned())]
    );
});

for_each_backend!(no_rule_leaves_an_organization_without_anybody_who_runs_it, |world| {
    let company = Company::new(world).await;
    ruled(&company).await;
    let kim_here = company.employ("Kim Larsen", "kim@acme.example", MemberRole::PartnerAdmin).await;
    let mut browser = company.must_sign_in(&working()).await;
    company.must_not_sign_in(&gone()).await;
    assert_eq!(
        company.member(kim_here.id).await.status,
        MemberStatus::Active,
        "the last partner admin"
    );
    assert!(!is_signed_in(&mut browser).await, "but this sign-in lets them in no more");

    company.employ("Pat Admin", "pat@acme.example", MemberRole::PartnerAdmin).await;
    company.change(|connection| connection.break_glass = Some(kim_here.id)).await;
    company.must_not_sign_in(&gone()).await;
    assert_eq!(
        company.member(kim_here.id).await.status,
        MemberStatus::Active,
        "who must get in when it fails"
    );
    company.change(|connection| connection.break_glass = None).await;
    company.must_not_sign_in(&gone()).await;
    assert_eq!(company.member(kim_here.id).await.status, MemberStatus::Suspended);
});

for_each_backend!(a_rule_that_fails_between_sign_ins_ends_tokens_and_access, |world| {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let company = Company::new(world).await;
    company
        .change(|connection| connection.rules = Rules::parse("contract_end not before today | Your contract has ended.").unwrap())
        .await;
    let tomorrow = (company.world.now() + chrono::Duration::days(1)).date_naive().to_string();
    let mut browser = company.must_sign_in(&with(kim(), json!({ "contract_end": tomorrow }))).await;
    let member = company.member(company.link("kim-1").await.unwrap().member).await;
    let (orders, scopes) = company.world.application("orders").await;
    let entitlement = company.world.entitle(&company.acme, &orders, &scopes).await;
    company.world.assign(&member, &entitlement).await;
    let draft = crate::issuer::ClientTerms {
        authentication: crate::issuer::ClientAuthentication::None,
        redirect_uris: vec!["https://orders.example.com/callback".to_owned()],
        ..crate::issuer::ClientTerms::new("orders-web", "Orders on the web")
    };
    let mut cx = company.world.system().await;
    crate::issuer::commands::register_client(&mut cx, &orders, draft, None)
        .await
        .unwrap();
    cx.commit().await.unwrap();

    let verifier = "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636";
    let challenge = URL_SAFE_NO_PAD.encode(crate::kernel::sha256(verifier));
    let callback = "https://orders.example.com/callback";
    let asked = browser
        .get(&format!(
            "/oauth/authorize?response_type=code&client_id=orders-web&redirect_uri={callback}&scope=openid+offline_access+orders:read&code_challenge={challenge}&code_challenge_method=S256"
        ))
        .await;
    let back: url::Url = asked.location.unwrap().parse().unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let mut server = company.world.browser();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "orders-web"),
        ("code", code.as_str()),
        ("redirect_uri", callback),
        ("code_verifier", verifier),
    ];
    let answer = server.post_as_server("/oauth/token", &form, &[]).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let tokens: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let refresh = async |tokens: &serde_json::Value| {
        let value = tokens["refresh_token"].as_str().unwrap();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "orders-web"),
            ("refresh_token", value),
        ];
        let answer = company.world.browser().post_as_server("/oauth/token", &form, &[]).await;
        (
            answer.status.as_u16(),
            serde_json::from_str::<serde_json::Value>(&answer.text).unwrap(),
        )
    };
    company.world.clock.advance(chrono::Duration::hours(20));
    let (status, tokens) = refresh(&tokens).await;
    assert_eq!(status, 200, "{tokens}");

    company.world.clock.advance(chrono::Duration::days(2));
    let (status, refused) = refresh(&tokens).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")), "{refused}");
    assert_eq!(company.member(member.id).await.status, MemberStatus::Suspended);
    let said = trail(&company.world, EventKind::MemberSuspended).await;
    assert!(said.len() == 1 && said[0].0.contains("Your contract has ended."), "{said:?}");
    assert_eq!(
        company.world.events(EventKind::TokenIssued).await,
        3,
        "two were given, the third was refused"
    );
    let (status, again) = refresh(&tokens).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")));
});
