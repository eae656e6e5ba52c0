//! Keyset pages: a page knows the cursor before and after itself, never a page number.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Timestamp;

/// A position in a list ordered by time and id, both descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The time of the row at the edge of the page.
    pub at: Timestamp,
    /// Its id, for rows of the same microsecond.
    pub id: Uuid,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = DateTime::<Utc>::from_timestamp_micros(at.parse().map_err(|_| ())?).ok_or(())?;
        Ok(Self {
            at,
            id: Uuid::try_parse(id).map_err(|_| ())?,
        })
    }
}

/// Which page is wanted: the newest, the one older than a cursor, or the one newer than a cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageRequest {
    /// The first page.
    #[default]
    Newest,
    /// Rows after (older than) the cursor.
    Older(Cursor),
    /// Rows before (newer than) the cursor.
    Newer(Cursor),
}

/// One page of rows, newest first, with the cursors that lead on.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// Where older rows begin, when there are any.
    pub older: Option<Cursor>,
    /// Where newer rows begin, when there are any.
    pub newer: Option<Cursor>,
}
