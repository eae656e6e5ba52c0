//! ID tokens: every algorithm, and every lie.

use jsonwebtoken::Algorithm;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    federation::{
        arrival::Blame,
        tests::provider::{CLIENT, Key, SECRET, Signed},
    },
    kernel::sha256,
};

/// The moment that all clocks show.
fn now() -> i64 {
    clock().now().timestamp()
}

async fn believed(provider: &Provider, who: &Value) -> Result<Arrival, OidcRefusal> {
    sign_in(provider, &clock(), &provider.settings(), &secrets(), who)
        .await
        .map(|(arrival, _)| arrival)
}

#[rstest]
#[case::rs256(Algorithm::RS256)]
#[case::ps256(Algorithm::PS256)]
#[case::es256(Algorithm::ES256)]
#[case::eddsa(Algorithm::EdDSA)]
#[tokio::test]
async fn a_good_token_is_believed_whatever_signs_it(#[case] algorithm: Algorithm) {
    let provider = Provider::signing(clock(), algorithm).await;
    let arrival = believed(&provider, &kim()).await.expect("an arrival");
    assert_eq!(arrival.claims.one("sub"), Some("kim-1"));
    assert_eq!(arrival.session.as_deref(), Some("there-1"));
    assert!(arrival.checks.iter().all(|check| check.passed));
    assert!(arrival.checks.iter().any(|check| check.found == format!("{algorithm:?}")));
}

#[rstest]
#[case::rs256(Algorithm::RS256)]
#[case::ps256(Algorithm::PS256)]
#[case::es256(Algorithm::ES256)]
#[case::eddsa(Algorithm::EdDSA)]
#[tokio::test]
async fn a_signature_that_is_not_the_providers_is_refused_whatever_made_it(#[case] algorithm: Algorithm) {
    let provider = Provider::signing(clock(), algorithm).await;
    for signed in [Signed::ByAnotherKey("first"), Signed::Tampered] {
        provider.set(|behaviour| behaviour.signed = signed.clone());
        let refused = believed(&provider, &kim()).await;
        assert_eq!(refused, Err(OidcRefusal::Token("its signature is wrong")), "{signed:?}");
    }
}

const UNSAFE: OidcRefusal = OidcRefusal::Token("it is signed in a way that is not safe");

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let provider = Provider::start(clock()).await;
    provider.set(|behaviour| behaviour.signed = Signed::Not);
    assert!(matches!(believed(&provider, &kim()).await, Err(OidcRefusal::Token(_))));
}

#[tokio::test]
async fn a_public_key_or_the_client_secret_is_no_signing_secret() {
    let provider = Provider::signing(clock(), Algorithm::RS256).await;
    let public = provider.set(|behaviour| behaviour.keys[0].public_pem());
    for secret in [public.clone(), public.trim_end().to_owned(), SECRET.to_owned()] {
        provider.set(|behaviour| behaviour.signed = Signed::Hmac(secret.clone().into_bytes()));
        assert_eq!(believed(&provider, &kim()).await, Err(UNSAFE), "{secret}");
    }
}

#[tokio::test]
async fn a_key_that_the_provider_does_not_publish_is_asked_for_once_and_refused() {
    let provider = Provider::start(clock()).await;
    provider.set(|behaviour| behaviour.signed = Signed::ByAnotherKey("nobody knows it"));
    assert_eq!(believed(&provider, &kim()).await, Err(OidcRefusal::UnknownKey));
    assert_eq!(
        provider.set(|behaviour| behaviour.asked["jwks"]),
        2,
        "once at discovery, once more for the unknown key"
    );
}

#[tokio::test]
async fn rotated_keys_are_read_anew_without_anybody_doing_anything() {
    let provider = Provider::start(clock()).await;
    let old = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    provider.set(|behaviour| behaviour.keys = vec![Key::new(Algorithm::ES256, "second")]);
    let (settings, secrets) = (provider.settings(), secrets());
    let (arrival, newer) = come_back(&provider, &clock(), &settings, &secrets, &old, &kim()).await.unwrap();
    assert_eq!(arrival.claims.one("sub"), Some("kim-1"));
    let newer = newer.expect("the newer keys, to be kept");
    assert_ne!(newer, old);
    let (_, again) = come_back(&provider, &clock(), &settings, &secrets, &newer, &kim()).await.unwrap();
    assert_eq!(again, None, "the copy is good now");
}

fn with(name: &'static str, value: Value) -> impl Fn(&mut Map<String, Value>) + Send + 'static {
    move |claims| {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.to_owned(), value.clone());
        }
    }
}

