//! Pages of signing in; the routes of the whole domain.

mod choose;
mod factors;
mod no_access;
mod sign_in;

use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::{account::pages as account, reset::pages as reset};
use crate::web::{PageCx, PageError, route, routes::HOME};

/// The routes of this domain.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/sign-in"), sign_in::address),
        route(path!("/sign-in/password"), sign_in::password),
        route(path!("/sign-in/choose"), choose::choose),
        route(path!("/sign-in/code"), factors::code),
        route(path!("/sign-in/recovery"), factors::recovery),
        route(path!("/sign-in/step-up"), factors::step_up),
        route(path!("/forgot"), reset::forgot),
        route(path!("/reset/:token"), reset::reset),
        route(path!("/no-access"), no_access::no_access),
        route(path!("/me"), account::profile),
        route(path!("/me/security"), account::security),
        route(path!("/me/sessions"), account::sessions),
    ]
}

/// Someone signed in has no business on a page of signing in.
fn only_signed_out(cx: &PageCx) -> Result<(), PageError> {
    match cx.qx.actor.person() {
        Some(_) => Err(PageError::SeeOther(HOME.to_owned())),
        None => Ok(()),
    }
}

/// The address typed in the first step.
async fn typed_address(cx: &PageCx) -> Option<String> {
    super::actions::typed_address(&cx.request).await
}
