//! Portico: a self-hosted partner access portal.
//!
//! The crate's map is in `docs/architecture.md`. Only `islands` is compiled to WebAssembly; all else is the server.

#![recursion_limit = "512"]

pub mod islands;

#[cfg(feature = "ssr")]
pub mod access;
#[cfg(feature = "ssr")]
pub mod apps;
#[cfg(feature = "ssr")]
pub mod audit;
#[cfg(feature = "ssr")]
pub mod boot;
#[cfg(feature = "ssr")]
pub mod certification;
#[cfg(feature = "ssr")]
pub mod cx;
#[cfg(feature = "ssr")]
pub mod declaration;
#[cfg(feature = "ssr")]
pub mod demo_app;
#[cfg(feature = "ssr")]
pub mod federation;
#[cfg(feature = "ssr")]
pub mod grouped;
#[cfg(feature = "ssr")]
pub mod issuer;
#[cfg(feature = "ssr")]
pub mod kernel;
#[cfg(feature = "ssr")]
pub mod lifecycle;
#[cfg(feature = "ssr")]
pub mod mail;
#[cfg(feature = "ssr")]
pub mod organizations;
#[cfg(feature = "ssr")]
pub mod outbound;
#[cfg(feature = "ssr")]
pub mod people;
#[cfg(feature = "ssr")]
pub mod policies;
#[cfg(feature = "ssr")]
pub mod signin;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(all(feature = "ssr", any(test, feature = "testing")))]
pub mod testing;
#[cfg(feature = "ssr")]
pub mod ui;
#[cfg(feature = "ssr")]
pub mod web;

/// Wakes the islands in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
