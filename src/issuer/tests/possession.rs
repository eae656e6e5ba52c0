//! Proofs of possession (RFC 9449): what counts as one, and that a bound token is worth nothing without its key.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde_json::{Value, json};

use super::desk::*;
use crate::{
    for_each_backend,
    issuer::{ClientAuthentication, GrantType},
    kernel::{Timestamp, sha256},
    testing::{Answer, World},
};

const TOKEN: &str = "http://127.0.0.1:3000/oauth/token";
const USERINFO: &str = "http://127.0.0.1:3000/oauth/userinfo";

/// A client's key.
pub struct Key(EcdsaKeyPair);

impl Key {
    pub fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    fn public(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "crv": "P-256", "kty": "EC", "x": text(&point[1..33]), "y": text(&point[33..65]) })
    }

    /// The thumbprint, made apart from the code under test: members in order, without spaces (RFC 7638 §3.2).
    pub fn thumbprint(&self) -> String {
        let public = self.public();
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, public["x"], public["y"]);
        URL_SAFE_NO_PAD.encode(sha256(text))
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let text = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).expect("a signature");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.public() })
    }

    /// A proof for a request.
    pub fn proof(&self, method: &str, address: &str, at: Timestamp, id: &str, token: Option<&str>) -> String {
        let mut claims = json!({ "htm": method, "htu": address, "iat": at.timestamp(), "jti": id });
        if let Some(token) = token {
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(sha256(token)));
        }
        self.signed(&self.header(), &claims)
    }
}

async fn own(desk: &Desk, proof: &str) -> Answer {
    let credentials = basic("orders-web", &desk.secret);
    let mut server = desk.world.browser();
    server
        .post_as_server(
            "/oauth/token",
            &[("grant_type", "client_credentials")],
            &[("authorization", &credentials), ("dpop", proof)],
        )
        .await
}

for_each_backend!(only_a_good_proof_counts, |world| {
    let desk = Desk::new(world).await;
    let now = desk.world.now();
    let key = Key::new();
    let claims = json!({ "htm": "POST", "htu": TOKEN, "iat": now.timestamp(), "jti": "1" });
    let with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        key.signed(&key.header(), &changed)
    };
    let headed = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        key.signed(&header, &claims)
    };
    let other = Key::new();
    let good = key.signed(&key.header(), &claims);
    let mut private = key.public();
    private["d"] = json!("AAAA");
    let cut = &good[..good.len() - 6];
    for (what, proof) in [
        ("another method", with("htm", json!("GET"))),
        ("another address", with("htu", json!(USERINFO))),
        ("another host", with("htu", json!("http://evil.example/oauth/token"))),
        ("too old", with("iat", json!((now - Duration::seconds(61)).timestamp()))),
        ("too early", with("iat", json!((now + Duration::seconds(61)).timestamp()))),
        ("no moment", with("iat", Value::Null)),
        ("no name", with("jti", Value::Null)),
        ("empty name", with("jti", json!(""))),
        ("another type", headed("typ", json!("JWT"))),
        ("no algorithm", headed("alg", json!("none"))),
        ("a shared secret", headed("alg", json!("HS256"))),
        ("an algorithm of another key", headed("alg", json!("RS256"))),
        ("no key", headed("jwk", Value::Null)),
        ("another's key", headed("jwk", other.public())),
        ("a private key", headed("jwk", private)),
        ("a broken signature", format!("{cut}AAAAAA")),
        ("nothing of a token", "nonsense".to_owned()),
    ] {
        let answer = own(&desk, &proof).await;
        assert_eq!(json_of(&answer, 400)["error"], "invalid_dpop_proof", "{what}");
    }
    // Query, fragment and case of the host do not count (RFC 9449 §4.3).
    let other_spelling = with("htu", json!("HTTP://127.0.0.1:3000/oauth/token?a=b#c"));
    let tokens = json_of(&own(&desk, &other_spelling).await, 200);
    assert_eq!(tokens["token_type"], "DPoP");
    let access = desk.verified(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(access["cnf"], json!({ "jkt": key.thumbprint() }));
});

