//! Pages of one's own account.

mod authenticator;
mod profile;
mod security;
mod sessions;

pub use profile::profile;
pub use security::security;
pub use sessions::sessions;

use leptos::prelude::*;

use crate::{
    access::SignedIn,
    ui::{Tab, Tabs},
    web::routes,
};

/// The links between the pages of the account.
pub fn account_tabs(here: &'static str, me: Option<&SignedIn>) -> impl IntoView {
    let tab = |href: &'static str, label: &'static str| Tab::new(href, label).active(href == here);
    let mut items = vec![
        tab(routes::ME, "Profile"),
        tab(routes::MY_SECURITY, "Security"),
        tab(routes::MY_SESSIONS, "Sessions"),
    ];
    // What one did names things of organizations, so it closes with the last of them.
    if me.is_some_and(|me| !me.hats.is_empty()) {
        items.push(tab(routes::MY_ACTING, "Acting for me"));
        items.push(tab(routes::MY_ACTIVITY, "Activity"));
    }
    view! { <Tabs label="Your account" items=items /> }
}
