//! Reading lists and reviewing drafts: pure.

use std::collections::HashSet;

use chrono::{Duration, TimeZone as _, Utc};

use crate::{
    kernel::{ContractId, Day, OrganizationId, end_of_day},
    organizations::Contract,
    people::{
        MemberRole,
        invitations::{
            Draft, DraftRow, Facts, RowProblem,
            input::{ListError, csv_file, pasted},
            plan::review,
        },
    },
};

fn facts() -> Facts {
    let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap();
    Facts {
        now,
        zone: chrono_tz::Tz::UTC,
        contract: Some(Contract {
            id: ContractId(uuid::Uuid::from_u128(1)),
            organization: OrganizationId(uuid::Uuid::from_u128(2)),
            reference: "C".to_owned(),
            starts_at: now - Duration::days(1),
            ends_at: end_of_day(Day::from_ymd_opt(2026, 12, 31).unwrap(), chrono_tz::Tz::UTC),
            notice_days: 0,
            seats: 10,
            version: 1,
        }),
        seats_left: 2,
        roles: vec![MemberRole::Member, MemberRole::UserManager],
        holdings: Vec::new(),
        members: HashSet::from(["in@example.com".to_owned()]),
        invited: HashSet::from(["asked@example.com".to_owned()]),
    }
}

fn problems(rows: Vec<DraftRow>) -> Vec<Vec<RowProblem>> {
    let draft = Draft {
        organization: OrganizationId(uuid::Uuid::from_u128(2)),
        from: String::new(),
        role: MemberRole::Member,
        grants: Vec::new(),
        until: None,
        rows,
    };
    review(&draft, &facts())
        .rows
        .into_iter()
        .map(|row| row.outcome.err().unwrap_or_default())
        .collect()
}

fn row(line: u64, email: &str) -> DraftRow {
    DraftRow {
        line,
        email: email.to_owned(),
        ..DraftRow::default()
    }
}

#[test]
fn every_bad_row_says_what_is_wrong_with_it() {
    let found = problems(vec![
        row(2, "one@example.com"),
        row(3, "no address"),
        row(4, "ONE@example.com"),
        row(5, "in@example.com"),
        row(6, "asked@example.com"),
        DraftRow {
            role: "partner_admin".into(),
            ..row(7, "boss@example.com")
        },
        DraftRow {
            role: "king".into(),
            ..row(8, "king@example.com")
        },
        DraftRow {
            apps: "orders".into(),
            ..row(9, "app@example.com")
        },
        DraftRow {
            until: "2027-01-01".into(),
            ..row(10, "late@example.com")
        },
        DraftRow {
            until: "soon".into(),
            ..row(11, "soon@example.com")
        },
        DraftRow {
            until: "2026-05-31".into(),
            ..row(12, "past@example.com")
        },
        DraftRow {
            until: "2026-12-31".into(),
            ..row(13, "last@example.com")
        },
        row(14, "full@example.com"),
    ]);
    let expected = vec![
        vec![],
        vec![RowProblem::Malformed],
        vec![RowProblem::Duplicate(2)],
        vec![RowProblem::AlreadyMember],
        vec![RowProblem::AlreadyInvited],
        vec![RowProblem::RoleAboveOwn("Partner admin")],
        vec![RowProblem::UnknownRole("king".into())],
        vec![RowProblem::NotHeld("orders".into())],
        vec![RowProblem::PastContract(
            Day::from_ymd_opt(2027, 1, 1).unwrap(),
            Day::from_ymd_opt(2026, 12, 31).unwrap(),
        )],
        vec![RowProblem::BadDate("soon".into())],
        vec![RowProblem::PastDay(Day::from_ymd_opt(2026, 5, 31).unwrap())],
        vec![],
        vec![RowProblem::NoSeat],
    ];
    assert_eq!(found, expected);
}

#[test]
fn pasted_addresses_come_one_per_line_or_separated_with_or_without_names() {
    let rows = pasted("a@example.com, b@example.com;\n\n\"Lind, Bo\" <bo@example.com>\nCleo <cleo@example.com>\n").unwrap();
    let read: Vec<_> = rows.iter().map(|row| (row.line, row.email.as_str(), row.name.as_str())).collect();
    assert_eq!(
        read,
        [
            (1, "a@example.com", ""),
            (2, "b@example.com", ""),
            (3, "bo@example.com", "Lind, Bo"),
            (4, "cleo@example.com", "Cleo")
        ]
    );
    assert_eq!(pasted(" \n,;"), Err(ListError::Empty));
}

#[test]
fn a_csv_file_is_read_as_spreadsheets_write_it() {
    let rows = csv_file(
        "\u{feff}Email;Name;Apps;Until\r\nbo@example.com;\"Lind; Bo\";\"orders;tracking:read\";2027-03-31\r\n;;;\r\nx;y\r\n".as_bytes(),
    )
    .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0].line, rows[0].name.as_str(), rows[0].apps.as_str(), rows[0].until.as_str()),
        (2, "Lind; Bo", "orders;tracking:read", "2027-03-31")
    );
    assert!(rows[1].broken.as_deref().is_some_and(|text| text.contains("2 values")));
    assert_eq!(rows[1].line, 4);
}

#[rstest::rstest]
#[case("name\nBo\n", ListError::NoEmailColumn)]
#[case("email,phone\na@example.com,1\n", ListError::UnknownColumn("phone".into()))]
#[case("email,email\na@example.com,b@example.com\n", ListError::ColumnTwice("email".into()))]
#[case("email\n", ListError::Empty)]
#[case("", ListError::Empty)]
fn a_file_that_cannot_be_used_says_why(#[case] text: &str, #[case] expected: ListError) {
    assert_eq!(csv_file(text.as_bytes()), Err(expected));
}

#[test]
fn a_list_has_at_most_500_rows_and_256_kilobytes() {
    let many = format!("email\n{}", "a@example.com\n".repeat(501));
    assert_eq!(csv_file(many.as_bytes()), Err(ListError::TooManyRows));
    assert_eq!(csv_file(&vec![b'a'; 256 * 1024 + 1]), Err(ListError::TooLarge));
    assert_eq!(pasted(&"a@example.com\n".repeat(501)), Err(ListError::TooManyRows));
    assert_eq!(csv_file(b"email\n\xff\xfe\n"), Err(ListError::NotUtf8));
}
