//! Single logout (core §3.7, profiles §4.4): asks the identity provider to end a session, answers when it asks, and reads both.
//! Every message must be signed.

use chrono::{DateTime, Duration, Utc};

use super::assertion::open_id;
use super::certificate::SigningCertificate;
use super::incoming::{Incoming, expect_destination, expect_issuer, receive};
use super::keys::SpKeys;
use super::name_id::NameId;
use super::names::{PARTIAL_LOGOUT, PROTOCOL, RESPONDER, SUCCESS};
use super::outgoing::{Connection, Direction, Issued, Message, Outgoing, SendError, message_id, send};
use super::refusal::Refusal;
use super::response::check_status;
use super::time;
use super::xml::{Node, escape};

/// A logout message without an end of its own is accepted this long after it was issued.
const LIFETIME: Duration = Duration::minutes(10);

/// Whose session at the identity provider is to end.
#[derive(Debug, Clone, Copy)]
pub struct LogoutSubject<'a> {
    /// The person, exactly as the assertion named them.
    pub name_id: &'a NameId,
    /// The sessions; none means all of this person's.
    pub session_indexes: &'a [String],
}

/// What this portal waits for at its logout address.
#[derive(Debug, Clone, Copy)]
pub struct LogoutExpectation<'a> {
    /// The identity provider's entity identifier.
    pub idp_entity_id: &'a str,
    /// The certificates whose keys are trusted for it.
    pub trusted: &'a [SigningCertificate],
    /// The address at which the message arrived.
    pub slo_url: &'a str,
    /// How far the two clocks may differ.
    pub clock_skew: Duration,
    /// Keys that open encrypted name identifiers.
    pub decryption_keys: &'a [SpKeys],
}

/// The identity provider ended a session. The caller refuses an `id` it has seen before, or relies on ending twice being harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// The request's identifier, for the answer.
    pub id: String,
    /// The person.
    pub name_id: NameId,
    /// The sessions; none means all of this person's.
    pub session_indexes: Vec<String>,
    /// What must return with the answer.
    pub relay_state: Option<String>,
}

/// How a logout went here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// Every session meant by the request is over, or there was none.
    Complete,
    /// Some sessions could not be ended.
    Partial,
    /// None was ended.
    Failed,
}

/// The identity provider's answer to our logout request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// The request it answers.
    pub in_response_to: String,
    /// Whether some other service could not be reached ([`PARTIAL_LOGOUT`]).
    pub partial: bool,
    /// What we sent along.
    pub relay_state: Option<String>,
}

/// Writes a signed logout request to the connection's logout address; it is good for five minutes.
///
/// # Errors
/// [`SendError::NoLogout`] when the identity provider has no such address, else as for every message.
pub fn logout_request(
    connection: &Connection<'_>,
    subject: LogoutSubject<'_>,
    relay_state: Option<&str>,
    random: [u8; 20],
    now: DateTime<Utc>,
) -> Result<Issued, SendError> {
    let id = message_id(&random);
    let sessions = subject
        .session_indexes
        .iter()
        .map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index)));
    let message = Message {
        element: "LogoutRequest",
        id: &id,
        attributes: vec![
            ("IssueInstant", time::write(now)),
            ("NotOnOrAfter", time::write(now + Duration::minutes(5))),
        ],
        content: format!("{}{}", subject.name_id.write(), sessions.collect::<String>()),
        direction: Direction::Request,
        relay_state,
    };
    let outgoing = send(
        &message,
        connection.slo.ok_or(SendError::NoLogout)?,
        connection.entity_id,
        connection.keys,
    )?;
    Ok(Issued { id, outgoing })
}

