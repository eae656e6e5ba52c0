//! Clients, what people let them have, and how long tokens live.

use std::collections::BTreeMap;

use chrono::Duration;
use url::Url;

use crate::kernel::{
    ApplicationId, ClientId, DelegationId, GrantId, MemberId, OrganizationId, PersonId, ProviderId, Timestamp, string_enum,
};

string_enum! {
    /// How a client proves itself at the token endpoint (OpenID Connect Core §9).
    pub enum ClientAuthentication {
        /// Secret in the Authorization header.
        Basic = "client_secret_basic",
        /// Secret in the form.
        Post = "client_secret_post",
        /// A signed assertion (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
        /// A public client: it proves by PKCE alone that it is the one that asked.
        None = "none",
    }
}

string_enum! {
    /// How tokens for a client are signed (RFC 7518 §3.1, RFC 8037).
    pub enum SigningAlgorithm {
        /// ECDSA on P-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
        /// RSASSA-PKCS1-v1_5.
        Rs256 = "RS256",
    }
}

string_enum! {
    /// What a client knows people by (OpenID Connect Core §8).
    pub enum SubjectKind {
        /// The member's id, the same for every application.
        Public = "public",
        /// A name that differs per application.
        Pairwise = "pairwise",
    }
}

string_enum! {
    /// What a client may ask the token endpoint for.
    pub enum GrantType {
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §6.
        RefreshToken = "refresh_token",
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8693.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
    }
}

string_enum! {
    /// Whether a client may have tokens in which it acts for people (RFC 8693).
    pub enum ActingKind {
        /// Never.
        None = "none",
        /// As itself, for somebody: tokens name both (`act`).
        Delegation = "delegation",
        /// As if it were the person: tokens name the person alone.
        Impersonation = "impersonation",
    }
}

/// Seconds an authorization code can be redeemed (RFC 6749 §4.1.2 recommends at most ten minutes).
pub const CODE_SECONDS: i64 = 60;
/// Seconds in which the browser has to come with a pushed request, and the person to sign in (RFC 9126 §2.2).
pub const PUSHED_SECONDS: i64 = 600;
/// Seconds an access token lives where nothing else is said.
pub const ACCESS_SECONDS: i32 = 600;
/// Seconds a refresh token lives, counted anew at each rotation, where nothing else is said.
pub const REFRESH_SECONDS: i32 = 14 * 24 * 3600;
/// The longest life of an access or id token that can be set.
pub const MOST_ACCESS_SECONDS: i32 = 24 * 3600;
/// The longest life of a refresh token that can be set.
pub const MOST_REFRESH_SECONDS: i32 = 365 * 24 * 3600;

/// Scopes that belong to no application (OpenID Connect Core §5.4, §11).
pub const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A client of an application.
#[derive(Clone, Debug)]
pub struct Client {
    /// Identifier.
    pub id: ClientId,
    /// Whose client it is.
    pub application: ApplicationId,
    /// What an operator said of it.
    pub terms: ClientTerms,
    /// SHA-256 of its secret, which is random and long.
    pub secret_hash: Option<Vec<u8>>,
    /// When it was switched off.
    pub disabled_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// What an operator says of a client.
#[derive(Clone, Debug)]
pub struct ClientTerms {
    /// What it calls itself on the wire (RFC 6749 §2.2).
    pub client_id: String,
    /// What people know it as.
    pub name: String,
    /// How it proves itself.
    pub authentication: ClientAuthentication,
    /// Its public keys (RFC 7517), for assertions.
    pub key_set: Option<String>,
    /// Where browsers may be sent back to; compared letter by letter.
    pub redirect_uris: Vec<String>,
    /// Where browsers may be sent after a logout.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a person was signed out (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// Where it begins a sign-in that a launch asks for (OpenID Connect Core §4).
    pub initiate_login_uri: Option<String>,
    /// The audience of its access tokens; none is the application's address.
    pub audience: Option<String>,
    /// How its tokens are signed.
    pub signing: SigningAlgorithm,
    /// What it knows people by.
    pub subjects: SubjectKind,
    /// What it may ask for.
    pub grant_types: Vec<GrantType>,
    /// Scopes it may have for itself (client credentials).
    pub own_scopes: Vec<String>,
    /// Whether the company itself runs it: nobody is asked for consent.
    pub first_party: bool,
    /// Whether it may act for people.
    pub may_act_for: ActingKind,
    /// Whether its access tokens are worth nothing without its key (RFC 9449).
    pub sender_constrained: bool,
    /// The application's names for our claims; an empty name leaves the claim out.
    pub claim_names: BTreeMap<String, String>,
    /// Life of its access tokens in seconds; none is [`ACCESS_SECONDS`].
    pub access_seconds: Option<i32>,
    /// Life of its id tokens in seconds; none is that of its access tokens.
    pub id_seconds: Option<i32>,
    /// Life of its refresh tokens in seconds; none is [`REFRESH_SECONDS`].
    pub refresh_seconds: Option<i32>,
}

impl ClientTerms {
    /// A confidential client of the company's own, that signs people in once it has an address to go back to.
    #[must_use]
    pub fn new(client_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            name: name.into(),
            authentication: ClientAuthentication::Basic,
            key_set: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            initiate_login_uri: None,
            audience: None,
            signing: SigningAlgorithm::Es256,
            subjects: SubjectKind::Public,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            own_scopes: Vec::new(),
            first_party: true,
            may_act_for: ActingKind::None,
            sender_constrained: false,
            claim_names: BTreeMap::new(),
            access_seconds: None,
            id_seconds: None,
            refresh_seconds: None,
        }
    }
}

