//! A partner's identity provider: how it is reached, what its word is worth, and what it may become.

use serde::{Deserialize, Serialize};

use super::{Claims, Mapping, Rules};
use crate::{
    kernel::{ApplicationId, ExternalIdentityId, MasterKey, MemberId, OrganizationId, ProviderId, Rng, Timestamp, string_enum},
    people::MemberRole,
};

string_enum! {
    /// What the partner chose in the set-up; it decides the words of the instructions and the first mapping.
    pub enum Preset {
        /// Microsoft Entra ID.
        Entra = "entra",
        /// Okta.
        Okta = "okta",
        /// Google Workspace.
        Google = "google",
        /// Keycloak.
        Keycloak = "keycloak",
        /// Any OpenID Connect provider.
        Oidc = "oidc",
        /// Any SAML 2.0 provider.
        Saml = "saml",
    }
}

impl Preset {
    /// As shown on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Entra => "Microsoft Entra ID",
            Self::Okta => "Okta",
            Self::Google => "Google Workspace",
            Self::Keycloak => "Keycloak",
            Self::Oidc => "Another OpenID Connect provider",
            Self::Saml => "A SAML 2.0 provider",
        }
    }
}

string_enum! {
    /// Where a connection stands.
    pub enum ProviderStatus {
        /// Being set up; it can be tried, but nobody signs in through it.
        Draft = "draft",
        /// People sign in through it.
        Live = "live",
        /// Switched off; people sign in with local passwords again.
        Paused = "paused",
    }
}

string_enum! {
    /// How we prove to an OpenID provider who we are (OpenID Connect Core §9).
    pub enum ClientAuth {
        /// Secret in the `Authorization` header, form-encoded (RFC 6749 §2.3.1).
        Basic = "client_secret_basic",
        /// Secret in the body.
        Post = "client_secret_post",
        /// A JWT signed with our key (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
    }
}

/// How an OpenID Connect provider is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcSettings {
    /// Issuer, exactly as in its discovery document.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// How we authenticate at the token endpoint.
    pub client_auth: ClientAuth,
    /// Scopes beside `openid`.
    pub scopes: Vec<String>,
    /// Whether claims are also read from the userinfo endpoint.
    pub userinfo: bool,
}

/// How a SAML 2.0 provider is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlSettings {
    /// Entity id of the provider, from its metadata.
    pub entity_id: String,
    /// Where its metadata is fetched again; none when it was pasted.
    pub metadata_url: Option<String>,
    /// Requests go by POST instead of by redirect.
    pub post_binding: bool,
    /// A signature over the whole response is enough, when it covers the assertion.
    pub accept_signed_response: bool,
}

/// How a provider is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Protocol {
    /// OpenID Connect.
    Oidc(OidcSettings),
    /// SAML 2.0.
    Saml(SamlSettings),
}

impl Protocol {
    /// The stored spelling.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Oidc(_) => "oidc",
            Self::Saml(_) => "saml",
        }
    }
}

/// A key of ours towards one SAML provider, with the certificate it is published with.
#[derive(Clone, Serialize, Deserialize)]
pub struct SpKey {
    /// PKCS#8 in PEM.
    pub key_pem: String,
    /// X.509 in PEM.
    pub certificate_pem: String,
}

/// What must not be known to anybody else; stored sealed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// Our secret at an OpenID provider.
    pub client_secret: Option<String>,
    /// Our key for `private_key_jwt`: PKCS#8 in PEM (P-256).
    pub client_key_pem: Option<String>,
    /// Our keys towards a SAML provider: the first signs, all decrypt.
    #[serde(default)]
    pub sp_keys: Vec<SpKey>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// For the row.
    #[must_use]
    pub fn seal(&self, key: &MasterKey, rng: &mut Rng) -> Vec<u8> {
        key.seal(&serde_json::to_vec(self).unwrap_or_default(), rng)
    }

    /// From the row; none when the master key is another one.
    #[must_use]
    pub fn open(key: &MasterKey, sealed: Option<&[u8]>) -> Option<Self> {
        match sealed {
            None => Some(Self::default()),
            Some(sealed) => serde_json::from_slice(&key.open(sealed).ok()?).ok(),
        }
    }
}

