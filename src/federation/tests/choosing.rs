//! A company with several sign-ins in use: its people choose, and their browser goes the same way again.

use axum::http::header;

use super::{company::*, provider::Provider};
use crate::{
    federation::{IdentityProvider, ProviderStatus, domains::Domain, setup::commands::remove_provider},
    for_each_backend,
    people::MemberRole,
    store::{self, federation::providers},
    testing::{Answer, Browser, World},
};

/// Acme with a second connection in use, and a domain that is bound to neither.
struct Two {
    company: Company,
    oslo: IdentityProvider,
    oslo_provider: Provider,
    domain: Domain,
}

impl Two {
    async fn new(world: World) -> Self {
        let company = Company::new(world).await;
        let oslo_provider = Provider::start(company.world.clock.clone()).await;
        let oslo = connect(&company.world, &company.acme, &oslo_provider, "Oslo account").await;
        let owned = store::federation::domains::of_organization(&company.world.portal.store.reader(), company.acme.id).await;
        let domain = owned.expect("domains").remove(0);
        Self {
            company,
            oslo,
            oslo_provider,
            domain,
        }
    }

    /// Chooses Oslo for an address.
    async fn choose_oslo(&self, browser: &mut Browser, email: &str) -> Answer {
        type_address(browser, email, "/sign-in/choose").await;
        browser.post("/do/choose-sign-in", &[("provider", &self.oslo.id.to_string())]).await
    }

    /// A browser of somebody who chose Oslo and has left the portal again.
    async fn came_by_oslo(&self) -> Browser {
        let mut browser = self.company.world.browser();
        assert_eq!(
            self.choose_oslo(&mut browser, "kim@acme.example").await.location.as_deref(),
            Some("/sign-in/away")
        );
        let there = away(&mut browser).await;
        assert!(there.starts_with(&self.oslo_provider.issuer), "{there}");
        let back = browser.get(&self.oslo_provider.answer(&there, &kim())).await;
        assert_eq!(back.location.as_deref(), Some("/"));
        browser.post("/do/sign-out", &[]).await;
        assert!(!is_signed_in(&mut browser).await);
        browser
    }

    async fn set_oslo(&self, change: impl FnOnce(&mut IdentityProvider)) {
        let found = providers::find(&self.company.world.portal.store.reader(), self.oslo.id).await;
        let mut oslo = found.expect("the database answers").expect("Oslo");
        let cx = self.company.world.system().await;
        change(&mut oslo);
        providers::update(&cx.tx, &oslo).await.expect("an update");
        cx.commit().await.expect("commit");
    }
}

async fn type_address(browser: &mut Browser, email: &str, leads_to: &str) {
    let answer = browser.post("/do/begin-sign-in", &[("email", email)]).await;
    assert_eq!(answer.location.as_deref(), Some(leads_to), "{email}");
}

for_each_backend!(
    with_several_sign_ins_the_person_chooses_and_the_browser_goes_the_same_way_again,
    |world| {
        let two = Two::new(world).await;
        let mut browser = two.came_by_oslo().await;
        assert!(browser.get("/sign-in").await.text.contains("Use another sign-in"));
        type_address(&mut browser, "kim@acme.example", "/sign-in/away").await;
        assert!(away(&mut browser).await.starts_with(&two.oslo_provider.issuer));
        let page = browser.get("/sign-in/away").await;
        assert!(
            page.text.contains("<a href=\"/sign-in/choose\">Use another sign-in</a>"),
            "{}",
            page.text
        );

        // Another way is one step off, and is what is remembered from then on.
        let answer = browser
            .post("/do/begin-sign-in", &[("email", "kim@acme.example"), ("another", "1")])
            .await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in/choose"));
        let first = two.company.connection.id.to_string();
        browser.post("/do/choose-sign-in", &[("provider", &first)]).await;
        assert!(away(&mut browser).await.starts_with(&two.company.provider.issuer));
        type_address(&mut browser, "kim@acme.example", "/sign-in/away").await;
        assert!(away(&mut browser).await.starts_with(&two.company.provider.issuer));

        let mut other = two.company.world.browser();
        assert!(!other.get("/sign-in").await.text.contains("Use another sign-in"));
        type_address(&mut other, "kim@acme.example", "/sign-in/choose").await;
    }
);

for_each_backend!(known_and_unknown_addresses_are_asked_alike, |world| {
    let two = Two::new(world).await;
    two.company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    let mut pages = Vec::new();
    for email in ["bo@acme.example", "no@acme.example"] {
        let mut browser = two.company.world.browser();
        type_address(&mut browser, email, "/sign-in/choose").await;
        let page = browser.get("/sign-in/choose").await;
        assert_eq!(page.status.as_u16(), 200);
        let text = readable(&page.text);
        for part in ["How do you sign in at Acme?", "Acme account", "Oslo account", email] {
            assert!(text.contains(part), "{part}: {text}");
        }
        pages.push(text.replace(email, ""));
    }
    assert_eq!(pages[0], pages[1]);
});

