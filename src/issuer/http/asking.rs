//! A page that asks one question before a browser is signed out. The form brings a value back that no other site knows.

use axum::{
    Form,
    extract::rejection::FormRejection,
    http::{HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::{
    kernel::constant_time_eq,
    web::{plain_page_by_hand, routes},
};

/// What the form brings.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    value: String,
}

/// Whether the form brings back what the page had: an answer to this very question.
pub(super) fn answers(form: Result<Form<Answer>, FormRejection>, value: &str) -> bool {
    form.is_ok_and(|Form(form)| constant_time_eq(form.value.as_bytes(), value.as_bytes()))
}

/// The page; `title` and `button` are text, `text` is HTML.
pub(super) fn question(title: &str, text: &str, action: &str, value: &str, button: &str) -> Response {
    let inner = format!(
        "<p>{text}</p><form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"value\" value=\"{value}\">\
         <button class=\"button primary\" type=\"submit\">{button}</button></form><p><a href=\"{}\">Stay signed in</a></p>",
        routes::HOME
    );
    let mut response = Html(plain_page_by_hand(title, &inner)).into_response();
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
