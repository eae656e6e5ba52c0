//! Pages of the outbox and of the service's health.

mod health;
mod message;
mod outbox;

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::{
    mail::MessageStatus,
    ui::{Badge, Tone},
    web::route,
};

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/admin/outbox"), outbox::outbox),
        route(path!("/admin/outbox/:message"), message::message),
        route(path!("/admin/health"), health::health),
    ]
}

/// Where a message stands, as a badge.
pub fn message_badge(status: MessageStatus) -> AnyView {
    match status {
        MessageStatus::Waiting => view! { <Badge tone=Tone::Info icon="clock">{status.title()}</Badge> }.into_any(),
        MessageStatus::Dead => view! { <Badge tone=Tone::Bad>{status.title()}</Badge> }.into_any(),
        MessageStatus::Sent => view! { <Badge tone=Tone::Good>{status.title()}</Badge> }.into_any(),
    }
}
