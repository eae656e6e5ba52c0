//! What tokens say (mission G5); `docs/claims.md` has the table for developers of applications.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha512};

use super::{
    model::{Client, Grant, SigningAlgorithm, SubjectKind},
    standing::Standing,
};
use crate::kernel::{ApplicationId, MasterKey, MemberId, Timestamp, sha256};

/// One factor (`acr`).
pub const ACR_ONE: &str = "urn:portico:acr:one-factor";
/// Two factors (`acr`).
pub const ACR_TWO: &str = "urn:portico:acr:two-factors";

/// What an application knows a member by (OpenID Connect Core §8.1).
#[must_use]
pub fn subject(client: &Client, application: ApplicationId, member: MemberId, master_key: &MasterKey) -> String {
    match client.terms.subjects {
        SubjectKind::Public => member.to_string(),
        SubjectKind::Pairwise => URL_SAFE_NO_PAD.encode(master_key.mac("pairwise subject", format!("{application} {member}").as_bytes())),
    }
}

/// How surely it is the person: `acr` (OpenID Connect Core §2) and `amr` (RFC 8176).
fn surety(grant: &Grant) -> (&'static str, Vec<&'static str>) {
    let mut methods = Vec::new();
    if grant.provider.is_none() {
        methods.push("pwd");
    }
    if grant.second_factor_at.is_some() {
        if grant.provider.is_none() {
            methods.push("otp");
        }
        methods.push("mfa");
        (ACR_TWO, methods)
    } else {
        (ACR_ONE, methods)
    }
}

/// Person, organization, contract and membership.
fn relationship(standing: &Standing) -> Map<String, Value> {
    let circumstances = &standing.circumstances;
    let mut claims = Map::new();
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    add("organization_id", json!(circumstances.organization.id));
    add("organization_name", json!(circumstances.organization.name));
    if let Some(contract) = &circumstances.contract {
        add("contract_id", json!(contract.id));
        add("contract_ends_at", json!(contract.ends_at.timestamp()));
    }
    add("membership_role", json!(circumstances.member.role.as_str()));
    add("assignment_id", json!(standing.judged.held.assignment.id));
    claims
}

/// When and how surely the person had signed in.
fn sign_in(grant: &Grant) -> [(String, Value); 3] {
    let (acr, amr) = surety(grant);
    [
        ("auth_time".to_owned(), json!(grant.authenticated_at.timestamp())),
        ("acr".to_owned(), json!(acr)),
        ("amr".to_owned(), json!(amr)),
    ]
}

/// What `profile` and `email` open (OpenID Connect Core §5.4).
fn profile(standing: &Standing, scopes: &[String]) -> Map<String, Value> {
    let has = |scope: &str| scopes.iter().any(|given| given == scope);
    let mut claims = Map::new();
    if has("profile") {
        claims.insert("name".to_owned(), json!(standing.person.name));
        claims.insert("zoneinfo".to_owned(), json!(standing.person.time_zone.name()));
    }
    if has("email") {
        claims.insert("email".to_owned(), json!(standing.person.email.as_str()));
        // An invitation to it was accepted, or the owner of its domain vouched for it.
        claims.insert("email_verified".to_owned(), json!(true));
    }
    claims
}

/// Everything that the tokens of one answer have in common.
#[derive(Debug)]
pub struct Issue<'a> {
    /// Who issues.
    pub issuer: &'a str,
    /// To whom.
    pub client: &'a Client,
    /// What it says of people.
    pub subject: String,
    /// When.
    pub now: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Scopes that are given.
    pub scopes: &'a [String],
    /// Thumbprint of the key that the access token is bound to (RFC 9449 §6.1).
    pub key: Option<&'a str>,
    /// The person signed in for it. What a client has by a delegation says nothing of a sign-in that never was.
    pub person_was_there: bool,
}

