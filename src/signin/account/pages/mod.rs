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
    ui::{Tab, Tabs},
    web::routes,
};

/// The links between the pages of the account.
pub fn account_tabs(here: &'static str) -> impl IntoView {
    let tab = |href: &'static str, label: &'static str| Tab::new(href, label).active(href == here);
    let items = vec![
        tab(routes::ME, "Profile"),
        tab(routes::MY_SECURITY, "Security"),
        tab(routes::MY_SESSIONS, "Sessions"),
        tab(routes::MY_ACTIVITY, "Activity"),
    ];
    view! { <Tabs label="Your account" items=items /> }
}
