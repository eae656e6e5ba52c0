//! The way to the provider: the authorization request (OpenID Connect Core §3.1.2.1) with PKCE (RFC 7636).

use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use super::discovery::Published;
use crate::{
    federation::OidcSettings,
    kernel::{BearerSecret, Rng},
};

/// What we must remember of a request to believe the answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where the browser goes.
    pub url: Url,
    /// Comes back unchanged.
    pub state: BearerSecret,
    /// Stands in the ID token.
    pub nonce: String,
    /// Proves at the token endpoint that we asked.
    pub verifier: String,
}

/// The address to send a browser to; none when the provider's configuration was not read yet.
#[must_use]
pub fn authorization(
    settings: &OidcSettings,
    published: &Published,
    redirect: &str,
    login_hint: Option<&str>,
    fresh: bool,
    rng: &mut Rng,
) -> Option<Asked> {
    let metadata = published.metadata()?;
    let state = BearerSecret::generate(rng);
    let nonce = BearerSecret::generate(rng).reveal().to_owned();
    let verifier = BearerSecret::generate(rng).reveal().to_owned();
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
    let mut url = metadata.authorization_endpoint().url().clone();
    let mut scopes = vec!["openid"];
    scopes.extend(settings.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", state.reveal())
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        if let Some(hint) = login_hint {
            query.append_pair("login_hint", hint);
        }
        if fresh {
            query.append_pair("max_age", "0");
        }
    }
    Some(Asked {
        url,
        state,
        nonce,
        verifier,
    })
}
