//! HTTP: the router, middleware, typed addresses, rendering of pages and answers to forms. No business rule lives here.

mod app;
mod branding;
mod by_hand;
mod csrf;
pub mod download;
mod errors;
pub mod fields;
mod guard;
mod headers;
pub mod navigation;
mod notes;
pub mod onward;
mod page;
pub mod pages;
mod request;
mod router;
pub mod routes;
mod shell;
mod submit;
#[cfg(test)]
mod tests;

pub use app::{App, route};
pub use by_hand::{escaped, page_by_hand, plain_page_by_hand};
pub use errors::error_page;
pub use notes::Note;
pub use page::{Content, PageCx, PageError, page, plain_page};
pub use request::{RequestCx, RequestId, meta_of};
pub use router::{Shared, WebState, router};
pub use submit::{CONTINUE_KEY, Done, FLASH_KEY, FieldErrors, Post, Refusal, location, redirection, see_other, take_wanted};
