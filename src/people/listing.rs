//! How a list of people is narrowed, sorted and paged; the same for the page, its CSV file and the store.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::MemberRole;
use crate::kernel::{MemberId, string_enum};

string_enum! {
    /// Which memberships are listed.
    pub enum StandingFilter {
        /// Not removed and not past their end.
        Current = "current",
        /// In force.
        Active = "active",
        /// Suspended.
        Suspended = "suspended",
        /// With a leave date ahead.
        Leaving = "leaving",
        /// Ended or removed.
        Over = "over",
        /// All that ever were.
        All = "all",
    }
}

impl StandingFilter {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Current => "Everyone now",
            Self::Active => "Active",
            Self::Suspended => "Suspended",
            Self::Leaving => "With a leave date",
            Self::Over => "Ended or removed",
            Self::All => "Everyone ever",
        }
    }
}

string_enum! {
    /// What a list of people is sorted by.
    pub enum SortKey {
        /// Name of the person.
        Name = "name",
        /// When they were last here.
        Seen = "seen",
        /// When the membership ends.
        Ends = "ends",
    }
}

/// Which people are listed, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFilter {
    /// Part of name or address.
    pub search: Option<String>,
    /// Only this role.
    pub role: Option<MemberRole>,
    /// Where the membership stands.
    pub standing: StandingFilter,
    /// Sorted by.
    pub sort: SortKey,
    /// Largest first.
    pub descending: bool,
}

impl Default for MemberFilter {
    fn default() -> Self {
        Self {
            search: None,
            role: None,
            standing: StandingFilter::Current,
            sort: SortKey::Name,
            descending: false,
        }
    }
}

impl MemberFilter {
    /// Reads the values of a query string by name; what is unknown counts as not given.
    #[must_use]
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Self {
        let search = value("q")
            .map(|text| text.trim().chars().take(100).collect::<String>())
            .filter(|text| !text.is_empty());
        let sort = value("sort").unwrap_or_default();
        let (descending, key) = sort.strip_prefix('-').map_or((false, sort.as_str()), |key| (true, key));
        Self {
            search,
            role: value("role").and_then(|text| text.parse().ok()),
            standing: value("status")
                .and_then(|text| text.parse().ok())
                .unwrap_or(StandingFilter::Current),
            sort: key.parse().unwrap_or(SortKey::Name),
            descending,
        }
    }

    /// The same as a query string with its question mark, empty when nothing is chosen; `more` is added.
    #[must_use]
    pub fn query_string(&self, more: Option<(&str, &str)>) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        if let Some(search) = &self.search {
            pairs.append_pair("q", search);
        }
        if let Some(role) = self.role {
            pairs.append_pair("role", role.as_str());
        }
        if self.standing != StandingFilter::Current {
            pairs.append_pair("status", self.standing.as_str());
        }
        if self.sort != SortKey::Name || self.descending {
            pairs.append_pair("sort", &format!("{}{}", if self.descending { "-" } else { "" }, self.sort));
        }
        if let Some((name, value)) = more {
            pairs.append_pair(name, value);
        }
        let text = pairs.finish();
        if text.is_empty() { text } else { format!("?{text}") }
    }

    /// Whether anything narrows the list.
    #[must_use]
    pub const fn narrows(&self) -> bool {
        self.search.is_some() || self.role.is_some() || !matches!(self.standing, StandingFilter::Current)
    }

    /// The filter with this column sorted; sorting the sorted column turns it around.
    #[must_use]
    pub fn sorted_by(&self, key: SortKey) -> Self {
        Self {
            sort: key,
            descending: self.sort == key && !self.descending,
            ..self.clone()
        }
    }
}

/// A place in a sorted list of people: the sort key of a row and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberCursor {
    /// The name, or a time in microseconds.
    pub key: String,
    /// The membership.
    pub id: MemberId,
}

impl fmt::Display for MemberCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", URL_SAFE_NO_PAD.encode(&self.key), self.id.0.simple())
    }
}

impl FromStr for MemberCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (key, id) = text.split_once('.').ok_or(())?;
        let key = URL_SAFE_NO_PAD.decode(key).map_err(|_| ())?;
        Ok(Self {
            key: String::from_utf8(key).map_err(|_| ())?,
            id: Uuid::try_parse(id).map_err(|_| ())?.into(),
        })
    }
}

/// Which page of a list of people is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MemberPage {
    /// The first.
    #[default]
    First,
    /// What follows a row.
    After(MemberCursor),
    /// What stands before a row.
    Before(MemberCursor),
}
