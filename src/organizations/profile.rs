//! What may be typed about a partner: its short name, its metadata, its logo.

use std::collections::BTreeMap;

/// The longest short name.
pub const SLUG_MAX: usize = 60;
/// The largest logo, in bytes.
pub const LOGO_MAX: usize = 100 * 1024;
/// The most pairs of metadata.
pub const METADATA_MAX: usize = 50;

/// Short names that addresses use for something else.
const RESERVED: [&str; 2] = ["new", "tenant"];

/// A short name made from a name: letters without accents, digits and single dashes.
#[must_use]
pub fn slug_from(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars() {
        let plain: &str = match letter.to_lowercase().next().unwrap_or(letter) {
            'ä' => "ae",
            'ö' | 'ø' => "oe",
            'ü' => "ue",
            'ß' => "ss",
            'å' | 'á' | 'à' | 'â' | 'ã' => "a",
            'é' | 'è' | 'ê' | 'ë' => "e",
            'í' | 'ì' | 'î' | 'ï' => "i",
            'ó' | 'ò' | 'ô' | 'õ' => "o",
            'ú' | 'ù' | 'û' => "u",
            'ç' | 'č' => "c",
            'ñ' => "n",
            _ => "",
        };
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !plain.is_empty() {
            slug.push_str(plain);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.chars().take(SLUG_MAX).collect();
    slug.trim_end_matches('-').to_owned()
}

/// Checks a short name as typed.
///
/// # Errors
/// A sentence about what is expected.
pub fn checked_slug(typed: &str) -> Result<String, &'static str> {
    let typed = typed.trim().to_ascii_lowercase();
    let shape = !typed.is_empty()
        && typed.len() <= SLUG_MAX
        && typed.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !typed.starts_with('-')
        && !typed.ends_with('-')
        && !typed.contains("--");
    if !shape {
        return Err("Use letters from a to z, digits and single dashes, for example acme-consulting.");
    }
    if RESERVED.contains(&typed.as_str()) {
        return Err("This short name is used by the portal itself. Choose another one.");
    }
    Ok(typed)
}

/// Reads `key=value` lines.
///
/// # Errors
/// A sentence that names the first line that cannot be read.
pub fn metadata_from(lines: &str) -> Result<BTreeMap<String, String>, String> {
    let mut metadata = BTreeMap::new();
    for (number, line) in lines.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
        if line.is_empty() {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(format!("Line {number} has no =. Write one pair per line, for example region=emea."));
        };
        let (key, value) = (key.trim(), value.trim());
        let key_ok = !key.is_empty() && key.len() <= 60 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        if !key_ok {
            return Err(format!(
                "Line {number}: a key is made of letters, digits, dots, dashes and underscores."
            ));
        }
        if value.is_empty() || value.chars().count() > 300 || value.chars().any(char::is_control) {
            return Err(format!("Line {number}: the value is missing or too long (at most 300 characters)."));
        }
        if metadata.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("Line {number}: {key} is there twice."));
        }
    }
    if metadata.len() > METADATA_MAX {
        return Err(format!("Keep at most {METADATA_MAX} pairs."));
    }
    Ok(metadata)
}

/// The lines that [`metadata_from`] reads.
#[must_use]
pub fn metadata_lines(metadata: &BTreeMap<String, String>) -> String {
    metadata
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The media type of an image, told by its first bytes and nothing else; none unless PNG, JPEG or WebP.
#[must_use]
pub fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
