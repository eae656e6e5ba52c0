//! What people do with their own account: profile, password, authenticator, recovery codes, sessions.

pub mod actions;
mod browser;
pub mod commands;
pub mod pages;
pub mod queries;
