//! The way back from the provider: one browser, once, in time, from the provider that was asked; and what happens when that fails.

use std::collections::HashMap;

use chrono::Duration;
use jsonwebtoken::Algorithm;
use serde_json::{Map, json};

use super::{company::*, provider::*};
use crate::{
    audit::EventKind,
    federation::{ClientAuth, Protocol, ProviderStatus, Secrets, model::FALL_BACK_AFTER, oidc::ClientKey},
    for_each_backend,
    people::MemberRole,
    testing::Browser,
};

const LOST: &str = "This sign-in took too long, or it began in another browser. Start again.";

/// Comes back with this; nobody is signed in by it. Answers the sentence shown.
async fn refused(browser: &mut Browser, back: &str) -> String {
    let answer = browser.get(back).await;
    assert_eq!(
        (answer.status.as_u16(), answer.location.as_deref()),
        (303, Some("/sign-in")),
        "{back}"
    );
    assert!(!is_signed_in(browser).await, "{back}");
    readable(&browser.get("/sign-in").await.text)
}

for_each_backend!(an_answer_counts_in_the_browser_that_asked_alone, |world| {
    let company = Company::new(world).await;
    let mut kims = company.world.browser();
    let back = company.provider.answer(&leave(&mut kims, "kim@acme.example").await, &kim());
    // One that knows nothing, and one that is on a trip of its own.
    let mut stranger = company.world.browser();
    assert!(refused(&mut stranger, &back).await.contains(LOST));
    let mut other = company.world.browser();
    leave(&mut other, "bo@acme.example").await;
    assert!(refused(&mut other, &back).await.contains(LOST));
    assert_eq!(company.seats().await, 0);
    // Somebody else's attempt does not use it up.
    assert_eq!(kims.get(&back).await.location.as_deref(), Some("/"));
    assert!(is_signed_in(&mut kims).await);
});

for_each_backend!(an_answer_counts_once, |world| {
    let company = Company::new(world).await;
    let mut browser = company.world.browser();
    let back = company.provider.answer(&leave(&mut browser, "kim@acme.example").await, &kim());
    let (mut same, mut again) = (browser.clone(), browser.clone());
    let (one, two) = tokio::join!(browser.get(&back), same.get(&back));
    let mut pages = [one.location.unwrap(), two.location.unwrap()];
    pages.sort();
    assert_eq!(pages, ["/", "/sign-in"]);
    assert!(refused(&mut again, &back).await.contains(LOST));
    assert_eq!(
        company.provider.set(|behaviour| behaviour.asked["token"]),
        1,
        "the code is brought there once"
    );
    assert_eq!(company.world.events(EventKind::SignedIn).await, 1);
});

for_each_backend!(an_answer_counts_for_fifteen_minutes, |world| {
    let company = Company::new(world).await;
    let mut late = company.world.browser();
    let too_late = company.provider.answer(&leave(&mut late, "kim@acme.example").await, &kim());
    company.world.clock.advance(Duration::minutes(1));
    let mut slow = company.world.browser();
    let in_time = company.provider.answer(&leave(&mut slow, "kim@acme.example").await, &kim());
    company.world.clock.advance(Duration::minutes(15) - Duration::seconds(1));
    assert!(refused(&mut late, &too_late).await.contains(LOST));
    assert_eq!(slow.get(&in_time).await.location.as_deref(), Some("/"));
});

for_each_backend!(two_windows_of_one_browser_do_not_spoil_each_other, |world| {
    let company = Company::new(world).await;
    let mut browser = company.world.browser();
    let first = leave(&mut browser, "kim@acme.example").await;
    leave(&mut browser, "kim@acme.example").await;
    assert_eq!(
        browser.get(&company.provider.answer(&first, &kim())).await.location.as_deref(),
        Some("/")
    );
});

for_each_backend!(a_connection_that_was_switched_off_meanwhile_signs_nobody_in, |world| {
    let company = Company::new(world).await;
    let mut browser = company.world.browser();
    let back = company.provider.answer(&leave(&mut browser, "kim@acme.example").await, &kim());
    company.change(|connection| connection.status = ProviderStatus::Paused).await;
    assert!(refused(&mut browser, &back).await.contains(LOST));
    assert_eq!(company.provider.set(|behaviour| behaviour.asked.get("token").copied()), None);
});

