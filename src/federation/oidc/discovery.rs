//! What an OpenID provider publishes (OpenID Connect Discovery 1.0 §4): its configuration and its keys.

use openidconnect::core::{CoreJsonWebKeySet, CoreProviderMetadata};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::outbound::{Outbound, OutboundError};

/// Why a provider's configuration cannot be used. The text is for whoever sets up the connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DiscoveryError {
    /// Not an address.
    #[error("The issuer is not an address. It should look like https://login.example.com.")]
    NotAnAddress,
    /// No answer.
    #[error("{0} Check the issuer: its configuration is read from the issuer with /.well-known/openid-configuration behind it.")]
    Outbound(#[from] OutboundError),
    /// Not a configuration.
    #[error("What is at {0} is not the configuration of an OpenID Connect provider.")]
    NotAConfiguration(String),
    /// The document is another issuer's (§4.3).
    #[error("The configuration names another issuer, {0}. Enter exactly that one, if it is the right one.")]
    OtherIssuer(String),
    /// Something we need is not offered.
    #[error("The provider does not offer {0}, which is needed.")]
    Lacks(&'static str),
}

/// Configuration and keys, as kept in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The discovery document.
    pub configuration: Value,
    /// The key set (RFC 7517 §5).
    pub keys: Value,
}

impl Published {
    /// For the row.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the row; none when nothing was read yet.
    #[must_use]
    pub fn from_text(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }

    /// The configuration, typed.
    pub(super) fn metadata(&self) -> Option<CoreProviderMetadata> {
        serde_json::from_value(self.configuration.clone()).ok()
    }

    /// The keys, typed.
    pub(super) fn key_set(&self) -> Option<CoreJsonWebKeySet> {
        serde_json::from_value(self.keys.clone()).ok()
    }

    /// Whether the provider promises `iss` in its answers (RFC 9207 §3).
    pub(super) fn promises_issuer(&self) -> bool {
        self.configuration["authorization_response_iss_parameter_supported"] == Value::Bool(true)
    }

    /// Where a browser is sent to end the session there (OpenID Connect RP-Initiated Logout 1.0 §2.1).
    #[must_use]
    pub fn end_session_endpoint(&self) -> Option<Url> {
        self.configuration["end_session_endpoint"].as_str()?.parse().ok()
    }
}

/// Reads a provider's configuration and keys.
///
/// # Errors
/// [`DiscoveryError`] says what to correct.
pub async fn fetch(outbound: &Outbound, issuer: &str) -> Result<Published, DiscoveryError> {
    let base: Url = issuer.parse().map_err(|_| DiscoveryError::NotAnAddress)?;
    if base.query().is_some() || base.fragment().is_some() {
        return Err(DiscoveryError::NotAnAddress);
    }
    let address: Url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
        .parse()
        .map_err(|_| DiscoveryError::NotAnAddress)?;
    let not_one = || DiscoveryError::NotAConfiguration(address.to_string());
    let configuration: Value = serde_json::from_slice(&outbound.get(&address, "application/json").await?).map_err(|_| not_one())?;
    let named = configuration["issuer"].as_str().ok_or_else(not_one)?;
    if named != issuer {
        return Err(DiscoveryError::OtherIssuer(named.to_owned()));
    }
    let metadata: CoreProviderMetadata = serde_json::from_value(configuration.clone()).map_err(|_| not_one())?;
    let token_endpoint = metadata
        .token_endpoint()
        .ok_or(DiscoveryError::Lacks("a token endpoint"))?
        .url()
        .clone();
    for endpoint in [metadata.authorization_endpoint().url(), &token_endpoint] {
        outbound.check(endpoint)?;
    }
    let methods = &configuration["code_challenge_methods_supported"];
    if methods.as_array().is_some_and(|methods| !methods.contains(&Value::from("S256"))) {
        return Err(DiscoveryError::Lacks("PKCE with S256"));
    }
    let keys = fetch_keys(outbound, metadata.jwks_uri().url()).await?;
    Ok(Published { configuration, keys })
}

/// Reads the keys again: after a rotation, a token names one that we do not know.
///
/// # Errors
/// [`DiscoveryError`].
pub async fn refresh_keys(outbound: &Outbound, published: &Published) -> Result<Published, DiscoveryError> {
    let metadata = published
        .metadata()
        .ok_or_else(|| DiscoveryError::NotAConfiguration("the stored copy".to_owned()))?;
    Ok(Published {
        configuration: published.configuration.clone(),
        keys: fetch_keys(outbound, metadata.jwks_uri().url()).await?,
    })
}

async fn fetch_keys(outbound: &Outbound, address: &Url) -> Result<Value, DiscoveryError> {
    let keys: Value = serde_json::from_slice(&outbound.get(address, "application/json").await?)
        .map_err(|_| DiscoveryError::NotAConfiguration(address.to_string()))?;
    serde_json::from_value::<CoreJsonWebKeySet>(keys.clone()).map_err(|_| DiscoveryError::NotAConfiguration(address.to_string()))?;
    Ok(keys)
}
