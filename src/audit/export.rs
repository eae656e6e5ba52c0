//! The trail as CSV and as JSON Lines: how an event is written, row by row.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::queries::title_of;
use crate::{
    store::audit_events::AuditRow,
    web::download::{CSV, csv_lines},
};

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180), safe to open in a spreadsheet.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

impl Format {
    /// The end of the file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => CSV,
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }

    /// What stands before the first event.
    #[must_use]
    pub fn head(self) -> Vec<u8> {
        match self {
            Self::Csv => csv_lines([COLUMNS.map(str::to_owned)]),
            Self::JsonLines => Vec::new(),
        }
    }

    /// Some events.
    #[must_use]
    pub fn rows(self, rows: &[AuditRow]) -> Vec<u8> {
        match self {
            Self::Csv => csv_lines(rows.iter().map(cells)),
            Self::JsonLines => rows.iter().flat_map(|row| format!("{}\n", object(row)).into_bytes()).collect(),
        }
    }
}

const COLUMNS: [&str; 21] = [
    "id",
    "at",
    "action",
    "what",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_member_id",
    "actor",
    "organization_id",
    "organization",
    "subject_kind",
    "subject_id",
    "subject",
    "application_id",
    "application",
    "reason",
    "address",
    "user_agent",
    "request_id",
    "details",
];

fn cells(row: &AuditRow) -> [String; 21] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let id = |value: Option<uuid::Uuid>| value.map(|id| id.to_string()).unwrap_or_default();
    [
        row.id.to_string(),
        row.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        row.action.clone(),
        title_of(row),
        row.outcome.clone(),
        row.actor_kind.clone(),
        id(row.actor.map(Into::into)),
        id(row.actor_member.map(Into::into)),
        row.actor_label.clone(),
        id(row.organization.map(Into::into)),
        text(&row.organization_label),
        text(&row.subject_kind),
        id(row.subject),
        text(&row.subject_label),
        id(row.application.map(Into::into)),
        text(&row.application_label),
        text(&row.reason),
        text(&row.address),
        text(&row.user_agent),
        text(&row.request_id),
        row.details.clone(),
    ]
}

fn object(row: &AuditRow) -> Value {
    json!({
        "id": row.id,
        "at": row.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "action": row.action,
        "what": title_of(row),
        "outcome": row.outcome,
        "actor_kind": row.actor_kind,
        "actor_id": row.actor,
        "actor_member_id": row.actor_member,
        "actor": row.actor_label,
        "organization_id": row.organization,
        "organization": row.organization_label,
        "subject_kind": row.subject_kind,
        "subject_id": row.subject,
        "subject": row.subject_label,
        "application_id": row.application,
        "application": row.application_label,
        "reason": row.reason,
        "address": row.address,
        "user_agent": row.user_agent,
        "request_id": row.request_id,
        "details": serde_json::from_str::<Value>(&row.details).unwrap_or_default(),
    })
}
