//! OpenID Connect as a relying party (OpenID Connect Core 1.0, RFC 7636, RFC 9207): no framework, no database.

pub mod discovery;
pub mod exchange;
mod keys;
pub mod logout;
pub mod request;
mod token;

pub use discovery::{DiscoveryError, Published};
pub use exchange::{Coming, OidcRefusal};
pub use keys::ClientKey;

#[cfg(test)]
mod tests;
