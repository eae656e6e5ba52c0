//! The relying party: asks the portal who somebody is (OpenID Connect Core §3.1) with the `openidconnect` crate.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, LoginHint, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse as _,
    core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreJwsSigningAlgorithm},
};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;

use super::Options;
use crate::{
    cx::Entropy,
    federation::{
        ClientAuth, OidcSettings,
        oidc::{Published, logout},
    },
    kernel::{BearerSecret, Clock, Rng, Timestamp},
    outbound::{Outbound, OutboundError},
};

/// The signatures that the portal offers; never one made with the client's secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
];

/// Why nobody is signed in.
#[derive(Debug, Error)]
pub enum PartyError {
    /// Another portal wants to sign somebody in here, or answers for ours.
    #[error("This application belongs to another portal.")]
    OtherIssuer,
    /// The portal said no.
    #[error("The portal let nobody in: {0}")]
    Refused(String),
    /// The answer belongs to no request of this browser.
    #[error("This sign-in was not begun in this browser, or it took too long. Open the application again.")]
    NotAsked,
    /// The portal cannot be asked, or what it answers cannot be believed.
    #[error("The portal's answer cannot be used: {0}")]
    Unusable(String),
}

fn unusable(what: impl std::fmt::Display) -> PartyError {
    PartyError::Unusable(what.to_string())
}

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Comes back unchanged.
    pub state: String,
    nonce: String,
    verifier: String,
    /// The page of ours to show afterwards.
    pub target: String,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// What the id token says.
    pub claims: Map<String, Value>,
    /// Scopes that were given.
    pub scopes: Vec<String>,
    id_token: String,
}

impl Person {
    /// Who (`sub`).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.claims.get("sub").and_then(Value::as_str)
    }

    /// In which session at the portal (`sid`).
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.claims.get("sid").and_then(Value::as_str)
    }
}

/// Our client as the library wants one.
struct Through<'o>(&'o Outbound);

impl<'c> AsyncHttpClient<'c> for Through<'_> {
    type Error = OutboundError;
    type Future = BoxFuture<'c, Result<http::Response<Vec<u8>>, OutboundError>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.0.send(request))
    }
}

/// The relying party.
#[derive(Debug)]
pub struct Party {
    /// What it was started with.
    pub options: Options,
    /// The time.
    pub clock: Clock,
    entropy: Entropy,
    outbound: Outbound,
    found: Mutex<Option<ProviderMetadataWithLogout>>,
}

impl Party {
    /// A relying party; the portal is asked when it is needed first.
    #[must_use]
    pub fn new(options: Options, clock: Clock, entropy: Entropy, outbound: Outbound) -> Self {
        Self {
            options,
            clock,
            entropy,
            outbound,
            found: Mutex::new(None),
        }
    }

    /// Randomness.
    #[must_use]
    pub fn rng(&self) -> Rng {
        self.entropy.rng()
    }

    /// What the portal publishes, its keys among it; `anew` when a token names a key that is not known.
    async fn portal(&self, anew: bool) -> Result<ProviderMetadataWithLogout, PartyError> {
        let mut found = self.found.lock().await;
        if anew || found.is_none() {
            let issuer = IssuerUrl::new(self.options.issuer.clone()).map_err(unusable)?;
            *found = Some(
                ProviderMetadataWithLogout::discover_async(issuer, &Through(&self.outbound))
                    .await
                    .map_err(unusable)?,
            );
        }
        found.clone().ok_or_else(|| unusable("there is none"))
    }

    fn redirect(&self) -> Result<RedirectUrl, PartyError> {
        RedirectUrl::new(format!("{}/callback", self.options.own_url())).map_err(unusable)
    }

