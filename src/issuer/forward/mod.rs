//! Applications that know headers alone, behind a proxy of the company (nginx `auth_request`, Traefik `forwardAuth`, Caddy `forward_auth`):
//! for each request the proxy asks who somebody is and whether they may, and passes the answer on as headers.
//!
//! Browsers give the portal's cookie to the portal alone. So a browser is sent through the portal once, and comes back to the
//! application's host with a value good for a minute, once, and in that browser alone, for which it gets a cookie of that host. The cookie
//! is part of the portal's session and ends with it; everything else is decided anew at each request (ADR 10).

pub mod actions;
pub mod commands;
pub mod http;
mod model;
pub mod pages;

pub use model::{HANDOFF_SECONDS, Handoff, forward_host, own_target};
