//! The launchpad: a grid of application tiles, sharpened by the filter island.

use leptos::prelude::*;

use super::{AppIcon, Icon, Text};
use crate::islands::LaunchpadFilter;

/// A grid of `Tile`s with a filter above it where there is JavaScript.
#[component]
pub fn Launchpad(
    #[prop(into)] label: String,
    #[prop(default = "Filter applications".into(), into)] placeholder: String,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="launchpad">
            <div class="search with-script">
                <Icon name="filter" />
                <input type="search" placeholder=placeholder.clone() aria-label=placeholder autocomplete="off"
                    aria-keyshortcuts="/" aria-controls="launchpad" data-search="page" data-launchpad-filter="" />
                <kbd aria-hidden="true">"/"</kbd>
            </div>
            <p class="muted" role="status" data-launchpad-status=""></p>
            <ul class="tiles gap-4" id="launchpad" aria-label=label>{children()}</ul>
            <LaunchpadFilter />
        </div>
    }
}

/// An application that can be launched. `footer` usually holds its `TimeLeft`.
#[component]
pub fn Tile(
    #[prop(into)] href: String,
    #[prop(into)] icon: String,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: Text,
    #[prop(optional, into)] category: Text,
    #[prop(optional, into)] details_href: Text,
    #[prop(optional_no_strip, into)] footer: Option<AnyView>,
) -> impl IntoView {
    let text = text.given().map(|text| view! { <p class="muted">{text}</p> });
    let category = category.given().map(|category| view! { <span class="muted">{category}</span> });
    let details = details_href.given().map(|href| {
        view! { <a class="tile-details" href=href aria-label=format!("About {title}")><Icon name="info" /></a> }
    });
    view! {
        <li class="tile">
            <AppIcon icon=icon name=title.clone() />
            <div class="tile-body"><a class="tile-link" href=href>{title}</a>{category}{text}{footer}</div>
            {details}
        </li>
    }
}
