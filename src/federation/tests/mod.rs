//! What partners' sign-in promises.

mod entering;
mod mapping;
pub(super) mod provider;
mod rules;
