//! Small helpers around the browser's document, for islands.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Element, Event, HtmlElement};

/// The page's document. Islands run only in a window.
pub(super) fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Listens at the whole document for as long as the page lives.
pub(super) fn listen(event: &str, listener: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(listener);
    if let Some(document) = document() {
        let _ = document.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    }
    closure.forget();
}

/// The nearest element around an event's target that matches.
pub(super) fn around(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// The first element of the document that matches.
pub(super) fn first(selector: &str) -> Option<HtmlElement> {
    document()?.query_selector(selector).ok()??.dyn_into().ok()
}

/// All elements of the document that match.
pub(super) fn all(selector: &str) -> Vec<HtmlElement> {
    let Some(list) = document().and_then(|document| document.query_selector_all(selector).ok()) else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|place| list.item(place)?.dyn_into().ok()).collect()
}
