//! How moments read: pure formatting, given the present moment and the reader's time zone. All ends are exclusive
//! instants; an end at local midnight reads as the day before it, the last day that still counts.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::islands::relative_words;

/// Who looks, when and where: provided as context once per request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewing {
    /// The present moment, from the request's clock.
    pub now: DateTime<Utc>,
    /// The time zone of the person who looks.
    pub zone: Tz,
}

/// Where a grant stands between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It never ends.
    Endless,
    /// It lasts well beyond the warning window.
    Running,
    /// It ends within the warning window.
    EndsSoon,
    /// It is over.
    Ended,
}

/// "31 Mar 2027".
#[must_use]
pub fn date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y").to_string()
}

/// "31 Mar 2027, 14:05".
#[must_use]
pub fn date_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y, %H:%M").to_string()
}

/// "31 Mar 2027, 14:05:09 CEST", the exact form for titles and evidence.
#[must_use]
pub fn exact(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y, %H:%M:%S %Z").to_string()
}

/// "in 9 days" or "3 hours ago".
#[must_use]
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    relative_words((at - now).num_seconds())
}

/// The value of a `<time datetime>` attribute, RFC 3339 in UTC.
#[must_use]
pub fn machine(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The last day that counts, "31 Mar 2027", or the day and the time when the end is less than two days away.
#[must_use]
pub fn last_day(end: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let local = end.with_timezone(&zone);
    if local.time() == NaiveTime::MIN {
        let day = local.date_naive();
        return day.checked_sub_days(Days::new(1)).unwrap_or(day).format("%-d %b %Y").to_string();
    }
    let near = (end - now).abs() < TimeDelta::days(2);
    if near { date_time(end, zone) } else { date(end, zone) }
}

/// "until 31 Mar 2027, in 9 days", or "ended 31 Mar 2027, 9 days ago".
#[must_use]
pub fn until(end: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let verb = if end > now { "until" } else { "ended" };
    format!("{verb} {}, {}", last_day(end, now, zone), relative(end, now))
}

/// Where a grant stands at `now`, with a warning window before its end.
#[must_use]
pub fn standing(end: Option<DateTime<Utc>>, now: DateTime<Utc>, warning: TimeDelta) -> Standing {
    match end {
        None => Standing::Endless,
        Some(end) if end <= now => Standing::Ended,
        Some(end) if end - now <= warning => Standing::EndsSoon,
        Some(_) => Standing::Running,
    }
}

/// The share of time used, in percent from 0 to 100.
#[must_use]
pub fn percent_used(start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> u8 {
    let (whole, used) = ((end - start).num_seconds(), (now - start).num_seconds());
    if whole <= 0 {
        return 100;
    }
    u8::try_from((used.clamp(0, whole) * 100) / whole).unwrap_or(100)
}
