//! `portico apply`: a file declares the tenant, partners, catalogue, people and grants; the portal is brought to what it says.

mod changes;
mod check;
pub mod commands;
pub mod demo;
mod error;
pub mod http;
pub mod model;
pub mod pages;
mod read;
#[cfg(test)]
mod tests;
mod when;

pub use changes::{Change, FieldChange, Mark, Report};
pub use commands::run;
pub use error::{DeclarationError, Problem};
pub use read::{Format, read, read_text, schema};
pub use when::When;
