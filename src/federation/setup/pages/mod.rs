//! Pages of the set-up of a connection, in the own settings and on a partner's page.

mod admission;
pub(super) mod connection;
pub(super) mod list;
pub(super) mod provider;
mod rehearsal;
mod words;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::route;

/// The routes of this folder; fixed paths before those with parts.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    let mut routes = vec![
        route(path!("/team/settings/sign-in"), list::list),
        route(path!("/team/settings/sign-in/new"), list::new),
        route(path!("/team/settings/sign-in/:provider"), provider::provider),
        route(path!("/partners/:org/sign-in"), list::list),
        route(path!("/partners/:org/sign-in/new"), list::new),
        route(path!("/partners/:org/sign-in/:provider"), provider::provider),
    ];
    routes.extend(super::link::pages::routes());
    routes
}
