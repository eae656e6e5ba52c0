//! Signing in with a local account: who a session belongs to, passwords, second factors, recovery.
//! `account` is what people do with their own account, `reset` the way back in when the password is forgotten.

pub mod account;
pub mod actions;
pub mod commands;
mod ended;
mod identify;
pub mod pages;
pub mod passwords;
mod pending;
mod recovery;
pub mod reset;
pub mod throttle;
mod totp;
mod trail;

pub use ended::Ended;
pub use identify::{HatTrouble, Identified, identify};
pub use pending::EMAIL_KEY;

#[cfg(test)]
mod tests;
