//! The rule language: what it reads, and that it errs on the side of keeping people out.

use chrono::{TimeZone as _, Utc};
use rstest::rstest;
use serde_json::json;

use crate::federation::{Claims, RuleError, Rules};

fn claims(value: serde_json::Value) -> Claims {
    Claims::from_json(value.as_object().expect("an object"))
}

#[rstest]
#[case::the_value("contract_status is active", json!({"contract_status": "active"}), true)]
#[case::another_value("contract_status is active", json!({"contract_status": "ended"}), false)]
#[case::no_value_at_all("contract_status is active", json!({}), false)]
#[case::two_values_are_no_clear_answer("contract_status is active", json!({"contract_status": ["active", "ended"]}), false)]
#[case::a_bool_reads_as_text("suspended is not true", json!({"suspended": true}), false)]
#[case::absent_is_not_true("suspended is not true", json!({}), true)]
#[case::one_of_several("dept is one of sales, purchasing", json!({"dept": "purchasing"}), true)]
#[case::none_of_several("dept is not one of sales, purchasing", json!({"dept": "legal"}), true)]
#[case::in_a_list("groups includes portal", json!({"groups": ["x", "portal"]}), true)]
#[case::not_in_a_list("groups includes portal", json!({"groups": ["portal-readers"]}), false)]
#[case::excluded("groups excludes leavers", json!({"groups": ["leavers"]}), false)]
#[case::nested("realm.roles includes user", json!({"realm": {"roles": ["user"]}}), true)]
#[case::present("badge present", json!({"badge": " "}), false)]
#[case::absent("badge absent", json!({"badge": ""}), true)]
#[case::today_is_in_time("ends not before today", json!({"ends": "2026-06-01"}), true)]
#[case::yesterday_is_late("ends not before today", json!({"ends": "2026-05-31"}), false)]
#[case::seconds_since_1970("ends not before today", json!({"ends": 1_780_000_000}), false)]
#[case::no_date_is_no_answer("ends not before today", json!({"ends": "soon"}), false)]
fn a_rule(#[case] text: &str, #[case] said: serde_json::Value, #[case] holds: bool) {
    let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).single().expect("a moment");
    let rules = Rules::parse(text).expect("a rule");
    assert_eq!(rules.broken(&claims(said), now).is_none(), holds);
}

#[test]
fn the_reason_behind_the_bar_is_what_the_person_reads() {
    let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).single().expect("a moment");
    let rules = Rules::parse("# comment\n\nstatus is active | Your contract is over.").expect("rules");
    let broken = rules.broken(&Claims::default(), now).expect("broken");
    assert_eq!(broken.reason, "Your contract is over.");
    assert_eq!(rules.text(), "status is active | Your contract is over.");
}

#[rstest]
#[case("status", RuleError::Unknown(1))]
#[case("ok is 1\nstatus equals x", RuleError::Unknown(2))]
#[case("status is", RuleError::NoValue(1))]
#[case("status is one of a,,b", RuleError::NoValue(1))]
fn a_line_that_is_no_rule_is_named(#[case] text: &str, #[case] error: RuleError) {
    assert_eq!(Rules::parse(text), Err(error));
}
