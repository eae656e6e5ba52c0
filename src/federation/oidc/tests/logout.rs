//! Logout tokens, and the way to end a session at the provider.

use jsonwebtoken::Algorithm;
use rstest::rstest;

use super::{super::logout, *};
use crate::federation::tests::provider::{CLIENT, Signed};

async fn checked(provider: &Provider, token: &str) -> Result<logout::LogoutToken, OidcRefusal> {
    let published = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    logout::verify(&provider.settings(), &published, token, clock().now())
}

fn now() -> i64 {
    clock().now().timestamp()
}

#[rstest]
#[case::rs256(Algorithm::RS256)]
#[case::ps256(Algorithm::PS256)]
#[case::es256(Algorithm::ES256)]
#[case::eddsa(Algorithm::EdDSA)]
#[tokio::test]
async fn a_good_logout_token_names_whom_it_ends(#[case] algorithm: Algorithm) {
    let provider = Provider::signing(clock(), algorithm).await;
    let token = checked(&provider, &provider.logout_token(json!({ "sub": "kim-1", "sid": "there-1" })))
        .await
        .unwrap();
    assert_eq!(
        (token.subject.as_deref(), token.session.as_deref()),
        (Some("kim-1"), Some("there-1"))
    );
    let token = checked(&provider, &provider.logout_token(json!({ "sid": "there-1", "exp": null })))
        .await
        .unwrap();
    assert_eq!((token.subject, token.session.as_deref()), (None, Some("there-1")));
    assert!(token.ends_at > clock().now(), "it is remembered for as long as it would count");
}

#[rstest]
#[case::names_nobody(json!({}))]
#[case::no_event(json!({ "sub": "kim-1", "events": null }))]
#[case::another_event(json!({ "sub": "kim-1", "events": { "http://schemas.openid.net/event/other": {} } }))]
#[case::an_event_that_is_no_object(json!({ "sub": "kim-1", "events": { "http://schemas.openid.net/event/backchannel-logout": true } }))]
#[case::a_nonce(json!({ "sub": "kim-1", "nonce": "n" }))]
#[case::no_id(json!({ "sub": "kim-1", "jti": null }))]
#[case::no_time(json!({ "sub": "kim-1", "iat": null }))]
#[case::of_tomorrow(json!({ "sub": "kim-1", "iat": now() + 121 }))]
#[case::of_yesterday(json!({ "sub": "kim-1", "iat": now() - 86_400, "exp": now() - 86_000 }))]
#[case::valid_for_years(json!({ "sub": "kim-1", "iat": now() - 86_400, "exp": now() + 86_400_000 }))]
#[case::another_issuer(json!({ "sub": "kim-1", "iss": "https://evil.example" }))]
#[case::no_issuer(json!({ "sub": "kim-1", "iss": null }))]
#[case::another_application(json!({ "sub": "kim-1", "aud": "another application" }))]
#[case::no_audience(json!({ "sub": "kim-1", "aud": null }))]
#[tokio::test]
async fn anything_else_ends_nothing(#[case] claims: Value) {
    let provider = Provider::start(clock()).await;
    let refused = checked(&provider, &provider.logout_token(claims.clone())).await;
    assert!(matches!(refused, Err(OidcRefusal::Token(_))), "{claims}: {refused:?}");
}

#[tokio::test]
async fn a_signature_that_is_not_the_providers_ends_nothing() {
    let provider = Provider::signing(clock(), Algorithm::RS256).await;
    let public = provider.set(|behaviour| behaviour.keys[0].public_pem());
    for (signed, unknown) in [
        (Signed::Not, false),
        (Signed::Hmac(public.into_bytes()), false),
        (Signed::ByAnotherKey("first"), false),
        (Signed::ByAnotherKey("nobody knows it"), true),
    ] {
        provider.set(|behaviour| behaviour.signed = signed.clone());
        let refused = checked(&provider, &provider.logout_token(json!({ "sub": "kim-1" })))
            .await
            .unwrap_err();
        assert_eq!(refused == OidcRefusal::UnknownKey, unknown, "{signed:?}: {refused:?}");
    }
    for garbage in ["", "a.b.c", "a", "...."] {
        assert!(checked(&provider, garbage).await.is_err());
    }
}

#[tokio::test]
async fn an_id_token_is_no_logout_token_and_another_kind_of_token_neither() {
    let provider = Provider::start(clock()).await;
    let claims = json!({ "iss": provider.issuer, "aud": CLIENT, "sub": "kim-1", "iat": now(), "exp": now() + 60, "jti": "1" });
    let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let mut with_events = claims.clone();
    with_events["events"] = events;
    let (id_token, access_token, logout_token) = provider.set(|behaviour| {
        let key = &behaviour.keys[0];
        (
            key.sign("JWT", claims.as_object().unwrap()),
            key.sign("at+jwt", with_events.as_object().unwrap()),
            key.sign("JWT", with_events.as_object().unwrap()),
        )
    });
    assert_eq!(
        checked(&provider, &id_token).await,
        Err(OidcRefusal::Token("it is no logout token"))
    );
    assert_eq!(
        checked(&provider, &access_token).await,
        Err(OidcRefusal::Token("it is no logout token"))
    );
    checked(&provider, &logout_token)
        .await
        .expect("the type is recommended, not required");
}

#[tokio::test]
async fn the_way_out_comes_back_to_us() {
    let provider = Provider::start(clock()).await;
    let published = discovery::fetch(&outbound(), &provider.issuer).await.unwrap();
    let url = logout::end_session(&provider.settings(), &published, "https://portal.example/back?a=b&c").unwrap();
    assert!(url.as_str().starts_with(&format!("{}/end-session?", provider.issuer)), "{url}");
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert!(pairs.contains(&(
        "post_logout_redirect_uri".to_owned(),
        "https://portal.example/back?a=b&c".to_owned()
    )));
    assert!(pairs.contains(&("client_id".to_owned(), CLIENT.to_owned())));
    let mut without = published;
    without.configuration.as_object_mut().unwrap().remove("end_session_endpoint");
    assert_eq!(logout::end_session(&provider.settings(), &without, "https://portal.example/"), None);
}
