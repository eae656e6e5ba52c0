//! Tests of the SAML engine: good messages of our own and of samlify, and one test per known attack.

mod encryption;
mod interoperability;
mod keys_and_certificates;
mod logout;
mod metadata;
mod requests;
mod response_rules;
mod signatures;
mod support;
mod wrapping;
mod xml_attacks;
