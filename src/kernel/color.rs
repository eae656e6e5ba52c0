//! An organization's accent colour as `#rrggbb`.

use std::str::FromStr;

/// A colour that passed parsing; contrast is computed where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccentColor(String);

impl AccentColor {
    /// `#rrggbb` in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AccentColor {
    fn default() -> Self {
        Self("#2f5bd3".to_owned())
    }
}

impl FromStr for AccentColor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.strip_prefix('#').unwrap_or(&text);
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(format!("#{digits}")))
        } else {
            Err(())
        }
    }
}