string_enum! {
    /// What happens when somebody whom we do not know arrives from the provider.
    pub enum JoinPolicy {
        /// They are turned away.
        Off = "off",
        /// They come in when an invitation waits for their address.
        Invited = "invited",
        /// They come in when their address is in a proven domain.
        Open = "open",
    }
}

/// How people become members at their first sign-in. Seats, contract and entitlements bound all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Who may.
    pub policy: JoinPolicy,
    /// As what.
    pub role: MemberRole,
    /// With which applications.
    #[serde(default)]
    pub applications: Vec<ApplicationId>,
    /// For how many days; none is as long as the contract.
    #[serde(default)]
    pub days: Option<u16>,
}

impl Default for Joining {
    fn default() -> Self {
        Self {
            policy: JoinPolicy::Invited,
            role: MemberRole::Member,
            applications: Vec::new(),
            days: None,
        }
    }
}

/// A connection of an organization to its identity provider.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// Identifier.
    pub id: ProviderId,
    /// Whose.
    pub organization: OrganizationId,
    /// As its people know it, e.g. "Acme account".
    pub name: String,
    /// What was chosen in the set-up.
    pub preset: Preset,
    /// How it is reached.
    pub protocol: Protocol,
    /// Where it stands.
    pub status: ProviderStatus,
    /// Sealed [`Secrets`].
    pub secrets: Option<Vec<u8>>,
    /// Discovery document and keys (JSON), or SAML metadata (XML).
    pub published: Option<String>,
    /// When that was read.
    pub published_at: Option<Timestamp>,
    /// Which claims become what.
    pub mapping: Mapping,
    /// What the claims must say.
    pub rules: Rules,
    /// How unknown people become members.
    pub joining: Joining,
    /// Its word for a second factor (`amr`, `acr`) counts as one.
    pub trusts_second_factor: bool,
    /// People of its domains may not use a local password.
    pub exclusive: bool,
    /// The partner admin who can still use a local password.
    pub break_glass: Option<MemberId>,
    /// Sign-ins in a row that failed because of the provider.
    pub failures: i32,
    /// When too many failed and local passwords were let in again.
    pub fell_back_at: Option<Timestamp>,
    /// When it was last tried with success.
    pub tried_at: Option<Timestamp>,
    /// When its last signing certificate ends.
    pub certificate_ends_at: Option<Timestamp>,
    /// When the last warning about it was sent.
    pub certificate_warned_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// So many sign-ins in a row may fail before local passwords are let in again.
pub const FALL_BACK_AFTER: i32 = 10;

impl IdentityProvider {
    /// A connection as it begins: nobody signs in through it, nobody has tried it, and whoever is unknown needs an invitation.
    #[must_use]
    pub fn draft(
        id: ProviderId,
        organization: OrganizationId,
        name: impl Into<String>,
        preset: Preset,
        protocol: Protocol,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            organization,
            name: name.into(),
            preset,
            protocol,
            status: ProviderStatus::Draft,
            secrets: None,
            published: None,
            published_at: None,
            mapping: Mapping::of(preset),
            rules: Rules::default(),
            joining: Joining::default(),
            trusts_second_factor: false,
            exclusive: false,
            break_glass: None,
            failures: 0,
            fell_back_at: None,
            tried_at: None,
            certificate_ends_at: None,
            certificate_warned_at: None,
            created_at: now,
            version: 1,
        }
    }

    /// Whether people sign in through it now.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.status, ProviderStatus::Live)
    }

    /// Whether its people are kept from local passwords now.
    #[must_use]
    pub const fn keeps_out_passwords(&self) -> bool {
        self.is_live() && self.exclusive && self.fell_back_at.is_none()
    }
}

/// Who somebody is at a provider.
#[derive(Clone, Debug)]
pub struct Link {
    /// Identifier.
    pub id: ExternalIdentityId,
    /// Which provider.
    pub provider: ProviderId,
    /// Which membership here.
    pub member: MemberId,
    /// Their name there, never reassigned.
    pub subject: String,
    /// Attributes of the last sign-in.
    pub attributes: std::collections::BTreeMap<String, String>,
    /// Claims of the last sign-in that the rules spoke of, for deciding between sign-ins.
    pub ruled: Claims,
    /// Why a claim rule keeps them out, when one does.
    pub disabled_by_rule: Option<String>,
    /// First sign-in.
    pub created_at: Timestamp,
    /// Last sign-in.
    pub last_used_at: Timestamp,
}