/// Writes the signed answer to a logout request to the connection's logout response address.
///
/// # Errors
/// [`SendError::NoLogout`] when the identity provider has no such address, else as for every message.
pub fn logout_response(
    connection: &Connection<'_>,
    request: &LogoutRequest,
    outcome: LogoutOutcome,
    random: [u8; 20],
    now: DateTime<Utc>,
) -> Result<Outgoing, SendError> {
    let status = match outcome {
        LogoutOutcome::Complete => format!("<samlp:StatusCode Value=\"{SUCCESS}\"/>"),
        // Core §3.2.2.2: partial logout is a second-level code.
        LogoutOutcome::Partial => {
            format!("<samlp:StatusCode Value=\"{SUCCESS}\"><samlp:StatusCode Value=\"{PARTIAL_LOGOUT}\"/></samlp:StatusCode>")
        }
        LogoutOutcome::Failed => format!("<samlp:StatusCode Value=\"{RESPONDER}\"/>"),
    };
    let id = message_id(&random);
    let message = Message {
        element: "LogoutResponse",
        id: &id,
        attributes: vec![("IssueInstant", time::write(now)), ("InResponseTo", request.id.clone())],
        content: format!("<samlp:Status>{status}</samlp:Status>"),
        direction: Direction::Response,
        relay_state: request.relay_state.as_deref(),
    };
    send(
        &message,
        connection.slo.ok_or(SendError::NoLogout)?,
        connection.entity_id,
        connection.keys,
    )
}

/// Reads a logout request by redirect or POST.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn validate_logout_request(
    expectation: &LogoutExpectation<'_>,
    incoming: Incoming<'_>,
    now: DateTime<Utc>,
) -> Result<LogoutRequest, Refusal> {
    let received = receive(incoming, Direction::Request, "LogoutRequest", expectation.trusted)?;
    let request = received.tree.root();
    check_message(request, expectation, now)?;
    if let Some(text) = request.attribute("NotOnOrAfter") {
        let end = time::parse(text).ok_or(Refusal::UnreadableTime("NotOnOrAfter"))?;
        if time::has_passed(end, now, expectation.clock_skew) {
            return Err(Refusal::Expired(end));
        }
    }
    let name_id = NameId::find(request, |encrypted| open_id(encrypted, expectation.decryption_keys))?;
    Ok(LogoutRequest {
        id: request
            .attribute("ID")
            .filter(|id| !id.is_empty())
            .ok_or(Refusal::Structure("ID"))?
            .to_owned(),
        name_id,
        session_indexes: request
            .all(PROTOCOL, "SessionIndex")
            .filter_map(Node::trimmed)
            .filter(|index| !index.is_empty())
            .collect(),
        relay_state: received.relay_state,
    })
}

/// Reads the answer to our logout request `request_id`, by redirect or POST.
///
/// # Errors
/// [`Refusal::UnknownRequest`] when it answers another one, [`Refusal::Status`] when the logout failed, else the first that applies.
pub fn validate_logout_response(
    expectation: &LogoutExpectation<'_>,
    incoming: Incoming<'_>,
    request_id: &str,
    now: DateTime<Utc>,
) -> Result<LogoutResponse, Refusal> {
    let received = receive(incoming, Direction::Response, "LogoutResponse", expectation.trusted)?;
    let response = received.tree.root();
    check_message(response, expectation, now)?;
    match response.attribute("InResponseTo") {
        Some(id) if id == request_id => {}
        Some(_) => return Err(Refusal::UnknownRequest),
        None => return Err(Refusal::Unsolicited),
    }
    let codes: Vec<&str> = response
        .only(PROTOCOL, "Status")
        .map(Node::with_descendants)
        .unwrap_or_default()
        .into_iter()
        .filter(|node| node.is(PROTOCOL, "StatusCode"))
        .filter_map(|node| node.attribute("Value"))
        .collect();
    let partial = codes.contains(&PARTIAL_LOGOUT);
    // Providers disagree about the code above “partial”; the session at the provider is over either way.
    if !partial {
        check_status(response)?;
    }
    Ok(LogoutResponse {
        in_response_to: request_id.to_owned(),
        partial,
        relay_state: received.relay_state,
    })
}

/// Issuer, address and age of a signed logout message.
fn check_message(message: Node<'_>, expectation: &LogoutExpectation<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    expect_issuer(message, expectation.idp_entity_id)?;
    expect_destination(message, expectation.slo_url, true)?;
    let issued = message
        .attribute("IssueInstant")
        .and_then(time::parse)
        .ok_or(Refusal::UnreadableTime("IssueInstant"))?;
    if time::lies_ahead(issued, now, expectation.clock_skew) {
        return Err(Refusal::NotYetValid(issued));
    }
    if time::has_passed(issued + LIFETIME, now, expectation.clock_skew) {
        return Err(Refusal::Expired(issued + LIFETIME));
    }
    Ok(())
}
