//! Partner organizations and their contracts.

pub mod actions;
pub mod commands;
mod contract;
pub mod ends_if;
pub mod http;
pub mod lifetimes;
mod model;
pub mod pages;
pub mod profile;
pub mod queries;
pub mod templates;

#[cfg(test)]
mod tests;

pub use contract::{Contract, ContractError, covered_until};
pub use lifetimes::Lifetimes;
pub use model::{CERTIFICATION_MAX_DAYS, Organization, OrganizationError, OrganizationStatus, Tenant, lapsed_at};
