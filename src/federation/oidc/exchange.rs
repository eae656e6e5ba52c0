//! Coming back from the provider: the answer to the authorization request, the code, the tokens, the claims.

use futures::future::BoxFuture;
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, OAuth2TokenResponse as _, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, TokenResponse as _, core::CoreClient,
};
use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

use super::{
    ClientKey, DiscoveryError,
    discovery::{self, Published},
    token,
};
use crate::{
    federation::{
        Claims, ClientAuth, OidcSettings, Secrets,
        arrival::{Arrival, Blame, Check, names_second_factor},
    },
    kernel::Timestamp,
    outbound::{Outbound, OutboundError},
};

/// Why somebody who comes back is not believed. The text is for whoever set up the connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OidcRefusal {
    /// The provider's configuration was not read.
    #[error("The connection is not set up completely.")]
    NotSetUp,
    /// The person said no, or may not (RFC 6749 §4.1.2.1 `access_denied` and OpenID Connect's errors of the person).
    #[error("The provider let nobody in ({0}).")]
    Person(String),
    /// The provider refused our request.
    #[error("The provider refused our request ({0}).")]
    Request(String),
    /// The answer names another issuer, or none although it should (RFC 9207 §2.4).
    #[error("The answer comes from another provider than the one that was asked.")]
    OtherIssuer,
    /// Neither a code nor an error.
    #[error("The answer holds no code.")]
    NoCode,
    /// The token endpoint said no.
    #[error("The provider did not exchange the code ({0}). Check client id, secret and the kind of client authentication.")]
    CodeRefused(String),
    /// No answer.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// An answer that is none.
    #[error("The provider's answer at its {0} endpoint cannot be read.")]
    Unreadable(&'static str),
    /// No ID token.
    #[error("The provider sent no ID token. Check that the scope openid is allowed for this application.")]
    NoIdToken,
    /// Signed with a key that the provider does not publish.
    #[error("The ID token is signed with a key that the provider does not publish.")]
    UnknownKey,
    /// The ID token.
    #[error("The ID token was refused: {0}.")]
    Token(&'static str),
    /// The keys could not be read again.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
}

impl OidcRefusal {
    /// Whose fault it is. What stands in the callback's query, and a code that nobody issued, any browser could have made up.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Person(_) => Blame::Person,
            Self::Request(_) | Self::OtherIssuer | Self::NoCode => Blame::Browser,
            Self::CodeRefused(code) if code == "invalid_grant" => Blame::Browser,
            _ => Blame::Connection,
        }
    }
}

/// The query of the callback (RFC 6749 §4.1.2).
#[derive(Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Which request it answers.
    pub state: String,
    /// Exchanged for tokens, once.
    pub code: Option<String>,
    /// Which provider answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("error", &self.error).finish_non_exhaustive()
    }
}

/// Everything needed to believe an answer.
pub struct Coming<'a> {
    /// How the provider is reached.
    pub settings: &'a OidcSettings,
    /// Our secrets there.
    pub secrets: &'a Secrets,
    /// What it publishes.
    pub published: &'a Published,
    /// Our redirect address.
    pub redirect: &'a str,
    /// Of the request.
    pub nonce: &'a str,
    /// Of the request.
    pub verifier: &'a str,
    /// Names the client assertion.
    pub assertion_id: String,
    /// Now.
    pub now: Timestamp,
}

/// Errors that the person, not the connection, brought about.
const OF_THE_PERSON: [&str; 5] = [
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];