impl Issue<'_> {
    fn common(&self, audience: &str) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(self.issuer));
        claims.insert("sub".to_owned(), json!(self.subject));
        claims.insert("aud".to_owned(), json!(audience));
        claims.insert("iat".to_owned(), json!(self.now.timestamp()));
        claims.insert("exp".to_owned(), json!(self.expires_at.timestamp()));
        claims
    }

    /// An access token for a person (RFC 9068 §2.2).
    #[must_use]
    pub fn access(&self, grant: &Grant, standing: &Standing, audience: &str, token_id: &str) -> Map<String, Value> {
        let mut claims = self.for_itself(audience, token_id);
        if self.person_was_there {
            claims.extend(sign_in(grant));
        }
        claims.insert("grant_id".to_owned(), json!(grant.id));
        claims.extend(relationship(standing));
        mapped(claims, self.client, standing)
    }

    /// An access token for the client itself (RFC 9068 §2.2).
    #[must_use]
    pub fn for_itself(&self, audience: &str, token_id: &str) -> Map<String, Value> {
        let mut claims = self.common(audience);
        claims.insert("jti".to_owned(), json!(token_id));
        claims.insert("client_id".to_owned(), json!(self.client.terms.client_id));
        claims.insert("scope".to_owned(), json!(self.scopes.join(" ")));
        if let Some(key) = self.key {
            claims.insert("cnf".to_owned(), json!({ "jkt": key }));
        }
        claims
    }

    /// An id token (OpenID Connect Core §2).
    #[must_use]
    pub fn id(&self, grant: &Grant, standing: &Standing, access_token: &str) -> Map<String, Value> {
        let mut claims = self.common(&self.client.terms.client_id);
        claims.extend(sign_in(grant));
        claims.insert("at_hash".to_owned(), json!(at_hash(self.client.terms.signing, access_token)));
        for (name, value) in [("nonce", &grant.nonce), ("sid", &grant.session)] {
            if let Some(value) = value {
                claims.insert(name.to_owned(), json!(value));
            }
        }
        claims.extend(profile(standing, self.scopes));
        claims.extend(relationship(standing));
        mapped(claims, self.client, standing)
    }
}

/// What the userinfo endpoint says (OpenID Connect Core §5.3.2).
#[must_use]
pub fn userinfo(client: &Client, subject: &str, standing: &Standing, scopes: &[String]) -> Map<String, Value> {
    let mut claims = profile(standing, scopes);
    claims.insert("sub".to_owned(), json!(subject));
    claims.extend(relationship(standing));
    mapped(claims, client, standing)
}

/// Claims that the protocols read: they keep their name, and no other claim takes it.
pub const FIXED: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "azp",
    "sid",
    "auth_time",
    "cnf",
    "act",
    "may_act",
    "client_id",
    "scope",
    "grant_id",
];
/// Claims of ours that an application can have by another name.
const NAMED: [&str; 12] = [
    "acr",
    "amr",
    "organization_id",
    "organization_name",
    "contract_id",
    "contract_ends_at",
    "membership_role",
    "assignment_id",
    "name",
    "zoneinfo",
    "email",
    "email_verified",
];

/// Whether an application can have this claim by another name, or have it at all: one of ours, or a value of the organization's metadata.
#[must_use]
pub fn is_ours(claim: &str) -> bool {
    NAMED.contains(&claim) || claim.strip_prefix(METADATA).is_some_and(|key| !key.is_empty())
}

/// How claims out of an organization's metadata begin in a client's list of names.
pub const METADATA: &str = "metadata.";

/// The claims by the application's names for them, and what of the organization's metadata it gets.
fn mapped(mut claims: Map<String, Value>, client: &Client, standing: &Standing) -> Map<String, Value> {
    let names = &client.terms.claim_names;
    if names.is_empty() {
        return claims;
    }
    // First everything out, then everything in: two claims may have changed names.
    let mut renamed = Vec::new();
    for (ours, theirs) in names.iter().filter(|(ours, _)| !FIXED.contains(&ours.as_str())) {
        let value = match ours.strip_prefix(METADATA) {
            Some(key) => standing.circumstances.organization.metadata.get(key).map(|value| json!(value)),
            None => claims.remove(ours),
        };
        if let Some(value) = value.filter(|_| !theirs.is_empty() && !FIXED.contains(&theirs.as_str())) {
            renamed.push((theirs.clone(), value));
        }
    }
    claims.extend(renamed);
    claims
}

/// The left half of the access token's hash, by the hash function of the signature (OpenID Connect Core §3.1.3.6).
fn at_hash(signing: SigningAlgorithm, access_token: &str) -> String {
    match signing {
        SigningAlgorithm::Es256 | SigningAlgorithm::Rs256 => URL_SAFE_NO_PAD.encode(&sha256(access_token)[..16]),
        // Ed25519 hashes with SHA-512 itself.
        SigningAlgorithm::EdDsa => URL_SAFE_NO_PAD.encode(&Sha512::digest(access_token.as_bytes())[..32]),
    }
}
