//! The clock and the calendar: instants in UTC with microseconds, and days in a person's or the tenant's zone.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;

/// An instant in UTC, truncated to microseconds (what both databases store).
pub type Timestamp = DateTime<Utc>;
/// A calendar day without zone.
pub type Day = NaiveDate;

/// Where the time comes from. A request reads it once; tests hold it still and move it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that moves only when told.
    Fixed(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn fixed(now: Timestamp) -> Self {
        Self::Fixed(Arc::new(Mutex::new(to_micros(now))))
    }

    /// Now, truncated to microseconds.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => to_micros(Utc::now()),
            Self::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock; the system's clock does not move.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(at) = self {
            let mut at = at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *at += by;
        }
    }
}

/// Truncates to microseconds, so that a value read back equals the value written.
#[must_use]
pub fn to_micros(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(6)
}

/// The first instant of `day` in `zone`. Where a clock change skips midnight, the first instant that exists.
#[must_use]
pub fn start_of_day(day: Day, zone: Tz) -> Timestamp {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..4)
        .find_map(|hours| zone.from_local_datetime(&(midnight + Duration::hours(hours))).earliest())
        .map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
}

/// The exclusive end of `day` in `zone`: the instant a grant "until `day`" is over.
#[must_use]
pub fn end_of_day(day: Day, zone: Tz) -> Timestamp {
    start_of_day(day.succ_opt().unwrap_or(day), zone)
}

/// The last day on which something that ends (exclusively) at `ends_at` still holds.
#[must_use]
pub fn last_day(ends_at: Timestamp, zone: Tz) -> Day {
    day_of(ends_at - Duration::microseconds(1), zone)
}

/// The calendar day of an instant in `zone`.
#[must_use]
pub fn day_of(at: Timestamp, zone: Tz) -> Day {
    at.with_timezone(&zone).date_naive()
}
