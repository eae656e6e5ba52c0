//! Takes a sign-in response (core §3.3.3, profiles §4.1.4) apart: finds the one assertion, establishes that the identity provider
//! signed it, and hands it to the rules in `assertion.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Duration, Utc};

use super::assertion;
use super::certificate::SigningCertificate;
use super::decrypt::decrypt;
use super::incoming::{decode_form_value, expect_destination, expect_element, expect_issuer, parse_message};
use super::keys::SpKeys;
use super::name_id::NameId;
use super::names::{ASSERTION, PROTOCOL, SUCCESS};
use super::refusal::Refusal;
use super::signature::{Signed, signature_of, verify_enveloped};
use super::xml::{Node, Tree};

/// What this portal waits for.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The identity provider's entity identifier.
    pub idp_entity_id: &'a str,
    /// The certificates whose keys are trusted for it.
    pub trusted: &'a [SigningCertificate],
    /// This portal's entity identifier.
    pub entity_id: &'a str,
    /// The address to which the response was posted.
    pub acs_url: &'a str,
    /// Identifiers of requests that this browser made and that are still open.
    pub outstanding: &'a BTreeSet<String>,
    /// Whether a response that answers no request is accepted. It lets an attacker sign someone in as somebody else (login CSRF).
    pub unsolicited_accepted: bool,
    /// How far the two clocks may differ, usually [`CLOCK_SKEW`](super::CLOCK_SKEW).
    pub clock_skew: Duration,
    /// Keys that open encrypted assertions: the current one, and the previous one during a roll-over.
    pub decryption_keys: &'a [SpKeys],
    /// Whether a signature on the response is enough for an assertion in it without a signature of its own.
    pub signed_response_suffices: bool,
}

/// Someone signed in at the identity provider. The caller refuses an assertion it has seen before: it keeps `assertion_id` until
/// `not_on_or_after` plus the clock skew, and it closes the request `in_response_to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The identity provider.
    pub issuer: String,
    /// The person, as the identity provider names them.
    pub subject: NameId,
    /// The identity provider's name for the session, for single logout.
    pub session_index: Option<String>,
    /// When the person proved who they are.
    pub authn_instant: DateTime<Utc>,
    /// How they did (`AuthnContextClassRef`).
    pub authn_context_class: Option<String>,
    /// When the session must end at the latest.
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    /// Values by attribute name, and once more by friendly name where that is not another attribute's name.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The assertion's identifier.
    pub assertion_id: String,
    /// Until when the assertion can be used, clock skew not included.
    pub not_on_or_after: DateTime<Utc>,
    /// The request this answers; `None` when unsolicited.
    pub in_response_to: Option<String>,
    /// What was checked, in order.
    pub trace: Vec<(Check, String)>,
}

/// A step of the examination, for the connection test page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Decoded and parsed.
    Message,
    /// Signature on the response.
    ResponseSignature,
    /// Status, issuer and destination of the response.
    Envelope,
    /// Opening of the encrypted assertion.
    Decryption,
    /// Signature on the assertion.
    AssertionSignature,
    /// Issuer of the assertion.
    Issuer,
    /// Validity and audience.
    Conditions,
    /// Bearer confirmation: recipient, end, request.
    Confirmation,
    /// The person.
    Subject,
    /// The sign-in at the identity provider.
    Authentication,
    /// The attributes.
    Attributes,
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Message => "Message",
            Self::ResponseSignature => "Signature on the response",
            Self::Envelope => "Status and address",
            Self::Decryption => "Decryption",
            Self::AssertionSignature => "Signature on the assertion",
            Self::Issuer => "Issuer",
            Self::Conditions => "Validity and audience",
            Self::Confirmation => "Confirmation",
            Self::Subject => "Person",
            Self::Authentication => "Sign-in",
            Self::Attributes => "Attributes",
        })
    }
}

/// A response looked at step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The steps that went well, in order.
    pub trace: Vec<(Check, String)>,
    /// Who arrived, or why nobody does.
    pub result: Result<Arrival, Refusal>,
}

/// Decides about a response: the value of the form field `SAMLResponse` as posted.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn validate_response(expectation: &Expectation<'_>, form_value: &str, now: DateTime<Utc>) -> Result<Arrival, Refusal> {
    examine_response(expectation, form_value, now).result
}

/// [`validate_response`] that also tells how far a refused response came.
pub fn examine_response(expectation: &Expectation<'_>, form_value: &str, now: DateTime<Utc>) -> Examination {
    let mut trace = Vec::new();
    let mut result = examine(expectation, form_value, now, &mut trace);
    if let Ok(arrival) = &mut result {
        arrival.trace.clone_from(&trace);
    }
    Examination { trace, result }
}

fn examine(
    expectation: &Expectation<'_>,
    form_value: &str,
    now: DateTime<Utc>,
    trace: &mut Vec<(Check, String)>,
) -> Result<Arrival, Refusal> {
    let text = decode_form_value(form_value)?;
    let message = parse_message(&text)?;
    expect_element(message.root(), "Response")?;
    trace.push((Check::Message, format!("{} bytes", text.len())));

    let signed_response = match signature_of(message.root())? {
        Some(signature) => {
            let signed = verify_enveloped(message.root(), signature, expectation.trusted)?;
            trace.push((Check::ResponseSignature, describe(&signed)));
            Some(signed)
        }
        None => None,
    };
    // What a signature covers is read from the signed bytes; without one the envelope only serves to refuse.
    let response = signed_response.as_ref().map_or(message.root(), |signed| signed.tree.root());
    check_envelope(response, expectation, signed_response.is_some())?;
    trace.push((Check::Envelope, "success".to_owned()));

    let assertion = authentic_assertion(&message, signed_response.as_ref(), expectation, trace)?;
    assertion::accept(assertion.root(), response.attribute("InResponseTo"), expectation, now, trace)
}

