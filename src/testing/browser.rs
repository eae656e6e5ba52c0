//! A browser without a socket: cookies, forms, redirects not followed.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use leptos::config::LeptosOptions;
use tower::ServiceExt as _;
use tower_sessions::{SessionStore as _, session::Record};

use super::World;
use crate::{
    kernel::{MemberId, PersonId},
    store::sessions::{SIGNED_IN_KEY, SessionRows, SignedInAs},
    web::{Shared, WebState, router},
};

/// A browser with its own cookies.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// `Location` header.
    pub location: Option<String>,
    /// Headers.
    pub headers: axum::http::HeaderMap,
    /// Body as text.
    pub text: String,
}

impl World {
    /// What the router needs.
    #[must_use]
    pub fn web(&self) -> WebState {
        WebState::from(Shared {
            portal: self.portal.clone(),
            leptos: LeptosOptions::builder().output_name("portico").build(),
            https: false,
            trust_forwarded: false,
            metrics: None,
        })
    }

    /// A browser of nobody in particular.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser {
            router: router(self.web()),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser with a live session of this person in this hat.
    pub async fn browser_as(&self, person: PersonId, hat: Option<MemberId>) -> Browser {
        let who = SignedInAs {
            person,
            member: hat,
            at: self.now(),
            second_factor_at: None,
            through: None,
        };
        self.browser_signed_in(&who).await
    }

    /// A browser with a session as a sign-in would leave it.
    pub async fn browser_signed_in(&self, who: &SignedInAs) -> Browser {
        let rows = SessionRows {
            store: self.portal.store.clone(),
            clock: self.clock.clone(),
            idle: chrono::Duration::minutes(60),
            absolute: chrono::Duration::hours(12),
        };
        let mut record = Record {
            id: tower_sessions::session::Id::default(),
            data: [(SIGNED_IN_KEY.to_owned(), serde_json::to_value(who).expect("JSON"))].into(),
            expiry_date: time::OffsetDateTime::now_utc() + time::Duration::days(3650),
        };
        rows.create(&mut record).await.expect("the session is stored");
        let mut browser = self.browser();
        browser.cookies.insert("portico".to_owned(), record.id.to_string());
        browser
    }
}

impl Browser {
    /// Holds a cookie that the portal did not give, or another value of one that it gave.
    pub fn hold_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::builder().method(Method::GET).uri(path), Body::empty()).await
    }

    /// Asks for a page with more headers, as another site or a prefetching browser would send them.
    pub async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers
            .iter()
            .fold(Request::builder().method(Method::GET).uri(path), |request, (name, value)| {
                request.header(*name, *value)
            });
        self.send(request, Body::empty()).await
    }

    /// Posts a form from a page of the portal.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(body)).await
    }

    /// Posts a form with a file (`multipart/form-data`, RFC 7578) from a page of the portal.
    pub async fn upload(&mut self, path: &str, form: &[(&str, &str)], file_field: &str, file: &[u8]) -> Answer {
        let boundary = "----a-boundary-of-tests";
        let mut body = Vec::new();
        for (name, value) in form {
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{file_field}\"; filename=\"a-file\"\r\n");
        body.extend(format!("{head}Content-Type: application/octet-stream\r\n\r\n").bytes());
        body.extend(file);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(body)).await
    }

    /// Posts a form as another site's page would.
    pub async fn post_from_elsewhere(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
            .header(header::ORIGIN, "https://evil.example");
        self.send(request, Body::from(body)).await
    }

    /// Posts a form as another party's server would: no page, no session, these headers.
    pub async fn post_as_server(&mut self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = headers.iter().fold(
            Request::builder()
                .method(Method::POST)
                .uri(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            |request, (name, value)| request.header(*name, *value),
        );
        self.send(request, Body::from(body)).await
    }

    /// Asks what another site may do here (CORS, Fetch §3.2).
    pub async fn options(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers
            .iter()
            .fold(Request::builder().method(Method::OPTIONS).uri(path), |request, (name, value)| {
                request.header(*name, *value)
            });
        self.send(request, Body::empty()).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ");
        let request = request
            .header(header::ACCEPT, "text/html")
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::COOKIE, cookies)
            .body(body)
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            let (name, rest) = text.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() || text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status();
        let headers = response.headers().clone();
        let location = headers.get(header::LOCATION).map(|value| value.to_str().expect("text").to_owned());
        let bytes = to_bytes(response.into_body(), 64 * 1024 * 1024).await.expect("a body");
        Answer {
            status,
            location,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}
