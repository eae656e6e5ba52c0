//! Keys: published before they sign, and until the last of their tokens has ended.

use chrono::Duration;
use serde_json::json;

use super::desk::*;
use crate::{
    for_each_backend,
    issuer::{SigningAlgorithm, keys},
};

fn kid(token: &serde_json::Value) -> String {
    jsonwebtoken::decode_header(token.as_str().unwrap()).unwrap().kid.unwrap()
}

for_each_backend!(a_rotation_is_published_first_and_breaks_nothing, |world| {
    let desk = Desk::new(world).await;
    let before = desk.tokens().await;
    let old = kid(&before["access_token"]);
    let cx = desk.world.system().await;
    let new = keys::rotate(&cx.tx, &desk.world.portal, SigningAlgorithm::Es256)
        .await
        .unwrap()
        .unwrap();
    cx.commit().await.unwrap();
    assert!(desk.keys().await.find(&new).is_some(), "published at once");
    assert_eq!(kid(&desk.tokens().await["access_token"]), old, "the old one still signs");

    desk.world.clock.advance(keys::PUBLISHED_BEFORE + Duration::seconds(1));
    let after = desk.tokens().await;
    assert_eq!(kid(&after["access_token"]), new);
    desk.verified(after["access_token"].as_str().unwrap()).await;
    desk.verified(before["access_token"].as_str().unwrap()).await;
    desk.world.clock.advance(Duration::hours(25));
    assert!(desk.keys().await.find(&old).is_none(), "nothing it signed counts any more");
    assert!(desk.keys().await.find(&new).is_some());
});

for_each_backend!(a_rotation_adds_one_key, |world| {
    let desk = Desk::new(world).await;
    let before = desk.keys().await.keys.len();
    let cx = desk.world.system().await;
    let made = keys::rotate(&cx.tx, &desk.world.portal, SigningAlgorithm::EdDsa).await.unwrap();
    cx.commit().await.unwrap();
    assert!(made.is_some());
    desk.world.clock.advance(Duration::minutes(1));
    assert_eq!(desk.keys().await.keys.len(), before + 1);
});

for_each_backend!(each_client_has_its_algorithm, |world| {
    let desk = Desk::new(world).await;
    let published = desk.keys().await;
    assert_eq!(published.keys.len(), 3);
    for signing in SigningAlgorithm::ALL {
        let mut draft = draft(&format!("client-{signing}"));
        draft.signing = *signing;
        let (client, secret) = register(&desk.world, &desk.orders, draft, None).await;
        let credentials = basic(&client.terms.client_id, &secret.unwrap());
        let answer = desk
            .world
            .browser()
            .post_as_server(
                "/oauth/token",
                &[("grant_type", "client_credentials")],
                &[("authorization", &credentials)],
            )
            .await;
        let token = json_of(&answer, 200)["access_token"].as_str().unwrap().to_owned();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(serde_json::to_value(header.alg).unwrap(), json!(signing.as_str()));
        desk.verified(&token).await;
    }
});

for_each_backend!(private_halves_are_sealed_and_never_published, |world| {
    let desk = Desk::new(world).await;
    let published = desk.world.browser().get("/oauth/jwks").await.text;
    let keys: serde_json::Value = serde_json::from_str(&published).unwrap();
    for key in keys["keys"].as_array().unwrap() {
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(secret).is_none(), "{secret}");
        }
    }
    let rows = crate::store::issuer::keys::published(&desk.world.portal.store.reader(), desk.world.now())
        .await
        .unwrap();
    for row in rows {
        assert!(desk.world.portal.master_key.open(&row.sealed).is_ok());
        assert!(crate::kernel::MasterKey::new([8; 32]).open(&row.sealed).is_err());
    }
});

for_each_backend!(a_token_that_we_did_not_sign_so_is_worth_nothing, |world| {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    let token = tokens["access_token"].as_str().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let kid = kid(&tokens["access_token"]);
    let header = |alg: &str, typ: &str| B64.encode(json!({ "alg": alg, "typ": typ, "kid": kid }).to_string());
    let public = serde_json::to_string(&desk.keys().await.find(&kid).unwrap()).unwrap();
    let hmac = jsonwebtoken::encode(
        &jsonwebtoken::Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(kid.clone()),
            ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256)
        },
        &desk.verified(token).await,
        &jsonwebtoken::EncodingKey::from_secret(public.as_bytes()),
    )
    .unwrap();
    let mut claims: serde_json::Value = serde_json::from_slice(&B64.decode(parts[1]).unwrap()).unwrap();
    claims["scope"] = json!("openid orders:admin");
    let changed = B64.encode(claims.to_string());
    for forged in [
        format!("{}.{}.", header("none", "at+jwt"), parts[1]),
        format!("{}.{}.{}", header("none", "at+jwt"), parts[1], parts[2]),
        format!("{}.{}.{}", header("ES256", "JWT"), parts[1], parts[2]),
        format!("{}.{changed}.{}", parts[0], parts[2]),
        hmac,
        tokens["id_token"].as_str().unwrap().to_owned(),
        tokens["refresh_token"].as_str().unwrap().to_owned(),
        "a.b.c".to_owned(),
        String::new(),
    ] {
        assert_eq!(desk.userinfo(&forged).await.status.as_u16(), 401, "{forged}");
        assert_eq!(desk.introspect(&forged).await["active"], false, "{forged}");
    }
    assert_eq!(desk.userinfo(token).await.status.as_u16(), 200);
});

for_each_backend!(whoever_comes_while_the_first_keys_are_made_signs_with_them, |world| {
    let ring = keys::KeyRing::default();
    let visits = (0..200).map(|later| {
        let (ring, world) = (&ring, &world);
        async move {
            for _ in 0..later {
                tokio::task::yield_now().await;
            }
            let known = ring.published(&world.portal).await.unwrap();
            known.signing(SigningAlgorithm::Es256, world.now()).map(|key| key.kid().to_owned())
        }
    });
    let kids = futures::future::join_all(visits).await;
    assert!(kids[0].is_some());
    assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
});