/// Status, issuer and destination. The issuer may be missing from the response (core §3.2.2), never from the assertion.
fn check_envelope(response: Node<'_>, expectation: &Expectation<'_>, signed: bool) -> Result<(), Refusal> {
    if response.first(ASSERTION, "Issuer").is_some() {
        expect_issuer(response, expectation.idp_entity_id)?;
    }
    expect_destination(response, expectation.acs_url, signed)?;
    check_status(response)
}

/// Refuses any status but success (core §3.2.2.1).
pub(super) fn check_status(response: Node<'_>) -> Result<(), Refusal> {
    let status = response.only(PROTOCOL, "Status").ok_or(Refusal::Structure("Status"))?;
    let code = status.only(PROTOCOL, "StatusCode").ok_or(Refusal::Structure("Status"))?;
    if code.attribute("Value") == Some(SUCCESS) {
        return Ok(());
    }
    let inner = code.first(PROTOCOL, "StatusCode").unwrap_or(code);
    let detail = status
        .first(PROTOCOL, "StatusMessage")
        .and_then(Node::trimmed)
        .filter(|text| !text.is_empty());
    let shorten = |text: &str| text.chars().take(300).collect::<String>();
    Err(Refusal::Status {
        code: shorten(inner.attribute("Value").unwrap_or("unknown")),
        detail: detail.as_deref().map(shorten),
    })
}

/// The one assertion of the message as the identity provider signed it, alone in a tree parsed from the signed bytes.
fn authentic_assertion(
    message: &Tree,
    signed_response: Option<&Signed>,
    expectation: &Expectation<'_>,
    trace: &mut Vec<(Check, String)>,
) -> Result<Tree, Refusal> {
    let located = locate(message.root())?;
    if located.is(ASSERTION, "Assertion") {
        if let Some(signature) = signature_of(located)? {
            return verified(located, signature, expectation, trace);
        }
        let signed = signed_response
            .filter(|_| expectation.signed_response_suffices)
            .ok_or(Refusal::AssertionUnsigned)?;
        return covered(locate(signed.tree.root())?, trace);
    }
    let encrypted = match signed_response {
        Some(signed) => locate(signed.tree.root())?,
        None => located,
    };
    let decrypted = decrypt(encrypted, expectation.decryption_keys)?;
    let inner = decrypted.root().only(ASSERTION, "Assertion").ok_or(Refusal::Undecryptable)?;
    if count_assertions(decrypted.root()) != 1 {
        return Err(Refusal::SeveralAssertions);
    }
    if decrypted.duplicate_id().is_some() {
        return Err(Refusal::DuplicateId);
    }
    trace.push((Check::Decryption, "opened".to_owned()));
    match signature_of(inner)? {
        Some(signature) => verified(inner, signature, expectation, trace),
        None if signed_response.is_some() && expectation.signed_response_suffices => covered(inner, trace),
        None => Err(Refusal::AssertionUnsigned),
    }
}

/// Finds the only assertion, plain or encrypted, which must stand directly in the response.
fn locate(response: Node<'_>) -> Result<Node<'_>, Refusal> {
    match count_assertions(response) {
        0 => return Err(Refusal::NoAssertion),
        1 => {}
        _ => return Err(Refusal::SeveralAssertions),
    }
    response
        .elements()
        .find(|child| is_assertion(*child))
        .ok_or(Refusal::MisplacedAssertion)
}

fn is_assertion(node: Node<'_>) -> bool {
    node.is(ASSERTION, "Assertion") || node.is(ASSERTION, "EncryptedAssertion")
}

fn count_assertions(node: Node<'_>) -> usize {
    node.with_descendants().into_iter().filter(|node| is_assertion(*node)).count()
}

fn verified(
    assertion: Node<'_>,
    signature: Node<'_>,
    expectation: &Expectation<'_>,
    trace: &mut Vec<(Check, String)>,
) -> Result<Tree, Refusal> {
    let signed = verify_enveloped(assertion, signature, expectation.trusted)?;
    trace.push((Check::AssertionSignature, describe(&signed)));
    Ok(signed.tree)
}

/// An assertion without a signature of its own, taken out of a signed response.
fn covered(assertion: Node<'_>, trace: &mut Vec<(Check, String)>) -> Result<Tree, Refusal> {
    let text = assertion.canonical(None, &[]).ok_or(Refusal::NotXml)?;
    let tree = Tree::parse(&text).map_err(|_| Refusal::NotXml)?;
    trace.push((Check::AssertionSignature, "covered by the signature on the response".to_owned()));
    Ok(tree)
}

fn describe(signed: &Signed) -> String {
    let algorithm = signed.algorithm.rsplit('#').next().unwrap_or_default();
    format!("{algorithm}, certificate {}", signed.fingerprint)
}
