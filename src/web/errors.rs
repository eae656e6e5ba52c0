//! Error pages: what happened, what to do next, and the reference that the log has too.

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};
use leptos::{prelude::*, reactive::owner::Owner};

use super::{by_hand::page_by_hand, request::Left};
use crate::ui::{EmptyState, LinkButton, Muted, Plain, Stack};

/// Heading and explanation of a status.
#[must_use]
pub fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("This request could not be understood", "Go back, reload the page and try again."),
        403 => (
            "You may not do this",
            "Your role does not include it. If you need it, ask the person who runs your team here.",
        ),
        404 => (
            "There is nothing here",
            "The address is wrong, or what it named is not (or no longer) yours to see.",
        ),
        405 => ("This request could not be understood", "Go back, reload the page and try again."),
        413 => (
            "This is too large",
            "Nothing was changed. Go back and send a smaller file or a shorter text.",
        ),
        429 => ("Too many attempts", "Wait a few minutes, then try again."),
        503 => (
            "The portal cannot answer right now",
            "Nothing was changed. Try again in a minute. If it goes on, pass on the reference below.",
        ),
        _ => (
            "Something went wrong",
            "Nothing was changed. Try again. If it happens again, pass on the reference below.",
        ),
    }
}

/// Explanation and reference, for the plain page.
pub fn explanation(text: &'static str, reference: String) -> impl IntoView {
    let reference = (!reference.is_empty()).then(|| view! { <p><Muted>"Reference: " {reference}</Muted></p> });
    view! {
        <Stack>
            <p>{text}</p>
            {reference}
            <p><LinkButton href="/">"Go to the start page"</LinkButton></p>
        </Stack>
    }
}

/// The same inside the frame.
pub fn framed(heading: &'static str, text: &'static str, reference: &str) -> impl IntoView + use<> {
    let text = if reference.is_empty() {
        text.to_owned()
    } else {
        format!("{text} Reference: {reference}.")
    };
    view! {
        <h1 hidden>{heading}</h1>
        <EmptyState icon="search" title=heading text=text action=view! { <LinkButton href="/">"Go to the start page"</LinkButton> }.into_any() />
    }
}

/// A complete error page without the frame, for answers made outside of a page.
#[must_use]
pub fn error_page(status: StatusCode, reference: &str) -> Response<Body> {
    let (heading, text) = words(status);
    page_of(status, heading, text, reference)
}

/// The page for what failed after a command was committed. It is no 503, which asks to send the same again.
#[must_use]
pub(super) fn done_page(left: Left, reference: &str) -> Response<Body> {
    let text = match left {
        Left::Noting => {
            "What you sent has been done, so do not send it again. Only your browser could not be told. Go to the start page, and sign in again if you are asked to."
        }
        Left::SigningOut => "This browser may still be signed in. Sign out again in a minute, or close all its windows.",
    };
    let heading = "This was done, but something went wrong afterwards";
    page_of(StatusCode::INTERNAL_SERVER_ERROR, heading, text, reference)
}

fn page_of(status: StatusCode, heading: &'static str, text: &'static str, reference: &str) -> Response<Body> {
    let reference = reference.to_owned();
    let owner = Owner::new();
    let body = owner.with(|| {
        view! { <Plain brand="Portico" title=heading.to_owned() flash=None>{explanation(text, reference.clone())}</Plain> }.to_html()
    });
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(Body::from(page_by_hand(heading, &body)))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

/// The page for a database that does not answer.
#[must_use]
pub fn unavailable(reference: &str) -> Response<Body> {
    error_page(StatusCode::SERVICE_UNAVAILABLE, reference)
}
