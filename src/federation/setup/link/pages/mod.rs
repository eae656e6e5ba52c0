//! Pages of set-up links: the part of the partner's page that sends them, their landing page, and the set-up for whoever has opened one.

mod connection;
mod home;
mod landing;
mod sending;
mod trial;

use leptos::prelude::*;
use leptos_meta::Stylesheet;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::bearer::{AtWork, at_work};
pub(super) use super::{bearer, queries};
use crate::{
    federation::place::Place,
    organizations::Organization,
    ui::*,
    web::{Content, PageCx, PageError, plain_page, route, routes},
};
pub(in super::super) use sending::links_section;

/// The routes of this folder; fixed paths before those with parts.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/set-up"), home::home),
        route(path!("/set-up/new"), home::new),
        route(path!("/set-up/done"), landing::done),
        route(path!("/set-up/link/:token"), landing::landing),
        route(path!("/set-up/connection/:provider"), connection::connection),
        route(path!("/set-up/connection/:provider/trial"), trial::trial),
    ]
}

/// A page of the set-up that is open in this browser; where none is, one page says so.
fn open_page<F, Fut>(build: F) -> AnyView
where
    F: FnOnce(PageCx, AtWork) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Content, PageError>> + Send + 'static,
{
    let response = use_context::<leptos_axum::ResponseOptions>();
    plain_page(|cx| async move {
        match at_work(&cx.request).await? {
            Some(work) => build(cx, work).await,
            None => {
                if let Some(response) = response {
                    response.set_status(http::StatusCode::NOT_FOUND);
                }
                Ok(landing::not_open(&cx.qx.tenant.name))
            }
        }
    })
}

/// Whose the shared cards are: the organization as in its own portal, because their forms do not name it.
fn place_of(work: &AtWork) -> Place {
    Place {
        organization: work.organization.clone(),
        is_own: true,
    }
}

/// The page in the organization's colours, as wide as the work needs.
fn dressed(organization: &Organization, title: &str, purpose: String, flash: Option<Flash>, body: AnyView) -> Content {
    let logo = organization.has_logo.then(|| routes::branding_logo(&organization.slug));
    let (name, heading) = (organization.name.clone(), title.to_owned());
    let page = view! {
        <Stylesheet href=routes::branding_css(&organization.slug) />
        <Plain brand=name title=heading logo=logo purpose=purpose flash=flash wide=true>
            <Stack gap=Gap::Large>{body}</Stack>
        </Plain>
    };
    Content::new(title.to_owned(), page)
}
