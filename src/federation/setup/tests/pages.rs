//! The pages and forms, in a browser.

use axum::{Json, Router, http::StatusCode, routing::get};
use serde_json::Value;

use super::*;
use crate::{for_each_backend, people::TenantRole};

/// A provider that publishes its configuration and nothing else; answers its issuer.
pub(in super::super) async fn publishing() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let configuration = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    let answer = move || async move { Json::<Value>(configuration) };
    let app = Router::new()
        .route("/.well-known/openid-configuration", get(answer))
        .route("/keys", get(|| async { Json(json!({ "keys": [] })) }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    issuer
}

async fn only(world: &World, organization: &Organization) -> IdentityProvider {
    let mut found = providers::of_organization(&world.portal.store.reader(), organization.id)
        .await
        .expect("the database answers");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

for_each_backend!(a_partner_admin_connects_and_nobody_reads_the_secret_again, |world| {
    let issuer = publishing().await;
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let mut browser = world.browser_as(kim.person, Some(kim.id)).await;
    for page in ["/team/settings/sign-in", "/team/settings/sign-in/new"] {
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
    }
    let team = acme.id.to_string();
    let form = [("team", team.as_str()), ("preset", "keycloak"), ("name", "Acme account")];
    // A page that was made in another hat begins nothing.
    browser.post("/do/create-provider", &form[1..]).await;
    let answer = browser.post("/do/create-provider", &form).await;
    let provider = only(&world, &acme).await;
    let (page, id) = (format!("/team/settings/sign-in/{}", provider.id), provider.id.to_string());
    assert_eq!(answer.location.as_deref(), Some(page.as_str()));

    let save = [
        ("provider", id.as_str()),
        ("version", "1"),
        ("issuer", issuer.as_str()),
        ("client_id", "portal"),
        ("client_secret", SECRET),
        ("client_auth", "client_secret_basic"),
        ("scopes", "email profile"),
    ];
    browser.post("/do/change-oidc", &save).await;
    let shown = browser.get(&page).await.text;
    assert!(shown.contains("the provider answers") && shown.contains(&issuer), "saved");
    let saved = only(&world, &acme).await;
    assert_eq!(saved.version, 2);
    assert!(saved.published.is_some_and(|text| text.contains("authorization_endpoint")));

    // The same form once more is overtaken; neither its page nor the trail holds the secret.
    browser.post("/do/change-oidc", &save).await;
    let overtaken = browser.get(&page).await.text;
    assert_eq!(only(&world, &acme).await.version, 2);
    let trail = browser.get("/team/activity").await.text;
    assert!(trail.contains("Acme account"));
    for (what, text) in [("page", shown), ("refusal", overtaken), ("trail", trail)] {
        assert!(!text.contains(SECRET), "{what}");
    }
});

for_each_backend!(what_is_wrong_stands_at_its_field, |world| {
    let acme = world.organization("Acme").await;
    let kim = admin(&world, &acme).await;
    let provider = tried(&world, &acme).await;
    let (page, id) = (format!("/team/settings/sign-in/{}", provider.id), provider.id.to_string());
    let version = provider.version.to_string();
    let mut browser = world.browser_as(kim.person, Some(kim.id)).await;
    let about = [("provider", id.as_str()), ("version", version.as_str())];
    let cases: [(&str, &[(&str, &str)], &str); 5] = [
        (
            "/do/change-oidc",
            &[
                ("issuer", "http://127.0.0.1:9"),
                ("client_id", "portal"),
                ("client_auth", "client_secret_basic"),
            ],
            "does not answer",
        ),
        (
            "/do/change-mapping",
            &[
                ("subject", "sub"),
                ("email", "email"),
                ("group_roles", "staff = member\nchiefs = king"),
            ],
            "king is no role",
        ),
        (
            "/do/change-mapping",
            &[
                ("subject", "sub"),
                ("email", "email"),
                ("attributes", "cost_centre = cc\n\nnonsense"),
            ],
            "Line 3 is not of the form",
        ),
        (
            "/do/change-admission",
            &[
                ("policy", "open"),
                ("role", "member"),
                ("rules", "groups includes staff\ngroups dances"),
            ],
            "ine 2",
        ),
        ("/do/switch-over", &[("exclusive", "yes")], "Prove a domain first"),
    ];
    for (path, typed, sentence) in cases {
        let form: Vec<_> = about.iter().chain(typed).copied().collect();
        let answer = browser.post(path, &form).await;
        assert_eq!(answer.location.as_deref(), Some(page.as_str()), "{path}");
        let shown = browser.get(&page).await.text;
        assert!(shown.contains(sentence), "{path} says {sentence}");
    }
    let kept = now(&world, &provider).await.unwrap();
    assert_eq!(
        (kept.version, kept.tried_at),
        (provider.version, provider.tried_at),
        "nothing was changed"
    );
});

for_each_backend!(only_whoever_may_manage_it_sees_a_connection, |world| {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let other = world.organization("Other").await;
    let (kim, foreign) = (admin(&world, &acme).await, admin(&world, &other).await);
    let plain = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let provider = live(&world, &acme).await;
    let own = format!("/team/settings/sign-in/{}", provider.id);
    let partner = format!("/partners/acme/sign-in/{}", provider.id);
    let status = async |person: crate::kernel::PersonId, hat: Option<MemberId>, page: &str| {
        world.browser_as(person, hat).await.get(page).await.status
    };
    assert_eq!(status(kim.person, Some(kim.id), &own).await, StatusCode::OK);
    assert_eq!(status(owner.id, None, &partner).await, StatusCode::OK);
    assert_eq!(status(plain.person, Some(plain.id), &own).await, StatusCode::FORBIDDEN);
    for page in [&own, &partner] {
        assert_eq!(
            status(foreign.person, Some(foreign.id), page).await,
            StatusCode::NOT_FOUND,
            "{page}"
        );
    }
    let overview = world
        .browser_as(kim.person, Some(kim.id))
        .await
        .get("/team/settings/sign-in")
        .await
        .text;
    assert!(overview.contains("are sent to Acme account."), "what happens now");
    let trial = world.browser_as(owner.id, None).await.get(&format!("{own}/trial")).await.text;
    assert!(trial.contains(&partner), "the owner goes back to the partner's page");
});

for_each_backend!(each_page_speaks_of_the_organization_as_its_reader_would, |world| {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let kim = admin(&world, &acme).await;
    let mut at_acme = world.browser_as(kim.person, Some(kim.id)).await;
    let mut for_acme = world.browser_as(owner.id, None).await;
    let own = at_acme.get("/team/settings/sign-in").await.text;
    assert!(own.contains("Your people can sign in with the account they have at your company"));
    let theirs = for_acme.get("/partners/acme/sign-in").await.text;
    assert!(
        theirs.contains("Acme's people can sign in with the account they have at Acme")
            || theirs.contains("Acme&#x27;s people can sign in with the account they have at Acme")
    );
    let provider = live(&world, &acme).await;
    for part in ["".to_owned(), "/new".to_owned(), format!("/{}", provider.id)] {
        let own = at_acme.get(&format!("/team/settings/sign-in{part}")).await;
        assert!(own.status.is_success() && own.text.contains("our people"), "{part}");
        let theirs = for_acme.get(&format!("/partners/acme/sign-in{part}")).await;
        assert!(theirs.status.is_success(), "{part}");
        for word in ["our people", "our company", "our organization", "our provider"] {
            assert!(!theirs.text.contains(word), "{part} speaks of y{word} to an owner");
        }
    }
});
