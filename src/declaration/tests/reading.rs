//! Files are read as TOML or JSON in one shape; what is wrong in them is told with key and line.

use super::*;
use crate::declaration::{When, read, schema};

fn problems(text: &str, format: Format) -> String {
    read_text("portal", text, format).expect_err("this is refused").to_string()
}

#[test]
fn the_published_schema_is_current() {
    let path = crate::testing::project_file("docs/apply.schema.json");
    let published = std::fs::read_to_string(path).unwrap_or_default();
    if published != schema() {
        let fresh = std::env::temp_dir().join("apply.schema.json");
        std::fs::write(&fresh, schema()).unwrap();
        panic!(
            "docs/apply.schema.json is old: run `portico apply --schema > docs/apply.schema.json` (it is also in {})",
            fresh.display()
        );
    }
}

#[test]
fn toml_and_json_say_the_same() {
    let table: toml::Table = toml::from_str(SMALL).unwrap();
    let json = serde_json::to_string(&table).unwrap();
    let (one, other) = (
        read_text("a", SMALL, Format::Toml).unwrap(),
        read_text("a", &json, Format::Json).unwrap(),
    );
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

#[test]
fn shapes_are_told_with_key_and_line() {
    for (text, says) in [
        (
            "[tenant]\nnam = \"x\"",
            "portal: tenant.nam: unknown field `nam`, expected one of `name`",
        ),
        ("surprise = 1", "portal: surprise: unknown field"),
        (
            "[[organizations]]\nslug = \"acme\"\ncontracts = [{ reference = \"A\", ends = \"soon\" }]",
            "organizations[0].contracts[0].ends: \"soon\" is no day; expected a day like 2027-03-31, today, or a distance from today like +30d",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\nstatus = \"closed\"",
            "organizations[0].status: unknown variant `closed`, expected one of `onboarding`, `active`",
        ),
        ("[[people]]\nemail = \"nobody\"", "people[0].email: This is not an e-mail address"),
        ("[[people]]\nname = \"x\"", "people[0]: missing field `email`"),
        (
            "[[people]]\nemail = \"a@b.example\"\npassword = 12345678901234",
            "people[0].password: is of another type; expected a text (line 3)",
        ),
        ("[tenant\n", "line 1: is not TOML"),
    ] {
        let told = problems(text, Format::Toml);
        assert!(told.contains(says), "{text}\nwas answered\n{told}");
        assert!(!told.contains("12345678901234"));
    }
    let told = problems(
        "{\n\"people\": [{ \"email\": \"a@b.example\", \"tenant_roles\": [\"king\"] }] }",
        Format::Json,
    );
    assert!(
        told.contains("people[0].tenant_roles[0]: unknown variant `king`, expected one of `owner`, `operator`, `auditor` (line 2)"),
        "{told}"
    );
    assert!(problems("{} {}", Format::Json).contains("is not JSON"));
}

#[test]
fn every_problem_is_told_at_once() {
    let told = problems(
        "[tenant]\naccent = \"red\"\ntime_zone = \"Mars\"\nwarning_days = 0\n\
         [[applications]]\nslug = \"Orders\"\nicon = \"rocket-ship\"\nlaunch_url = \"http://elsewhere.example\"\nscopes = [{ name = \"a b\" }]\n\
         [[organizations]]\nslug = \"acme\"\nstatus_reason = \"?\"\nparent = \"acme\"\n\
         contracts = [{ reference = \"A\", starts = \"+2d\", ends = \"+1d\", seats = 0 }, { reference = \"A\", ends = \"none\" }]\n\
         entitlements = [{ application = \"orders\", scopes = [] }]\n\
         [[organizations]]\nslug = \"acme\"\n\
         [[people]]\nemail = \"a@b.example\"\ntotp_secret = \"1\"\nmemberships = [{ organization = \"acme\", status = \"removed\", assignments = [{ application = \"orders\" }] }]\n\
         [[people]]\nemail = \"A@b.example\"\n",
        Format::Toml,
    );
    for key in [
        "tenant.accent",
        "tenant.time_zone",
        "tenant.warning_days",
        "applications[0].slug",
        "applications[0].icon",
        "applications[0].launch_url",
        "applications[0].scopes[0].name",
        "organizations[0].status_reason",
        "organizations[0].parent",
        "organizations[0].contracts[0].ends",
        "organizations[0].contracts[0].seats",
        "organizations[0].contracts[1].ends",
        "organizations[0].contracts[1].reference",
        "organizations[0].entitlements[0].scopes",
        "organizations[1].slug",
        "people[0].totp_secret",
        "people[0].memberships[0].assignments",
        "people[1].email",
    ] {
        assert!(told.contains(&format!("portal: {key}: ")), "{key} is missing in\n{told}");
    }
}

#[test]
fn days_are_dates_or_distances() {
    let today = "2026-01-31".parse().unwrap();
    for (text, day) in [
        ("2027-03-31", Some("2027-03-31")),
        ("today", Some("2026-01-31")),
        ("+30d", Some("2026-03-02")),
        ("-2d", Some("2026-01-29")),
        ("+2w", Some("2026-02-14")),
        ("+1m", Some("2026-02-28")),
        ("-1y", Some("2025-01-31")),
        ("none", None),
    ] {
        assert_eq!(
            text.parse::<When>().unwrap().day(today),
            day.map(|day| day.parse().unwrap()),
            "{text}"
        );
    }
    for text in [
        "",
        "30d",
        "+d",
        "+1",
        "+1x",
        "tomorrow",
        "2026-02-30",
        "2026-2-3",
        "+999999d",
        "+1ö",
        "ö",
    ] {
        assert!(text.parse::<When>().is_err(), "{text}");
    }
    let declared = read_text("a", "[[organizations]]\nslug = \"acme\"\ncertified = 2026-05-04", Format::Toml).unwrap();
    assert_eq!(
        declared.organizations[0].certified,
        Some(When::On("2026-05-04".parse().unwrap())),
        "TOML's own dates do as well"
    );
}

#[test]
fn the_ending_tells_the_format_and_a_missing_file_is_named() {
    let told = read(std::path::Path::new("portal.yaml")).unwrap_err().to_string();
    assert!(told.contains("portal.yaml") && told.contains(".toml or .json"), "{told}");
    let told = read(std::path::Path::new("/nowhere/portal.toml")).unwrap_err().to_string();
    assert!(told.contains("/nowhere/portal.toml cannot be read"), "{told}");
}
