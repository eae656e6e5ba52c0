use chrono::{Duration, TimeZone as _, Utc};
use rand::SeedableRng as _;

use super::*;

fn rng() -> Rng {
    Rng::seed_from_u64(7)
}

#[test]
fn a_grant_until_a_day_holds_through_that_day_in_its_zone() {
    let zone = chrono_tz::Europe::Berlin;
    let day = Day::from_ymd_opt(2027, 3, 31).unwrap();
    let end = end_of_day(day, zone);
    assert_eq!(end, Utc.with_ymd_and_hms(2027, 3, 31, 22, 0, 0).unwrap());
    assert_eq!(last_day(end, zone), day);
    assert_eq!(day_of(end, zone), day.succ_opt().unwrap());
}

#[test]
fn a_fixed_clock_moves_only_when_told() {
    let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap());
    let before = clock.now();
    clock.advance(Duration::days(1));
    assert_eq!(clock.now() - before, Duration::days(1));
}

#[rstest::rstest]
#[case("bo@example.com", true)]
#[case(" Bo.Lind+x@Sub.Example.COM ", true)]
#[case("bo@example", false)]
#[case("bo@@example.com", false)]
#[case("bo lind@example.com", false)]
#[case("bo@-example.com", false)]
#[case("bo..lind@example.com", false)]
#[case("", false)]
#[case("bo@example.com\nBcc: all@example.com", false)]
fn only_addresses_we_can_write_to_parse(#[case] text: &str, #[case] valid: bool) {
    assert_eq!(text.parse::<EmailAddress>().is_ok(), valid);
}

#[test]
fn two_spellings_of_an_address_are_equal() {
    let (a, b): (EmailAddress, EmailAddress) = ("Bo@Example.com".parse().unwrap(), "bo@example.COM".parse().unwrap());
    assert_eq!(a, b);
    assert_eq!(a.as_str(), "Bo@Example.com");
}

#[test]
fn a_sealed_value_opens_with_its_key_alone() {
    let (key, text) = MasterKey::generate(&mut rng());
    let sealed = key.seal(b"totp secret", &mut rng());
    assert_eq!(MasterKey::parse(&text).unwrap().open(&sealed).unwrap(), b"totp secret");
    assert_eq!(MasterKey::new([1; 32]).open(&sealed), Err(SealError));
    let mut changed = sealed;
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(key.open(&changed), Err(SealError));
}

#[test]
fn no_secret_shows_in_debug() {
    let secret = BearerSecret::generate(&mut rng());
    assert!(!format!("{secret:?}").contains(secret.reveal()));
    assert!(!format!("{:?}", Password::new("hunter2".into())).contains("hunter2"));
}

#[test]
fn a_cursor_survives_the_query_string() {
    let cursor = Cursor {
        at: to_micros(Utc.with_ymd_and_hms(2026, 5, 1, 8, 0, 0).unwrap()),
        id: uuid::Uuid::from_u128(5),
    };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    assert_eq!("nonsense".parse::<Cursor>(), Err(()));
}

#[rstest::rstest]
#[case::plain("acme.example", "acme.example")]
#[case::latin("xn--bcher-kva.example", "bücher.example")]
#[case::below("people.xn--bcher-kva.example", "people.bücher.example")]
#[case::han("xn--fsqu00a.xn--0zwm56d", "例子.测试")]
#[case::japanese("xn--r8jz45g.jp", "例え.jp")]
#[case::cyrillic("xn--e1afmkfd.xn--80akhbyknj4f", "пример.испытание")]
#[case::right_to_left("xn--mgbh0fb.xn--kgbechtv", "مثال.إختبار")]
fn a_domain_is_read_in_its_own_script(#[case] name: &str, #[case] readable: &str) {
    assert_eq!(readable_domain(name), readable);
    assert_eq!(readable_domain(readable), readable, "also when it is written so");
}

#[rstest::rstest]
#[case::a_cyrillic_letter_among_latin("аcme.example")]
#[case::a_greek_letter_among_latin("acmε.example")]
#[case::latin_and_han("acme例.example")]
#[case::cyrillic_that_looks_latin("рах.example")]
#[case::apple("аррӏе.com")]
fn a_domain_that_could_pass_for_another_is_read_as_in_the_dns(#[case] written: &str) {
    let name = idna::domain_to_ascii(written).unwrap();
    assert!(name.starts_with("xn--"));
    assert_eq!(readable_domain(&name), name);
    assert_eq!(both_forms_of_domain(&name), name);
}

#[test]
fn what_is_no_domain_is_left_as_it_is() {
    for name in ["", "xn--", "xn--a.example", "xn--bcher-kva\u{0}.example", "a b"] {
        assert_eq!(readable_domain(name), name);
    }
    assert_eq!(
        both_forms_of_domain("xn--bcher-kva.example"),
        "bücher.example (xn--bcher-kva.example)"
    );
}
