//! The authorization endpoint: who gets a code, where it goes, and what everybody else is told.

use chrono::Duration;

use super::desk::*;
use crate::{audit::EventKind, for_each_backend, people::TenantRole};

for_each_backend!(a_code_goes_to_the_registered_address_with_state_and_issuer, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    let answer = browser.get(&desk.address(&[])).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let fields = back(&answer);
    assert_eq!(fields["state"], "a state & more");
    assert_eq!(fields["iss"], "http://127.0.0.1:3000");
    assert!(fields["code"].as_str().unwrap().len() >= 43);
    assert_eq!(desk.world.events(EventKind::Authorized).await, 1);
});

for_each_backend!(nothing_is_sent_to_an_address_that_is_not_registered, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    let similar = format!("{CALLBACK}/");
    for more in [
        [("redirect_uri", "https://evil.example/callback")],
        [("redirect_uri", similar.as_str())],
        [("redirect_uri", "")],
        [("client_id", "somebody-else")],
        [("client_id", "")],
    ] {
        let answer = browser.get(&desk.address(&more)).await;
        assert_eq!((answer.status.as_u16(), answer.location), (400, None), "{more:?}");
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", desk.address(&[]));
    assert_eq!(
        browser.get(&twice).await.status.as_u16(),
        400,
        "a parameter comes twice (RFC 6749 §3.1)"
    );
});

