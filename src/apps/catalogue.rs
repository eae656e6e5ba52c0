//! What the catalogue accepts: drafts of applications and scopes, each part checked before it exists.

use thiserror::Error;
use url::{Host, Url};

use super::{Application, ScopeAccess};
use crate::kernel::PersonId;

/// An application as somebody wants it to be.
#[derive(Clone, Debug)]
pub struct ApplicationDraft {
    /// Name in addresses; fixed once it exists.
    pub slug: String,
    /// Name on tiles.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Key of its icon.
    pub icon: String,
    /// Heading it stands under.
    pub category: String,
    /// Where a launch leads.
    pub launch_url: Url,
    /// Whom to ask.
    pub owner: Option<PersonId>,
}

/// A scope as somebody wants it to be.
#[derive(Clone, Debug)]
pub struct ScopeDraft {
    /// As in tokens.
    pub name: String,
    /// What it allows, in a sentence.
    pub description: String,
    /// Read or write.
    pub access: ScopeAccess,
    /// Needs more than being held.
    pub high_value: bool,
}

/// What is wrong with a part of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DraftError {
    /// Not a slug.
    #[error("Use 2 to 60 small letters, digits and hyphens, beginning with a letter, for example order-desk.")]
    Slug,
    /// Not an address a launch may lead to.
    #[error("Enter a complete address that begins with https://. (http:// is accepted for this machine alone.)")]
    LaunchUrl,
    /// Credentials in an address would be shown and stored.
    #[error("Leave user name and password out of the address.")]
    CredentialsInUrl,
    /// Not a scope token (RFC 6749 §3.3).
    #[error("Use up to 100 letters, digits and signs without spaces, quotation marks or backslashes, for example orders:write.")]
    ScopeName,
}

/// A name in addresses.
///
/// # Errors
/// [`DraftError::Slug`].
pub fn slug(text: &str) -> Result<String, DraftError> {
    let text = text.trim();
    let fits = (2..=60).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && text != "new";
    if fits { Ok(text.to_owned()) } else { Err(DraftError::Slug) }
}

/// Where a launch may lead: https anywhere, http on loopback alone.
///
/// # Errors
/// [`DraftError::LaunchUrl`], [`DraftError::CredentialsInUrl`].
pub fn launch_url(text: &str) -> Result<Url, DraftError> {
    let url: Url = text.trim().parse().map_err(|_| DraftError::LaunchUrl)?;
    if text.len() > 2000 || url.host().is_none() {
        return Err(DraftError::LaunchUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(DraftError::CredentialsInUrl);
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(DraftError::LaunchUrl),
    }
}

/// A scope token (RFC 6749 §3.3): printable ASCII without space, `"` and `\`.
///
/// # Errors
/// [`DraftError::ScopeName`].
pub fn scope_name(text: &str) -> Result<String, DraftError> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if fits { Ok(text.to_owned()) } else { Err(DraftError::ScopeName) }
}

impl Application {
    /// Takes over a draft; the name in addresses stays.
    #[must_use]
    pub fn change(mut self, draft: ApplicationDraft) -> Self {
        self.name = draft.name;
        self.description = draft.description;
        self.icon = draft.icon;
        self.category = draft.category;
        self.launch_url = draft.launch_url;
        self.owner = draft.owner;
        self
    }
}
