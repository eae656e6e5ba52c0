//! The authorization server (OAuth 2.1, OpenID Connect): applications sign people in through the portal and get tokens that name person,
//! organization, contract and scopes. Every token is decided anew, bounded by the grant behind it, and in the trail before it leaves.

pub mod acting;
pub mod actions;
mod claims;
pub mod commands;
pub mod consent;
mod dpop;
mod error;
mod exchange;
mod failing;
pub mod forward;
pub mod http;
pub mod keys;
mod known;
pub mod messenger;
pub mod model;
mod notice;
pub mod pages;
pub mod queries;
mod request;
mod standing;
mod typed;
mod verify;
mod wanted;

pub use acting::model::{ACTING_SECONDS, Acting, Delegation, MOST_ACTORS, Object};
pub use consent::model::Consent;
pub use error::OAuthError;
pub use model::{
    ACCESS_SECONDS, ActingKind, CODE_SECONDS, Client, ClientAuthentication, ClientTerms, Code, Grant, GrantType, MOST_ACCESS_SECONDS,
    MOST_REFRESH_SECONDS, OPENID_SCOPES, PUSHED_SECONDS, REFRESH_SECONDS, RefreshToken, SigningAlgorithm, StoredKey, SubjectKind,
    is_client_id, is_redirect_uri, is_scope_token,
};
pub use notice::SignOutNotice;

#[cfg(test)]
mod tests;
