//! How long tokens in an organization's name live at most.

use super::super::{error::Stop, model::LifetimesEntry};
use crate::organizations::Lifetimes;

impl From<Lifetimes> for LifetimesEntry {
    fn from(lifetimes: Lifetimes) -> Self {
        Self {
            access_seconds: lifetimes.access_seconds,
            id_seconds: lifetimes.id_seconds,
            refresh_seconds: lifetimes.refresh_seconds,
        }
    }
}

/// The limits that the file wants; what it leaves out stays as it is.
pub(super) fn wanted_lifetimes(key: &str, before: Lifetimes, entry: Option<LifetimesEntry>) -> Result<Option<Lifetimes>, Stop> {
    let Some(entry) = entry else { return Ok(None) };
    let over = |before: Option<i32>, wanted: Option<i32>| match wanted {
        None => before,
        Some(0) => None,
        limit => limit,
    };
    let wanted = Lifetimes {
        access_seconds: over(before.access_seconds, entry.access_seconds),
        id_seconds: over(before.id_seconds, entry.id_seconds),
        refresh_seconds: over(before.refresh_seconds, entry.refresh_seconds),
    };
    if wanted.are_possible() {
        Ok(Some(wanted))
    } else {
        Err(Stop::at(
            format!("{key}.token_lifetimes"),
            "has a limit that no token has; expected 0, or 60 to 86400 seconds (31536000 for refresh tokens)",
        ))
    }
}

/// The limits as the list of changes shows them.
pub(super) fn shown_lifetimes(lifetimes: &Lifetimes) -> String {
    let shown = |seconds: Option<i32>| seconds.map_or_else(|| "\u{2014}".to_owned(), |seconds| seconds.to_string());
    format!(
        "access {}, id {}, refresh {}",
        shown(lifetimes.access_seconds),
        shown(lifetimes.id_seconds),
        shown(lifetimes.refresh_seconds)
    )
}