for_each_backend!(what_the_browser_keeps_holds_ids_alone_and_is_out_of_reach_of_scripts, |world| {
    let two = Two::new(world).await;
    let answer = two.choose_oslo(&mut two.company.world.browser(), "kim@acme.example").await;
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let note = cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .find(|cookie| cookie.starts_with("portico-sign-ins="))
        .expect("a note");
    let expected = format!(
        "portico-sign-ins={}:{}; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000",
        two.domain.id, two.oslo.id
    );
    assert_eq!(note, expected);
});

for_each_backend!(a_sign_in_that_was_switched_off_is_forgotten, |world| {
    let two = Two::new(world).await;
    let third = connect(&two.company.world, &two.company.acme, &two.company.provider, "Bergen account").await;
    let mut browser = two.came_by_oslo().await;
    two.set_oslo(|oslo| oslo.status = ProviderStatus::Paused).await;
    type_address(&mut browser, "kim@acme.example", "/sign-in/choose").await;
    let page = readable(&browser.get("/sign-in/choose").await.text);
    assert!(page.contains(&third.name) && !page.contains("Oslo account"), "{page}");
    assert!(!browser.get("/sign-in").await.text.contains("Use another sign-in"));
    two.set_oslo(|oslo| oslo.status = ProviderStatus::Live).await;
    type_address(&mut browser, "kim@acme.example", "/sign-in/choose").await;

    // Also by somebody who had no choice meanwhile.
    let mut browser = two.came_by_oslo().await;
    two.set_oslo(|oslo| oslo.status = ProviderStatus::Paused).await;
    type_address(&mut browser, "kim@elsewhere.example", "/sign-in/password").await;
    two.set_oslo(|oslo| oslo.status = ProviderStatus::Live).await;
    type_address(&mut browser, "kim@acme.example", "/sign-in/choose").await;

    let mut browser = two.came_by_oslo().await;
    two.set_oslo(|oslo| oslo.status = ProviderStatus::Paused).await;
    let found = providers::find(&two.company.world.portal.store.reader(), two.oslo.id).await;
    let version = found.expect("the database answers").expect("Oslo").version;
    let mut cx = two.company.world.system().await;
    remove_provider(&mut cx, &two.company.acme, two.oslo.id, version)
        .await
        .expect("it is gone");
    cx.commit().await.expect("commit");
    type_address(&mut browser, "kim@acme.example", "/sign-in/choose").await;
});

for_each_backend!(a_remembered_sign_in_that_fails_is_asked_about_and_can_still_be_chosen, |world| {
    let two = Two::new(world).await;
    let mut browser = two.came_by_oslo().await;
    two.set_oslo(|oslo| oslo.fell_back_at = Some(oslo.created_at)).await;
    let answer = two.choose_oslo(&mut browser, "kim@acme.example").await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/away"));
    assert!(away(&mut browser).await.starts_with(&two.oslo_provider.issuer));
});

for_each_backend!(nobody_is_led_to_what_their_domain_does_not_offer, |world| {
    let two = Two::new(world).await;
    let world = &two.company.world;
    let theirs = world.organization("Theirs").await;
    let foreign = connect(world, &theirs, &two.oslo_provider, "Their account").await;
    let mut browser = world.browser();
    for text in [
        format!("{}:{}", two.domain.id, foreign.id),
        format!("{}:{}", two.domain.id, two.domain.id),
        "x".repeat(3000),
    ] {
        browser.hold_cookie("portico-sign-ins", &text);
        type_address(&mut browser, "kim@acme.example", "/sign-in/choose").await;
    }
    for wanted in [foreign.id.to_string(), two.domain.id.to_string(), String::new(), "x".to_owned()] {
        let answer = browser.post("/do/choose-sign-in", &[("provider", &wanted)]).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in/choose"), "{wanted}");
        let page = readable(&browser.get("/sign-in/choose").await.text);
        assert!(page.contains("This sign-in is not offered any more."), "{page}");
    }
    two.set_oslo(|oslo| oslo.status = ProviderStatus::Draft).await;
    let answer = browser.post("/do/choose-sign-in", &[("provider", &two.oslo.id.to_string())]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/choose"));
    assert_eq!(
        browser.get("/sign-in/choose").await.location.as_deref(),
        Some("/sign-in"),
        "there is nothing left to choose"
    );

    // Without an address there is nothing to choose among.
    let mut nobody = world.browser();
    assert_eq!(nobody.get("/sign-in/choose").await.location.as_deref(), Some("/sign-in"));
    let answer = nobody
        .post("/do/choose-sign-in", &[("provider", &two.company.connection.id.to_string())])
        .await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
});

for_each_backend!(a_domain_bound_to_a_connection_leaves_no_choice, |world| {
    let two = Two::new(world).await;
    let mut browser = two.came_by_oslo().await;
    let cx = two.company.world.system().await;
    let bound = Domain {
        provider: Some(two.company.connection.id),
        ..two.domain.clone()
    };
    store::federation::domains::update(&cx.tx, &bound).await.expect("an update");
    cx.commit().await.expect("commit");
    type_address(&mut browser, "kim@acme.example", "/sign-in/away").await;
    assert!(away(&mut browser).await.starts_with(&two.company.provider.issuer));
});
