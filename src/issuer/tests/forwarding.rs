//! Applications behind a proxy: who is let through, by which way they come, and what no other site or host can do about it.

use axum::http::StatusCode;
use chrono::Duration;
use url::Url;

use super::desk::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    issuer::forward::{commands, forward_host, own_target},
    people::TenantRole,
    store,
    testing::{Answer, Browser, World},
};

const HOST: &str = "orders.example.com";

/// The desk, with Orders behind a proxy.
async fn behind_proxy(world: &World) -> Desk {
    let desk = Desk::new(world.clone()).await;
    register_host(&desk).await;
    desk
}

/// Gives Orders its host.
pub(super) async fn register_host(desk: &Desk) {
    let cx = desk.world.system().await;
    let taken = store::issuer::forward::put_hosts(&cx.tx, desk.orders.id, &[HOST.to_owned()], cx.now)
        .await
        .unwrap();
    assert_eq!(taken, None);
    cx.commit().await.unwrap();
}

/// What the proxy in front of `host` asks for a request of this browser.
async fn asked_at(browser: &mut Browser, host: &str, uri: &str) -> Answer {
    let headers = [("x-forwarded-host", host), ("x-forwarded-uri", uri), ("x-forwarded-method", "GET")];
    browser.get_with("/forward-auth", &headers).await
}

pub(super) async fn asked(browser: &mut Browser) -> Answer {
    asked_at(browser, HOST, "/list?page=2").await
}

fn path_of(location: &str) -> String {
    let url = Url::parse(location).expect("an address");
    url[url::Position::BeforePath..].to_owned()
}

/// Follows the way to where the host's callback is asked; answers its path.
async fn on_the_way(browser: &mut Browser) -> String {
    let first = asked(browser).await;
    assert_eq!(first.status, StatusCode::UNAUTHORIZED);
    let start = first.location.expect("where to sign in");
    assert!(start.starts_with("http://orders.example.com/.portico/start?"), "{start}");
    let portal = browser.get_with(&path_of(&start), &[("x-forwarded-host", HOST)]).await;
    let portal = portal.location.expect("the portal");
    assert!(portal.starts_with("http://127.0.0.1:3000/forward-auth/start?"), "{portal}");
    let back = browser.get(&path_of(&portal)).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
    let back = back.location.expect("back to the host");
    assert!(back.starts_with("http://orders.example.com/.portico/callback?code="), "{back}");
    path_of(&back)
}

/// Kim's browser, let in at the host.
pub(super) async fn let_in(desk: &Desk) -> Browser {
    let mut browser = desk.browser().await;
    let callback = on_the_way(&mut browser).await;
    let arrived = browser.get_with(&callback, &[("x-forwarded-host", HOST)]).await;
    assert_eq!(arrived.location.as_deref(), Some("http://orders.example.com/list?page=2"));
    browser
}

for_each_backend!(
    a_browser_goes_through_the_portal_once_and_the_application_learns_who_it_is,
    |world| {
        let desk = behind_proxy(&world).await;
        let mut browser = let_in(&desk).await;
        let answer = asked(&mut browser).await;
        assert_eq!(answer.status, StatusCode::OK);
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("remote-user"), desk.kim.id.to_string());
        assert_eq!(header("remote-name"), "Kim Larsen");
        assert_eq!(header("remote-email"), "kim.larsen@example.com");
        assert_eq!(header("remote-groups"), "orders:read,orders:write");
        assert_eq!(header("x-portico-organization"), "acme");
        assert_eq!(header("x-portico-organization-name"), "Acme");
        assert_eq!(header("x-portico-role"), "member");
        assert_eq!(header("x-portico-scopes"), "orders:read orders:write");
        // One launch, however many requests follow.
        asked(&mut browser).await;
        assert_eq!(world.events(EventKind::Launched).await, 1);
    }
);

for_each_backend!(a_hand_off_is_good_once_in_one_browser_at_one_host_for_a_minute, |world| {
    let desk = behind_proxy(&world).await;
    let mut browser = desk.browser().await;
    let callback = on_the_way(&mut browser).await;
    // Another browser, even one that is on the way itself.
    let mut thief = desk.browser().await;
    on_the_way(&mut thief).await;
    let stolen = thief.get_with(&callback, &[("x-forwarded-host", HOST)]).await;
    assert_eq!((stolen.status, stolen.location), (StatusCode::BAD_REQUEST, None));
    // Another host.
    let elsewhere = browser.get_with(&callback, &[("x-forwarded-host", "evil.example")]).await;
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST);
    // The right one, and then once more.
    let arrived = browser.clone().get_with(&callback, &[("x-forwarded-host", HOST)]).await;
    assert_eq!(arrived.status, StatusCode::SEE_OTHER);
    let twice = browser.get_with(&callback, &[("x-forwarded-host", HOST)]).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    // Too late.
    let mut slow = desk.browser().await;
    let callback = on_the_way(&mut slow).await;
    world.clock.advance(Duration::seconds(61));
    assert_eq!(
        slow.get_with(&callback, &[("x-forwarded-host", HOST)]).await.status,
        StatusCode::BAD_REQUEST
    );
});

