//! `Text`, the type of every text prop: a string that may be left out. Also escaping and identifiers for markup.

use std::borrow::Cow;

/// A text prop: made from `&str`, `String` or an `Option` of them; empty counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text, or `None` when nothing was given.
    #[must_use]
    pub fn given(self) -> Option<String> {
        (!self.0.is_empty()).then_some(self.0)
    }

    /// The text or `fallback`.
    #[must_use]
    pub fn or(self, fallback: &str) -> String {
        self.given().unwrap_or_else(|| fallback.to_owned())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}
impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}
impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into_owned())
    }
}
impl From<Option<String>> for Text {
    fn from(text: Option<String>) -> Self {
        Self(text.unwrap_or_default())
    }
}
impl From<Option<&str>> for Text {
    fn from(text: Option<&str>) -> Self {
        Self(text.unwrap_or_default().to_owned())
    }
}

/// Escapes `text` for element content. Needed only where Leptos does not escape by itself: inside `<textarea>`.
#[must_use]
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Makes an HTML id of free text: letters, digits and dashes.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            slug.extend(letter.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}
