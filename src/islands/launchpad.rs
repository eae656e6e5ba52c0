//! The launchpad's filter and its arrow keys, working on the tiles that are already in the page.

use leptos::prelude::*;

/// Filters the tiles of `#launchpad` by the text of `[data-launchpad-filter]`; arrow keys move between tiles,
/// Enter in the filter opens the only tile left, Escape clears it.
#[island]
pub fn LaunchpadFilter() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    browser::start();
    view! { <span hidden=true></span> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use wasm_bindgen::JsCast;
    use web_sys::{Event, HtmlElement, HtmlInputElement, KeyboardEvent};

    use crate::islands::dom::{all, around, first, listen};

    const FILTER: &str = "[data-launchpad-filter]";
    const TILES: &str = "#launchpad > li";
    const SHOWN: &str = "#launchpad > li:not([hidden]) .tile-link";

    pub(super) fn start() {
        listen("input", |event| {
            if around(&event, FILTER).is_some() {
                filter();
            }
        });
        listen("keydown", keys);
        // The browser may have restored what was typed before.
        filter();
    }

    fn filter() {
        let Some(input) = first(FILTER).and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        let wanted = input.value().trim().to_lowercase();
        let mut shown = 0_usize;
        for tile in all(TILES) {
            let text = tile.text_content().unwrap_or_default().to_lowercase();
            let matches = wanted.split_whitespace().all(|word| text.contains(word));
            tile.set_hidden(!matches);
            shown += usize::from(matches);
        }
        if let Some(status) = first("[data-launchpad-status]") {
            let words = match (wanted.is_empty(), shown) {
                (true, _) => String::new(),
                (_, 0) => "No application matches.".to_owned(),
                (_, 1) => "1 application".to_owned(),
                (_, shown) => shown.to_string() + " applications",
            };
            status.set_text_content(Some(&words));
        }
    }

    fn keys(event: Event) {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else {
            return;
        };
        let key = key.key();
        let links = all(SHOWN);
        if around(&event, FILTER).is_some() {
            match (key.as_str(), links.as_slice()) {
                ("ArrowDown", [target, ..]) => focus(&event, target),
                ("Enter", [only]) => only.click(),
                _ => {}
            }
            return;
        }
        let Some(here) = around(&event, ".tile-link") else {
            return;
        };
        let Some(place) = links.iter().position(|link| link.is_same_node(Some(&here))) else {
            return;
        };
        let columns = columns(&links);
        let target = match key.as_str() {
            "ArrowRight" => Some(place + 1),
            "ArrowLeft" => place.checked_sub(1),
            "ArrowDown" => Some(place + columns),
            "ArrowUp" => place.checked_sub(columns),
            "Home" => Some(0),
            "End" => links.len().checked_sub(1),
            _ => return,
        };
        match target.and_then(|target| links.get(target)) {
            Some(target) => focus(&event, target),
            None if key == "ArrowUp" => {
                if let Some(input) = first(FILTER) {
                    focus(&event, &input);
                }
            }
            None => {}
        }
    }

    /// How many tiles stand in the first row.
    fn columns(links: &[HtmlElement]) -> usize {
        let tile_top = |link: &HtmlElement| {
            let tile = link
                .closest("li")
                .ok()
                .flatten()
                .and_then(|tile| tile.dyn_into::<HtmlElement>().ok());
            tile.map_or(0, |tile| tile.offset_top())
        };
        let Some(first) = links.first().map(tile_top) else {
            return 1;
        };
        links.iter().take_while(|link| tile_top(link) == first).count().max(1)
    }

    fn focus(event: &Event, target: &HtmlElement) {
        event.prevent_default();
        let _ = target.focus();
    }
}
