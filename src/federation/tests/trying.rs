//! Trying a connection: who may, that it signs nobody in, and what it shows.

use serde_json::json;

use super::{
    company::*,
    provider::{SECRET, Signed},
};
use crate::{
    audit::EventKind,
    federation::{JoinPolicy, ProviderStatus, Rules},
    for_each_backend,
    people::{MemberRole, TenantRole},
    testing::Browser,
};

/// Goes to the provider to try; answers its page.
async fn begin(company: &Company, browser: &mut Browser) -> String {
    let answer = browser
        .post("/do/try-provider", &[("provider", &company.connection.id.to_string())])
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/away"));
    away(browser).await
}

/// Tries with these claims; answers the page that shows what came of it.
async fn attempt(company: &Company, browser: &mut Browser, who: &serde_json::Value) -> String {
    let page = begin(company, browser).await;
    let answer = browser.get(&company.provider.answer(&page, who)).await;
    let trial = format!("/team/settings/sign-in/{}/trial", company.connection.id);
    assert_eq!(answer.location.as_deref(), Some(trial.as_str()));
    let page = browser.get(&trial).await;
    assert_eq!(page.status.as_u16(), 200);
    readable(&page.text)
}

async fn admin(company: &Company) -> Browser {
    let pat = company.employ("Pat Admin", "pat@acme.example", MemberRole::PartnerAdmin).await;
    company.world.browser_as(pat.person, Some(pat.id)).await
}

for_each_backend!(a_trial_shows_what_would_come_of_it_and_signs_nobody_in, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.status = ProviderStatus::Draft).await;
    let mut browser = admin(&company).await;
    let text = attempt(&company, &mut browser, &with(kim(), json!({ "department": "Foundry" }))).await;
    for words in [
        "This would work",
        "Kim Larsen would become a new member",
        "kim@acme.example",
        "department",
        "Foundry",
        "ES256",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        !text.contains(SECRET) && !text.contains("code-1") && !text.contains("access-"),
        "{text}"
    );
    assert!(
        readable(&browser.get("/me").await.text).contains("pat@acme.example"),
        "still who they were"
    );
    assert!(company.account("kim@acme.example").await.is_none() && company.link("kim-1").await.is_none());
    assert_eq!(company.now().await.tried_at, Some(company.world.now()));
    for kind in [EventKind::SignedIn, EventKind::MemberAdded, EventKind::IdentityLinked] {
        assert_eq!(company.world.events(kind).await, 0, "{kind:?}");
    }
});

for_each_backend!(a_trial_counts_only_when_it_would_let_somebody_in, |world| {
    let company = Company::new(world).await;
    let mut browser = admin(&company).await;
    company
        .change(|connection| connection.rules = Rules::parse("contract_status is active").unwrap())
        .await;
    let working = |who: serde_json::Value| with(who, json!({ "contract_status": "active" }));
    for (who, words) in [
        (kim(), "They would be turned away"),
        (working(json!({ "email": "kim@acme.example", "sub": "" })), "Nobody would get in."),
        (
            working(claims("kim-1", "kim@elsewhere.example")),
            "elsewhere.example is not a proven domain of this connection",
        ),
        (
            working(with(kim(), json!({ "email_verified": false }))),
            "the address is not confirmed",
        ),
    ] {
        let text = attempt(&company, &mut browser, &who).await;
        assert!(
            text.contains(words) && text.contains("This would not let anybody in"),
            "{words}: {text}"
        );
        assert_eq!(company.now().await.tried_at, None, "{words}");
    }
    company.change(|connection| connection.joining.policy = JoinPolicy::Off).await;
    let text = attempt(&company, &mut browser, &working(kim())).await;
    assert!(text.contains("unknown people do not join by signing in"), "{text}");
    company.change(|connection| connection.joining.policy = JoinPolicy::Invited).await;
    let text = attempt(&company, &mut browser, &working(kim())).await;
    assert!(text.contains("nobody has invited this address"), "{text}");
    company.provider.set(|behaviour| behaviour.signed = Signed::Tampered);
    let text = attempt(&company, &mut browser, &working(kim())).await;
    assert!(text.contains("its signature is wrong"), "{text}");
    let connection = company.now().await;
    assert_eq!(
        (connection.tried_at, connection.failures),
        (None, 0),
        "a trial is no sign-in that failed"
    );

    company.provider.set(|behaviour| behaviour.signed = Signed::Properly);
    let text = attempt(&company, &mut browser, &working(claims("pat-1", "pat@acme.example"))).await;
    assert!(text.contains("Pat Admin is a member with this address"), "{text}");
    assert_eq!(company.now().await.tried_at, Some(company.world.now()));
});