impl ClientTerms {
    /// The grant types when these terms are followed by `next`, whose own are derived from what a form shows: what a type rests on (addresses,
    /// scopes of its own, acting) may be there as before, and then the type stays as it was said.
    #[must_use]
    pub fn grant_types_with(&self, next: &Self) -> Vec<GrantType> {
        let rests = |terms: &Self, grant: GrantType| match grant {
            GrantType::AuthorizationCode | GrantType::RefreshToken => !terms.redirect_uris.is_empty(),
            GrantType::ClientCredentials => !terms.own_scopes.is_empty(),
            GrantType::TokenExchange => terms.may_act_for != ActingKind::None,
        };
        let stays = |grant: &GrantType| {
            let said = if rests(self, *grant) == rests(next, *grant) { self } else { next };
            said.grant_types.contains(grant)
        };
        GrantType::ALL.iter().copied().filter(stays).collect()
    }
}

impl Client {
    /// Whether it may use a grant type.
    #[must_use]
    pub fn may(&self, grant: GrantType) -> bool {
        self.terms.grant_types.contains(&grant)
    }

    /// How long its access tokens live.
    #[must_use]
    pub fn access_life(&self) -> Duration {
        Duration::seconds(i64::from(self.terms.access_seconds.unwrap_or(ACCESS_SECONDS)))
    }

    /// How long its id tokens live.
    #[must_use]
    pub fn id_life(&self) -> Duration {
        match self.terms.id_seconds {
            Some(seconds) => Duration::seconds(i64::from(seconds)),
            None => self.access_life(),
        }
    }

    /// How long its refresh tokens live.
    #[must_use]
    pub fn refresh_life(&self) -> Duration {
        Duration::seconds(i64::from(self.terms.refresh_seconds.unwrap_or(REFRESH_SECONDS)))
    }

    /// The audience of access tokens for it: applications of one host must not take each other's.
    #[must_use]
    pub fn audience_for(&self, launch_url: &Url) -> String {
        self.terms.audience.clone().unwrap_or_else(|| {
            let mut address = launch_url.clone();
            address.set_query(None);
            address.set_fragment(None);
            address.into()
        })
    }
}

/// What a person let a client have: the family of its code, refresh tokens and access tokens.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Identifier.
    pub id: GrantId,
    /// Who has it.
    pub client: ClientId,
    /// For what.
    pub application: ApplicationId,
    /// In whose name.
    pub organization: OrganizationId,
    /// As which member.
    pub member: MemberId,
    /// Who let it.
    pub person: PersonId,
    /// The partner's provider that had signed them in; none for a local account.
    pub provider: Option<ProviderId>,
    /// Scopes asked for and given, OpenID's among them.
    pub scopes: Vec<String>,
    /// When the person had signed in (`auth_time`).
    pub authenticated_at: Timestamp,
    /// When they last gave a second factor.
    pub second_factor_at: Option<Timestamp>,
    /// The value that ties an id token to a request.
    pub nonce: Option<String>,
    /// The sign-in that it was let in (`sid`); none when the person was not there.
    pub session: Option<String>,
    /// Thumbprint (RFC 7638) of the key that its code, and the refresh tokens of a public client, are bound to (RFC 9449 §5, §10).
    pub jkt: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// The grant that a token exchange went out from (RFC 8693).
    pub parent: Option<GrantId>,
    /// The delegation that a token exchange went out from.
    pub delegation: Option<DelegationId>,
    /// When it was ended before its time.
    pub revoked_at: Option<Timestamp>,
}

impl Grant {
    /// Whether a scope was given.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|given| given == scope)
    }
}

/// A code as stored.
#[derive(Clone, Debug)]
pub struct Code {
    /// SHA-256 of its value.
    pub hash: Vec<u8>,
    /// What it stands for.
    pub grant: GrantId,
    /// Where the browser was sent with it.
    pub redirect_uri: String,
    /// The PKCE challenge (RFC 7636 §4.2, S256).
    pub challenge: String,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
}

/// A refresh token as stored.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// SHA-256 of its value.
    pub hash: Vec<u8>,
    /// Whose family.
    pub grant: GrantId,
    /// When.
    pub created_at: Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
    /// When it was exchanged for its successor.
    pub used_at: Option<Timestamp>,
}

/// A signing key as stored.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// Identifier.
    pub id: uuid::Uuid,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// Counts up per algorithm.
    pub generation: i32,
    /// Its name in tokens.
    pub kid: String,
    /// PKCS#8, sealed with the master key.
    pub sealed: Vec<u8>,
    /// When it was made and from then on published.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// When it is published no longer.
    pub retires_at: Option<Timestamp>,
}

/// Whether a redirect URI can be registered: absolute, without fragment (RFC 6749 §3.1.2); https, http on loopback, or a private scheme
/// with a dot (RFC 8252 §7.1).
#[must_use]
pub fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() || text.chars().any(char::is_whitespace) {
        return false;
    }
    match url.scheme() {
        "https" => url.has_host(),
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")),
        scheme => scheme.contains('.'),
    }
}

/// Whether a text can be a scope (RFC 6749 §3.3 scope-token).
#[must_use]
pub fn is_scope_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

/// Whether a text can be a client id: printable ASCII without spaces and colons, which Basic credentials split at.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
