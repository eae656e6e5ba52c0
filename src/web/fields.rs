//! Reading typed form values: each function keeps a good value or notes, under the field's name, what is expected.

use super::FieldErrors;
use crate::kernel::Day;

/// A field of a form that came in parts, as text: UTF-8 without the character NUL, which other forms cannot have either.
#[must_use]
pub fn text_of_part(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

/// A text that must be there, trimmed, at most `max` characters.
pub fn required_text(errors: &mut FieldErrors, field: &str, typed: &str, max: usize, missing: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        errors.add(field, missing);
        return None;
    }
    bounded(errors, field, typed, max)
}

/// A text that may be empty, trimmed, at most `max` characters.
pub fn optional_text(errors: &mut FieldErrors, field: &str, typed: &str, max: usize) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        None
    } else {
        bounded(errors, field, typed, max)
    }
}

fn bounded(errors: &mut FieldErrors, field: &str, typed: &str, max: usize) -> Option<String> {
    if typed.chars().count() > max {
        errors.add(field, format!("Use at most {max} characters."));
        return None;
    }
    if typed.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
        errors.add(field, "Remove the characters that cannot be shown.");
        return None;
    }
    Some(typed.to_owned())
}

/// A day as date fields send it (`YYYY-MM-DD`); none when left empty.
pub fn optional_day(errors: &mut FieldErrors, field: &str, typed: &str) -> Option<Day> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    match Day::parse_from_str(typed, "%Y-%m-%d") {
        Ok(day) if (2000..=2200).contains(&chrono::Datelike::year(&day)) => Some(day),
        _ => {
            errors.add(field, "Enter a date, for example 2027-03-31.");
            None
        }
    }
}

/// A day that must be there.
pub fn required_day(errors: &mut FieldErrors, field: &str, typed: &str) -> Option<Day> {
    if typed.trim().is_empty() {
        errors.add(field, "Enter a date, for example 2027-03-31.");
        return None;
    }
    optional_day(errors, field, typed)
}

/// A whole number within bounds.
pub fn number(errors: &mut FieldErrors, field: &str, typed: &str, bounds: std::ops::RangeInclusive<i32>) -> Option<i32> {
    match typed.trim().parse() {
        Ok(value) if bounds.contains(&value) => Some(value),
        _ => {
            errors.add(field, format!("Enter a whole number from {} to {}.", bounds.start(), bounds.end()));
            None
        }
    }
}

/// One of a closed set of words.
pub fn choice<T: std::str::FromStr>(errors: &mut FieldErrors, field: &str, typed: &str) -> Option<T> {
    if let Ok(value) = typed.parse() {
        return Some(value);
    }
    errors.add(field, "Choose one of the options.");
    None
}