#[rstest]
#[case::expired_within_the_skew("exp", json!(now() - 119))]
#[case::issued_within_the_skew("iat", json!(now() + 119))]
#[case::valid_within_the_skew("nbf", json!(now() + 119))]
#[case::a_list_of_one_audience("aud", json!([CLIENT]))]
#[case::issued_to_us("azp", json!(CLIENT))]
#[case::no_hash_of_the_access_token("at_hash", Value::Null)]
#[tokio::test]
async fn what_the_standard_allows_is_believed(#[case] claim: &'static str, #[case] value: Value) {
    let provider = Provider::start(clock()).await;
    provider.twist(with(claim, value));
    believed(&provider, &kim()).await.expect("an arrival");
}

#[rstest]
#[case::a_time_as_text("updated_at", json!("2026-01-01T00:00:00.000Z"))]
#[case::a_truth_value_as_text("email_verified", json!("true"))]
#[tokio::test]
async fn what_well_known_providers_write_otherwise_is_understood(#[case] claim: &'static str, #[case] value: Value) {
    let provider = Provider::start(clock()).await;
    provider.twist(with(claim, value));
    believed(&provider, &kim()).await.expect("an arrival");
}

#[rstest]
#[case::another_issuer("iss", json!("https://evil.example"))]
#[case::issuer_with_a_slash_more("iss", json!("http://127.0.0.1:1/"))]
#[case::no_issuer("iss", Value::Null)]
#[case::another_audience("aud", json!("another application"))]
#[case::no_audience("aud", Value::Null)]
#[case::an_empty_list_of_audiences("aud", json!([]))]
#[case::a_foreign_audience_beside_us("aud", json!([CLIENT, "another application"]))]
#[case::issued_to_another("azp", json!("another application"))]
#[case::another_nonce("nonce", json!("AAAA"))]
#[case::no_nonce("nonce", Value::Null)]
#[case::expired("exp", json!(now() - 121))]
#[case::without_an_end("exp", Value::Null)]
#[case::not_valid_yet("nbf", json!(now() + 121))]
#[case::issued_in_the_future("iat", json!(now() + 121))]
#[case::without_a_beginning("iat", Value::Null)]
#[case::of_another_access_token("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"))]
#[case::of_nobody("sub", Value::Null)]
#[case::of_a_number("sub", json!(17))]
#[tokio::test]
async fn a_lie_in_a_token_is_refused_and_counts_against_the_connection(#[case] claim: &'static str, #[case] value: Value) {
    let provider = Provider::start(clock()).await;
    provider.twist(with(claim, value));
    let refused = believed(&provider, &kim()).await.expect_err("a refusal");
    assert!(
        matches!(refused, OidcRefusal::Token(_) | OidcRefusal::Unreadable("token")),
        "{refused:?}"
    );
    assert_eq!(refused.blame(), Blame::Connection);
}

#[tokio::test]
async fn each_clock_error_and_each_mix_up_is_named() {
    for (claim, value, text) in [
        ("exp", json!(now() - 121), "it has expired; compare the clocks of both sides"),
        ("nbf", json!(now() + 121), "it is not valid yet"),
        ("aud", json!("x"), "it was issued for another application; check the client id"),
        ("azp", json!("x"), "it was issued to another application"),
        ("iss", json!("https://evil.example"), "it names another issuer"),
        ("nonce", json!("x"), "it does not answer our request (nonce)"),
        ("at_hash", json!("x"), "it belongs to another access token"),
    ] {
        let provider = Provider::start(clock()).await;
        provider.twist(with(claim, value));
        assert_eq!(believed(&provider, &kim()).await, Err(OidcRefusal::Token(text)), "{claim}");
    }
}

#[tokio::test]
async fn the_hash_of_the_access_token_is_checked_with_edwards_curves_too() {
    let provider = Provider::signing(clock(), Algorithm::EdDSA).await;
    let wrong = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &sha256("access-1")[..16]);
    provider.twist(with("at_hash", json!(wrong)));
    assert_eq!(
        believed(&provider, &kim()).await,
        Err(OidcRefusal::Token("it belongs to another access token"))
    );
}

#[tokio::test]
async fn second_factors_are_taken_from_methods_and_context_with_their_time() {
    let provider = Provider::start(clock()).await;
    let at = |arrival: Arrival| arrival.second_factor_at.map(|at| at.timestamp());
    for (who, expected) in [
        (json!({ "sub": "1", "amr": ["pwd"], "auth_time": now() - 60 }), None),
        (
            json!({ "sub": "1", "amr": ["pwd", "mfa"], "auth_time": now() - 3600 }),
            Some(now() - 3600),
        ),
        (json!({ "sub": "1", "acr": "phr", "auth_time": now() - 60 }), Some(now() - 60)),
        (json!({ "sub": "1", "acr": "phr", "auth_time": now() + 3600 }), Some(now())),
        // Of a second factor without a time nobody knows whether it was given today.
        (json!({ "sub": "1", "amr": ["mfa"], "acr": "phr" }), None),
    ] {
        assert_eq!(at(believed(&provider, &who).await.unwrap()), expected, "{who}");
    }
}
