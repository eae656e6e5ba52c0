//! How a message arrives: decoded from a form field or an address, parsed, and held against the rules that every message follows.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;

use super::certificate::SigningCertificate;
use super::names::{ASSERTION, PROTOCOL};
use super::outgoing::Direction;
use super::refusal::Refusal;
use super::signature::{signature_of, verify_bytes, verify_enveloped};
use super::xml::{Node, Tree, XmlFault, base64_without_space};

/// The largest message in bytes, both as it arrives and decoded.
pub const MAX_MESSAGE: usize = 512 * 1024;

/// A message as the browser carried it.
#[derive(Debug, Clone, Copy)]
pub enum Incoming<'a> {
    /// A GET: the query exactly as received, still percent-encoded, because the signature covers that form.
    Redirect {
        /// Everything after the question mark.
        query: &'a str,
    },
    /// A POST: the decoded form fields.
    Post {
        /// The field `SAMLRequest` or `SAMLResponse`.
        message: &'a str,
        /// The field `RelayState`.
        relay_state: Option<&'a str>,
    },
}

/// A signed message other than a sign-in response, after its signature was verified.
pub(super) struct Received {
    pub tree: Tree,
    pub relay_state: Option<String>,
}

/// Decodes the base64 of a form field.
pub(super) fn decode_form_value(value: &str) -> Result<String, Refusal> {
    if value.len() > MAX_MESSAGE {
        return Err(Refusal::TooLarge);
    }
    let bytes = STANDARD.decode(base64_without_space(value)).map_err(|_| Refusal::Undecodable)?;
    String::from_utf8(bytes).map_err(|_| Refusal::Undecodable)
}

/// Parses a protocol message: no document type, no processing instructions, no identifier twice.
pub(super) fn parse_message(text: &str) -> Result<Tree, Refusal> {
    let tree = Tree::parse(text).map_err(|fault| match fault {
        XmlFault::DocumentType => Refusal::ForbiddenXml,
        XmlFault::Malformed => Refusal::NotXml,
    })?;
    if tree.has_processing_instruction() {
        return Err(Refusal::ForbiddenXml);
    }
    if tree.duplicate_id().is_some() {
        return Err(Refusal::DuplicateId);
    }
    Ok(tree)
}

/// Checks name and version of a message's root (core §3.2.1, §4.1.3).
pub(super) fn expect_element(root: Node<'_>, expected: &'static str) -> Result<(), Refusal> {
    let version = root.attribute("Version").unwrap_or_default();
    if !root.is(PROTOCOL, expected) || version != "2.0" {
        let found = if version == "2.0" {
            root.local_name().to_owned()
        } else {
            format!("{} “{version}”", root.local_name())
        };
        return Err(Refusal::UnexpectedMessage { expected, found });
    }
    Ok(())
}

/// Checks that the issuer directly in `element` is `expected`.
pub(super) fn expect_issuer(element: Node<'_>, expected: &str) -> Result<(), Refusal> {
    let found = element.only(ASSERTION, "Issuer").and_then(Node::trimmed);
    if found.as_deref() == Some(expected) {
        Ok(())
    } else {
        Err(Refusal::Issuer { found })
    }
}

/// Checks that the message is addressed to `expected`. An unsigned message may leave the address out (bindings §3.5.5.2).
pub(super) fn expect_destination(root: Node<'_>, expected: &str, signed: bool) -> Result<(), Refusal> {
    match root.attribute("Destination") {
        Some(found) if found == expected => Ok(()),
        None if !signed => Ok(()),
        found => Err(Refusal::Destination {
            found: found.map(str::to_owned),
        }),
    }
}

/// Decodes a message, verifies its signature (required), and gives back what was signed.
pub(super) fn receive(
    incoming: Incoming<'_>,
    direction: Direction,
    element: &'static str,
    trusted: &[SigningCertificate],
) -> Result<Received, Refusal> {
    match incoming {
        Incoming::Post { message, relay_state } => {
            let tree = parse_message(&decode_form_value(message)?)?;
            expect_element(tree.root(), element)?;
            let signature = signature_of(tree.root())?.ok_or(Refusal::Unsigned)?;
            let signed = verify_enveloped(tree.root(), signature, trusted)?;
            Ok(Received {
                tree: signed.tree,
                relay_state: relay_state.map(str::to_owned),
            })
        }
        Incoming::Redirect { query } => {
            if query.len() > MAX_MESSAGE {
                return Err(Refusal::TooLarge);
            }
            let parameters = Parameters::read(query, direction)?;
            let algorithm = decoded(parameters.algorithm.ok_or(Refusal::Unsigned)?)?;
            let signature = STANDARD
                .decode(decoded(parameters.signature.ok_or(Refusal::Unsigned)?)?)
                .map_err(|_| Refusal::Undecodable)?;
            verify_bytes(&algorithm, parameters.signed_query(direction).as_bytes(), &signature, trusted)?;
            let tree = parse_message(&inflate(&decoded(parameters.message)?)?)?;
            expect_element(tree.root(), element)?;
            Ok(Received {
                tree,
                relay_state: parameters.relay_state.map(decoded).transpose()?,
            })
        }
    }
}

/// The parameters of the redirect binding as they stood in the address, still encoded.
struct Parameters<'q> {
    message: &'q str,
    relay_state: Option<&'q str>,
    algorithm: Option<&'q str>,
    signature: Option<&'q str>,
}

impl<'q> Parameters<'q> {
    fn read(query: &'q str, direction: Direction) -> Result<Self, Refusal> {
        let find = |name: &str| -> Result<Option<&'q str>, Refusal> {
            let mut values = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value);
            let first = values.next();
            if values.next().is_some() {
                Err(Refusal::Parameters)
            } else {
                Ok(first)
            }
        };
        let other = match direction {
            Direction::Request => Direction::Response,
            Direction::Response => Direction::Request,
        };
        if find(other.parameter())?.is_some() {
            return Err(Refusal::Parameters);
        }
        Ok(Self {
            message: find(direction.parameter())?.ok_or(Refusal::Parameters)?,
            relay_state: find("RelayState")?,
            algorithm: find("SigAlg")?,
            signature: find("Signature")?,
        })
    }

    /// Bindings §3.4.4.1: what is signed, in this order whatever the order in the address.
    fn signed_query(&self, direction: Direction) -> String {
        let mut text = format!("{}={}", direction.parameter(), self.message);
        if let Some(state) = self.relay_state {
            text.push_str(&format!("&RelayState={state}"));
        }
        text.push_str(&format!("&SigAlg={}", self.algorithm.unwrap_or_default()));
        text
    }
}

/// Undoes percent-encoding and plus signs of one value.
fn decoded(value: &str) -> Result<String, Refusal> {
    let pair = format!("v={value}");
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).ok_or(Refusal::Parameters)
}

/// Undoes base64 and deflate, up to [`MAX_MESSAGE`] bytes.
fn inflate(value: &str) -> Result<String, Refusal> {
    let bytes = STANDARD.decode(base64_without_space(value)).map_err(|_| Refusal::Undecodable)?;
    let mut text = String::new();
    let limit = MAX_MESSAGE as u64 + 1;
    DeflateDecoder::new(bytes.as_slice())
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|_| Refusal::Undecodable)?;
    if text.len() > MAX_MESSAGE {
        Err(Refusal::TooLarge)
    } else {
        Ok(text)
    }
}