for_each_backend!(a_proof_counts_once, |world| {
    let desk = Desk::new(world).await;
    let key = Key::new();
    let proof = key.proof("POST", TOKEN, desk.world.now(), "once", None);
    assert_eq!(own(&desk, &proof).await.status.as_u16(), 200);
    let again = json_of(&own(&desk, &proof).await, 400);
    assert_eq!(again["error"], "invalid_dpop_proof");
    let twice = [
        key.proof("POST", TOKEN, desk.world.now(), "a", None),
        key.proof("POST", TOKEN, desk.world.now(), "b", None),
    ];
    let credentials = basic("orders-web", &desk.secret);
    let headers = [("authorization", credentials.as_str()), ("dpop", &twice[0]), ("dpop", &twice[1])];
    let answer = desk
        .world
        .browser()
        .post_as_server("/oauth/token", &[("grant_type", "client_credentials")], &headers)
        .await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_dpop_proof", "two proofs in one request");
    // Another client's proof may have the same name.
    let other = Key::new().proof("POST", TOKEN, desk.world.now(), "once", None);
    assert_eq!(own(&desk, &other).await.status.as_u16(), 200);
});

async fn with_proof(desk: &Desk, key: &Key, id: &str, form: &[(&str, &str)]) -> Answer {
    let proof = key.proof("POST", TOKEN, desk.world.now(), id, None);
    desk.world.browser().post_as_server("/oauth/token", form, &[("dpop", &proof)]).await
}

async fn public_desk(world: World) -> Desk {
    let mut desk = Desk::new(world).await;
    let mut terms = draft("orders-phone");
    terms.authentication = ClientAuthentication::None;
    terms.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
    terms.own_scopes = Vec::new();
    desk.client = register(&desk.world, &desk.orders, terms, None).await.0;
    desk
}

for_each_backend!(a_public_clients_refresh_tokens_are_bound_to_its_key, |world| {
    let desk = public_desk(world).await;
    let key = Key::new();
    let code = desk.code().await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
        ("client_id", "orders-phone"),
    ];
    let tokens = json_of(&with_proof(&desk, &key, "1", &form).await, 200);
    assert_eq!(tokens["token_type"], "DPoP");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", "orders-phone"),
    ];
    let stolen = with_proof(&desk, &Key::new(), "2", &form).await;
    assert_eq!(json_of(&stolen, 400)["error"], "invalid_grant", "another key");
    let bare = desk.world.browser().post_as_server("/oauth/token", &form, &[]).await;
    assert_eq!(json_of(&bare, 400)["error"], "invalid_grant", "no key");
    let tokens = json_of(&with_proof(&desk, &key, "3", &form).await, 200);
    let access = desk.verified(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(access["cnf"]["jkt"], key.thumbprint());
});

for_each_backend!(a_public_clients_refresh_tokens_are_bound_from_its_first_proof_on, |world| {
    let desk = public_desk(world).await;
    let key = Key::new();
    let code = desk.code().await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
        ("client_id", "orders-phone"),
    ];
    let tokens = json_of(&desk.world.browser().post_as_server("/oauth/token", &form, &[]).await, 200);
    let form = |refresh| {
        vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", "orders-phone"),
        ]
    };
    let first = form(tokens["refresh_token"].as_str().unwrap());
    let tokens = json_of(&with_proof(&desk, &key, "1", &first).await, 200);
    let second = form(tokens["refresh_token"].as_str().unwrap());
    let bare = desk.world.browser().post_as_server("/oauth/token", &second, &[]).await;
    assert_eq!(json_of(&bare, 400)["error"], "invalid_grant", "no key");
    json_of(&with_proof(&desk, &key, "2", &second).await, 200);
});