for_each_backend!(what_is_wrong_with_a_request_is_told_to_the_client, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    for (more, code) in [
        (vec![("response_type", "")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_type", "code id_token")], "unsupported_response_type"),
        (vec![("code_challenge", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge", "short")], "invalid_request"),
        (vec![("prompt", "none login")], "invalid_request"),
        (vec![("max_age", "soon")], "invalid_request"),
        (vec![("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
        (vec![("request_uri", "https://evil.example/r")], "request_uri_not_supported"),
        (vec![("resource", "https://other.example")], "invalid_target"),
        (vec![("scope", "orders:admin")], "invalid_scope"),
        (
            vec![("claims", r#"{"id_token":{"sub":{"value":"somebody-else"}}}"#), ("prompt", "none")],
            "login_required",
        ),
        (vec![("scope", "nothing:known")], "invalid_scope"),
        (vec![("scope", "")], "invalid_scope"),
    ] {
        let fields = desk.ask(&mut browser, &more).await;
        assert_eq!(fields["error"], code, "{more:?}: {fields:?}");
        assert_eq!(
            (&fields["state"], &fields["iss"]),
            (&"a state & more".into(), &"http://127.0.0.1:3000".into())
        );
        assert!(!fields.contains_key("code"));
    }
    // A parameter that nobody knows is left alone (RFC 6749 §3.1).
    assert!(desk.ask(&mut browser, &[("extra", "1")]).await.contains_key("code"));
});

for_each_backend!(whoever_is_not_signed_in_signs_in_first_and_goes_on, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.world.browser();
    let silent = desk.ask(&mut browser, &[("prompt", "none")]).await;
    assert_eq!(silent["error"], "login_required");
    let answer = browser.get(&desk.address(&[])).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    assert_eq!(desk.world.events(EventKind::Authorized).await, 0);

    let query = desk.address(&[]);
    let onward = browser.get(&query.replace("/authorize?", "/continue?")).await;
    assert_eq!(onward.status.as_u16(), 200);
    let refresh = onward.headers["refresh"].to_str().unwrap();
    assert_eq!(refresh, format!("0; url=http://127.0.0.1:3000{query}"));
    // In a form it is the same request.
    let (_, encoded) = query.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let posted = browser.post_from_elsewhere("/oauth/authorize", &pairs).await;
    assert_eq!(posted.location.as_deref(), Some(query.as_str()));
});

for_each_backend!(a_client_can_want_a_new_sign_in, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    desk.world.clock.advance(Duration::minutes(10));
    assert!(desk.ask(&mut browser, &[("max_age", "601")]).await.contains_key("code"));
    let silent = desk.ask(&mut browser, &[("max_age", "599"), ("prompt", "none")]).await;
    assert_eq!(silent["error"], "login_required");
    for more in [[("max_age", "599")], [("prompt", "login")], [("max_age", "0")]] {
        let mut browser = desk.browser().await;
        desk.world.clock.advance(Duration::minutes(10));
        // Any page can lead a browser here: nothing ends before the person says so.
        let page = browser.get(&desk.address(&more)).await;
        assert!(
            page.text.contains("Sign in again?") && page.text.contains("Orders on the web"),
            "{more:?}"
        );
        assert_eq!(browser.get("/me").await.status.as_u16(), 200, "{more:?}");
        let signed_out = desk.world.events(EventKind::SignedOut).await;
        let guessed = browser.clone().post(AGAIN, &[("value", "guessed")]).await;
        assert_eq!(guessed.status.as_u16(), 403);
        assert_eq!(desk.world.events(EventKind::SignedOut).await, signed_out);
        let mut browser = desk.browser().await;
        desk.world.clock.advance(Duration::minutes(10));
        let answer = say_yes(&mut browser, &desk.address(&more)).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-in"), "{more:?}");
        assert_eq!(
            browser.get("/me").await.location.as_deref(),
            Some("/sign-in"),
            "{more:?}: the page asks"
        );
    }
});

for_each_backend!(in_the_hat_of_the_company_nobody_starts_a_partners_application, |world| {
    let desk = Desk::new(world).await;
    let olga = desk.world.employee("Olga Operator", TenantRole::Operator).await;
    let mut browser = desk.world.browser_as(olga.id, None).await;
    assert_eq!(desk.ask(&mut browser, &[]).await["error"], "access_denied");
});

for_each_backend!(an_answer_can_travel_in_a_form, |world| {
    let desk = Desk::new(world).await;
    let mut browser = desk.browser().await;
    let answer = browser.get(&desk.address(&[("response_mode", "form_post")])).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(
        answer.text.contains(&format!("<form method=\"post\" action=\"{CALLBACK}\">")),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("name=\"state\" value=\"a state &amp; more\""),
        "{}",
        answer.text
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action https://orders.example.com;"), "{policy}");
    // It sends itself, by a script of ours.
    assert!(answer.text.contains("<script src=\"/onward.js\"></script>") && policy.contains("script-src 'self';"));
});

for_each_backend!(a_program_on_a_device_is_posted_no_form, |world| {
    let desk = Desk::new(world).await;
    let app = "com.example.orders:/callback";
    let terms = crate::issuer::ClientTerms {
        redirect_uris: vec![app.to_owned()],
        grant_types: vec![crate::issuer::GrantType::AuthorizationCode],
        own_scopes: Vec::new(),
        authentication: crate::issuer::ClientAuthentication::None,
        ..draft("orders-app")
    };
    register(&desk.world, &desk.orders, terms, None).await;
    let asks = [("client_id", "orders-app"), ("redirect_uri", app), ("response_mode", "form_post")];
    let answer = desk.browser().await.get(&desk.address(&asks)).await;
    let location = answer.location.expect("it is told in the address");
    assert!(
        location.starts_with("com.example.orders:/callback?error=invalid_request"),
        "{location}"
    );
});

for_each_backend!(a_pushed_request_counts_once_for_its_client_and_as_it_was_pushed, |world| {
    let desk = Desk::new(world).await;
    let (other, _) = register(&desk.world, &desk.orders, draft("orders-desktop"), None).await;
    let query = desk.address(&[("client_id", "")]);
    let (_, query) = query.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let push = async |more: &[(&str, &str)]| {
        let mut form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        form.extend(more);
        let credentials = basic(&desk.client.terms.client_id, &desk.secret);
        let mut server = desk.world.browser();
        server.post_as_server("/oauth/par", &form, &[("authorization", &credentials)]).await
    };
    for (more, code) in [
        ([("redirect_uri", "https://evil.example/")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request"),
        ([("response_type", "token")], "unsupported_response_type"),
    ] {
        assert_eq!(json_of(&push(&more).await, 400)["error"], code, "{more:?}");
    }
    let kept = json_of(&push(&[]).await, 201);
    assert_eq!(kept["expires_in"], 600);
    let named = |client: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client)
            .append_pair("request_uri", kept["request_uri"].as_str().unwrap())
            .append_pair("scope", "openid orders:admin")
            .append_pair("redirect_uri", "https://evil.example/")
            .finish();
        format!("/oauth/authorize?{query}")
    };
    let mut browser = desk.browser().await;
    assert_eq!(
        browser.get(&named(&other.terms.client_id)).await.status.as_u16(),
        400,
        "another client's"
    );
    let fields = back(&browser.get(&named(&desk.client.terms.client_id)).await);
    let tokens = json_of(&desk.redeem(fields["code"].as_str().unwrap()).await, 200);
    assert!(tokens["scope"].as_str().unwrap().contains("orders:write"), "as it was pushed");
    assert_eq!(browser.get(&named(&desk.client.terms.client_id)).await.status.as_u16(), 400, "once");

    let late = json_of(&push(&[]).await, 201);
    desk.world.clock.advance(Duration::seconds(600));
    let query = format!(
        "/oauth/authorize?client_id=orders-web&request_uri={}",
        late["request_uri"].as_str().unwrap()
    );
    assert_eq!(desk.browser().await.get(&query).await.status.as_u16(), 400);
});
