//! Reads the metadata of an identity provider (metadata §2): who it is, where it takes messages, which keys it signs with.

use chrono::{DateTime, Duration, Utc};

use super::certificate::{CertificateError, SigningCertificate};
use super::names::{DSIG, METADATA, POST_BINDING, PROTOCOL, REDIRECT_BINDING};
use super::time;
use super::xml::{Node, Tree, XmlFault};

/// The largest metadata document in bytes.
pub const MAX_METADATA: usize = 512 * 1024;

/// Why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// More than [`MAX_METADATA`] bytes.
    #[error("The metadata is larger than 512 kB. Use a document that describes one identity provider.")]
    TooLarge,
    /// A document type, and with it perhaps entities.
    #[error("The metadata declares a document type, which is not accepted.")]
    DocumentType,
    /// Not well-formed.
    #[error("The metadata is not well-formed XML.")]
    NotXml,
    /// Another root than `EntityDescriptor` or `EntitiesDescriptor`.
    #[error("This is not SAML metadata: it begins with {0}.")]
    NotMetadata(String),
    /// No `IDPSSODescriptor` for SAML 2.0.
    #[error("The metadata describes no SAML 2.0 identity provider.")]
    NoProvider,
    /// More than one.
    #[error("The metadata describes {0} identity providers. Use a document with exactly one.")]
    SeveralProviders(usize),
    /// No `entityID`, or one longer than 1024 characters (metadata §2.2.1).
    #[error("The identity provider has no usable entity ID.")]
    EntityId,
    /// No sign-in address by redirect or POST.
    #[error("The identity provider has no sign-in address for the redirect or POST binding.")]
    NoSignIn,
    /// An address that is not http(s).
    #[error("{0} is not a web address.")]
    Address(String),
    /// Nothing to verify signatures with.
    #[error("The metadata contains no signing certificate.")]
    NoCertificate,
    /// A signing certificate is unusable.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// `validUntil` or `cacheDuration` is unreadable.
    #[error("The metadata's {0} cannot be read.")]
    Validity(&'static str),
    /// `validUntil` has passed.
    #[error("The metadata was valid until {}. Ask for a current document.", time::write(*.0))]
    Expired(DateTime<Utc>),
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// In the address (bindings §3.4).
    Redirect,
    /// In a form (bindings §3.5).
    Post,
}

/// Where one kind of message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How it goes there.
    pub binding: Binding,
    /// The address for requests.
    pub url: String,
    /// The address for answers, when it is another one.
    pub response_url: Option<String>,
}

/// An identity provider as its metadata describes it. Endpoints with other bindings are left out. A signature on the metadata is
/// not verified: the administrator vouches for where the document came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its entity identifier.
    pub entity_id: String,
    /// Where it takes authentication requests, at least one.
    pub sso: Vec<Endpoint>,
    /// Where it takes logout messages.
    pub slo: Vec<Endpoint>,
    /// The keys it signs with, at least one, each once.
    pub signing: Vec<SigningCertificate>,
    /// Name identifier formats it says it supports.
    pub name_id_formats: Vec<String>,
    /// Whether it takes signed authentication requests only.
    pub wants_authn_requests_signed: bool,
    /// When the document ends, the earliest of all that apply.
    pub valid_until: Option<DateTime<Utc>>,
    /// How long the document may be kept before it is fetched again, the shortest of all that apply.
    pub cache_duration: Option<Duration>,
}

impl IdpMetadata {
    /// Reads `EntityDescriptor`, or `EntitiesDescriptor` with exactly one identity provider. Whether it is still valid is asked with
    /// [`IdpMetadata::ensure_current`].
    ///
    /// # Errors
    /// [`MetadataError`] naming what is missing or wrong.
    pub fn parse(xml: &str) -> Result<Self, MetadataError> {
        if xml.len() > MAX_METADATA {
            return Err(MetadataError::TooLarge);
        }
        let tree = Tree::parse(xml).map_err(|fault| match fault {
            XmlFault::DocumentType => MetadataError::DocumentType,
            XmlFault::Malformed => MetadataError::NotXml,
        })?;
        let root = tree.root();
        if !root.is(METADATA, "EntityDescriptor") && !root.is(METADATA, "EntitiesDescriptor") {
            return Err(MetadataError::NotMetadata(root.local_name().to_owned()));
        }
        let providers: Vec<Node<'_>> = root.with_descendants().into_iter().filter(|node| speaks_saml2(*node)).collect();
        match providers.as_slice() {
            [] => Err(MetadataError::NoProvider),
            [provider] => Self::read(*provider),
            several => Err(MetadataError::SeveralProviders(several.len())),
        }
    }

