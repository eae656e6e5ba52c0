//! How the provider is reached: secrets, metadata, our keys.

use super::*;
use crate::{audit::EventKind, federation::Protocol, for_each_backend};

const METADATA: &str = include_str!("../../saml/tests/fixtures/samlify-metadata.xml");

async fn change(world: &World, provider: &IdentityProvider, connection: OidcConnection) -> Result<IdentityProvider, SetupError> {
    let organization = store::organizations::get(&world.portal.store.reader(), provider.organization)
        .await?
        .expect("the organization");
    run(world, Actor::System("test"), async |cx| {
        commands::change_oidc(cx, &organization, provider.id, provider.version, connection).await
    })
    .await
}

fn secret(world: &World, provider: &IdentityProvider) -> Option<String> {
    Secrets::open(&world.portal.master_key, provider.secrets.as_deref())
        .unwrap()
        .client_secret
}

for_each_backend!(a_secret_is_kept_when_the_field_is_left_empty, |world| {
    let acme = world.organization("Acme").await;
    let provider = draft(&world, &acme, Preset::Oidc).await;
    let without = change(&world, &provider, reached("https://idp.example", None)).await;
    assert!(matches!(without, Err(SetupError::NoSecret)), "{without:?}");
    change(&world, &provider, reached("https://idp.example", Some(SECRET)))
        .await
        .unwrap();
    let provider = now(&world, &provider).await.unwrap();
    change(&world, &provider, reached("https://idp.example", None)).await.unwrap();
    let provider = now(&world, &provider).await.unwrap();
    assert_eq!(secret(&world, &provider).as_deref(), Some(SECRET));
    let stored = provider.secrets.unwrap();
    assert!(
        !stored.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()),
        "sealed in its row"
    );
});

for_each_backend!(our_key_needs_no_secret, |world| {
    let acme = world.organization("Acme").await;
    let provider = draft(&world, &acme, Preset::Oidc).await;
    let mut connection = reached("https://idp.example", None);
    connection.settings.client_auth = ClientAuth::PrivateKeyJwt;
    let changed = change(&world, &provider, connection).await.unwrap();
    assert_eq!(secret(&world, &changed), None);
});

for_each_backend!(a_secret_does_not_travel_to_another_issuer, |world| {
    let acme = world.organization("Acme").await;
    let provider = tried(&world, &acme).await;
    let refused = change(&world, &provider, reached("https://evil.example", None)).await;
    assert!(matches!(refused, Err(SetupError::OtherIssuersSecret)), "{refused:?}");
    let kept = now(&world, &provider).await.unwrap();
    assert_eq!(kept.protocol, provider.protocol);

    // With a key instead, the old secret is forgotten rather than waiting for the way back.
    let mut connection = reached("https://evil.example", None);
    connection.settings.client_auth = ClientAuth::PrivateKeyJwt;
    change(&world, &provider, connection).await.unwrap();
    let moved = now(&world, &provider).await.unwrap();
    assert_eq!(secret(&world, &moved), None);
});

for_each_backend!(another_issuer_does_not_inherit_who_is_who, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let provider = tried(&world, &acme).await;
    link(&world, &provider, &kim, "1").await;
    session(&world, &kim, Some(&provider)).await;
    change(&world, &provider, reached("https://idp.example", None)).await.unwrap();
    let provider = now(&world, &provider).await.unwrap();
    assert_eq!((known(&world, &provider).await, sessions(&world, &kim).await), (1, 1));
    change(&world, &provider, reached("https://other.example", Some("new")))
        .await
        .unwrap();
    assert_eq!((known(&world, &provider).await, sessions(&world, &kim).await), (0, 0));
});

for_each_backend!(every_change_asks_for_a_new_trial, |world| {
    let acme = world.organization("Acme").await;
    let provider = tried(&world, &acme).await;
    assert!(provider.tried_at.is_some());
    change(&world, &provider, reached("https://idp.example", None)).await.unwrap();
    assert_eq!(now(&world, &provider).await.unwrap().tried_at, None);

    let provider = now(&world, &provider).await.unwrap();
    run(&world, Actor::System("test"), async |cx| {
        providers::note_trial(&cx.tx, provider.id, provider.version, cx.now).await?;
        let mapping = provider.mapping.clone();
        commands::change_mapping(cx, &acme, provider.id, provider.version, mapping).await
    })
    .await
    .unwrap();
    assert_eq!(now(&world, &provider).await.unwrap().tried_at, None);
});

for_each_backend!(metadata_tells_who_the_provider_is_and_when_its_certificate_ends, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let provider = draft(&world, &acme, Preset::Saml).await;
    let paste = async |version: i32, xml: &str| {
        run(&world, Actor::System("test"), async |cx| {
            commands::change_saml(cx, &acme, provider.id, version, xml.to_owned(), None, true, false).await
        })
        .await
    };
    for garbage in ["", "<html></html>", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"] {
        let refused = paste(provider.version, garbage).await;
        assert!(matches!(refused, Err(SetupError::Metadata(_))), "{refused:?}");
    }
    paste(provider.version, METADATA).await.unwrap();
    let changed = now(&world, &provider).await.unwrap();
    let Protocol::Saml(settings) = &changed.protocol else {
        panic!("{:?}", changed.protocol)
    };
    assert!(METADATA.contains(&format!("entityID=\"{}\"", settings.entity_id)) && settings.post_binding);
    assert!(changed.certificate_ends_at.is_some_and(|end| end > world.now()));

    // The same entity keeps who is who; another one does not.
    link(&world, &changed, &kim, "kim").await;
    paste(changed.version, METADATA).await.unwrap();
    assert_eq!(known(&world, &changed).await, 1);
    let other = METADATA.replacen(&settings.entity_id, "https://other.example/metadata", 1);
    paste(changed.version + 1, &other).await.unwrap();
    assert_eq!(known(&world, &changed).await, 0);
});

for_each_backend!(our_key_changes_in_two_steps_without_a_gap, |world| {
    let acme = world.organization("Acme").await;
    let provider = draft(&world, &acme, Preset::Saml).await;
    let keys = async || {
        let provider = now(&world, &provider).await.unwrap();
        let secrets = Secrets::open(&world.portal.master_key, provider.secrets.as_deref()).unwrap();
        let certificates: Vec<_> = secrets.sp_keys.into_iter().map(|key| key.certificate_pem).collect();
        (provider.version, certificates)
    };
    let press = async |version: i32| {
        run(&world, Actor::System("test"), async |cx| {
            commands::change_key(cx, &acme, provider.id, version).await
        })
        .await
    };
    let (version, old) = keys().await;
    press(version).await.unwrap();
    let (version, both) = keys().await;
    assert_eq!((both.len(), &both[0]), (2, &old[0]), "the old one goes on signing");
    press(version).await.unwrap();
    let (_, new) = keys().await;
    assert_eq!(new, both[1..]);
    assert_eq!(world.events(EventKind::ProviderChanged).await, 2);

    let oidc = run(&world, Actor::System("test"), async |cx| {
        commands::create_provider(cx, &acme, Preset::Okta, "Okta".to_owned()).await
    })
    .await
    .unwrap();
    let none = run(&world, Actor::System("test"), async |cx| {
        commands::change_key(cx, &acme, oidc.id, oidc.version).await
    })
    .await;
    assert!(matches!(none, Err(SetupError::Access(_))), "an OpenID connection has no such key");
});
