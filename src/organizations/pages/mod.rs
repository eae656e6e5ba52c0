//! Pages of partners, contracts and the tenant.

mod header;

pub use header::{partner_header, status_badge};

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::{Content, PageError, page, route};

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/partners"), first),
        route(path!("/partners/new"), first),
    ]
}

fn first() -> AnyView {
    page(|_cx| async move { Ok::<_, PageError>(Content::new("", ())) })
}
