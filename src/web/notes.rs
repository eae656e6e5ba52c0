//! Long-lived cookies beside the session's: what a browser keeps between visits. Nothing in them says who somebody is.

use http::HeaderValue;
use tower_sessions::cookie::{Cookie, SameSite};

/// Browsers keep no cookie for longer than 400 days (RFC 6265bis §5.5); each use begins anew.
const DAYS: i64 = 365;

/// A note for the browser to keep. Empty text takes it away.
#[derive(Clone, Debug)]
pub struct Note {
    /// Its name without the portal's prefix.
    pub name: &'static str,
    /// Text that a cookie can hold: ASCII without spaces, quotes, commas, semicolons and backslashes.
    pub text: String,
}

/// The cookie's name: where the portal is reached by https no other host and no part of the site can set it (RFC 6265bis §4.1.3.2).
fn cookie_name(name: &str, public_url: &str) -> String {
    if public_url.starts_with("https://") {
        format!("__Host-portico-{name}")
    } else {
        format!("portico-{name}")
    }
}

impl Note {
    /// The value of `Set-Cookie`.
    #[must_use]
    pub fn header(&self, public_url: &str) -> Option<HeaderValue> {
        let days = if self.text.is_empty() { 0 } else { DAYS };
        let cookie = Cookie::build((cookie_name(self.name, public_url), self.text.as_str()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(public_url.starts_with("https://"))
            .max_age(time::Duration::days(days));
        HeaderValue::from_str(&cookie.build().to_string()).ok()
    }
}

/// The text of a note among the cookies that came with a request.
#[must_use]
pub fn read(cookies: &[HeaderValue], name: &str, public_url: &str) -> Option<String> {
    let name = cookie_name(name, public_url);
    cookies
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_for_this_host_alone_and_out_of_reach_of_scripts() {
        let note = |text: &str| Note {
            name: "sign-ins",
            text: text.to_owned(),
        };
        assert_eq!(
            note("a:b").header("https://partners.example").expect("a header"),
            "__Host-portico-sign-ins=a:b; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000"
        );
        assert_eq!(
            note("").header("http://127.0.0.1:3000").expect("a header"),
            "portico-sign-ins=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn a_note_is_found_among_other_cookies() {
        let cookies = ["portico=1; portico-sign-ins=no", "__Host-portico-sign-ins=a:b"].map(HeaderValue::from_static);
        assert_eq!(read(&cookies, "sign-ins", "https://a.example").as_deref(), Some("a:b"));
        assert_eq!(read(&cookies, "sign-ins", "http://127.0.0.1").as_deref(), Some("no"));
        assert_eq!(read(&cookies, "others", "http://127.0.0.1"), None);
    }
}
