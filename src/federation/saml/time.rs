//! Instants and durations as XML Schema writes them, always in UTC (core §1.3.3).

use chrono::{DateTime, Duration, SecondsFormat, Utc};

/// How far two clocks may differ when nothing else is configured.
pub const CLOCK_SKEW: Duration = Duration::minutes(2);

/// Reads an `xs:dateTime`; SAML requires UTC, other offsets are converted.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim())
        .ok()
        .map(|instant| instant.with_timezone(&Utc))
}

/// Writes an `xs:dateTime` with full seconds.
pub fn write(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whether `start` is still to come, even on a clock that is `skew` ahead.
pub fn lies_ahead(start: DateTime<Utc>, now: DateTime<Utc>, skew: Duration) -> bool {
    start > now + skew
}

/// Whether `end` (exclusive) has passed, even on a clock that is `skew` behind.
pub fn has_passed(end: DateTime<Utc>, now: DateTime<Utc>, skew: Duration) -> bool {
    end <= now - skew
}

/// Reads an `xs:duration` without sign; a year counts 365 days, a month 30.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let rest = text.trim().strip_prefix('P')?;
    let (days, clock) = rest.split_once('T').unwrap_or((rest, ""));
    if days.is_empty() && clock.is_empty() {
        return None;
    }
    let days = designated(days, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)])?;
    let clock = designated(clock, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Duration::try_seconds(days.checked_add(clock)?)
}

/// The sum of numbers followed by their designators, each at most once and in order; fractions of a second are dropped.
fn designated(mut text: &str, designators: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0_i64;
    for (designator, seconds) in designators {
        if let Some((number, rest)) = text.split_once(*designator) {
            let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
            if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            sum = sum.checked_add(whole.parse::<i64>().ok()?.checked_mul(*seconds)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}
