//! Domains: a partner shows by a DNS record that a domain is theirs, and addresses in it are then theirs to vouch for.

pub mod actions;
mod claim;
pub mod commands;
pub mod dns;
mod model;
pub mod pages;
mod public_mail;

pub use model::{Domain, DomainError, DomainStatus, ascii, left_without, most_specific, names_above, ways_of};

#[cfg(test)]
pub(crate) mod tests;