impl Coming<'_> {
    /// Takes the code out of an answer that comes from the right provider.
    ///
    /// # Errors
    /// [`OidcRefusal`].
    pub fn code<'a>(&self, answer: &'a Answer) -> Result<&'a str, OidcRefusal> {
        let expected = self.published.configuration["issuer"].as_str().unwrap_or_default();
        match &answer.iss {
            Some(issuer) if issuer != expected => return Err(OidcRefusal::OtherIssuer),
            None if self.published.promises_issuer() => return Err(OidcRefusal::OtherIssuer),
            _ => {}
        }
        if let Some(error) = &answer.error {
            // Only the code of the error: its description can be written by anybody.
            let code: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            return Err(if OF_THE_PERSON.contains(&code.as_str()) {
                OidcRefusal::Person(code)
            } else {
                OidcRefusal::Request(code)
            });
        }
        answer.code.as_deref().filter(|code| !code.is_empty()).ok_or(OidcRefusal::NoCode)
    }

    /// Exchanges the code and believes what comes, or not. Also answers newer keys when the provider rotated them.
    ///
    /// # Errors
    /// [`OidcRefusal`].
    pub async fn exchange(&self, outbound: &Outbound, code: &str) -> Result<(Arrival, Option<Published>), OidcRefusal> {
        let (access_token, id_token) = self.redeem(outbound, code).await?;
        let (newer, claims) = match self.believe(self.published, &id_token, &access_token) {
            Err(OidcRefusal::UnknownKey) => {
                let newer = discovery::refresh_keys(outbound, self.published).await?;
                let claims = self.believe(&newer, &id_token, &access_token)?;
                (Some(newer), claims)
            }
            other => (None, other?),
        };
        let mut checks = vec![
            Check::passed("Signature of the ID token", algorithm(&id_token)),
            Check::passed("Issuer", text(&claims, "iss")),
            Check::passed("Audience", &self.settings.client_id),
            Check::passed("Answer to our request", "nonce and code verifier"),
        ];
        let mut all = claims.clone();
        if self.settings.userinfo {
            let more = self.userinfo(outbound, &access_token, &claims).await?;
            checks.push(Check::passed("Userinfo", format!("{} claims", more.len())));
            for (name, value) in more {
                all.entry(name).or_insert(value);
            }
        }
        let methods: Vec<String> = claims
            .get("amr")
            .and_then(Value::as_array)
            .map(|methods| methods.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default();
        let context = claims.get("acr").and_then(Value::as_str);
        let authenticated = claims
            .get("auth_time")
            .and_then(Value::as_i64)
            .and_then(|seconds| Timestamp::from_timestamp(seconds, 0))
            .map(|at| at.min(self.now));
        let arrival = Arrival {
            session: claims.get("sid").and_then(Value::as_str).map(str::to_owned),
            session_ends_at: None,
            logout_name: None,
            authenticated_at: authenticated,
            // Without a time it may have been given days ago: a provider that is asked for a fresh one has to name it (Core §2, auth_time).
            second_factor_at: authenticated.filter(|_| names_second_factor(&methods, context)),
            claims: Claims::from_json(&all),
            checks,
        };
        Ok((arrival, newer))
    }

    fn believe(
        &self,
        published: &Published,
        token: &str,
        access_token: &openidconnect::AccessToken,
    ) -> Result<Map<String, Value>, OidcRefusal> {
        let (parsed, claims) = token::id_token(published, &self.settings.client_id, token, self.nonce, self.now)?;
        if let Some(expected) = claims.get("at_hash").and_then(Value::as_str) {
            let wrong = OidcRefusal::Token("it belongs to another access token");
            let algorithm = parsed.signing_alg().map_err(|_| wrong.clone())?.clone();
            let keys = published.key_set().ok_or(OidcRefusal::NotSetUp)?;
            // Of EdDSA tokens the hash depends on the key's curve, which the token alone does not name.
            let mut fits = false;
            for key in keys.keys() {
                if let Ok(hash) = AccessTokenHash::from_token(access_token, &algorithm, key) {
                    fits |= hash.as_str() == expected;
                }
            }
            if !fits {
                return Err(wrong);
            }
        }
        Ok(claims)
    }

    async fn redeem(&self, outbound: &Outbound, code: &str) -> Result<(openidconnect::AccessToken, String), OidcRefusal> {
        let metadata = self.published.metadata().ok_or(OidcRefusal::NotSetUp)?;
        let endpoint = metadata.token_endpoint().ok_or(OidcRefusal::NotSetUp)?.url().to_string();
        let secret = match self.settings.client_auth {
            ClientAuth::PrivateKeyJwt => None,
            _ => self.secrets.client_secret.clone().map(ClientSecret::new),
        };
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret)
            .set_redirect_uri(RedirectUrl::new(self.redirect.to_owned()).map_err(|_| OidcRefusal::NotSetUp)?)
            .set_auth_type(match self.settings.client_auth {
                ClientAuth::Basic => AuthType::BasicAuth,
                ClientAuth::Post | ClientAuth::PrivateKeyJwt => AuthType::RequestBody,
            });
        let mut request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| OidcRefusal::NotSetUp)?
            .set_pkce_verifier(PkceCodeVerifier::new(self.verifier.to_owned()));
        if self.settings.client_auth == ClientAuth::PrivateKeyJwt {
            let key = ClientKey::from_pem(self.secrets.client_key_pem.clone().ok_or(OidcRefusal::NotSetUp)?);
            let assertion = key
                .assertion(&self.settings.client_id, &endpoint, &self.assertion_id, self.now)
                .ok_or(OidcRefusal::NotSetUp)?;
            request = request
                .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .add_extra_param("client_assertion", assertion);
        }
        let tokens = request.request_async(&Guarded(outbound)).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => OidcRefusal::CodeRefused(answer.error().as_ref().to_owned()),
            RequestTokenError::Request(error) => OidcRefusal::Outbound(error),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => OidcRefusal::Unreadable("token"),
        })?;
        let id_token = tokens.id_token().ok_or(OidcRefusal::NoIdToken)?.to_string();
        Ok((tokens.access_token().clone(), id_token))
    }

    /// Claims of the userinfo endpoint (§5.3), only of the very person of the ID token.
    async fn userinfo(
        &self,
        outbound: &Outbound,
        access_token: &openidconnect::AccessToken,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, OidcRefusal> {
        let unreadable = OidcRefusal::Unreadable("userinfo");
        let endpoint: Url = self.published.configuration["userinfo_endpoint"]
            .as_str()
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| unreadable.clone())?;
        let request = http::Request::get(endpoint.as_str())
            .header(http::header::AUTHORIZATION, format!("Bearer {}", access_token.secret()))
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|_| unreadable.clone())?;
        let answer = outbound.send(request).await?;
        if answer.status() != http::StatusCode::OK {
            return Err(unreadable);
        }
        let more: Map<String, Value> = serde_json::from_slice(answer.body()).map_err(|_| unreadable)?;
        if more.get("sub") != claims.get("sub") {
            return Err(OidcRefusal::Token("the userinfo endpoint speaks of somebody else"));
        }
        Ok(more)
    }
}

/// Our client as the library wants one.
struct Guarded<'o>(&'o Outbound);

impl<'c> AsyncHttpClient<'c> for Guarded<'_> {
    type Error = OutboundError;
    type Future = BoxFuture<'c, Result<http::Response<Vec<u8>>, OutboundError>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.0.send(request))
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> String {
    claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn algorithm(token: &str) -> String {
    jsonwebtoken::decode_header(token).map_or_else(|_| "signed".to_owned(), |header| format!("{:?}", header.alg))
}
