//! `/admin/templates`: templates for new partners; and what the form of a new partner shows of one.

mod applications;
mod list;
mod one;
mod taken;
mod terms;

pub(crate) use taken::{choice, first_due, taken_fields};

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::route;

/// The routes of this folder; fixed paths before those with parts.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/admin/templates"), list::list),
        route(path!("/admin/templates/new"), terms::new),
        route(path!("/admin/templates/:template"), one::one),
    ]
}

const TITLE: &str = "Partner templates";
