//! Days in a declaration: a date, a distance from the day it is applied, or no end at all.

use std::{fmt, str::FromStr};

use chrono::{Days, Months};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use crate::kernel::Day;

/// What is expected, for messages and the schema.
pub(super) const EXPECTED: &str = "a day like 2027-03-31, today, or a distance from today like +30d, -2w, +3m or +1y";

/// A day as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This day.
    On(Day),
    /// So many days from the day of the application.
    Days(i64),
    /// So many months from it.
    Months(i64),
    /// Never: no end of its own.
    Never,
}

impl When {
    /// The day meant, when applied on `today`; none for "none", or when it is outside of the calendar.
    #[must_use]
    pub fn day(self, today: Day) -> Option<Day> {
        match self {
            Self::On(day) => Some(day),
            Self::Days(days) if days < 0 => today.checked_sub_days(Days::new(days.unsigned_abs())),
            Self::Days(days) => today.checked_add_days(Days::new(days.unsigned_abs())),
            Self::Months(months) => {
                let distance = Months::new(u32::try_from(months.unsigned_abs()).unwrap_or(u32::MAX));
                if months < 0 {
                    today.checked_sub_months(distance)
                } else {
                    today.checked_add_months(distance)
                }
            }
            Self::Never => None,
        }
    }
}

impl FromStr for When {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "today" => return Ok(Self::Days(0)),
            "none" => return Ok(Self::Never),
            _ => {}
        }
        if let Ok(day) = text.parse::<Day>()
            && text.len() == 10
        {
            return Ok(Self::On(day));
        }
        let sign = match text.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(()),
        };
        let unit = text.chars().last().ok_or(())?;
        let digits = text.get(1..text.len() - unit.len_utf8()).ok_or(())?;
        if digits.is_empty() || digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        let amount: i64 = digits.parse().map_err(|_| ())?;
        match unit {
            'd' => Ok(Self::Days(sign * amount)),
            'w' => Ok(Self::Days(sign * amount * 7)),
            'm' => Ok(Self::Months(sign * amount)),
            'y' => Ok(Self::Months(sign * amount * 12)),
            _ => Err(()),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = When;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<When, E> {
                text.parse()
                    .map_err(|()| E::custom(format!("{text:?} is no day; expected {EXPECTED}")))
            }
            /// TOML's own dates come as a table with one hidden key.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<When, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, text)) if key.starts_with("$__toml") => self.visit_str(&text),
                    _ => Err(A::Error::custom(format!("expected {EXPECTED}"))),
                }
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl schemars::JsonSchema for When {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "When".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A day like 2027-03-31, `today`, a distance from today like +30d, -2w, +3m or +1y, or (for ends) `none`.",
            "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}|today|none|[+-][0-9]{1,5}[dwmy])$",
        })
    }
}
