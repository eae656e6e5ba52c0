//! Rows of the authorization server.

pub mod acting;
pub mod clients;
pub mod consents;
pub mod delegations;
pub mod ending;
pub mod forward;
pub mod grants;
pub mod keys;
pub mod logouts;
pub mod pushed;
pub mod sweeping;