for_each_backend!(a_trial_by_somebody_whose_access_is_over_says_so, |world| {
    let company = Company::new(world).await;
    let mut browser = admin(&company).await;
    let mia = company.employ("Mia Member", "mia@acme.example", MemberRole::Member).await;
    let who = claims("mia-1", "mia@acme.example");
    let keep = async |member: crate::people::Member| {
        let cx = company.world.system().await;
        crate::store::members::update(&cx.tx, &member).await.unwrap();
        cx.commit().await.unwrap();
    };
    keep(mia.clone().suspend(None).unwrap()).await;
    let paused = attempt(&company, &mut browser, &who).await;
    assert!(paused.contains("their access has ended or is paused"), "{paused}");
    keep(company.member(mia.id).await.remove(None, company.world.now()).unwrap()).await;
    let over = attempt(&company, &mut browser, &who).await;
    assert!(over.contains("their access has ended or is paused"), "{over}");
    assert_eq!(company.now().await.tried_at, None);
    company.must_not_sign_in(&who).await;
});

for_each_backend!(a_trial_that_works_ends_a_fall_back, |world| {
    let company = Company::new(world).await;
    let mut browser = admin(&company).await;
    company
        .change(|connection| {
            connection.failures = 10;
            connection.fell_back_at = Some(connection.created_at);
        })
        .await;
    attempt(&company, &mut browser, &kim()).await;
    let connection = company.now().await;
    assert_eq!((connection.failures, connection.fell_back_at), (0, None));
});

for_each_backend!(a_trial_is_for_those_who_run_the_sign_in, |world| {
    let company = Company::new(world).await;
    let other = company.world.organization("Other").await;
    let foreign = company.world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let plain = company.employ("Mia Member", "mia@acme.example", MemberRole::Member).await;
    let manager = company.employ("Uma Manager", "uma@acme.example", MemberRole::UserManager).await;
    let auditor = company.world.employee("Aude Auditor", TenantRole::Auditor).await;
    let id = company.connection.id.to_string();
    let page = format!("/team/settings/sign-in/{id}/trial");
    let asked = || company.provider.set(|behaviour| behaviour.asked.len());
    for (name, mut browser, status) in [
        (
            "foreign admin",
            company.world.browser_as(foreign.person, Some(foreign.id)).await,
            404,
        ),
        ("plain member", company.world.browser_as(plain.person, Some(plain.id)).await, 403),
        (
            "user manager",
            company.world.browser_as(manager.person, Some(manager.id)).await,
            403,
        ),
        ("tenant auditor", company.world.browser_as(auditor.id, None).await, 403),
    ] {
        assert_eq!(
            browser.post("/do/try-provider", &[("provider", &id)]).await.status.as_u16(),
            status,
            "{name}"
        );
        assert_eq!(browser.get(&page).await.status.as_u16(), status, "{name}");
    }
    let mut nobody = company.world.browser();
    assert_eq!(
        nobody.post("/do/try-provider", &[("provider", &id)]).await.location.as_deref(),
        Some("/sign-in")
    );
    assert_eq!(asked(), 0, "the provider is not even asked");
    let owner = company.world.employee("Olga Owner", TenantRole::Owner).await;
    company.world.own(&company.acme, &owner).await;
    let mut owner = company.world.browser_as(owner.id, None).await;
    attempt(&company, &mut owner, &kim()).await;
    for unknown in ["0190a0a0-0000-7000-8000-000000000000", "", "nothing"] {
        assert_eq!(
            owner.post("/do/try-provider", &[("provider", unknown)]).await.status.as_u16(),
            404,
            "{unknown}"
        );
    }
});

for_each_backend!(a_trial_is_shown_in_its_own_browser_alone_and_says_when_it_cannot_begin, |world| {
    let company = Company::new(world).await;
    let mut browser = admin(&company).await;
    let page = begin(&company, &mut browser).await;
    let back = company.provider.answer(&page, &kim());
    let mut other = company.world.browser();
    assert_eq!(other.get(&back).await.location.as_deref(), Some("/sign-in"));
    browser.get(&back).await;
    let trial = format!("/team/settings/sign-in/{}/trial", company.connection.id);
    assert!(browser.get(&trial).await.text.contains("This would work"));

    company.change(|connection| connection.published = None).await;
    company.provider.set(|behaviour| behaviour.broken.insert("configuration", 503));
    let answer = browser
        .post("/do/try-provider", &[("provider", &company.connection.id.to_string())])
        .await;
    let page = format!("/team/settings/sign-in/{}", company.connection.id);
    assert_eq!(answer.location.as_deref(), Some(page.as_str()));
    let text = readable(&browser.get(&page).await.text);
    assert!(
        text.contains("does not answer right now") && text.contains("answered with status 503"),
        "{text}"
    );
    assert_eq!(company.now().await.failures, 0);
});

for_each_backend!(a_trial_of_what_was_changed_meanwhile_counts_for_nothing, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.tried_at = None).await;
    let before = company.now().await;
    company.change(|connection| connection.rules = Rules::default()).await;
    let note = async |connection: &crate::federation::IdentityProvider| {
        let mut cx = company.world.system().await;
        crate::federation::commands::note_trial(&mut cx, connection).await.unwrap();
        cx.commit().await.unwrap();
        company.now().await.tried_at
    };
    assert_eq!(note(&before).await, None);
    let now = company.now().await;
    assert_eq!(note(&now).await, Some(company.world.now()));
});
