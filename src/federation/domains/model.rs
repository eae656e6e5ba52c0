//! What may be claimed as a domain, and what a claim may become.

use thiserror::Error;

use crate::{
    federation::IdentityProvider,
    kernel::{DomainId, EmailAddress, OrganizationId, ProviderId, Timestamp, readable_domain, string_enum},
};

string_enum! {
    /// Where a claim stands.
    pub enum DomainStatus {
        /// The record was not seen yet.
        Pending = "pending",
        /// The record was seen.
        Proven = "proven",
        /// The record was there once and is missing for too long.
        Lost = "lost",
    }
}

/// A domain that an organization says is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Identifier.
    pub id: DomainId,
    /// Who says so.
    pub organization: OrganizationId,
    /// Lower-case ASCII without a dot at the end (RFC 5891 A-labels).
    pub name: String,
    /// Names below it count too.
    pub subdomains: bool,
    /// What the TXT record must hold.
    pub proof: String,
    /// Where it stands.
    pub status: DomainStatus,
    /// Which provider its people use; none lets each choose among those of the organization that are in use.
    pub provider: Option<ProviderId>,
    /// When the record was first seen.
    pub proven_at: Option<Timestamp>,
    /// When it was last looked for.
    pub checked_at: Option<Timestamp>,
    /// Since when it is missing.
    pub missing_since: Option<Timestamp>,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// Why a text cannot be claimed as a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainError {
    /// Not a domain.
    #[error("This is not a domain. It should look like example.com.")]
    Malformed,
    /// A public suffix such as `co.uk`.
    #[error("Anybody can register names below this one, so it cannot belong to one company.")]
    PublicSuffix,
    /// A public mail service.
    #[error("This is a public mail service. Enter a domain that belongs to your company.")]
    PublicMail,
}

impl Domain {
    /// Whether a declaration vouches for it: there is no record to look for.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.proof.is_empty()
    }

    /// The name as people read it.
    #[must_use]
    pub fn readable(&self) -> String {
        readable_domain(&self.name)
    }

    /// Whether an address's domain is this one or, where that counts, below it.
    #[must_use]
    pub fn covers(&self, domain: &str) -> bool {
        domain == self.name
            || (self.subdomains
                && domain
                    .strip_suffix(&self.name)
                    .is_some_and(|before| before.len() > 1 && before.ends_with('.')))
    }
}

/// An address's domain and every name above it that could be claimed, longest first.
#[must_use]
pub fn names_above(email: &EmailAddress) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = ascii(email.domain()).unwrap_or_default();
    while rest.contains('.') {
        names.push(rest.clone());
        rest = rest.split_once('.').map(|(_, above)| above.to_owned()).unwrap_or_default();
    }
    names
}

/// The domain among these that says most exactly whose an address is.
#[must_use]
pub fn most_specific<'a>(email: &EmailAddress, domains: &'a [Domain]) -> Option<&'a Domain> {
    let wanted = ascii(email.domain())?;
    domains
        .iter()
        .filter(|domain| domain.covers(&wanted))
        .max_by_key(|domain| domain.name.len())
}

/// The connections that a domain's people use: the one it names, else all of the organization that are in use, oldest first.
pub fn ways_of<'a>(domain: &Domain, providers: &'a [IdentityProvider]) -> impl Iterator<Item = &'a IdentityProvider> + use<'a> {
    let bound = domain.provider;
    providers
        .iter()
        .filter(move |provider| provider.is_live() && bound.is_none_or(|bound| bound == provider.id))
}

/// The connection that keeps local passwords out and that nobody is led to any more when this domain goes.
#[must_use]
pub fn left_without<'a>(domain: &Domain, domains: &[Domain], providers: &'a [IdentityProvider]) -> Option<&'a IdentityProvider> {
    let counts = |domain: &Domain| domain.status != DomainStatus::Pending;
    let led = |provider: &IdentityProvider| {
        let mut others = domains.iter().filter(|other| other.id != domain.id && counts(other));
        others.any(|other| ways_of(other, providers).any(|way| way.id == provider.id))
    };
    ways_of(domain, providers).find(|provider| counts(domain) && provider.keeps_out_passwords() && !led(provider))
}

/// The ASCII form of a domain (UTS 46), the way the DNS and certificates write it.
#[must_use]
pub fn ascii(domain: &str) -> Option<String> {
    match url::Host::parse(domain.trim().trim_end_matches('.')) {
        Ok(url::Host::Domain(name)) => Some(name.to_ascii_lowercase()),
        _ => None,
    }
}
