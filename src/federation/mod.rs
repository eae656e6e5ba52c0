//! Partners bring their own identity: connections to their providers, domains that prove whose people they are, and what a
//! provider's word about a person is worth here.

pub mod actions;
pub mod arrival;
pub mod choice;
pub mod commands;
pub mod discovery;
pub mod domains;
pub mod http;
pub mod mapping;
pub mod model;
pub mod oidc;
pub mod pages;
pub mod place;
pub mod queries;
pub mod rules;
pub mod saml;
pub mod setup;

pub use mapping::{Claims, Mapping, MappingError, Profile};
pub use model::{
    ClientAuth, IdentityProvider, JoinPolicy, Joining, Link, OidcSettings, Preset, Protocol, ProviderStatus, SamlSettings, Secrets, SpKey,
};
pub use rules::{Rule, RuleError, Rules};

#[cfg(test)]
mod tests;
