//! We as a SAML service provider towards one connection: our addresses and keys, and the provider as its metadata describes it.

use chrono::Duration;
use rand::Rng as _;

use crate::{
    cx::Settings,
    federation::{
        IdentityProvider, Protocol, SamlSettings, Secrets, SpKey,
        saml::{self, Binding, Connection, Endpoint, IdpMetadata, RsaBits, SpKeys},
    },
    kernel::{MasterKey, ProviderId, Rng, Timestamp},
    web::routes,
};

/// Formats of names that stay the same at every sign-in; a transient one names nobody (core §8.3.8).
pub const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// Our addresses towards one connection.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Our entity id, where our metadata is.
    pub entity_id: String,
    /// Where responses are posted.
    pub acs: String,
    /// Where logout messages arrive.
    pub slo: String,
}

impl Addresses {
    /// Of a connection.
    #[must_use]
    pub fn of(settings: &Settings, provider: ProviderId) -> Self {
        let at = |what: &str| routes::absolute(&settings.public_url, &routes::saml(&provider.to_string(), what));
        Self {
            entity_id: at("metadata"),
            acs: at("acs"),
            slo: at("logout"),
        }
    }
}

/// Everything that a message to or from a SAML provider needs.
pub struct ServiceProvider {
    /// Settings of the connection.
    pub settings: SamlSettings,
    /// The provider.
    pub metadata: IdpMetadata,
    /// Our keys: the first signs, all decrypt.
    pub keys: Vec<SpKeys>,
    /// Our addresses.
    pub addresses: Addresses,
}

impl ServiceProvider {
    /// Of a connection; none when it is not SAML or not set up completely.
    #[must_use]
    pub fn of(provider: &IdentityProvider, published: Option<&str>, settings: &Settings, master_key: &MasterKey) -> Option<Self> {
        let Protocol::Saml(saml) = &provider.protocol else { return None };
        let keys: Vec<SpKeys> = Secrets::open(master_key, provider.secrets.as_deref())?
            .sp_keys
            .iter()
            .filter_map(|key| SpKeys::from_pem(&key.key_pem, &key.certificate_pem).ok())
            .collect();
        if keys.is_empty() {
            return None;
        }
        Some(Self {
            settings: saml.clone(),
            metadata: IdpMetadata::parse(published?).ok()?,
            keys,
            addresses: Addresses::of(settings, provider.id),
        })
    }

    /// Where requests go: by redirect unless the connection wants a POST, or the provider knows the other alone.
    #[must_use]
    pub fn sso(&self) -> Option<&Endpoint> {
        preferred(&self.metadata.sso, self.settings.post_binding)
    }

    /// Where logout messages go.
    #[must_use]
    pub fn slo(&self) -> Option<&Endpoint> {
        preferred(&self.metadata.slo, self.settings.post_binding)
    }

    /// What writing a message needs.
    #[must_use]
    pub fn connection(&self) -> Option<Connection<'_>> {
        Some(Connection {
            entity_id: &self.addresses.entity_id,
            acs_url: &self.addresses.acs,
            sso: self.sso()?,
            slo: self.slo(),
            keys: self.keys.first()?,
            name_id_format: None,
        })
    }
}

fn preferred(endpoints: &[Endpoint], post: bool) -> Option<&Endpoint> {
    let wanted = if post { Binding::Post } else { Binding::Redirect };
    endpoints
        .iter()
        .find(|endpoint| endpoint.binding == wanted)
        .or_else(|| endpoints.first())
}

/// Randomness for the id of a message.
#[must_use]
pub fn random_id(rng: &mut Rng) -> [u8; 20] {
    let mut bytes = [0; 20];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A message as the browser carries it: an address, and fields when it is posted.
#[must_use]
pub fn carried(outgoing: saml::Outgoing) -> (String, Vec<(String, String)>) {
    match outgoing {
        saml::Outgoing::Redirect { url } => (url, Vec::new()),
        saml::Outgoing::Post { action, fields } => (action, fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
    }
}

/// Years that a certificate of ours is good for; providers seldom look, and changing it needs both sides.
const KEY_YEARS: i64 = 5;

/// A new key of ours towards a provider; none when the machine's cryptography refuses. Takes some tenths of a second.
#[must_use]
pub fn new_key(settings: &Settings, now: Timestamp, rng: &mut Rng) -> Option<SpKey> {
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    let host = url::Url::parse(&settings.public_url).ok()?;
    let name = host.host_str().unwrap_or("portal");
    let keys = SpKeys::generate(RsaBits::Two048, name, serial, now, now + Duration::days(365 * KEY_YEARS)).ok()?;
    Some(SpKey {
        key_pem: keys.private_key_pem().ok()?,
        certificate_pem: keys.certificate().pem(),
    })
}
