//! What comes to the token endpoint for an exchange (RFC 8693 §2.1), read into types.

use super::super::OAuthError;

/// An access token (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// A JWT; our access tokens are (RFC 8693 §3).
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// The id of a delegation: for acting while the person is away.
pub const DELEGATION: &str = "urn:portico:params:oauth:token-type:delegation";

/// The parameters, as sent.
#[derive(Clone, Debug, Default)]
pub struct ExchangeRequest {
    /// For whom.
    pub subject_token: Option<String>,
    /// What that is.
    pub subject_token_type: Option<String>,
    /// Who acts, when that is more than the client.
    pub actor_token: Option<String>,
    /// What that is.
    pub actor_token_type: Option<String>,
    /// Where the token is to count, by name.
    pub audience: Option<String>,
    /// Where the token is to count, by address (RFC 8707).
    pub resource: Option<String>,
    /// What is wanted back.
    pub requested_token_type: Option<String>,
    /// With which scopes; none for all that can be had.
    pub scopes: Vec<String>,
    /// The key that the token is to be bound to (RFC 9449).
    pub jkt: Option<String>,
}

/// Whose name the client wants to act in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectToken<'a> {
    /// A token of the person's.
    Access(&'a str),
    /// A delegation, by its id.
    Delegation(&'a str),
}

impl ExchangeRequest {
    /// The subject.
    ///
    /// # Errors
    /// [`OAuthError`]: `invalid_request`.
    pub fn subject(&self) -> Result<SubjectToken<'_>, OAuthError> {
        let token = self
            .subject_token
            .as_deref()
            .ok_or_else(|| OAuthError::request("subject_token is missing"))?;
        match self.subject_token_type.as_deref() {
            Some(ACCESS_TOKEN | JWT) => Ok(SubjectToken::Access(token)),
            Some(DELEGATION) => Ok(SubjectToken::Delegation(token)),
            None => Err(OAuthError::request("subject_token_type is missing")),
            Some(_) => Err(OAuthError::request(
                "subject_token_type is an access token of this server, or a delegation",
            )),
        }
    }

    /// The actor's token, when there is one.
    ///
    /// # Errors
    /// [`OAuthError`]: `invalid_request`.
    pub fn actor(&self) -> Result<Option<&str>, OAuthError> {
        match (self.actor_token.as_deref(), self.actor_token_type.as_deref()) {
            (None, None) => Ok(None),
            (Some(token), Some(ACCESS_TOKEN | JWT)) => Ok(Some(token)),
            (Some(_), Some(_)) => Err(OAuthError::request("actor_token_type is an access token of this server")),
            (Some(_), None) => Err(OAuthError::request("actor_token_type is missing")),
            (None, Some(_)) => Err(OAuthError::request("actor_token_type stands without actor_token")),
        }
    }

    /// What the answer says that it holds.
    ///
    /// # Errors
    /// [`OAuthError`]: `invalid_request`, when something else is wanted than an access token.
    pub fn issued_type(&self) -> Result<&'static str, OAuthError> {
        match self.requested_token_type.as_deref() {
            None | Some(ACCESS_TOKEN) => Ok(ACCESS_TOKEN),
            Some(JWT) => Ok(JWT),
            Some(_) => Err(OAuthError::request(
                "requested_token_type: only access tokens are given in exchange",
            )),
        }
    }
}
