//! Owners certify each partner relationship on schedule; silence or a no suspends it, reversibly.

pub mod actions;
pub mod commands;
mod evidence;
pub mod http;
pub mod inbox;
mod model;
pub mod pages;
pub mod queries;

#[cfg(test)]
mod tests;

pub use model::{Certification, CertificationDecision, Evidence, EvidenceApplication, EvidenceContract, EvidencePerson};