for_each_backend!(the_host_s_cookie_ends_with_the_portal_s_session, |world| {
    let desk = behind_proxy(&world).await;
    let mut browser = let_in(&desk).await;
    assert_eq!(asked(&mut browser).await.status, StatusCode::OK);
    let cx = world.system().await;
    store::sessions::end_of_member(&cx.tx, desk.kim.id, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(asked(&mut browser).await.status, StatusCode::UNAUTHORIZED);
});

for_each_backend!(work_at_the_application_keeps_the_session_and_idleness_ends_it, |world| {
    let desk = behind_proxy(&world).await;
    let mut browser = let_in(&desk).await;
    for _ in 0..3 {
        world.clock.advance(Duration::minutes(50));
        assert_eq!(asked(&mut browser).await.status, StatusCode::OK);
    }
    world.clock.advance(Duration::minutes(61));
    assert_eq!(asked(&mut browser).await.status, StatusCode::UNAUTHORIZED);
});

for_each_backend!(
    whoever_loses_the_assignment_is_refused_at_the_next_request_and_it_is_told_once,
    |world| {
        let desk = behind_proxy(&world).await;
        let mut browser = let_in(&desk).await;
        let cx = world.system().await;
        let mut assignment = desk.assignment.clone();
        assignment.ends_at = Some(cx.now);
        store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
        cx.commit().await.unwrap();
        for _ in 0..3 {
            assert_eq!(asked(&mut browser).await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(world.events(EventKind::Launched).await, 2, "the way in, and one refusal");
        world.clock.advance(Duration::minutes(2));
        assert_eq!(asked(&mut browser).await.status, StatusCode::FORBIDDEN);
        assert_eq!(world.events(EventKind::Launched).await, 3);
    }
);

for_each_backend!(a_cookie_of_one_host_is_worth_nothing_at_another, |world| {
    let desk = behind_proxy(&world).await;
    let (_, scopes) = world.application("wiki").await;
    let wiki = store::applications::find_by_slug(&world.portal.store.reader(), "wiki")
        .await
        .unwrap()
        .unwrap();
    let entitlement = world.entitle(&desk.acme, &wiki, &scopes[..1]).await;
    world.assign(&desk.kim, &entitlement).await;
    let cx = world.system().await;
    store::issuer::forward::put_hosts(&cx.tx, wiki.id, &["wiki.example.com".to_owned()], cx.now)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let mut browser = let_in(&desk).await;
    assert_eq!(
        asked_at(&mut browser, "wiki.example.com", "/").await.status,
        StatusCode::UNAUTHORIZED
    );
    // A host that no application has is told nothing, and no way anywhere.
    let unknown = asked_at(&mut browser, "evil.example", "/").await;
    assert_eq!((unknown.status, unknown.location), (StatusCode::FORBIDDEN, None));
});

for_each_backend!(nobody_is_sent_to_a_host_that_is_not_registered, |world| {
    let desk = behind_proxy(&world).await;
    let mut browser = desk.browser().await;
    let challenge = challenge("anything");
    for (host, status) in [
        ("evil.example", 403),
        ("evil.example@orders.example.com", 400),
        ("", 400),
        ("orders.example.com:8443", 403),
    ] {
        let path = crate::web::routes::with_query(
            "/forward-auth/start",
            [("host", host.to_owned()), ("to", "/".to_owned()), ("challenge", challenge.clone())],
        );
        let answer = browser.get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.location), (status, None), "{host}");
    }
    let started = browser
        .get_with("/.portico/start?to=/", &[("x-forwarded-host", "evil.example")])
        .await;
    assert_eq!((started.status, started.location), (StatusCode::FORBIDDEN, None));
    assert_eq!(world.events(EventKind::Launched).await, 0);
});

for_each_backend!(
    whoever_is_not_signed_in_signs_in_first_and_scripts_are_told_without_a_redirect,
    |world| {
        let desk = behind_proxy(&world).await;
        let mut browser = world.browser();
        let start = path_of(&asked(&mut browser).await.location.unwrap());
        let portal = path_of(&browser.get_with(&start, &[("x-forwarded-host", HOST)]).await.location.unwrap());
        assert_eq!(browser.get(&portal).await.location.as_deref(), Some("/sign-in"));
        let go_on = browser.get(&portal.replace("/start?", "/continue?")).await;
        assert!(
            go_on.headers["refresh"]
                .to_str()
                .unwrap()
                .starts_with("0; url=http://127.0.0.1:3000/forward-auth/start?")
        );
        // Traefik and Caddy pass our answer on.
        let redirect = browser
            .get_with("/forward-auth?answer=redirect", &[("x-forwarded-host", HOST)])
            .await;
        assert_eq!(redirect.status, StatusCode::FOUND);
        for (name, value) in [("x-forwarded-method", "POST"), ("sec-fetch-mode", "cors")] {
            let answer = browser
                .get_with("/forward-auth?answer=redirect", &[("x-forwarded-host", HOST), (name, value)])
                .await;
            assert_eq!((answer.status, answer.location), (StatusCode::UNAUTHORIZED, None), "{name}");
        }
        // Signed in, but without the application.
        let amara = world.employee("Amara Okafor", TenantRole::Operator).await;
        let mut other = world.browser_as(amara.id, None).await;
        assert_eq!(other.get(&portal).await.status, StatusCode::FORBIDDEN);
        drop(desk);
    }
);

for_each_backend!(an_operator_gives_an_application_hosts_that_are_nobody_else_s, |world| {
    let desk = behind_proxy(&world).await;
    let (wiki, _) = world.application("wiki").await;
    let amara = world.employee("Amara Okafor", TenantRole::Operator).await;
    let actor = world.actor(amara.id, None).await;
    let set = async |slug: &str, version: i32, hosts: &[&str]| {
        let mut cx = world.cx(actor.clone()).await;
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let done = commands::set_hosts(&mut cx, slug, version, &hosts).await;
        match done {
            Ok(hosts) => {
                cx.commit().await.unwrap();
                Ok(hosts)
            }
            Err(error) => {
                cx.tx.rollback().await.unwrap();
                Err(error.to_string())
            }
        }
    };
    assert_eq!(
        set("wiki", wiki.version, &["Wiki.Example.com"]).await.unwrap(),
        ["wiki.example.com"]
    );
    assert!(set("wiki", wiki.version, &["b.example.com"]).await.is_err(), "a form made before");
    assert!(
        set("wiki", wiki.version + 1, &[HOST])
            .await
            .unwrap_err()
            .contains("another application")
    );
    assert!(
        set("wiki", wiki.version + 1, &["127.0.0.1:3000"])
            .await
            .unwrap_err()
            .contains("portal itself")
    );
    assert!(set("wiki", wiki.version + 1, &["https://wiki.example.com/"]).await.is_err());
    // Taking a host away ends what was opened there.
    let mut browser = let_in(&desk).await;
    set("orders", desk.orders.version, &[]).await.unwrap();
    assert_eq!(asked(&mut browser).await.status, StatusCode::FORBIDDEN);

    let mut page = world.browser_as(amara.id, None).await;
    let answer = page.get("/admin/apps/wiki/clients").await;
    assert!(answer.text.contains("wiki.example.com"), "{}", answer.status);
    let posted = page
        .post(
            "/do/set-forward-hosts",
            &[("application", "wiki"), ("version", "2"), ("hosts", "a.example.com\nb.example.com")],
        )
        .await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    assert!(page.get("/admin/apps/wiki/clients").await.text.contains("b.example.com"));
});

#[test]
fn hosts_and_targets_are_what_they_say() {
    assert_eq!(forward_host("Wiki.example.com:443", "https").as_deref(), Some("wiki.example.com"));
    assert_eq!(
        forward_host("wiki.example.com:8443", "https").as_deref(),
        Some("wiki.example.com:8443")
    );
    assert_eq!(forward_host("[::1]:80", "http").as_deref(), Some("[::1]"));
    for wrong in ["", "a/b", "a@b", "a,b", "a b", "a?b", "a#b", "http://a", "a:b"] {
        assert_eq!(forward_host(wrong, "https"), None, "{wrong}");
    }
    for (target, there) in [
        ("/a?b=c", "https://wiki.example.com/a?b=c"),
        ("//evil.example/", "https://wiki.example.com//evil.example/"),
        ("/\\evil.example", "https://wiki.example.com//evil.example"),
        ("https://evil.example/", "https://wiki.example.com/"),
        ("@evil.example/", "https://wiki.example.com/"),
        (".evil.example/", "https://wiki.example.com/"),
        ("", "https://wiki.example.com/"),
    ] {
        assert_eq!(own_target("https", "wiki.example.com", target).unwrap().as_str(), there, "{target}");
    }
}
