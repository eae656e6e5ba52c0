//! The one list of pages: each domain brings its routes, every one rendered whole before the first byte is sent.

use leptos::{children::ToChildren as _, prelude::*, tachys::view::iterators::StaticVec};
use leptos_meta::provide_meta_context;
use leptos_router::{
    ChooseView, NestedRoute, PossibleRouteMatch, SsrMode,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute as _},
    components::{FlatRoutes, FlatRoutesProps, RouteChildren, Router},
    path,
};

use super::pages;

/// A page of the portal at a path; `path!` spells it.
pub fn route<P, V>(path: P, view: V) -> AnyNestedRoute
where
    P: PossibleRouteMatch + std::fmt::Debug + Clone + Send + 'static,
    V: ChooseView + Clone + 'static,
{
    NestedRoute::new(path, view).ssr_mode(SsrMode::Async).into_any_nested_route()
}

/// The application: provides nothing but routes, because it is also run without a request to list them.
/// A fixed path stands before one with a part that would match it too.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let routes: StaticVec<AnyNestedRoute> = [
        crate::signin::pages::routes(),
        crate::apps::pages::routes(),
        crate::issuer::pages::routes(),
        crate::people::invitations::pages::routes(),
        crate::audit::pages::routes(),
        crate::people::pages::routes(),
        crate::certification::pages::routes(),
        crate::federation::domains::pages::routes(),
        crate::federation::pages::routes(),
        crate::federation::setup::pages::routes(),
        crate::organizations::templates::pages::routes(),
        crate::policies::pages::routes(),
        crate::organizations::pages::routes(),
        crate::mail::pages::routes(),
        vec![route(path!("/gallery"), pages::gallery)],
        crate::people::pages::last_routes(),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .into();
    view! {
        <Router>
            {FlatRoutes(FlatRoutesProps::builder().fallback(pages::not_found).children(RouteChildren::to_children(move || routes)).build())}
        </Router>
    }
}
