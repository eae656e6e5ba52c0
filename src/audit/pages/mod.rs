//! Pages of the trail: the whole of it, an organization's, one's own, and one event.

mod event;
mod list;
mod trail;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::route;

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/audit"), trail::whole),
        route(path!("/audit/:event"), event::event),
        route(path!("/team/activity"), trail::team),
        route(path!("/partners/:org/activity"), trail::partner),
        route(path!("/me/activity"), trail::own),
    ]
}
