//! Every page is called by nobody, by another partner's admin and by a plain member.

use axum::http::StatusCode;
use portico::{
    people::{MemberRole, TenantRole},
    testing::World,
    web::App,
};

/// Pages that anyone may open.
const PUBLIC: &[&str] = &[
    "/sign-in",
    "/sign-in/password",
    "/sign-in/choose",
    "/sign-in/code",
    "/sign-in/recovery",
    "/forgot",
    "/reset/{token}",
    "/invitation",
    "/invitation/{token}",
    "/invitation/{token}/accept",
    "/invitation/accept",
    "/gallery",
    "/signed-out",
    "/set-up",
    "/set-up/new",
    "/set-up/done",
    "/set-up/link/{token}",
    "/set-up/connection/{provider}",
    "/set-up/connection/{provider}/trial",
];

/// Pages every signed-in person has: they show their own things alone.
const ONES_OWN: &[&str] = &[
    "/",
    "/me",
    "/me/security",
    "/me/sessions",
    "/me/activity",
    "/me/acting",
    "/me/acting/new",
    "/consent",
    "/no-access",
    "/inbox",
    "/search",
    "/sign-in/step-up",
];

fn paths() -> Vec<String> {
    let mut paths: Vec<String> = leptos_axum::generate_route_list(App)
        .iter()
        .map(|listing| listing.path().to_owned())
        .collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() > 30, "the list of pages is complete: {paths:?}");
    paths
}

#[tokio::test]
async fn nobody_sees_a_page_without_signing_in() {
    let world = World::sqlite().await;
    let acme = world.organization("Acme").await;
    let member = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let (application, _) = world.application("orders").await;
    for path in paths() {
        if PUBLIC.contains(&path.as_str()) {
            continue;
        }
        let url = fill(&path, &acme.slug, member.id, &application.slug);
        let answer = world.browser().get(&url).await;
        assert_eq!(
            (answer.status, answer.location.as_deref()),
            (StatusCode::SEE_OTHER, Some("/sign-in")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_partners_admin_finds_nothing_of_acme() {
    let world = World::sqlite().await;
    let acme = world.organization("Acme").await;
    let member = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let (application, scopes) = world.application("orders").await;
    world.entitle(&acme, &application, &scopes).await;
    for path in paths()
        .into_iter()
        .filter(|path| path.contains('{') && !PUBLIC.contains(&path.as_str()))
    {
        let url = fill(&path, &acme.slug, member.id, &application.slug);
        let answer = world.browser_as(foreign.person, Some(foreign.id)).await.get(&url).await;
        let hidden = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
        assert!(hidden, "{path} answered {}", answer.status);
        assert!(
            !answer.text.contains("Acme") && !answer.text.contains("Mia Member"),
            "{path} speaks of another partner"
        );
    }
}

#[tokio::test]
async fn a_plain_member_reaches_only_their_own_pages() {
    let world = World::sqlite().await;
    let acme = world.organization("Acme").await;
    let member = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let colleague = world.member(&acme, "Cleo Colleague", MemberRole::Member).await;
    let (application, _) = world.application("orders").await;
    for path in paths() {
        if PUBLIC.contains(&path.as_str()) || ONES_OWN.contains(&path.as_str()) {
            continue;
        }
        let url = fill(&path, &acme.slug, colleague.id, &application.slug);
        let answer = world.browser_as(member.person, Some(member.id)).await.get(&url).await;
        let refused = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
        assert!(refused, "{path} answered {}", answer.status);
        assert!(!answer.text.contains("Cleo Colleague"), "{path} speaks of a colleague");
    }
}

#[tokio::test]
async fn every_page_answers_the_people_it_is_for() {
    let world = World::sqlite().await;
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let member = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let (application, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &application, &scopes).await;
    world.assign(&admin, &entitlement).await;
    let mut unreachable = Vec::new();
    for path in paths() {
        let url = fill(&path, &acme.slug, member.id, &application.slug);
        let mut browsers = [
            world.browser_as(admin.person, Some(admin.id)).await,
            world.browser_as(owner.id, None).await,
            world.browser_as(operator.id, None).await,
            world.browser(),
        ];
        let mut answered = false;
        for browser in &mut browsers {
            let status = browser.get(&url).await.status;
            assert!(!status.is_server_error(), "{path} answered {status}");
            answered |= status.is_success();
        }
        if !answered {
            unreachable.push(path);
        }
    }
    // Pages about one particular message, event, contract, invitation or pending sign-in need that thing to exist.
    unreachable.retain(|path| {
        ![
            "{token}",
            "{message}",
            "{event}",
            "{contract}",
            "{assignment}",
            "{provider}",
            "/signed-out",
            "/no-access",
            "/sign-in/",
            "/gallery",
            "review",
            "/invitation",
            "/set-up",
            "/consent",
            "/admin",
        ]
        .iter()
        .any(|part| path.contains(part) || path == part)
    });
    assert!(unreachable.is_empty(), "nobody reaches {unreachable:?}");
}

/// Puts Acme's things into a path's places.
fn fill(path: &str, slug: &str, member: impl std::fmt::Display, application: &str) -> String {
    let member = member.to_string();
    let unknown = "0190a0a0-0000-7000-8000-000000000000";
    path.replace("{member}", &member)
        .replace("{app}", application)
        .replace("{org}", slug)
        .replace("{organization}", slug)
        .replace("{partner}", slug)
        .replace("{token}", "c29tZXRoaW5nIHRoYXQgbm9ib2R5IHNlbnQ")
        .split('/')
        .map(|part| if part.starts_with('{') { unknown } else { part })
        .collect::<Vec<_>>()
        .join("/")
}
