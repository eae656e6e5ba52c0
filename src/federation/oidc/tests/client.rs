//! What we send to a provider, and the ways in which its endpoints can fail.

use jsonwebtoken::Algorithm;
use rstest::rstest;

use super::*;
use crate::{
    federation::{
        ClientAuth,
        arrival::Blame,
        oidc::{ClientKey, DiscoveryError},
        tests::provider::SECRET,
    },
    outbound::OutboundError,
};

#[rstest]
#[case::basic(ClientAuth::Basic)]
#[case::post(ClientAuth::Post)]
#[case::private_key_jwt(ClientAuth::PrivateKeyJwt)]
#[tokio::test]
async fn we_prove_ourselves_in_the_way_that_was_agreed_and_in_no_other(#[case] agreed: ClientAuth) {
    let provider = Provider::start(clock()).await;
    let key = ClientKey::generate().unwrap();
    provider.set(|behaviour| behaviour.client_keys = key.key_set());
    let secrets = Secrets {
        client_secret: Some(SECRET.to_owned()),
        client_key_pem: Some(key.pem().to_owned()),
        ..Secrets::default()
    };
    let mut settings = provider.settings();
    settings.client_auth = agreed;
    for wanted in [ClientAuth::Basic, ClientAuth::Post, ClientAuth::PrivateKeyJwt] {
        provider.set(|behaviour| behaviour.client_auth = wanted);
        let outcome = sign_in(&provider, &clock(), &settings, &secrets, &kim()).await;
        if wanted == agreed {
            outcome.expect("an arrival");
        } else {
            assert_eq!(
                outcome.unwrap_err(),
                OidcRefusal::CodeRefused("invalid_client".to_owned()),
                "{wanted:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_that_the_provider_does_not_know_proves_nothing() {
    let provider = Provider::start(clock()).await;
    let (ours, theirs) = (ClientKey::generate().unwrap(), ClientKey::generate().unwrap());
    provider.set(|behaviour| {
        behaviour.client_auth = ClientAuth::PrivateKeyJwt;
        behaviour.client_keys = theirs.key_set();
    });
    let mut settings = provider.settings();
    settings.client_auth = ClientAuth::PrivateKeyJwt;
    let secrets = Secrets {
        client_key_pem: Some(ours.pem().to_owned()),
        ..Secrets::default()
    };
    let refused = sign_in(&provider, &clock(), &settings, &secrets, &kim()).await.unwrap_err();
    assert_eq!(
        (refused.blame(), refused),
        (Blame::Connection, OidcRefusal::CodeRefused("invalid_client".to_owned()))
    );
}

#[test]
fn the_public_key_holds_no_secret_part_and_is_named_by_its_thumbprint() {
    let key = ClientKey::generate().unwrap();
    let set = key.key_set();
    let public = &set["keys"][0];
    assert!(public.get("d").is_none(), "{set}");
    let known: jsonwebtoken::jwk::Jwk = serde_json::from_value(public.clone()).unwrap();
    assert_eq!(
        public["kid"],
        json!(known.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap())
    );
    assert_eq!(known.common.key_algorithm, Some(jsonwebtoken::jwk::KeyAlgorithm::ES256));
    assert_eq!(Algorithm::ES256, "ES256".parse().unwrap());
}

#[tokio::test]
async fn another_verifier_or_a_used_code_gets_nothing() {
    let provider = Provider::start(clock()).await;
    let (settings, secrets) = (provider.settings(), secrets());
    let published = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    let asked = ask(&settings, &published);
    let clock = clock();
    let coming = |verifier: &'static str| Coming {
        settings: &settings,
        secrets: &secrets,
        published: &published,
        redirect: REDIRECT,
        nonce: &asked.nonce,
        verifier,
        assertion_id: String::new(),
        now: clock.now(),
    };
    let answer = query(&provider.answer(asked.url.as_str(), &kim()));
    let other = coming("a verifier that somebody else made up, long enough to be one");
    let refused = other.exchange(&outbound(), other.code(&answer).unwrap()).await.unwrap_err();
    // Any browser can bring a code that is not ours: that says nothing about the connection.
    assert_eq!(
        (refused.blame(), refused),
        (Blame::Browser, OidcRefusal::CodeRefused("invalid_grant".to_owned()))
    );
}

#[tokio::test]
async fn an_answer_counts_only_from_the_provider_that_was_asked() {
    let provider = Provider::start(clock()).await;
    let (settings, secrets) = (provider.settings(), secrets());
    let published = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    provider.set(|behaviour| behaviour.names_itself = false);
    let silent = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    let code = |published: &Published, iss: Option<&str>, error: Option<&str>, code: Option<&str>| {
        let coming = Coming {
            settings: &settings,
            secrets: &secrets,
            published,
            redirect: REDIRECT,
            nonce: "n",
            verifier: "v",
            assertion_id: String::new(),
            now: clock().now(),
        };
        let answer = Answer {
            state: "s".to_owned(),
            code: code.map(str::to_owned),
            iss: iss.map(str::to_owned),
            error: error.map(str::to_owned),
        };
        coming.code(&answer).map(str::to_owned)
    };
    let own = Some(provider.issuer.as_str());
    assert_eq!(code(&published, own, None, Some("c")), Ok("c".to_owned()));
    assert_eq!(
        code(&published, None, None, Some("c")),
        Err(OidcRefusal::OtherIssuer),
        "promised and missing"
    );
    assert_eq!(code(&silent, None, None, Some("c")), Ok("c".to_owned()));
    for published in [&published, &silent] {
        for error in [None, Some("access_denied")] {
            let mixed_up = code(published, Some("https://evil.example"), error, Some("c"));
            assert_eq!(mixed_up, Err(OidcRefusal::OtherIssuer));
        }
    }
    assert_eq!(code(&published, own, None, None), Err(OidcRefusal::NoCode));
    assert_eq!(code(&published, own, None, Some("")), Err(OidcRefusal::NoCode));
    let person = code(&published, own, Some("access_denied"), Some("c")).unwrap_err();
    assert_eq!(
        (person.blame(), person),
        (Blame::Person, OidcRefusal::Person("access_denied".to_owned()))
    );
    let request = code(&published, own, Some("<b>invalid_scope</b>"), None).unwrap_err();
    assert_eq!(
        (request.blame(), request),
        (Blame::Browser, OidcRefusal::Request("binvalid_scopeb".to_owned()))
    );
}

#[tokio::test]
async fn userinfo_adds_claims_of_the_same_person_and_changes_none() {
    let provider = Provider::start(clock()).await;
    let mut settings = provider.settings();
    settings.userinfo = true;
    provider.set(|behaviour| {
        behaviour.userinfo = json!({ "groups": ["leads"], "email": "other@evil.example" })
            .as_object()
            .unwrap()
            .clone();
    });
    let (arrival, _) = sign_in(&provider, &clock(), &settings, &secrets(), &kim()).await.unwrap();
    assert_eq!(
        (arrival.claims.one("groups"), arrival.claims.one("email")),
        (Some("leads"), Some("kim@acme.example"))
    );

    provider.set(|behaviour| behaviour.userinfo = json!({ "sub": "somebody else" }).as_object().unwrap().clone());
    let refused = sign_in(&provider, &clock(), &settings, &secrets(), &kim()).await.unwrap_err();
    assert_eq!(refused, OidcRefusal::Token("the userinfo endpoint speaks of somebody else"));

    provider.set(|behaviour| behaviour.broken.insert("userinfo", 500));
    let refused = sign_in(&provider, &clock(), &settings, &secrets(), &kim()).await.unwrap_err();
    assert_eq!((refused.blame(), refused), (Blame::Connection, OidcRefusal::Unreadable("userinfo")));
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_the_connections_fault() {
    let provider = Provider::start(clock()).await;
    provider.set(|behaviour| behaviour.broken.insert("token", 500));
    let refused = sign_in(&provider, &clock(), &provider.settings(), &secrets(), &kim())
        .await
        .unwrap_err();
    assert_eq!((refused.blame(), refused), (Blame::Connection, OidcRefusal::Unreadable("token")));
}

#[tokio::test]
async fn a_configuration_must_be_there_and_the_issuers_own() {
    let provider = Provider::start(clock()).await;
    let fetch = async |issuer: &str| discovery::fetch(&outbound(), issuer).await;
    for none in ["", "acme", "http://", "http://127.0.0.1:9/?a=b", "http://127.0.0.1:9/#a"] {
        assert_eq!(fetch(none).await, Err(DiscoveryError::NotAnAddress), "{none}");
    }
    let slash = format!("{}/", provider.issuer);
    assert_eq!(fetch(&slash).await, Err(DiscoveryError::OtherIssuer(provider.issuer.clone())));
    for endpoint in ["configuration", "jwks"] {
        provider.set(|behaviour| {
            behaviour.broken.clear();
            behaviour.broken.insert(endpoint, 503)
        });
        let refused = fetch(&provider.issuer).await;
        assert!(
            matches!(refused, Err(DiscoveryError::Outbound(OutboundError::Status(_, 503)))),
            "{refused:?}"
        );
        provider.set(|behaviour| behaviour.broken.insert(endpoint, 200));
        let garbage = fetch(&provider.issuer).await;
        assert!(matches!(garbage, Err(DiscoveryError::NotAConfiguration(_))), "{garbage:?}");
        provider.set(|behaviour| behaviour.broken.insert(endpoint, 302));
        let redirected = fetch(&provider.issuer).await;
        assert!(
            matches!(redirected, Err(DiscoveryError::Outbound(OutboundError::Status(_, 302)))),
            "{redirected:?}"
        );
    }
}

#[tokio::test]
async fn without_leave_for_private_networks_no_address_of_ours_is_asked() {
    let provider = Provider::start(clock()).await;
    let careful = Outbound::new(false).unwrap();
    let refused = discovery::fetch(&careful, &provider.issuer).await;
    assert!(
        matches!(refused, Err(DiscoveryError::Outbound(OutboundError::Forbidden(_)))),
        "{refused:?}"
    );
    // A provider that was read before cannot lead the code, or the keys, to such an address either.
    let published = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    let keys = discovery::refresh_keys(&careful, &published).await;
    assert!(
        matches!(keys, Err(DiscoveryError::Outbound(OutboundError::Forbidden(_)))),
        "{keys:?}"
    );
    let (settings, secrets, asked) = (provider.settings(), secrets(), ask(&provider.settings(), &published));
    let coming = Coming {
        settings: &settings,
        secrets: &secrets,
        published: &published,
        redirect: REDIRECT,
        nonce: &asked.nonce,
        verifier: &asked.verifier,
        assertion_id: String::new(),
        now: clock().now(),
    };
    let exchanged = coming.exchange(&careful, "code-1").await;
    assert!(
        matches!(exchanged, Err(OidcRefusal::Outbound(OutboundError::Forbidden(_)))),
        "{exchanged:?}"
    );
    assert_eq!(provider.set(|behaviour| behaviour.asked.get("token").copied()), None);
}

#[test]
fn nothing_secret_shows_when_things_are_written_down() {
    let answer = Answer {
        state: "a-state".to_owned(),
        code: Some("a-code".to_owned()),
        iss: None,
        error: None,
    };
    let shown = format!("{answer:?} {:?} {:?}", secrets(), ClientKey::generate().unwrap());
    for secret in ["a-state", "a-code", SECRET, "PRIVATE"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
