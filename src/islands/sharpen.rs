//! What every page gains from JavaScript: "/" focuses the search, confirmations are modal, selects submit their
//! form, values are copied, relative times stay fresh, and the error summary takes the focus.

use leptos::prelude::*;

/// Sharpens the page it is on; put it once, after everything else.
#[island]
pub fn Sharpen() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    browser::start();
    view! { <span hidden=true></span> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{Event, HtmlDialogElement, HtmlElement, HtmlFormElement, HtmlInputElement, KeyboardEvent};

    use crate::islands::dom::{all, around, document, first, listen};
    use crate::islands::relative_words;

    const FRESHEN_EVERY_MS: i32 = 30_000;
    const COPIED_FOR_MS: i32 = 2_000;

    pub(super) fn start() {
        listen("keydown", focus_search);
        listen("click", |event| {
            confirm(&event);
            copy(&event);
        });
        listen("change", submit);
        if let Some(summary) = first("[data-error-summary]") {
            let _ = summary.focus();
        }
        if !all("[data-relative]").is_empty() {
            let freshen = Closure::<dyn FnMut()>::new(freshen);
            if let Some(window) = web_sys::window() {
                let _ = window.set_interval_with_callback_and_timeout_and_arguments_0(freshen.as_ref().unchecked_ref(), FRESHEN_EVERY_MS);
            }
            freshen.forget();
        }
    }

    fn focus_search(event: Event) {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else {
            return;
        };
        if key.key() != "/" || key.ctrl_key() || key.meta_key() || key.alt_key() {
            return;
        }
        if around(&event, "input, textarea, select, [contenteditable], dialog").is_some() {
            return;
        }
        if let Some(search) = first("[data-search=page]").or_else(|| first("[data-search]")) {
            event.prevent_default();
            let _ = search.focus();
        }
    }

    fn confirm(event: &Event) {
        if let Some(opener) = around(event, "[data-confirm]") {
            let id = opener.get_attribute("data-confirm").unwrap_or_default();
            let dialog = document().and_then(|document| document.get_element_by_id(&id));
            if let Some(dialog) = dialog.and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok()) {
                event.prevent_default();
                let _ = dialog.show_modal();
            }
        }
        if around(event, "[data-close]").is_some()
            && let Some(dialog) = around(event, "dialog").and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok())
        {
            event.prevent_default();
            dialog.close();
        }
    }

    fn submit(event: Event) {
        let form = around(&event, "[data-auto-submit]").and_then(|select| select.closest("form").ok()?);
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            let _ = form.request_submit();
        }
    }

    fn copy(event: &Event) {
        let Some(button) = around(event, "[data-copy]") else {
            return;
        };
        let id = button.get_attribute("data-copy").unwrap_or_default();
        let Some(source) = document().and_then(|document| document.get_element_by_id(&id)) else {
            return;
        };
        let text = match source.dyn_ref::<HtmlInputElement>() {
            Some(input) => input.value(),
            None => source.text_content().unwrap_or_default(),
        };
        let Some(window) = web_sys::window() else {
            return;
        };
        let _ = window.navigator().clipboard().write_text(&text);
        let Some(status) = button.query_selector("[data-copy-status]").ok().flatten() else {
            return;
        };
        status.set_text_content(Some("Copied"));
        let restore = Closure::once_into_js(move || status.set_text_content(Some("Copy")));
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(restore.unchecked_ref(), COPIED_FOR_MS);
    }

    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit an i64")]
    fn freshen() {
        let now = js_sys::Date::now();
        for time in all("[data-relative]") {
            let at = js_sys::Date::parse(&time.get_attribute("datetime").unwrap_or_default());
            if at.is_finite() {
                show(&time, &relative_words(((at - now) / 1000.0) as i64));
            }
        }
    }

    fn show(element: &HtmlElement, words: &str) {
        if element.text_content().as_deref() != Some(words) {
            element.set_text_content(Some(words));
        }
    }
}
