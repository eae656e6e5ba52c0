//! A page between a form of ours and an address that is not ours. Browsers hold a form's redirects to `form-action 'self'` (CSP), so the
//! way out is a navigation of its own; where a protocol wants a POST, it is a form that sends itself, and a policy that allows that one address.

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
};

use super::by_hand::{escaped, plain_page_by_hand};

/// The page on the way to `url`, which people know as `name`; posts `fields` there when there are any. `again` is the page of ours where
/// another way is chosen, if there is one.
#[must_use]
pub fn page(url: &str, fields: &[(String, String)], name: &str, again: Option<&str>) -> Response {
    let again = again.map_or_else(String::new, |again| {
        format!("<p><a href=\"{}\">Use another sign-in</a></p>", escaped(again))
    });
    let words = Words {
        title: format!("Signing in with {name}"),
        text: "Your company signs you in. You come back here afterwards.",
        button: format!("Continue to {}", escaped(name)),
        after: format!(
            "{again}<p><a href=\"{}\">Use a password for this portal instead</a></p>",
            super::routes::SIGN_IN_PASSWORD
        ),
    };
    going_on(url, fields, &words)
}

/// The page on the way back to an application that had asked who somebody is.
#[must_use]
pub fn back_to_application(url: &str, fields: &[(String, String)]) -> Response {
    let words = Words {
        title: "Opening the application".to_owned(),
        text: "The application opens now.",
        button: "Continue".to_owned(),
        after: String::new(),
    };
    going_on(url, fields, &words)
}

/// The page on the way back to an application that had asked to sign somebody out.
#[must_use]
pub fn signed_out(url: &str) -> Response {
    let words = Words {
        title: "You are signed out".to_owned(),
        text: "The application opens now.",
        button: "Continue".to_owned(),
        after: String::new(),
    };
    going_on(url, &[], &words)
}

/// What such a page says: the title as text, the rest as HTML.
struct Words {
    title: String,
    text: &'static str,
    button: String,
    after: String,
}

fn going_on(url: &str, fields: &[(String, String)], words: &Words) -> Response {
    let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let Some(parsed) = parsed else {
        return super::redirection(super::routes::SIGN_IN);
    };
    let there = escaped(parsed.as_str());
    let Words {
        title,
        text,
        button,
        after,
    } = words;
    let action = if fields.is_empty() {
        format!("<p><a class=\"button primary\" href=\"{there}\">{button}</a></p>")
    } else {
        let mut form = format!("<form method=\"post\" action=\"{there}\">");
        for (field, value) in fields {
            let _ = write!(
                form,
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escaped(field),
                escaped(value)
            );
        }
        form + &format!("<button class=\"button primary\" type=\"submit\">{button}</button></form><script src=\"/onward.js\"></script>")
    };
    let page = plain_page_by_hand(title, &format!("<p>{text}</p>{action}{after}"));
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    if fields.is_empty() {
        if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={}", parsed.as_str())) {
            headers.insert(header::REFRESH, refresh);
        }
    } else if let Ok(policy) = HeaderValue::from_str(&format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action {}; base-uri 'none'; frame-ancestors 'none'",
        parsed.origin().ascii_serialization()
    )) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Whoever is there does not need to learn which page of the portal was open.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
