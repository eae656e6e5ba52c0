//! Hosts, and the way of a browser to them.

use url::Url;

use crate::kernel::{ApplicationId, Timestamp};

/// Seconds in which a browser has to arrive at the host.
pub const HANDOFF_SECONDS: i64 = 60;
/// A page that was asked for is remembered up to this length.
const LONGEST_TARGET: usize = 2_000;

/// The way of a browser from the portal to a host.
#[derive(Clone, Debug)]
pub struct Handoff {
    /// Identifier.
    pub id: uuid::Uuid,
    /// SHA-256 of the value it carries.
    pub hash: Vec<u8>,
    /// When that is worth nothing any more.
    pub ends_at: Timestamp,
    /// SHA-256 of what the browser holds at the host.
    pub challenge: Vec<u8>,
    /// The page that was asked for.
    pub target: String,
    /// Which host.
    pub host: String,
    /// Whose.
    pub application: ApplicationId,
    /// The portal's session, by its key.
    pub session: Vec<u8>,
    /// When.
    pub created_at: Timestamp,
}

/// A host as browsers send it: a name or address, with the port unless it is the usual one of the portal's scheme. None when it is none.
#[must_use]
pub fn forward_host(text: &str, scheme: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| "/\\@?#,".contains(c) || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{text}/")).ok()?;
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The page of a host that was asked for, as an address; its start page when it is no page of this host. None when the host is none.
#[must_use]
pub fn own_target(scheme: &str, host: &str, target: &str) -> Option<Url> {
    let home = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    let wanted = Some(target).filter(|target| target.starts_with('/') && target.len() <= LONGEST_TARGET);
    // Written behind the host, so that "//evil.example" is a path, and compared again.
    let url = wanted.and_then(|target| Url::parse(&format!("{scheme}://{host}{target}")).ok());
    let own = |url: &Url| url.origin() == home.origin() && url.username().is_empty() && url.password().is_none();
    Some(url.filter(own).unwrap_or(home))
}
