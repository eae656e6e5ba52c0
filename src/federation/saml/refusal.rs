//! Every reason to turn a message away: a stable code for logs and the audit trail, and a sentence for the administrator who set up
//! the connection. The person at the browser should see one and the same page for all of them: answers that differ would tell an
//! attacker how far a forged or re-encrypted message came.

use chrono::{DateTime, Utc};

use super::time;

/// Why a message from the identity provider is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More than [`MAX_MESSAGE`](super::MAX_MESSAGE) bytes.
    #[error("The message is larger than this portal reads.")]
    TooLarge,
    /// The form field or parameter is missing, not base64, not deflated data, or not UTF-8.
    #[error("The message arrived damaged: it could not be decoded.")]
    Undecodable,
    /// The parameters of a redirect are missing, repeated or contradict each other.
    #[error("The address that carried the message has missing, repeated or contradictory parameters.")]
    Parameters,
    /// A document type, entities or processing instructions.
    #[error("The message contains XML that SAML does not use (a document type or a processing instruction).")]
    ForbiddenXml,
    /// Not well-formed, or nested too deep.
    #[error("The message is not well-formed XML.")]
    NotXml,
    /// Another kind of message than the one expected here, or not SAML 2.0.
    #[error("A {expected} of SAML 2.0 was expected here, but a {found} arrived.")]
    UnexpectedMessage {
        /// The element that belongs here.
        expected: &'static str,
        /// The element that came.
        found: String,
    },
    /// A required part is missing or appears more than once.
    #[error("The message has no usable {0}.")]
    Structure(&'static str),
    /// Two elements with the same identifier.
    #[error("Two parts of the message have the same identifier. Messages like this are made to deceive.")]
    DuplicateId,
    /// An instant that is not an `xs:dateTime`.
    #[error("The time in {0} cannot be read.")]
    UnreadableTime(&'static str),

    /// The identity provider says that it did not sign the person in, or did not complete the logout.
    #[error("The identity provider answered with the status {code}{}.", detail.as_ref().map(|d| format!(" ({d})")).unwrap_or_default())]
    Status {
        /// The innermost status code (core §3.2.2.2).
        code: String,
        /// The provider's own message, if any.
        detail: Option<String>,
    },
    /// Success, but nothing about a person in it.
    #[error("The response contains no assertion.")]
    NoAssertion,
    /// More than one assertion, wherever they stand.
    #[error("The response contains several assertions. Only one is accepted, because a second one is a way to deceive.")]
    SeveralAssertions,
    /// An assertion somewhere else than directly in the response.
    #[error("The assertion is not where it belongs in the response.")]
    MisplacedAssertion,

    /// No signature of its own on the assertion.
    #[error("The assertion is not signed. Switch on “sign assertions” at the identity provider.")]
    AssertionUnsigned,
    /// No signature on another message that must have one.
    #[error("The message is not signed.")]
    Unsigned,
    /// The signature has parts that a SAML signature does not have, or lacks some (core §5.4).
    #[error("The signature is not built as SAML requires: {0}.")]
    SignatureStructure(&'static str),
    /// A signature algorithm that is weak, symmetric or unknown.
    #[error("The signature uses {0}, which is not accepted. Use RSA or ECDSA with SHA-256 or better.")]
    SignatureAlgorithm(String),
    /// A digest algorithm that is weak or unknown.
    #[error("The signature uses the digest {0}, which is not accepted. Use SHA-256 or better.")]
    DigestAlgorithm(String),
    /// Another canonicalisation than exclusive without comments.
    #[error("The signature uses the canonicalisation {0}. Only exclusive canonicalisation is accepted.")]
    Canonicalisation(String),
    /// A transform that could hide parts from the signature.
    #[error("The signature transforms the message with {0}, which is not accepted.")]
    Transform(String),
    /// The signature covers something else than the element it stands in.
    #[error("The signature does not cover the element it belongs to.")]
    Reference,
    /// The digest differs.
    #[error("The message was changed after it was signed.")]
    ContentChanged,
    /// Signed with a key that is not among the trusted certificates.
    #[error("The signature was not made with one of the certificates known for this identity provider. Has it changed its certificate?")]
    UntrustedSignature,

    /// Encrypted in a way that is not accepted.
    #[error("The message is encrypted with {0}, which is not accepted. Use AES with RSA-OAEP.")]
    EncryptionAlgorithm(String),
    /// Encrypted, and no key of this portal opens it into an assertion.
    #[error("The encrypted part cannot be opened with this portal's keys. Does the identity provider know the current certificate?")]
    Undecryptable,

    /// Addressed to another place.
    #[error("The message is addressed to {}, not to this portal.", found.as_deref().unwrap_or("nobody"))]
    Destination {
        /// The `Destination` attribute.
        found: Option<String>,
    },
    /// From somebody else.
    #[error("The message comes from {}, which is not the identity provider of this connection.", found.as_deref().unwrap_or("an unnamed party"))]
    Issuer {
        /// The `Issuer` element.
        found: Option<String>,
    },
    /// Nobody asked for it.
    #[error("The message answers no request of this portal. Start from this portal's sign-in page.")]
    Unsolicited,
    /// It answers a request that this browser or portal did not make, or that was answered already.
    #[error("The message answers a request that is not open (any more). Sign in again.")]
    UnknownRequest,
    /// For another service.
    #[error("The assertion is meant for {}, not for this portal.", if found.is_empty() { "nobody in particular".to_owned() } else { found.join(", ") })]
    Audience {
        /// The audiences named.
        found: Vec<String>,
    },
    /// To be delivered elsewhere.
    #[error("The assertion must be delivered to {}, not to this portal.", found.as_deref().unwrap_or("an unnamed address"))]
    Recipient {
        /// The `Recipient` attribute.
        found: Option<String>,
    },
    /// No bearer confirmation (profiles §4.1.4.2).
    #[error("The assertion has no bearer confirmation, so it cannot be used to sign in.")]
    NotBearer,
    /// A condition this portal does not know and therefore cannot keep (core §2.5.1.1).
    #[error("The assertion has the condition {0}, which this portal does not know.")]
    UnknownCondition(String),
    /// No end is named.
    #[error("The assertion does not say how long it is valid.")]
    NoEnd,
    /// Too late.
    #[error("The message was valid until {}. Compare the clocks of both servers.", time::write(*.0))]
    Expired(DateTime<Utc>),
    /// Too early.
    #[error("The message is valid only from {}. Compare the clocks of both servers.", time::write(*.0))]
    NotYetValid(DateTime<Utc>),
    /// Nobody is named.
    #[error("The assertion does not name a person.")]
    NoSubject,
    /// Nothing says how and when the person signed in.
    #[error("The assertion does not say when the person signed in.")]
    NoAuthentication,
}

impl Refusal {
    /// The stable code for logs, metrics and the audit trail.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Undecodable => "undecodable",
            Self::Parameters => "parameters",
            Self::ForbiddenXml => "forbidden_xml",
            Self::NotXml => "not_xml",
            Self::UnexpectedMessage { .. } => "unexpected_message",
            Self::Structure(_) => "structure",
            Self::DuplicateId => "duplicate_id",
            Self::UnreadableTime(_) => "unreadable_time",
            Self::Status { .. } => "status",
            Self::NoAssertion => "no_assertion",
            Self::SeveralAssertions => "several_assertions",
            Self::MisplacedAssertion => "misplaced_assertion",
            Self::AssertionUnsigned => "assertion_unsigned",
            Self::Unsigned => "unsigned",
            Self::SignatureStructure(_) => "signature_structure",
            Self::SignatureAlgorithm(_) => "signature_algorithm",
            Self::DigestAlgorithm(_) => "digest_algorithm",
            Self::Canonicalisation(_) => "canonicalisation",
            Self::Transform(_) => "transform",
            Self::Reference => "reference",
            Self::ContentChanged => "content_changed",
            Self::UntrustedSignature => "untrusted_signature",
            Self::EncryptionAlgorithm(_) => "encryption_algorithm",
            Self::Undecryptable => "undecryptable",
            Self::Destination { .. } => "destination",
            Self::Issuer { .. } => "issuer",
            Self::Unsolicited => "unsolicited",
            Self::UnknownRequest => "unknown_request",
            Self::Audience { .. } => "audience",
            Self::Recipient { .. } => "recipient",
            Self::NotBearer => "not_bearer",
            Self::UnknownCondition(_) => "unknown_condition",
            Self::NoEnd => "no_end",
            Self::Expired(_) => "expired",
            Self::NotYetValid(_) => "not_yet_valid",
            Self::NoSubject => "no_subject",
            Self::NoAuthentication => "no_authentication",
        }
    }
}
