//! The SAML 2.0 service provider (OASIS, March 2005, with errata 05): metadata, authentication requests, responses and single
//! logout. No framework, no database, no clock and no configuration: callers pass what these functions need and keep what they
//! return. Section numbers: core = saml-core-2.0-os, bindings, profiles, metadata likewise.
//!
//! Replay is the caller's: an [`Arrival`] names the assertion and how long to remember it.

mod assertion;
mod certificate;
mod decrypt;
mod incoming;
mod keys;
mod logout;
mod metadata;
mod name_id;
pub mod names;
mod outgoing;
mod refusal;
mod request;
mod response;
mod sign;
mod signature;
mod sp_metadata;
mod time;
mod xml;

#[cfg(test)]
mod tests;

pub use certificate::{CertificateError, KeyKind, SigningCertificate};
pub use incoming::{Incoming, MAX_MESSAGE};
pub use keys::{KeyError, RsaBits, SpKeys};
pub use logout::{
    LogoutExpectation, LogoutOutcome, LogoutRequest, LogoutResponse, LogoutSubject, logout_request, logout_response,
    validate_logout_request, validate_logout_response,
};
pub use metadata::{Binding, Endpoint, IdpMetadata, MAX_METADATA, MetadataError};
pub use name_id::NameId;
pub use outgoing::{Connection, Issued, MAX_RELAY_STATE, Outgoing, SendError, message_id};
pub use refusal::Refusal;
pub use request::{SignInRequest, authn_request};
pub use response::{Arrival, Check, Examination, Expectation, examine_response, validate_response};
pub use sp_metadata::{SpDescription, sp_metadata};
pub use time::CLOCK_SKEW;
