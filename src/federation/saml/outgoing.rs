//! How a message leaves: the identity provider it goes to, the redirect binding (bindings §3.4) and the POST binding (§3.5).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::keys::{KeyError, SpKeys};
use super::metadata::{Binding, Endpoint};
use super::names::{ASSERTION, PROTOCOL, RSA_SHA256};
use super::sign::sign_enveloped;
use super::xml::escape;

/// The longest RelayState, in bytes (bindings §3.4.3).
pub const MAX_RELAY_STATE: usize = 80;

/// Why a message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The RelayState has more than [`MAX_RELAY_STATE`] bytes.
    #[error("The state that returns with the answer may have at most 80 bytes.")]
    RelayState,
    /// The identity provider's address is not an http(s) URL.
    #[error("The identity provider's address is not a web address.")]
    Address,
    /// The identity provider has no address for single logout.
    #[error("The identity provider offers no single logout.")]
    NoLogout,
    /// A name or address contains characters that XML cannot carry.
    #[error("The message cannot be written, because a name in it has characters that XML cannot carry.")]
    Unwritable,
    /// Signing failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Everything about one identity provider that is needed to write to it.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'a> {
    /// This portal's entity identifier.
    pub entity_id: &'a str,
    /// Where this portal takes responses by POST.
    pub acs_url: &'a str,
    /// Where the identity provider takes authentication requests.
    pub sso: &'a Endpoint,
    /// Where it takes logout messages, if it does.
    pub slo: Option<&'a Endpoint>,
    /// The key that signs.
    pub keys: &'a SpKeys,
    /// The name identifier format to ask for; `None` leaves the choice to the identity provider.
    pub name_id_format: Option<&'a str>,
}

/// A message ready for the browser to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Answer 303 to this address.
    Redirect {
        /// The whole address with message and signature.
        url: String,
    },
    /// Show a form that posts itself (or has a button) to `action`; its `form-action` must be allowed by the content policy.
    Post {
        /// Where the form goes.
        action: String,
        /// Names and values of the hidden fields.
        fields: Vec<(&'static str, String)>,
    },
}

/// A request on its way, with the identifier by which the answer refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The identifier to remember until the answer comes.
    pub id: String,
    /// The message.
    pub outgoing: Outgoing,
}

/// The identifier made of 160 random bits (core §1.3.4); it begins with a letter, as `xs:ID` must.
pub fn message_id(random: &[u8; 20]) -> String {
    let mut id = String::from("id-");
    for byte in random {
        id.push_str(&format!("{byte:02x}"));
    }
    id
}

/// Whether a message asks or answers; names the parameter it travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

impl Direction {
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A protocol message as it will be signed and sent.
pub(super) struct Message<'a> {
    /// The element's name in the protocol namespace.
    pub element: &'static str,
    pub id: &'a str,
    /// Attributes after `ID` and `Version`, unescaped.
    pub attributes: Vec<(&'static str, String)>,
    /// XML after the issuer.
    pub content: String,
    pub direction: Direction,
    pub relay_state: Option<&'a str>,
}

/// Signs `message` and packs it for the binding of `endpoint`; answers go to its response address, when it has one.
pub(super) fn send(message: &Message<'_>, endpoint: &Endpoint, entity_id: &str, keys: &SpKeys) -> Result<Outgoing, SendError> {
    if message.relay_state.is_some_and(|state| state.len() > MAX_RELAY_STATE) {
        return Err(SendError::RelayState);
    }
    let url = match message.direction {
        Direction::Request => &endpoint.url,
        Direction::Response => endpoint.response_url.as_ref().unwrap_or(&endpoint.url),
    };
    let address = url::Url::parse(url).map_err(|_| SendError::Address)?;
    if !matches!(address.scheme(), "https" | "http") {
        return Err(SendError::Address);
    }
    let mut xml = format!(
        "<samlp:{} xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{}\" Version=\"2.0\" Destination=\"{}\"",
        message.element,
        escape(message.id),
        escape(url)
    );
    for (name, value) in &message.attributes {
        xml.push_str(&format!(" {name}=\"{}\"", escape(value)));
    }
    xml.push_str(&format!(
        "><saml:Issuer>{}</saml:Issuer>{}</samlp:{}>",
        escape(entity_id),
        message.content,
        message.element
    ));
    match endpoint.binding {
        Binding::Redirect => redirect(&xml, url, message, keys),
        Binding::Post => {
            let signed = sign_enveloped(&xml, message.id, keys)?;
            let mut fields = vec![(message.direction.parameter(), STANDARD.encode(signed))];
            fields.extend(message.relay_state.map(|state| ("RelayState", state.to_owned())));
            Ok(Outgoing::Post {
                action: url.clone(),
                fields,
            })
        }
    }
}

/// Bindings §3.4.4.1: deflated, base64, percent-encoded; the signature covers the encoded parameters in this order.
fn redirect(xml: &str, url: &str, message: &Message<'_>, keys: &SpKeys) -> Result<Outgoing, SendError> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated = deflate
        .write_all(xml.as_bytes())
        .and_then(|()| deflate.finish())
        .map_err(|_| SendError::Unwritable)?;
    let mut query = format!("{}={}", message.direction.parameter(), percent(&STANDARD.encode(deflated)));
    if let Some(state) = message.relay_state {
        query.push_str(&format!("&RelayState={}", percent(state)));
    }
    query.push_str(&format!("&SigAlg={}", percent(RSA_SHA256)));
    let signature = keys.signature(query.as_bytes())?;
    let separator = if url.contains('?') { '&' } else { '?' };
    let without_fragment = url.split('#').next().unwrap_or(url);
    Ok(Outgoing::Redirect {
        url: format!("{without_fragment}{separator}{query}&Signature={}", percent(&signature)),
    })
}

/// Percent-encoding of everything that is not unreserved (RFC 3986 §2.3), which every recipient decodes and re-encodes alike.
fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
