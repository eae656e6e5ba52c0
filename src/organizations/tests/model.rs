use chrono::{Duration, TimeZone as _, Utc};

use crate::{
    kernel::*,
    organizations::{Contract, covered_until, profile::*},
};

#[rstest::rstest]
#[case("Acme Consulting GmbH", "acme-consulting-gmbh")]
#[case("  Østergård & Söhne  ", "oestergard-soehne")]
#[case("../../etc", "etc")]
#[case("東京", "")]
fn a_short_name_is_plain(#[case] name: &str, #[case] slug: &str) {
    assert_eq!(slug_from(name), slug);
}

#[rstest::rstest]
#[case("acme", true)]
#[case("new", false)]
#[case("tenant", false)]
#[case("try.0a7d33", false)]
#[case("a--b", false)]
#[case("-a", false)]
#[case("", false)]
fn only_short_names_that_fit_addresses_are_taken(#[case] slug: &str, #[case] good: bool) {
    assert_eq!(checked_slug(slug).is_ok(), good);
}

#[test]
fn metadata_survives_the_form() {
    let read = metadata_from("region = emea\n\ncost_center=a=b\r\n").unwrap();
    assert_eq!(metadata_lines(&read), "cost_center=a=b\nregion=emea");
    assert!(metadata_from("region emea").unwrap_err().starts_with("Line 1"));
    assert!(metadata_from("a=1\na=2").unwrap_err().starts_with("Line 2"));
}

#[test]
fn an_image_is_told_by_its_bytes() {
    assert_eq!(image_type(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
    assert_eq!(image_type(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
    assert_eq!(image_type(&[0xff, 0xd8, 0xff, 0xe0]), Some("image/jpeg"));
    assert_eq!(image_type(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), None);
    assert_eq!(image_type(b"GIF89a"), None);
}

#[test]
fn contracts_that_follow_one_another_cover_without_a_gap() {
    let day = |day: u32| Utc.with_ymd_and_hms(2026, 6, day, 0, 0, 0).unwrap();
    let contract = |starts_at, ends_at| Contract {
        id: ContractId(uuid::Uuid::nil()),
        organization: OrganizationId(uuid::Uuid::nil()),
        reference: String::new(),
        starts_at,
        ends_at,
        notice_days: 0,
        seats: 1,
        version: 1,
    };
    let contracts = [
        contract(day(1), day(5)),
        contract(day(5), day(9)),
        contract(day(4), day(7)),
        contract(day(12), day(20)),
    ];
    assert_eq!(covered_until(&contracts, day(2)), Some(day(9)));
    assert_eq!(covered_until(&contracts, day(9)), None);
    assert_eq!(covered_until(&contracts, day(12) + Duration::hours(1)), Some(day(20)));
    assert_eq!(covered_until(&[], day(1)), None);
}
