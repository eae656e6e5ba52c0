//! Every file to download is asked for by everyone who could ask: it goes to whom it is for, and speaks of nobody else's partner.

use std::{collections::BTreeSet, fs, path::Path};

use axum::http::StatusCode;
use portico::{
    people::{MemberRole, TenantRole},
    testing::{Browser, World},
};

/// A file and who may have it, by the titles of [`askers`].
type File = (&'static str, &'static [&'static str]);

/// The own team's people and trail are for the partner's people alone; the tenant's people have them through the partner's pages.
const FILES: &[File] = &[
    ("/team.csv", &["org auditor", "user manager", "partner admin", "foreign admin"]),
    ("/team/activity/export.csv", &["org auditor", "partner admin", "foreign admin"]),
    ("/team/activity/export.jsonl", &["org auditor", "partner admin", "foreign admin"]),
    ("/partners/{slug}/people.csv", &["owner", "operator", "tenant auditor"]),
    ("/partners/{org}/activity/export.csv", &["owner", "operator", "tenant auditor"]),
    ("/partners/{org}/activity/export.jsonl", &["owner", "operator", "tenant auditor"]),
    ("/certifications.csv", &["owner", "other owner", "operator", "tenant auditor"]),
    ("/audit/export.csv", &["owner", "other owner", "operator", "tenant auditor"]),
    ("/audit/export.jsonl", &["owner", "other owner", "operator", "tenant auditor"]),
];

/// Holds nothing of anybody.
const FOR_ANYONE: &[&str] = &["/team/invite/sample.csv"];

/// The addresses of files that the sources spell.
fn addresses() -> BTreeSet<String> {
    fn read(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "tests") {
                    read(&path, found);
                }
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let literals = text
                    .split('"')
                    .filter(|literal| literal.starts_with('/') && !literal.contains(char::is_whitespace));
                found.extend(
                    literals
                        .filter(|literal| literal.ends_with(".csv") || literal.ends_with(".jsonl"))
                        .map(str::to_owned),
                );
            }
        }
    }
    let mut found = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

#[test]
fn every_file_is_listed_with_who_may_have_it() {
    let listed: BTreeSet<String> = FILES
        .iter()
        .map(|(path, _)| *path)
        .chain(FOR_ANYONE.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(addresses(), listed, "say in tests/access_matrix/files.rs who may have a file");
}

async fn askers(world: &World) -> Vec<(&'static str, Browser)> {
    let acme = world.organization("Acme").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let other = world.organization("Other").await;
    let stranger = world.employee("Otto Owner", TenantRole::Owner).await;
    let other = world.own(&other, &stranger).await;
    let mut askers = vec![("nobody", world.browser())];
    for (title, name, role) in [
        ("member", "Mia Member", MemberRole::Member),
        ("org auditor", "Abe Auditor", MemberRole::Auditor),
        ("user manager", "Uma Manager", MemberRole::UserManager),
        ("partner admin", "Pat Admin", MemberRole::PartnerAdmin),
    ] {
        let member = world.member(&acme, name, role).await;
        askers.push((title, world.browser_as(member.person, Some(member.id)).await));
    }
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    askers.push(("foreign admin", world.browser_as(foreign.person, Some(foreign.id)).await));
    askers.push(("owner", world.browser_as(owner.id, None).await));
    askers.push(("other owner", world.browser_as(stranger.id, None).await));
    for (title, name, role) in [
        ("operator", "Opal Operator", TenantRole::Operator),
        ("tenant auditor", "Aude Auditor", TenantRole::Auditor),
    ] {
        let employee = world.employee(name, role).await;
        askers.push((title, world.browser_as(employee.id, None).await));
    }
    askers
}

#[tokio::test]
async fn a_file_goes_to_whom_it_is_for_and_speaks_of_no_other_partner() {
    let world = World::sqlite().await;
    for (title, mut browser) in askers(&world).await {
        for (path, may) in FILES {
            let answer = browser.get(&path.replace("{slug}", "acme").replace("{org}", "acme")).await;
            if may.contains(&title) {
                assert_eq!(answer.status, StatusCode::OK, "{path} for {title}");
            } else if title == "nobody" {
                assert_eq!(
                    (answer.status, answer.location.as_deref()),
                    (StatusCode::SEE_OTHER, Some("/sign-in")),
                    "{path}"
                );
            } else {
                let refused = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
                assert!(refused, "{path} for {title} answered {}", answer.status);
            }
            if ["foreign admin", "other owner"].contains(&title) {
                let speaks = answer.text.contains("Acme") || answer.text.contains("Mia Member");
                assert!(!speaks, "{path} tells {title} of another partner");
            }
        }
    }
}