    fn read(provider: Node<'_>) -> Result<Self, MetadataError> {
        let entity = provider
            .parent()
            .filter(|parent| parent.is(METADATA, "EntityDescriptor"))
            .ok_or(MetadataError::NoProvider)?;
        let entity_id = entity
            .attribute("entityID")
            .map(str::trim)
            .filter(|id| !id.is_empty() && id.len() <= 1024);
        let sso = endpoints(provider, "SingleSignOnService")?;
        if sso.is_empty() {
            return Err(MetadataError::NoSignIn);
        }
        let (valid_until, cache_duration) = validity(provider)?;
        Ok(Self {
            entity_id: entity_id.ok_or(MetadataError::EntityId)?.to_owned(),
            sso,
            slo: endpoints(provider, "SingleLogoutService")?,
            signing: signing_certificates(provider)?,
            name_id_formats: provider.all(METADATA, "NameIDFormat").filter_map(Node::trimmed).collect(),
            wants_authn_requests_signed: matches!(provider.attribute("WantAuthnRequestsSigned").map(str::trim), Some("true" | "1")),
            valid_until,
            cache_duration,
        })
    }

    /// Refuses a document whose `validUntil` has passed.
    ///
    /// # Errors
    /// [`MetadataError::Expired`].
    pub fn ensure_current(&self, now: DateTime<Utc>) -> Result<(), MetadataError> {
        match self.valid_until {
            Some(end) if time::has_passed(end, now, Duration::zero()) => Err(MetadataError::Expired(end)),
            _ => Ok(()),
        }
    }
}

fn speaks_saml2(node: Node<'_>) -> bool {
    let protocols = node.attribute("protocolSupportEnumeration").unwrap_or_default();
    node.is(METADATA, "IDPSSODescriptor") && protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
}

fn endpoints(provider: Node<'_>, service: &'static str) -> Result<Vec<Endpoint>, MetadataError> {
    let mut found = Vec::new();
    for endpoint in provider.all(METADATA, service) {
        let binding = match endpoint.attribute("Binding").map(str::trim) {
            Some(REDIRECT_BINDING) => Binding::Redirect,
            Some(POST_BINDING) => Binding::Post,
            _ => continue,
        };
        let url = web_address(endpoint.attribute("Location").unwrap_or_default())?;
        let response_url = endpoint.attribute("ResponseLocation").map(web_address).transpose()?;
        found.push(Endpoint {
            binding,
            url,
            response_url,
        });
    }
    Ok(found)
}

/// Browsers are sent to these addresses, so `javascript:` and the like must not pass.
fn web_address(text: &str) -> Result<String, MetadataError> {
    let text = text.trim();
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(text.to_owned()),
        _ => Err(MetadataError::Address(text.chars().take(200).collect())),
    }
}

fn signing_certificates(provider: Node<'_>) -> Result<Vec<SigningCertificate>, MetadataError> {
    let mut found: Vec<SigningCertificate> = Vec::new();
    // Metadata §2.4.1.1: a key without a use serves both.
    for descriptor in provider
        .all(METADATA, "KeyDescriptor")
        .filter(|key| matches!(key.attribute("use"), None | Some("signing")))
    {
        for node in descriptor
            .with_descendants()
            .into_iter()
            .filter(|node| node.is(DSIG, "X509Certificate"))
        {
            let certificate = SigningCertificate::from_base64(&node.text().unwrap_or_default())?;
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
    }
    if found.is_empty() {
        Err(MetadataError::NoCertificate)
    } else {
        Ok(found)
    }
}

/// The narrowest validity of the descriptor and everything around it.
fn validity(provider: Node<'_>) -> Result<(Option<DateTime<Utc>>, Option<Duration>), MetadataError> {
    let (mut valid_until, mut cache_duration) = (None, None);
    let mut at = Some(provider);
    while let Some(node) = at {
        if let Some(text) = node.attribute("validUntil") {
            let end = time::parse(text).ok_or(MetadataError::Validity("validUntil"))?;
            valid_until = Some(valid_until.map_or(end, |known: DateTime<Utc>| known.min(end)));
        }
        if let Some(text) = node.attribute("cacheDuration") {
            let duration = time::parse_duration(text).ok_or(MetadataError::Validity("cacheDuration"))?;
            cache_duration = Some(cache_duration.map_or(duration, |known: Duration| known.min(duration)));
        }
        at = node.parent();
    }
    Ok((valid_until, cache_duration))
}
