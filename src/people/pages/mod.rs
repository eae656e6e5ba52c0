//! Pages of a team, and the same people as the owner of a partner sees them.

mod member;
mod place;
mod rotate;
mod team;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::route;

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/team"), team::own),
        route(path!("/team/rotate/:member"), rotate::rotate),
        route(path!("/partners/:org/people"), team::of_partner),
        route(path!("/partners/:org/people/:member"), member::of_partner),
    ]
}

/// `/team/{member}` would also match every other page of a team, so it stands after all of them.
pub fn last_routes() -> Vec<AnyNestedRoute> {
    vec![route(path!("/team/:member"), member::own)]
}
