//! Pages about what a partner's identity provider said.

mod signed_out;
pub mod tabs;
pub mod trial;

use leptos_router::any_nested_route::AnyNestedRoute;
use leptos_router::path;

use crate::web::route;

/// The routes of this folder.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/signed-out"), signed_out::signed_out),
        route(path!("/team/settings/sign-in/:provider/trial"), trial::trial),
    ]
}
