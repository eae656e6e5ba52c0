//! What people allow applications that the company does not run itself, and programs on their own devices.

use url::Url;

use super::super::{ClientAuthentication, model::Client};
use crate::kernel::{ClientId, ConsentId, MemberId, OrganizationId, Timestamp};

/// What a member allowed a client once and for all.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Identifier.
    pub id: ConsentId,
    /// In whose name.
    pub organization: OrganizationId,
    /// Who.
    pub member: MemberId,
    /// Whom.
    pub client: ClientId,
    /// What.
    pub scopes: Vec<String>,
    /// When, last.
    pub created_at: Timestamp,
}

impl Consent {
    /// Whether all of this was allowed.
    #[must_use]
    pub fn covers(&self, scopes: &[String]) -> bool {
        scopes.iter().all(|scope| self.scopes.contains(scope))
    }
}

/// Whether people are asked before a client gets something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Never: the company runs the application itself.
    Never,
    /// Until they said yes to all of it once.
    Once,
    /// Each time: any program on the device could say that it is this one (RFC 8252 §8.6).
    Always,
}

impl Asking {
    /// For a client, at an address that it registered.
    #[must_use]
    pub fn of(client: &Client, redirect_uri: &str) -> Self {
        let public = client.terms.authentication == ClientAuthentication::None;
        // Of http only loopback addresses can be registered.
        let on_a_device = Url::parse(redirect_uri)
            .ok()
            .is_none_or(|url| url.scheme() != "https" || is_loopback(&url));
        match (public && on_a_device, client.terms.first_party) {
            (true, _) => Self::Always,
            (false, true) => Self::Never,
            (false, false) => Self::Once,
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}
