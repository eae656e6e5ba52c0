//! Domain names as people read them: in their own script, unless that could pass for another name.

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _, skeleton};

/// The Unicode form of a domain name (UTS 46), label by label. A label stays in the form of the DNS (`xn--…`) when it mixes scripts
/// or is made of letters that do not belong into names (UTS 39 §5.2), or when every letter of it looks like one of ASCII (UTS 39 §4).
#[must_use]
pub fn readable_domain(name: &str) -> String {
    let (readable, outcome) = Uts46::new().to_user_interface(name.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, |label, _, _| {
        let label: String = label.iter().collect();
        label.as_str().check_restriction_level(RestrictionLevel::SingleScript) && !skeleton(&label).all(|letter| letter.is_ascii())
    });
    match outcome {
        Ok(()) => readable.into_owned(),
        Err(_) => name.to_owned(),
    }
}

/// The readable form with the form of the DNS behind it, where the two differ.
#[must_use]
pub fn both_forms_of_domain(name: &str) -> String {
    let readable = readable_domain(name);
    if readable == name {
        readable
    } else {
        format!("{readable} ({name})")
    }
}
