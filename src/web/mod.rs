//! HTTP: the router, middleware, typed addresses, rendering of pages and answers to forms. No business rule lives here.

mod app;
mod branding;
mod csrf;
mod errors;
pub mod fields;
mod headers;
pub mod navigation;
mod page;
pub mod pages;
mod request;
mod router;
pub mod routes;
mod shell;
mod submit;

pub use app::{App, route};
pub use errors::error_page;
pub use page::{Content, PageCx, PageError, page, plain_page};
pub use request::{RequestCx, RequestId};
pub use router::{WebState, router};
pub use submit::{CONTINUE_KEY, Done, FieldErrors, Post, Refusal, see_other, take_wanted};
