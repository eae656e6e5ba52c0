//! Pages of invitations: for who invites inside the frame, for who is invited outside of it.

mod accept;
mod code;
mod invite;
mod landing;
mod list;
mod review;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::queries::{Place, place};
use crate::web::{PageCx, PageError, route};

/// The routes of this domain; fixed paths before those with parts.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/team/invite"), invite::own),
        route(path!("/team/invite/review"), review::own),
        route(path!("/team/invitations"), list::own),
        route(path!("/partners/:org/invite"), invite::partners),
        route(path!("/partners/:org/invite/review"), review::partners),
        route(path!("/partners/:org/invitations"), list::partners),
        route(path!("/invitation"), code::page_view),
        route(path!("/invitation/accept"), accept::page_view),
        route(path!("/invitation/:token"), landing::page_view),
    ]
}

/// The place of a page: the partner of the path, or one's own organization.
async fn place_of(cx: &PageCx, partners: bool) -> Result<Place, PageError> {
    if partners {
        let slug: String = cx.param("org")?;
        place(&cx.qx, Some(&slug)).await
    } else {
        place(&cx.qx, None).await
    }
}
