//! Domains: a partner shows by a DNS record that a domain is theirs, and addresses in it are then theirs to vouch for.

mod model;

pub use model::{Domain, DomainError, DomainStatus, ascii, most_specific, names_above};
