//! Rows behind partners' own sign-in: providers, domains, who is who there, set-up links, and trips of browsers to a provider.

pub mod domains;
pub mod links;
pub mod providers;
pub mod setup_links;
pub mod trips;
