//! The authorization server (OAuth 2.1, OpenID Connect): applications sign people in through the portal and get tokens that name person,
//! organization, contract and scopes. Every token is decided anew, bounded by the grant behind it, and in the trail before it leaves.

pub mod actions;
mod claims;
pub mod commands;
mod error;
pub mod http;
pub mod keys;
pub mod model;
pub mod pages;
pub mod queries;
mod request;
mod standing;
mod verify;

pub use error::OAuthError;
pub use model::{
    ACCESS_SECONDS, ActingKind, CODE_SECONDS, Client, ClientAuthentication, ClientTerms, Code, Grant, GrantType, MOST_ACCESS_SECONDS,
    MOST_REFRESH_SECONDS, OPENID_SCOPES, PUSHED_SECONDS, REFRESH_SECONDS, RefreshToken, SigningAlgorithm, StoredKey, SubjectKind,
    is_client_id, is_redirect_uri, is_scope_token,
};

#[cfg(test)]
mod tests;
