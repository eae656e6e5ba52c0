//! Pages of partners, contracts and the tenant.

mod admin;
mod contract;
mod contracts;
mod edit;
mod employees;
mod header;
pub(super) mod lifetimes;
mod list;
mod overview;
mod profile_form;
mod settings;

pub use header::{partner_header, status_badge};
pub(crate) use list::due;

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::{
    kernel::{Cursor, PageRequest},
    ui::*,
    web::{PageCx, route},
};

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/partners"), list::list),
        route(path!("/partners/new"), edit::new),
        route(path!("/partners/:org/edit"), edit::edit),
        route(path!("/partners/:org/contracts"), contracts::contracts),
        route(path!("/partners/:org/contracts/:contract"), contract::contract),
        route(path!("/partners/:org"), overview::overview),
        route(path!("/team/settings"), settings::settings),
        route(path!("/admin"), admin::start),
        route(path!("/admin/settings"), admin::settings),
        route(path!("/admin/people"), employees::employees),
    ]
}

/// Which page of a list is asked for.
pub(crate) fn page_request(cx: &PageCx) -> PageRequest {
    let cursor = |name: &str| cx.query(name).and_then(|text| text.parse::<Cursor>().ok());
    match (cursor("older"), cursor("newer")) {
        (Some(cursor), _) => PageRequest::Older(cursor),
        (None, Some(cursor)) => PageRequest::Newer(cursor),
        (None, None) => PageRequest::Newest,
    }
}

/// What went wrong with a form that stands in a confirmation, which cannot show it itself.
pub(crate) fn refused(form: &FormState) -> Option<AnyView> {
    let summary = form.summary.clone()?;
    let errors = form
        .errors
        .values()
        .cloned()
        .map(|sentence| view! { <Paragraph>{sentence}</Paragraph> })
        .collect_view();
    Some(view! { <Notice tone=Tone::Bad title=summary>{errors}</Notice> }.into_any())
}

/// "1 person", "2 people".
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}
