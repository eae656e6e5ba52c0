//! What the application's pages say. HTML by hand: an application of another vendor knows nothing of the portal's components.

use std::fmt::Write as _;

use serde_json::Value;

use super::party::Person;
use crate::kernel::Timestamp;

/// Colours as the portal has them, and the little more that these pages need.
pub const STYLE: &str = concat!(include_str!("../../style/tokens.css"), include_str!("../../demo/application.css"));

/// Claims that are told in words above the table, in this order.
const IN_WORDS: [(&str, &str); 5] = [
    ("name", "Name"),
    ("email", "E-mail"),
    ("organization_name", "Organization"),
    ("membership_role", "Role there"),
    ("contract_id", "Contract"),
];

/// Text as it stands in HTML and in the values of attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A whole page; the title is text, the body HTML.
pub fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// Nobody is signed in.
pub fn signed_out(issuer: &str) -> String {
    format!(
        "<p>You are not signed in here. This application asks the portal at <strong>{}</strong> who you are.</p>\
         <p><a class=\"button\" href=\"/login\">Sign in</a></p>",
        escaped(issuer)
    )
}

/// Somebody is: what the application was told.
pub fn signed_in(person: &Person) -> String {
    let mut words = String::new();
    for (claim, title) in IN_WORDS {
        if let Some(value) = person.claims.get(claim) {
            let _ = write!(words, "<tr><th scope=\"row\">{title}</th><td>{}</td></tr>", shown(claim, value));
        }
    }
    let scopes: String = person.scopes.iter().fold(String::new(), |mut list, scope| {
        let _ = write!(list, "<li><code>{}</code></li>", escaped(scope));
        list
    });
    let mut claims = String::new();
    for (claim, value) in &person.claims {
        let _ = write!(
            claims,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td></tr>",
            escaped(claim),
            shown(claim, value)
        );
    }
    format!(
        "<p>The portal has told this application who you are, and what you may do here until your access ends.</p>\
         <table><caption>You</caption><tbody>{words}</tbody></table>\
         <h2>Permissions</h2><ul>{scopes}</ul>\
         <h2>Everything the id token says</h2><table><caption>Claims</caption><tbody>{claims}</tbody></table>\
         <form method=\"post\" action=\"/logout\"><button class=\"button\" type=\"submit\">Sign out</button></form>"
    )
}

/// A claim's value; times (RFC 7519 `NumericDate`) also as people write them.
fn shown(claim: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => escaped(text),
        other => format!("<code>{}</code>", escaped(&other.to_string())),
    };
    let is_time = matches!(claim, "exp" | "iat" | "nbf" | "auth_time") || claim.ends_with("_ends_at");
    match value
        .as_i64()
        .filter(|_| is_time)
        .and_then(|seconds| Timestamp::from_timestamp(seconds, 0))
    {
        Some(at) => format!("{text} ({})", at.format("%-d %b %Y, %H:%M UTC")),
        None => text,
    }
}
