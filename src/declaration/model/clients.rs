//! Clients of applications at the authorization server, and how long their tokens live.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Secret;
use crate::issuer::{ActingKind, ClientAuthentication, GrantType, SigningAlgorithm, SubjectKind};

/// How long tokens in an organization's name live at most, in seconds. Of two limits, this one and the client's, the shorter counts; 0 takes
/// the limit away.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifetimesEntry {
    /// Access tokens, 60 to 86400.
    pub access_seconds: Option<i32>,
    /// Id tokens, 60 to 86400.
    pub id_seconds: Option<i32>,
    /// Refresh tokens, counted anew at each rotation, 60 to 31536000.
    pub refresh_seconds: Option<i32>,
}

/// A client of an application.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// What it calls itself; tells which client is meant.
    pub client_id: String,
    /// What people know it as. Needed for a new client.
    pub name: Option<String>,
    /// How it proves itself; by default with a secret in the header.
    pub authentication: Option<ClientAuthentication>,
    /// Its secret, at least 32 characters. Stored hashed and never shown. Needed for a new client that has one.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Secret>,
    /// Its public keys (RFC 7517) as JSON, for private_key_jwt.
    pub key_set: Option<String>,
    /// Where browsers may be sent back to; `{public_url}` stands for the portal's own address.
    pub redirect_uris: Option<Vec<String>>,
    /// Where browsers may be sent after a logout.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Where it is told that somebody was signed out (OpenID Connect Back-Channel Logout); empty takes it away.
    pub backchannel_logout_uri: Option<String>,
    /// Where it begins a sign-in that a launch asks for; empty takes it away.
    pub initiate_login_uri: Option<String>,
    /// The audience of its access tokens; the application's address when left out.
    pub audience: Option<String>,
    /// How its tokens are signed; ES256 when left out.
    pub signing: Option<SigningAlgorithm>,
    /// What it knows people by; the member's id when left out.
    pub subjects: Option<SubjectKind>,
    /// What it may ask for; codes and refresh tokens when left out.
    pub grant_types: Option<Vec<GrantType>>,
    /// Scopes it may have for itself (client_credentials).
    pub own_scopes: Option<Vec<String>>,
    /// Whether the company itself runs it; when it does not, people are asked for consent. Yes when left out.
    pub first_party: Option<bool>,
    /// Whether it may act for people (token exchange); none when left out.
    pub may_act_for: Option<ActingKind>,
    /// Where it may act for whoever brings it their token, and with which scopes at most: short name of an application, list of scopes. Those
    /// not listed are left alone; an empty list takes one away.
    #[serde(default)]
    pub acts_at: BTreeMap<String, Vec<String>>,
    /// Whether all its access tokens need a proof of its key (DPoP).
    pub sender_constrained: Option<bool>,
    /// The application's names for our claims, and for values of the partner's metadata (`metadata.key`); an empty name leaves a claim out.
    /// The list takes the place of the one before.
    pub claim_names: Option<BTreeMap<String, String>>,
    /// Life of its access tokens in seconds; 600 when left out.
    pub access_seconds: Option<i32>,
    /// Life of its id tokens in seconds; that of its access tokens when left out.
    pub id_seconds: Option<i32>,
    /// Life of its refresh tokens in seconds; 14 days when left out.
    pub refresh_seconds: Option<i32>,
    /// Whether it is switched off.
    pub disabled: Option<bool>,
}
