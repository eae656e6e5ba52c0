//! Rows of the authorization server.

pub mod clients;
pub mod grants;
pub mod keys;
pub mod pushed;
