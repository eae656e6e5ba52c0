//! Policies of the operator: written, tried out, put in force, taken back. What they decide is decided in `access`.

pub mod actions;
pub mod commands;
mod model;
pub mod pages;
pub mod queries;
pub mod replay;
pub mod trial;

pub use model::{MAX_POLICIES, MAX_TEXT, MAX_VERSIONS, Policy, PolicyRefused, PolicyScope, PolicyStatus, PolicyVersion};

#[cfg(test)]
mod tests;
