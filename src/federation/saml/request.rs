//! The authentication request that starts a sign-in at the identity provider (core §3.4.1, profiles §4.1.4.1).

use chrono::{DateTime, Utc};

use super::names::POST_BINDING;
use super::outgoing::{Connection, Direction, Issued, Message, SendError, message_id, send};
use super::time;
use super::xml::escape;

/// What one sign-in asks for.
#[derive(Debug, Clone, Copy)]
pub struct SignInRequest<'a> {
    /// Randomness for the request's identifier.
    pub random: [u8; 20],
    /// The present instant.
    pub now: DateTime<Utc>,
    /// Whether the person must prove who they are again, even with a session at the identity provider.
    pub force_authn: bool,
    /// What comes back unchanged with the response, at most 80 bytes; not secret and not to be trusted.
    pub relay_state: Option<&'a str>,
}

/// Writes the signed request to the connection's sign-in address; the response is asked for by POST at our address.
///
/// # Errors
/// [`SendError`] when the RelayState is too long, the address is none, or the key fails.
pub fn authn_request(connection: &Connection<'_>, request: SignInRequest<'_>) -> Result<Issued, SendError> {
    let id = message_id(&request.random);
    let mut attributes = vec![
        ("IssueInstant", time::write(request.now)),
        ("AssertionConsumerServiceURL", connection.acs_url.to_owned()),
        ("ProtocolBinding", POST_BINDING.to_owned()),
    ];
    if request.force_authn {
        attributes.push(("ForceAuthn", "true".to_owned()));
    }
    let format = connection
        .name_id_format
        .map(|format| format!(" Format=\"{}\"", escape(format)))
        .unwrap_or_default();
    let message = Message {
        element: "AuthnRequest",
        id: &id,
        attributes,
        content: format!("<samlp:NameIDPolicy{format} AllowCreate=\"true\"/>"),
        direction: Direction::Request,
        relay_state: request.relay_state,
    };
    let outgoing = send(&message, connection.sso, connection.entity_id, connection.keys)?;
    Ok(Issued { id, outgoing })
}