    /// Begins a sign-in; `issuer` is who asks for it, when somebody else than the person does (OpenID Connect Core §4).
    ///
    /// # Errors
    /// [`PartyError`].
    pub async fn begin(&self, issuer: Option<&str>, login_hint: Option<&str>, target: Option<&str>) -> Result<(Url, Asked), PartyError> {
        if issuer.is_some_and(|issuer| issuer.trim_end_matches('/') != self.options.issuer.trim_end_matches('/')) {
            return Err(PartyError::OtherIssuer);
        }
        let metadata = self.portal(false).await?;
        let mut rng = self.rng();
        let mut secret = || BearerSecret::generate(&mut rng).reveal().to_owned();
        let asked = Asked {
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            target: self.own_page(target),
        };
        let id = ClientId::new(self.options.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata, id, None).set_redirect_uri(self.redirect()?);
        let (state, nonce) = (CsrfToken::new(asked.state.clone()), Nonce::new(asked.nonce.clone()));
        let verifier = PkceCodeVerifier::new(asked.verifier.clone());
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .add_scopes(self.options.scopes.iter().cloned().map(Scope::new));
        if let Some(hint) = login_hint {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        let (url, _, _) = request.url();
        Ok((url, asked))
    }

    /// Whoever begins a sign-in here may name the page to show afterwards: one of ours, never another's (OpenID Connect Core §4).
    pub(super) fn own_page(&self, target: Option<&str>) -> String {
        let own = Url::parse(&self.options.own_url()).ok();
        let wanted = target.and_then(|target| own.as_ref()?.join(target).ok());
        match (own, wanted) {
            // A path that begins with two slashes would be somebody else's host.
            (Some(own), Some(wanted)) if wanted.origin() == own.origin() && !wanted.path().starts_with("//") => {
                wanted[url::Position::BeforePath..].to_owned()
            }
            _ => "/".to_owned(),
        }
    }

    /// Redeems the code and believes what comes, or not (OpenID Connect Core §3.1.3).
    ///
    /// # Errors
    /// [`PartyError`].
    pub async fn finish(&self, asked: &Asked, code: &str) -> Result<Person, PartyError> {
        let metadata = self.portal(false).await?;
        let (id, secret) = (
            ClientId::new(self.options.client_id.clone()),
            ClientSecret::new(self.options.client_secret.clone()),
        );
        let client = CoreClient::from_provider_metadata(metadata, id, Some(secret)).set_redirect_uri(self.redirect()?);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(unusable)?
            .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier.clone()))
            .request_async(&Through(&self.outbound))
            .await
            .map_err(unusable)?;
        let id_token = tokens.id_token().ok_or_else(|| unusable("it holds no id token"))?;
        let claims = match self.believed(id_token, tokens.access_token(), &asked.nonce, false).await {
            Ok(claims) => claims,
            // The portal may sign with a newer key than those it published when it was asked.
            Err(_) => self.believed(id_token, tokens.access_token(), &asked.nonce, true).await?,
        };
        Ok(Person {
            claims,
            scopes: tokens
                .scopes()
                .map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect())
                .unwrap_or_default(),
            id_token: id_token.to_string(),
        })
    }

    async fn believed(
        &self,
        token: &CoreIdToken,
        access_token: &openidconnect::AccessToken,
        nonce: &str,
        anew: bool,
    ) -> Result<Map<String, Value>, PartyError> {
        let metadata = self.portal(anew).await?;
        let id = ClientId::new(self.options.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata, id, None);
        let now = self.clock.now();
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
        let claims = token.claims(&verifier, &Nonce::new(nonce.to_owned())).map_err(unusable)?;
        if let Some(expected) = claims.access_token_hash() {
            let key = token.signing_key(&verifier).map_err(unusable)?;
            let actual = AccessTokenHash::from_token(access_token, token.signing_alg().map_err(unusable)?, key).map_err(unusable)?;
            if actual != *expected {
                return Err(unusable("the id token belongs to another access token"));
            }
        }
        // Verified above; read once more as they stand, with those that no standard names.
        let text = token.to_string();
        let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        payload
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| unusable("the id token cannot be read"))
    }

    /// Where a browser goes to sign out at the portal too (OpenID Connect RP-Initiated Logout 1.0 §2).
    ///
    /// # Errors
    /// [`PartyError`].
    pub async fn sign_out_url(&self, person: &Person) -> Result<Url, PartyError> {
        let metadata = self.portal(false).await?;
        let end = metadata.additional_metadata().end_session_endpoint.clone();
        let mut url = end.ok_or_else(|| unusable("it offers no logout"))?.url().clone();
        url.query_pairs_mut()
            .append_pair("id_token_hint", &person.id_token)
            .append_pair("client_id", &self.options.client_id)
            .append_pair("post_logout_redirect_uri", &format!("{}/", self.options.own_url()));
        Ok(url)
    }

    /// Checks a logout token of the portal (OpenID Connect Back-Channel Logout 1.0 §2.6).
    ///
    /// # Errors
    /// [`PartyError`].
    pub async fn logout_token(&self, token: &str) -> Result<logout::LogoutToken, PartyError> {
        let settings = OidcSettings {
            issuer: self.options.issuer.clone(),
            client_id: self.options.client_id.clone(),
            client_auth: ClientAuth::Basic,
            scopes: Vec::new(),
            userinfo: false,
        };
        let now: Timestamp = self.clock.now();
        let mut last = unusable("it has no keys");
        for anew in [false, true] {
            let metadata = self.portal(anew).await?;
            let published = Published {
                configuration: serde_json::to_value(&metadata).map_err(unusable)?,
                keys: serde_json::to_value(metadata.jwks()).map_err(unusable)?,
            };
            match logout::verify(&settings, &published, token, now) {
                Ok(token) => return Ok(token),
                Err(error) => last = unusable(error),
            }
        }
        Err(last)
    }
}
