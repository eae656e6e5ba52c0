//! A partner connects its own identity provider by itself: draft, trial, rehearsal, switch-over.

pub mod actions;
pub mod commands;
mod instructions;
pub mod link;
pub mod pages;
pub mod queries;

#[cfg(test)]
mod tests;