/// What comes back, with one part of the query changed.
fn changed(back: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = back.split_once('?').unwrap();
    let mut query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    match value {
        Some(value) => query.insert(name.to_owned(), value.to_owned()),
        None => query.remove(name),
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

for_each_backend!(what_any_browser_could_make_up_counts_against_nobody, |world| {
    let company = Company::new(world).await;
    for (name, value) in [
        ("iss", Some("https://evil.example")),
        ("iss", None),
        ("code", Some("made-up")),
        ("code", Some("")),
        ("code", None),
        ("error", Some("server_error")),
        ("error", Some("invalid_scope")),
        ("error", Some("access_denied")),
        ("error", Some("login_required")),
    ] {
        for _ in 0..2 {
            let mut browser = company.world.browser();
            let back = company.provider.answer(&leave(&mut browser, "kim@acme.example").await, &kim());
            let text = refused(&mut browser, &changed(&back, name, value)).await;
            let expected = match value {
                Some("access_denied" | "login_required") => "Acme account did not let you in.",
                _ => "The sign-in of Acme account did not work, so you are not signed in.",
            };
            assert!(text.contains(expected), "{name} {value:?}: {text}");
        }
    }
    let connection = company.now().await;
    assert_eq!((connection.failures, connection.fell_back_at), (0, None));
    assert_eq!(company.seats().await, 0);
    assert_eq!(company.world.events(EventKind::SignInFailed).await, 18);
    // Without a state, or with one that nobody has, there is nothing to count.
    let mut browser = company.world.browser();
    let back = company.provider.answer(&leave(&mut browser, "kim@acme.example").await, &kim());
    assert!(refused(&mut browser, &changed(&back, "state", None)).await.contains(LOST));
    assert!(refused(&mut browser, &changed(&back, "state", Some("AAAA"))).await.contains(LOST));
    let twice = browser.get("/federation/oidc/callback?state=a&state=b").await;
    assert!(twice.status.is_client_error() || twice.location.as_deref() == Some("/sign-in"));
    assert_eq!(company.world.events(EventKind::SignInFailed).await, 18);
});

for_each_backend!(where_a_name_of_the_issuer_was_not_promised_none_is_asked_for, |world| {
    let company = Company::new(world).await;
    company.provider.set(|behaviour| behaviour.names_itself = false);
    company.must_sign_in(&kim()).await;
    let mut browser = company.world.browser();
    let back = company.provider.answer(&leave(&mut browser, "kim@acme.example").await, &kim());
    refused(&mut browser, &changed(&back, "iss", Some("https://evil.example"))).await;
});

for_each_backend!(
    ten_failures_of_the_connection_let_passwords_in_again_until_somebody_gets_in,
    |world| {
        let company = Company::new(world).await;
        let member = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
        let keeper = company.employ("Pat Admin", "pat@acme.example", MemberRole::PartnerAdmin).await;
        company
            .change(|connection| {
                connection.exclusive = true;
                connection.break_glass = Some(keeper.id);
            })
            .await;
        company.must_sign_in(&kim()).await;
        let mut local = company.world.browser_as(member.person, Some(member.id)).await;
        let mut glass = company.world.browser_as(keeper.person, Some(keeper.id)).await;
        assert_eq!(
            local.get("/").await.location.as_deref(),
            Some("/no-access"),
            "the hat is the provider's alone to give"
        );
        let text = readable(&local.get("/no-access").await.text);
        assert!(text.contains("Acme lets its people in through its own sign-in only."), "{text}");
        assert_eq!(glass.get("/team").await.status.as_u16(), 200, "the one who can always get in");

        company.provider.set(|behaviour| behaviour.broken.insert("token", 500));
        for failed in 1..=FALL_BACK_AFTER {
            assert_eq!(company.now().await.fell_back_at, None);
            let text = company.must_not_sign_in(&kim()).await;
            assert!(text.contains("The sign-in of Acme account did not work"), "{text}");
            assert_eq!(company.now().await.failures, failed);
        }
        assert_eq!(company.now().await.fell_back_at, Some(company.world.now()));
        assert_eq!(company.world.events(EventKind::ProviderFellBack).await, 1);
        let next = company
            .world
            .browser()
            .post("/do/begin-sign-in", &[("email", "kim@acme.example")])
            .await;
        assert_eq!(next.location.as_deref(), Some("/sign-in/password"));
        assert_eq!(local.get("/").await.status.as_u16(), 200);

        // Somebody who left before gets in: the row is over.
        company.provider.set(|behaviour| behaviour.broken.clear());
        company.change(|connection| connection.fell_back_at = None).await;
        let mut browser = company.world.browser();
        let page = leave(&mut browser, "kim@acme.example").await;
        company
            .change(|connection| connection.fell_back_at = Some(connection.created_at))
            .await;
        assert_eq!(
            browser.get(&company.provider.answer(&page, &kim())).await.location.as_deref(),
            Some("/")
        );
        let connection = company.now().await;
        assert_eq!((connection.failures, connection.fell_back_at), (0, None));
        assert_eq!(local.get("/").await.location.as_deref(), Some("/no-access"));
    }
);

for_each_backend!(a_success_in_between_begins_the_row_anew, |world| {
    let company = Company::new(world).await;
    for round in 0..2 {
        company.provider.set(|behaviour| behaviour.broken.insert("token", 503));
        for _ in 1..FALL_BACK_AFTER {
            company.must_not_sign_in(&kim()).await;
        }
        assert_eq!(company.now().await.fell_back_at, None, "{round}");
        company.provider.set(|behaviour| behaviour.broken.clear());
        company.must_sign_in(&kim()).await;
    }
});

for_each_backend!(a_provider_that_lies_signs_nobody_in_and_counts, |world| {
    let company = Company::new(world).await;
    for signed in [
        Signed::Not,
        Signed::Hmac(SECRET.as_bytes().to_vec()),
        Signed::ByAnotherKey("first"),
        Signed::ByAnotherKey("unknown"),
        Signed::Tampered,
    ] {
        company.provider.set(|behaviour| behaviour.signed = signed);
        company.must_not_sign_in(&kim()).await;
    }
    assert_eq!(company.now().await.failures, 5);
    assert_eq!(company.seats().await, 0);
    // The trail says for those who run it what the person is not told.
    let failed = trail(&company.world, EventKind::SignInFailed).await;
    assert!(
        failed
            .iter()
            .any(|(reason, _)| reason.contains("a key that the provider does not publish")),
        "{failed:?}"
    );
});

for_each_backend!(a_provider_that_is_down_is_said_in_a_plain_sentence_and_counts, |world| {
    let company = Company::new(world).await;
    company.provider.set(|behaviour| behaviour.broken.insert("configuration", 503));
    let mut browser = company.world.browser();
    let answer = browser.post("/do/begin-sign-in", &[("email", "kim@acme.example")]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    let text = readable(&browser.get("/sign-in").await.text);
    assert!(
        text.contains("The sign-in of Acme account does not answer right now. Try again in a few minutes."),
        "{text}"
    );
    assert!(!text.contains("503") && !text.contains("127.0.0.1"), "{text}");
    assert_eq!(company.now().await.failures, 1);

    company.provider.set(|behaviour| behaviour.broken.clear());
    company.must_sign_in(&kim()).await;
    // What it published serves on while its pages do not answer.
    company.world.clock.advance(Duration::days(2));
    company.provider.set(|behaviour| behaviour.broken.insert("configuration", 503));
    company.must_sign_in(&kim()).await;
});

for_each_backend!(keys_that_are_rotated_are_found_by_themselves_and_kept, |world| {
    let company = Company::new(world).await;
    company.must_sign_in(&kim()).await;
    for kid in ["second", "third"] {
        company
            .provider
            .set(|behaviour| behaviour.keys = vec![Key::new(Algorithm::ES256, kid)]);
        let before = company.provider.set(|behaviour| behaviour.asked["jwks"]);
        company.must_sign_in(&kim()).await;
        company.must_sign_in(&kim()).await;
        assert_eq!(company.provider.set(|behaviour| behaviour.asked["jwks"]), before + 1);
        assert!(company.now().await.published.unwrap().contains(kid));
    }
    assert_eq!(company.now().await.failures, 0);
});

for_each_backend!(our_assertion_fits_the_key_that_we_publish, |world| {
    let company = Company::new(world).await;
    let key = ClientKey::generate().unwrap();
    company
        .change(|connection| {
            let secrets = Secrets {
                client_key_pem: Some(key.pem().to_owned()),
                ..Secrets::default()
            };
            let portal = &company.world.portal;
            connection.secrets = Some(secrets.seal(&portal.master_key, &mut portal.entropy.rng()));
            if let Protocol::Oidc(settings) = &mut connection.protocol {
                settings.client_auth = ClientAuth::PrivateKeyJwt;
            }
        })
        .await;
    let address = format!("/federation/oidc/{}/jwks", company.connection.id);
    let published = company.world.browser().get(&address).await;
    assert_eq!(published.headers["content-type"], "application/jwk-set+json");
    let keys: serde_json::Value = serde_json::from_str(&published.text).unwrap();
    assert!(keys["keys"][0].get("d").is_none());
    company.provider.set(|behaviour| {
        behaviour.client_auth = ClientAuth::PrivateKeyJwt;
        behaviour.client_keys = keys;
    });
    company.must_sign_in(&kim()).await;
    for other in ["0190a0a0-0000-7000-8000-000000000000", "nothing"] {
        let answer = company.world.browser().get(&format!("/federation/oidc/{other}/jwks")).await;
        assert!(answer.status.as_u16() == 404 || answer.text == r#"{"keys":[]}"#, "{}", answer.text);
    }
});

for_each_backend!(what_the_userinfo_endpoint_adds_is_used_like_the_rest, |world| {
    let company = Company::new(world).await;
    company
        .change(|connection| {
            if let Protocol::Oidc(settings) = &mut connection.protocol {
                settings.userinfo = true;
            }
        })
        .await;
    let said = json!({ "email": "kim@acme.example", "given_name": "Kim", "family_name": "Berg" });
    company
        .provider
        .set(|behaviour| behaviour.userinfo = said.as_object().unwrap().clone());
    let mut browser = company.world.browser();
    let page = leave(&mut browser, "kim@acme.example").await;
    let answer = browser.get(&company.provider.answer(&page, &json!({ "sub": "kim-1" }))).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
    assert_eq!(company.account("kim@acme.example").await.unwrap().name, "Kim Berg");
    company
        .provider
        .set(|behaviour| behaviour.userinfo = Map::from_iter([("sub".to_owned(), json!("boss"))]));
    company.must_not_sign_in(&kim()).await;
});
