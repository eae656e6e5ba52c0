//! Rows behind partners' own sign-in: providers, domains, who is who there, and trips of browsers to a provider.

pub mod domains;
pub mod links;
pub mod providers;
pub mod trips;
