//! The heading that the pages about an organization's sign-in share: name, tabs.

use leptos::prelude::*;

use crate::{
    federation::place::Place,
    organizations::pages::partner_header,
    ui::{PageHeader, Stack, Tab, Tabs},
    web::routes,
};

/// The tabs of the own organization's settings; `active` is `settings`, `domains` or `sign-in`.
#[must_use]
pub fn settings_tabs(active: &'static str) -> AnyView {
    let items = [
        ("settings", routes::TEAM_SETTINGS, "Look and rules"),
        ("sign-in", routes::TEAM_SIGN_IN, "Company sign-in"),
        ("domains", routes::TEAM_DOMAINS, "Domains"),
    ]
    .into_iter()
    .map(|(key, href, label)| Tab::new(href, label).active(key == active))
    .collect::<Vec<_>>();
    view! { <Tabs label="Settings" items=items /> }.into_any()
}

/// Heading and tabs of a page about sign-in.
#[must_use]
pub fn heading(place: &Place, active: &'static str, title: impl Into<String>, purpose: impl Into<String>) -> AnyView {
    let purpose = purpose.into();
    if place.is_own {
        let title = title.into();
        view! {
            <Stack>
                <PageHeader title=title purpose=purpose />
                {settings_tabs(active)}
            </Stack>
        }
        .into_any()
    } else {
        partner_header(&place.organization, active, purpose, None)
    }
}
