//! Pages of certification.

mod certify;
mod history;
mod inbox;
mod list;

pub(crate) use history::history_view;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::route;

/// The routes of this domain.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/certifications"), list::list),
        route(path!("/inbox"), inbox::inbox),
        route(path!("/partners/:org/certify"), certify::certify),
    ]
}