for_each_backend!(a_code_that_was_bound_when_asked_for_is_redeemed_by_that_key, |world| {
    let desk = Desk::new(world).await;
    let key = Key::new();
    let credentials = basic("orders-web", &desk.secret);
    let thumbprint = key.thumbprint();
    let mut browser = desk.browser().await;
    let refused = desk.ask(&mut browser, &[("dpop_jkt", "short")]).await;
    assert_eq!(refused["error"], "invalid_request");
    let fields = desk.ask(&mut browser, &[("dpop_jkt", &thumbprint)]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", fields["code"].as_str().unwrap()),
        ("code_verifier", VERIFIER),
    ];
    let now = desk.world.now();
    for (who, status) in [(None, 400), (Some(&Key::new()), 400), (Some(&key), 200)] {
        let proof = who.map(|key| key.proof("POST", TOKEN, now, "1", None));
        let mut headers = vec![("authorization", credentials.as_str())];
        headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
        let answer = desk.world.browser().post_as_server("/oauth/token", &form, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    }
    // A proof at the push endpoint binds as dpop_jkt does, and does not contradict it (RFC 9449 §10.1).
    let challenge = challenge(VERIFIER);
    let pushed = |jkt: String| {
        [
            ("response_type", "code".to_owned()),
            ("redirect_uri", CALLBACK.to_owned()),
            ("scope", "openid".to_owned()),
            ("code_challenge", challenge.clone()),
            ("code_challenge_method", "S256".to_owned()),
            ("dpop_jkt", jkt),
        ]
    };
    for (jkt, id, status) in [
        (String::new(), "p1", 201),
        (thumbprint.clone(), "p2", 201),
        (Key::new().thumbprint(), "p3", 400),
    ] {
        let proof = key.proof("POST", "http://127.0.0.1:3000/oauth/par", now, id, None);
        let form = pushed(jkt);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let headers = [("authorization", credentials.as_str()), ("dpop", proof.as_str())];
        let answer = desk.world.browser().post_as_server("/oauth/par", &form, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    }
});

for_each_backend!(a_bound_token_is_worth_nothing_without_its_key, |world| {
    let desk = Desk::new(world).await;
    let key = Key::new();
    let now = desk.world.now();
    let code = desk.code().await;
    let credentials = basic("orders-web", &desk.secret);
    let proof = key.proof("POST", TOKEN, now, "redeem", None);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let headers = [("authorization", credentials.as_str()), ("dpop", proof.as_str())];
    let tokens = json_of(&desk.world.browser().post_as_server("/oauth/token", &form, &headers).await, 200);
    let token = tokens["access_token"].as_str().unwrap().to_owned();

    let told = desk.introspect(&token).await;
    assert_eq!(
        (&told["token_type"], &told["cnf"]["jkt"]),
        (&json!("DPoP"), &json!(key.thumbprint()))
    );
    let as_bearer = desk.userinfo(&token).await;
    assert_eq!(as_bearer.status.as_u16(), 401);
    let challenge = as_bearer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("algs=\"ES256"), "{challenge}");
    let in_form = desk
        .world
        .browser()
        .post_as_server("/oauth/userinfo", &[("access_token", &token)], &[])
        .await;
    assert_eq!(in_form.status.as_u16(), 401);

    let shown = async |proof: Option<String>| {
        let authorization = format!("DPoP {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
        desk.world.browser().get_with("/oauth/userinfo", &headers).await
    };
    for (what, proof) in [
        ("no proof", None),
        ("no token in it", Some(key.proof("GET", USERINFO, now, "u1", None))),
        ("another token in it", Some(key.proof("GET", USERINFO, now, "u2", Some("another")))),
        ("another method", Some(key.proof("POST", USERINFO, now, "u3", Some(&token)))),
        ("another key", Some(Key::new().proof("GET", USERINFO, now, "u4", Some(&token)))),
    ] {
        let answer = shown(proof).await;
        assert_eq!(answer.status.as_u16(), 401, "{what}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("DPoP "), "{what}");
    }
    let proof = key.proof("GET", USERINFO, now, "u5", Some(&token));
    assert_eq!(json_of(&shown(Some(proof.clone())).await, 200)["sub"], json!(desk.kim.id));
    assert_eq!(shown(Some(proof)).await.status.as_u16(), 401, "a proof counts once here too");

    let plain = desk.tokens().await;
    let plain = plain["access_token"].as_str().unwrap();
    let proof = key.proof("GET", USERINFO, now, "u6", Some(plain));
    let authorization = format!("DPoP {plain}");
    let answer = desk
        .world
        .browser()
        .get_with("/oauth/userinfo", &[("authorization", &authorization), ("dpop", &proof)])
        .await;
    assert_eq!(answer.status.as_u16(), 401, "a token that is bound to nothing is not shown so");
});

for_each_backend!(a_client_can_be_held_to_proofs, |world| {
    let desk = Desk::new(world).await;
    let mut terms = draft("orders-strict");
    terms.sender_constrained = true;
    let (_, secret) = register(&desk.world, &desk.orders, terms, None).await;
    let credentials = basic("orders-strict", &secret.unwrap());
    let form = [("grant_type", "client_credentials")];
    let mut server = desk.world.browser();
    let bare = server
        .post_as_server("/oauth/token", &form, &[("authorization", &credentials)])
        .await;
    assert_eq!(json_of(&bare, 400)["error"], "invalid_dpop_proof");
    let proof = Key::new().proof("POST", TOKEN, desk.world.now(), "1", None);
    let headers = [("authorization", credentials.as_str()), ("dpop", proof.as_str())];
    assert_eq!(
        json_of(&server.post_as_server("/oauth/token", &form, &headers).await, 200)["token_type"],
        "DPoP"
    );
});
