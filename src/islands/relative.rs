//! How far away a moment is, in words. Shared by the server and the island that keeps the words fresh.

/// "in 9 days" for positive seconds, "3 hours ago" for negative ones; rounded towards now.
#[must_use]
pub fn relative_words(seconds: i64) -> String {
    let distance = seconds.unsigned_abs();
    let (count, unit) = match distance {
        0..60 => {
            return if seconds < 0 { "just now" } else { "in under a minute" }.to_owned();
        }
        60..3_600 => (distance / 60, "minute"),
        3_600..172_800 => (distance / 3_600, "hour"),
        172_800..5_184_000 => (distance / 86_400, "day"),
        5_184_000..63_072_000 => (distance / 2_592_000, "month"),
        _ => (distance / 31_536_000, "year"),
    };
    let mut words = String::new();
    if seconds >= 0 {
        words.push_str("in ");
    }
    words.push_str(&count.to_string());
    words.push(' ');
    words.push_str(unit);
    if count != 1 {
        words.push('s');
    }
    if seconds < 0 {
        words.push_str(" ago");
    }
    words
}
