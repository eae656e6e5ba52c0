//! Pages of sign-in and of one's own account.

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::{Content, PageError, page, route};

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/sign-in"), first),
        route(path!("/me"), first),
    ]
}

fn first() -> AnyView {
    page(|_cx| async move { Ok::<_, PageError>(Content::new("", ())) })
}
