//! Signs what this portal sends: an enveloped RSA-SHA256 signature right after the issuer (core §5.4).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::keys::SpKeys;
use super::names::{DSIG, ENVELOPED, EXCLUSIVE_C14N, RSA_SHA256, SHA256};
use super::outgoing::SendError;
use super::xml::Tree;

const END_OF_ISSUER: &str = "</saml:Issuer>";

/// Puts a signature over the root element into `message`, whose root has the identifier `id` and an issuer as first child.
pub(super) fn sign_enveloped(message: &str, id: &str, keys: &SpKeys) -> Result<String, SendError> {
    let tree = Tree::parse(message).map_err(|_| SendError::Unwritable)?;
    let content = tree.root().canonical(None, &[]).ok_or(SendError::Unwritable)?;
    let digest = STANDARD.encode(digest::digest(&digest::SHA256, content.as_bytes()));
    // Written in canonical form, as it would be after its namespace moved onto it.
    let signed_info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DSIG}\">\
         <ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXCLUSIVE_C14N}\"></ds:Transform>\
         </ds:Transforms><ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    let value = keys.signature(signed_info.as_bytes())?;
    let certificate = keys.certificate().base64();
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\">{signed_info}<ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    );
    let after_issuer = message.find(END_OF_ISSUER).ok_or(SendError::Unwritable)? + END_OF_ISSUER.len();
    Ok(format!("{}{signature}{}", &message[..after_issuer], &message[after_issuer..]))
}
