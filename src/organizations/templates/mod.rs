//! Templates for new partners: what is the same for every partner of a kind is written down once and copied when one is created.

pub mod actions;
pub mod commands;
mod model;
pub mod pages;
pub mod queries;

#[cfg(test)]
mod tests;

pub use model::{ContractTerms, Template, TemplateApplication, TemplateContent, TemplateRefused};
