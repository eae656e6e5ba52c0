//! Whose people and company a page speaks of: the reader's own, or those of the partner that somebody of the tenant looks after.

use crate::federation::place::Place;

/// "your company", or the partner's name.
pub(super) fn company(place: &Place) -> String {
    if place.is_own {
        "your company".to_owned()
    } else {
        place.organization.name.clone()
    }
}

/// "your company's sign-in", or the partner's.
pub(super) fn company_sign_in(place: &Place) -> String {
    format!("{}'s sign-in", company(place))
}

/// "your people", or the partner's: whatever belongs to the organization.
pub(super) fn belonging(place: &Place, what: &str) -> String {
    if place.is_own {
        format!("your {what}")
    } else {
        format!("{}'s {what}", place.organization.name)
    }
}

/// The same where a sentence begins.
pub(super) fn beginning(place: &Place, what: &str) -> String {
    if place.is_own {
        format!("Your {what}")
    } else {
        belonging(place, what)
    }
}

/// What a password opens: "your organization", or the partner by name.
pub(super) fn opened(place: &Place) -> String {
    if place.is_own {
        "your organization".to_owned()
    } else {
        place.organization.name.clone()
    }
}
