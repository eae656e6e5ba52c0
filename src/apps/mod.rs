//! Applications, scopes, entitlements, assignments and the launchpad.

pub mod actions;
pub mod catalogue;
pub mod chain;
pub mod commands;
pub mod http;
mod model;
pub mod pages;
pub mod queries;

pub use catalogue::{ApplicationDraft, DraftError, ScopeDraft};
pub use model::{Application, ApplicationStatus, Assignment, Entitlement, GrantError, Scope, ScopeAccess, window_holds};

#[cfg(test)]
mod tests;
