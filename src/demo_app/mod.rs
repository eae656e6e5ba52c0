//! `portico demo-app`: a small application that signs people in through a portal with the `openidconnect` crate and shows what it was told.
//! It is an example for developers of applications and what the demonstration's tiles open. It keeps everything in memory and knows
//! nothing of the portal but its address.

mod http;
mod memory;
mod page;
mod party;

use std::{net::SocketAddr, sync::Arc};

use url::Url;

pub use http::routes;
pub use party::{Party, PartyError, Person};

/// What it is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where browsers find it; without it, the address it listens on.
    pub url: Option<Url>,
    /// The portal's address.
    pub issuer: String,
    /// What it calls itself there.
    pub client_id: String,
    /// What it proves itself by.
    pub client_secret: String,
    /// The application's scopes it asks for, beside OpenID's.
    pub scopes: Vec<String>,
    /// What people know it as.
    pub name: String,
}

impl Options {
    /// Its own address, without a slash at the end.
    #[must_use]
    pub fn own_url(&self) -> String {
        let url = self
            .url
            .as_ref()
            .map_or_else(|| format!("http://{}", self.listen), ToString::to_string);
        url.trim_end_matches('/').to_owned()
    }
}

/// What its handlers share.
#[derive(Clone)]
pub struct Shared {
    party: Arc<Party>,
    memory: Arc<memory::Memory>,
}

impl Shared {
    /// A relying party that nobody is signed in at.
    #[must_use]
    pub fn new(party: Party) -> Self {
        Self {
            party: Arc::new(party),
            memory: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests;
