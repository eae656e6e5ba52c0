//! Pages of applications: launchpad, one application, team applications, catalogue, what partners hold, search.

mod app;
mod assign;
mod catalogue;
mod launchpad;
mod member;
mod partner;
mod parts;
mod search;
mod team;

pub use member::member_assignments;
pub(crate) use parts::link_title;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use crate::web::route;

/// The pages of this domain.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/"), launchpad::home),
        route(path!("/search"), search::search),
        route(path!("/apps/:app"), app::app),
        route(path!("/team/apps"), team::list),
        route(path!("/team/apps/:app"), team::one),
        route(path!("/team/apps/:app/assign"), assign::assign),
        route(path!("/team/apps/:app/:assignment"), assign::assignment),
        route(path!("/admin/apps"), catalogue::list),
        route(path!("/admin/apps/new"), catalogue::new),
        route(path!("/admin/apps/:app"), catalogue::one),
        route(path!("/partners/:org/apps"), partner::list),
        route(path!("/partners/:org/apps/:app"), partner::one),
    ]
}
