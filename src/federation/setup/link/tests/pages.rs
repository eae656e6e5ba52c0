//! The pages and forms, in browsers: of whoever sends a link, of whoever opens it, and of everybody else.

use axum::http::StatusCode;

use super::*;
use crate::{federation::setup::tests::pages::publishing, for_each_backend, people::MemberRole, testing::Browser};

const SECRET: &str = "correct-horse-battery-staple";

/// Sends a link by the partner's page; answers its landing page.
async fn sent(world: &World, browser: &mut Browser) -> String {
    let form = [("organization", "acme"), ("email", ADDRESS)];
    let answer = browser.post("/do/send-setup-link", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/partners/acme/sign-in"));
    format!("/set-up/link/{}", token(world).await)
}

/// Opens a link by the button of its page.
async fn open_by(browser: &mut Browser, page: &str) -> crate::testing::Answer {
    let token = page.rsplit('/').next().expect("a token");
    browser.post("/do/open-setup-link", &[("token", token)]).await
}

for_each_backend!(somebody_without_an_account_sets_it_up, |world| {
    let issuer = publishing().await;
    let (acme, owner) = owned(&world).await;
    world.member(&acme, "Mia Member", MemberRole::Member).await;
    prove(&world, &acme, "acme.example").await;
    let mut sender = world.browser_as(owner.id, None).await;
    let page = sent(&world, &mut sender).await;
    let shown = sender.get("/partners/acme/sign-in").await.text;
    assert!(shown.contains(ADDRESS) && shown.contains("Sent"), "the sender sees it");

    // Looking at it changes nothing, as often as a mail scanner likes.
    let mut browser = world.browser();
    for _ in 0..2 {
        let landing = browser.get(&page).await;
        assert_eq!(landing.status, StatusCode::OK);
        assert!(landing.text.contains("Olga Owner") && landing.text.contains("Acme"));
    }
    assert_eq!(browser.get("/set-up").await.status, StatusCode::NOT_FOUND, "not opened yet");
    assert_eq!(open_by(&mut browser, &page).await.location.as_deref(), Some("/set-up"));
    let mut late = world.browser();
    assert_eq!(late.get(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(open_by(&mut late, &page).await.location.as_deref(), Some(page.as_str()));
    assert_eq!(late.get("/set-up").await.status, StatusCode::NOT_FOUND);

    let home = browser.get("/set-up").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("acme.example") && !home.text.contains("I am finished"));
    assert_eq!(browser.get("/set-up/new").await.status, StatusCode::OK);
    let begun = browser
        .post("/do/set-up-begin", &[("preset", "oidc"), ("name", "Acme account")])
        .await;
    let connection = begun.location.expect("the connection's page");
    let id = connection.rsplit('/').next().expect("an id").to_owned();
    let save = [
        ("provider", id.as_str()),
        ("version", "1"),
        ("issuer", issuer.as_str()),
        ("client_id", "portal"),
        ("client_secret", SECRET),
        ("client_auth", "client_secret_basic"),
        ("scopes", "email profile"),
    ];
    browser.post("/do/set-up-oidc", &save).await;
    let saved = browser.get(&connection).await.text;
    assert!(saved.contains("the provider answers") && saved.contains(&issuer));
    for hidden in [
        SECRET,
        "group_roles",
        "/do/change-admission",
        "/do/switch-over",
        "/do/remove-provider",
        "Rehearsal",
        "Mia Member",
        "/team",
    ] {
        assert!(!saved.contains(hidden), "{hidden}");
    }
    let names = [("provider", id.as_str()), ("version", "2"), ("subject", "oid"), ("email", "mail")];
    browser.post("/do/set-up-mapping", &names).await;
    assert!(browser.get(&connection).await.text.contains("value=\"oid\""));
    // Coming back from a trial leads to the page of the set-up.
    let back = browser.get(&format!("/team/settings/sign-in/{id}/trial")).await;
    let trial = format!("/set-up/connection/{id}/trial");
    assert_eq!(back.location.as_deref(), Some(trial.as_str()));
    assert!(browser.get(&trial).await.text.contains("Nothing was tried yet"));
    let away = browser.post("/do/set-up-try", &[("provider", id.as_str())]).await;
    assert_eq!(away.location.as_deref(), Some("/sign-in/away"));

    assert!(browser.get("/set-up").await.text.contains("I am finished"));
    let done = browser.post("/do/finish-set-up", &[]).await;
    assert_eq!(done.location.as_deref(), Some("/set-up/done"));
    assert_eq!(browser.get("/set-up/done").await.status, StatusCode::OK);
    for over in ["/set-up", "/set-up/new", &connection, &trial, &page] {
        assert_eq!(browser.get(over).await.status, StatusCode::NOT_FOUND, "{over}");
    }
    let refused = browser.post("/do/set-up-mapping", &names).await;
    assert_eq!(refused.location.as_deref(), Some(connection.as_str()));
    assert!(sender.get("/partners/acme/sign-in").await.text.contains("Finished"));
});

for_each_backend!(the_link_opens_no_other_page_and_no_other_form, |world| {
    let (acme, owner) = owned(&world).await;
    let provider = draft(&world, &acme, crate::federation::Preset::Oidc).await;
    let (id, version) = (provider.id.to_string(), provider.version.to_string());
    let mut sender = world.browser_as(owner.id, None).await;
    let page = sent(&world, &mut sender).await;
    let mut browser = world.browser();
    open_by(&mut browser, &page).await;
    assert_eq!(
        browser.get(&format!("/set-up/connection/{id}")).await.status,
        StatusCode::NOT_FOUND,
        "a draft that it was not sent for"
    );
    for page in [
        "/",
        "/team",
        "/team/settings/sign-in",
        "/partners/acme",
        "/partners/acme/sign-in",
        "/audit",
    ] {
        let answer = browser.get(page).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"), "{page}");
    }
    let about = [("organization", "acme"), ("provider", id.as_str()), ("version", version.as_str())];
    for form in [
        "create-provider",
        "change-oidc",
        "change-saml",
        "change-mapping",
        "change-admission",
        "switch-over",
        "pause-provider",
        "remove-provider",
        "try-provider",
        "claim-domain",
        "send-setup-link",
    ] {
        let answer = browser.post(&format!("/do/{form}"), &about).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"), "{form}");
    }
    for form in ["set-up-oidc", "set-up-saml", "set-up-mapping", "set-up-try"] {
        let answer = browser.post(&format!("/do/{form}"), &about).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{form}");
    }
    assert_eq!(now(&world, &provider).await.version, provider.version);
});

for_each_backend!(the_session_is_another_one_after_opening, |world| {
    let (_, owner) = owned(&world).await;
    let mut sender = world.browser_as(owner.id, None).await;
    let page = sent(&world, &mut sender).await;
    // A browser that has a session already: a form came back to it.
    let mut browser = world.browser();
    browser.post("/do/open-setup-link", &[("token", "wrong")]).await;
    let mut spy = browser.clone();
    open_by(&mut browser, &page).await;
    assert_eq!(browser.get("/set-up").await.status, StatusCode::OK);
    assert_eq!(spy.get("/set-up").await.status, StatusCode::NOT_FOUND);
});

for_each_backend!(it_stays_open_while_it_is_used, |world| {
    let (_, owner) = owned(&world).await;
    let mut sender = world.browser_as(owner.id, None).await;
    let page = sent(&world, &mut sender).await;
    let mut browser = world.browser();
    open_by(&mut browser, &page).await;
    // Longer than a session may be unused.
    for _ in 0..2 {
        world.clock.advance(chrono::Duration::minutes(50));
        assert_eq!(browser.get("/set-up").await.status, StatusCode::OK);
    }
    world.clock.advance(chrono::Duration::minutes(20));
    assert_eq!(browser.get("/set-up").await.status, StatusCode::NOT_FOUND, "two hours are over");
});

for_each_backend!(whoever_is_signed_in_acts_as_the_link_and_stays_who_they_are, |world| {
    let (acme, owner) = owned(&world).await;
    let mut sender = world.browser_as(owner.id, None).await;
    let page = sent(&world, &mut sender).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let mut browser = world.browser_as(foreign.person, Some(foreign.id)).await;
    open_by(&mut browser, &page).await;
    let begun = browser
        .post("/do/set-up-begin", &[("preset", "oidc"), ("name", "Acme account")])
        .await;
    let id = begun
        .location
        .expect("the connection's page")
        .rsplit('/')
        .next()
        .expect("an id")
        .to_owned();
    let known = store::federation::providers::of_organization(&world.portal.store.reader(), acme.id)
        .await
        .unwrap();
    assert_eq!(known.len(), 1, "the connection is Acme's");
    let back = browser.get(&format!("/team/settings/sign-in/{id}/trial")).await;
    assert_eq!(back.location.as_deref(), Some(format!("/set-up/connection/{id}/trial").as_str()));
    // Their own pages are theirs, and Acme's are not.
    assert_eq!(browser.get("/team").await.status, StatusCode::OK);
    assert_eq!(browser.get("/partners/acme").await.status, StatusCode::NOT_FOUND);
    let own = browser
        .post("/do/switch-over", &[("provider", id.as_str()), ("version", "1")])
        .await;
    assert_eq!(own.status, StatusCode::NOT_FOUND);
});
