//! What comes to the authorization endpoint, read into types. Pure: nothing here asks the database.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    GrantType, OAuthError,
    claims::{ACR_ONE, ACR_TWO},
    dpop::is_thumbprint,
    model::{Client, ClientAuthentication},
    wanted::Wanted,
};

/// The parameters as sent (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). A parameter that comes twice is refused before this.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Parameters {
    /// What is asked for.
    pub response_type: Option<String>,
    /// Who asks.
    pub client_id: Option<String>,
    /// Where to answer.
    pub redirect_uri: Option<String>,
    /// Scopes, separated by spaces.
    pub scope: Option<String>,
    /// Handed back as it is.
    pub state: Option<String>,
    /// How to answer.
    pub response_mode: Option<String>,
    /// Ties the id token to this request.
    pub nonce: Option<String>,
    /// PKCE.
    pub code_challenge: Option<String>,
    /// PKCE.
    pub code_challenge_method: Option<String>,
    /// Whether people may be asked something.
    pub prompt: Option<String>,
    /// How many seconds ago they may have signed in at most.
    pub max_age: Option<String>,
    /// Whose token it would be (RFC 8707).
    pub resource: Option<String>,
    /// Who is expected to sign in: an address to begin with.
    pub login_hint: Option<String>,
    /// Who is expected to be here: an id token of ours, ended ones too.
    pub id_token_hint: Option<String>,
    /// How surely it should be them, best first; wished for, not required.
    pub acr_values: Option<String>,
    /// Single claims (OpenID Connect Core §5.5).
    pub claims: Option<String>,
    /// The key that the code will be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// A request object by value.
    pub request: Option<String>,
    /// A request object by reference.
    pub request_uri: Option<String>,
}

/// How a pushed request is named (RFC 9126 §2.2).
pub const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// How the answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the address.
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// Where an answer goes, once it is known that it may go there.
#[derive(Clone, Debug)]
pub struct Answering {
    /// The address.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// Handed back.
    pub state: Option<String>,
}

/// What people may be asked (OpenID Connect Core §3.1.2.1, `prompt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Whatever is needed.
    Needed,
    /// Nothing.
    Nothing,
    /// To sign in, even when they are.
    SignIn,
}

/// A request that can be decided.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Scopes, each once, in the order asked.
    pub scopes: Vec<String>,
    /// For the id token.
    pub nonce: Option<String>,
    /// PKCE, S256.
    pub challenge: String,
    /// What people may be asked.
    pub prompt: Prompt,
    /// They are to be asked for consent, whatever they said before.
    pub consent: bool,
    /// Seconds since they signed in, at most.
    pub max_age: Option<i64>,
    /// How surely it has to be them.
    pub surety: Surety,
    /// The very person whom the client asks for.
    pub subject: Option<String>,
    /// Thumbprint of the key that the code is bound to (RFC 9449 §10).
    pub jkt: Option<String>,
}

/// How surely it has to be the person (`acr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surety {
    /// However they signed in.
    Any,
    /// With a second factor, if they have one (`acr_values`, or a claim that is not essential).
    TwoFactorsIfPossible,
    /// With a second factor (an essential claim).
    TwoFactors,
}

impl Parameters {
    /// A parameter without a value counts as left out (RFC 6749 §3.1).
    #[must_use]
    pub fn without_empty(mut self) -> Self {
        for value in [
            &mut self.response_type,
            &mut self.client_id,
            &mut self.redirect_uri,
            &mut self.scope,
            &mut self.state,
            &mut self.response_mode,
            &mut self.nonce,
            &mut self.code_challenge,
            &mut self.code_challenge_method,
            &mut self.prompt,
            &mut self.max_age,
            &mut self.resource,
            &mut self.login_hint,
            &mut self.id_token_hint,
            &mut self.acr_values,
            &mut self.claims,
            &mut self.dpop_jkt,
            &mut self.request,
            &mut self.request_uri,
        ] {
            if value.as_deref() == Some("") {
                *value = None;
            }
        }
        self
    }

    /// The value that names a pushed request, when the browser brings one.
    #[must_use]
    pub fn pushed(&self) -> Option<&str> {
        self.request_uri.as_deref()?.strip_prefix(PUSHED)
    }

    /// Where the answer goes. Until this is known nothing may be sent anywhere (RFC 9700 §4.11): what is wrong here is told to the person.
    ///
    /// # Errors
    /// A sentence for the person.
    pub fn answering(&self, client: &Client) -> Result<Answering, &'static str> {
        let Some(redirect_uri) = self.redirect_uri.as_deref().filter(|uri| !uri.is_empty()) else {
            return Err("The application did not say where to go back to.");
        };
        let native = client.terms.authentication == ClientAuthentication::None;
        let fits = |known: &String| known == redirect_uri || (native && same_but_port(known, redirect_uri));
        if !client.terms.redirect_uris.iter().any(fits) {
            return Err("The application wants to go back to an address that is not registered for it.");
        }
        Ok(Answering {
            redirect_uri: redirect_uri.to_owned(),
            mode: if self.response_mode.as_deref() == Some("form_post") && is_of_the_web(redirect_uri) {
                ResponseMode::FormPost
            } else {
                ResponseMode::Query
            },
            state: self.state.clone(),
        })
    }

    /// The request itself.
    ///
    /// # Errors
    /// [`OAuthError`], to be sent back to the client.
    pub fn asked(&self, client: &Client, audience: &str) -> Result<Asked, OAuthError> {
        if self.request.is_some() {
            return Err(OAuthError::refused("request_not_supported", "Send the parameters themselves."));
        }
        if self.request_uri.is_some() {
            return Err(OAuthError::refused("request_uri_not_supported", "Send the parameters themselves."));
        }
        match self.response_type.as_deref() {
            Some("code") => {}
            None | Some("") => return Err(OAuthError::request("response_type is missing")),
            Some(_) => return Err(OAuthError::refused("unsupported_response_type", "The only response_type is code.")),
        }
        if !matches!(self.response_mode.as_deref(), None | Some("query" | "form_post")) {
            return Err(OAuthError::request("response_mode is query or form_post"));
        }
        if self.response_mode.as_deref() == Some("form_post") && !self.redirect_uri.as_deref().is_some_and(is_of_the_web) {
            return Err(OAuthError::request(
                "form_post goes to an address that begins with https:// or http://",
            ));
        }
        if !client.may(GrantType::AuthorizationCode) {
            return Err(OAuthError::refused("unauthorized_client", "This client does not sign people in."));
        }
        if self.resource.as_deref().is_some_and(|resource| resource != audience) {
            return Err(OAuthError::refused("invalid_target", format!("The only resource is {audience}")));
        }
        let mut scopes = scopes(self.scope.as_deref().unwrap_or_default())?;
        let claims = Wanted::read(self.claims.as_deref())?;
        // Only in a request of OpenID Connect (Core §5.5). A claim that is asked for by its name is asked for with the scope that opens it.
        if scopes.iter().any(|scope| scope == "openid") {
            for scope in &claims.scopes {
                if !scopes.iter().any(|known| known == scope) {
                    scopes.push((*scope).to_owned());
                }
            }
        }
        Ok(Asked {
            scopes,
            surety: claims.surety.unwrap_or_else(|| self.wished_surety()),
            subject: claims.subject,
            jkt: self.jkt()?,
            nonce: limited("nonce", self.nonce.clone())?,
            challenge: self.challenge()?,
            prompt: self.prompt()?,
            consent: self
                .prompt
                .as_deref()
                .unwrap_or_default()
                .split_ascii_whitespace()
                .any(|word| word == "consent"),
            max_age: self.max_age()?,
        })
    }

    fn wished_surety(&self) -> Surety {
        let mut values = self.acr_values.as_deref().unwrap_or_default().split_ascii_whitespace();
        // The first that we know counts: the order is the client's preference.
        match values.find(|value| [ACR_ONE, ACR_TWO].contains(value)) {
            Some(ACR_TWO) => Surety::TwoFactorsIfPossible,
            _ => Surety::Any,
        }
    }

    fn jkt(&self) -> Result<Option<String>, OAuthError> {
        match &self.dpop_jkt {
            Some(jkt) if !is_thumbprint(jkt) => Err(OAuthError::request("dpop_jkt is no SHA-256 in base64url")),
            other => Ok(other.clone()),
        }
    }

    fn challenge(&self) -> Result<String, OAuthError> {
        let challenge = self.code_challenge.as_deref().unwrap_or_default();
        if challenge.is_empty() {
            return Err(OAuthError::request("code_challenge is missing (PKCE, RFC 7636)"));
        }
        // Without a method it would be `plain` (RFC 7636 §4.3), which protects nothing.
        if self.code_challenge_method.as_deref() != Some("S256") {
            return Err(OAuthError::request("code_challenge_method has to be S256"));
        }
        let fits = challenge.len() == 43
            && challenge
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if fits {
            Ok(challenge.to_owned())
        } else {
            Err(OAuthError::request("code_challenge is no SHA-256 in base64url"))
        }
    }

    fn prompt(&self) -> Result<Prompt, OAuthError> {
        let words: Vec<&str> = self.prompt.as_deref().unwrap_or_default().split_ascii_whitespace().collect();
        if words.contains(&"none") {
            return if words.len() == 1 {
                Ok(Prompt::Nothing)
            } else {
                Err(OAuthError::request("prompt none stands alone"))
            };
        }
        Ok(if words.iter().any(|word| matches!(*word, "login" | "select_account")) {
            Prompt::SignIn
        } else {
            Prompt::Needed
        })
    }

    fn max_age(&self) -> Result<Option<i64>, OAuthError> {
        self.max_age
            .as_deref()
            .map(|text| match text.parse::<u32>() {
                Ok(seconds) => Ok(i64::from(seconds)),
                Err(_) => Err(OAuthError::request("max_age is a number of seconds")),
            })
            .transpose()
    }
}

/// Whether browsers can post a form there; a program on somebody's device is only opened.
fn is_of_the_web(uri: &str) -> bool {
    uri.starts_with("https://") || uri.starts_with("http://")
}

/// Whether both are the same address of this machine but for the port, which a program on somebody's device learns when it begins to listen
/// (RFC 8252 §7.3, RFC 9700 §4.1.3).
fn same_but_port(known: &str, asked: &str) -> bool {
    let of_this_machine = |text: &str| {
        // Written as it is compared, so that nothing of it is read in two ways.
        let mut url = Url::parse(text).ok().filter(|url| url.as_str() == text)?;
        let loopback = url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
        url.set_port(None).ok()?;
        (loopback && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()).then_some(url)
    };
    of_this_machine(known).is_some_and(|known| of_this_machine(asked) == Some(known))
}

/// Scopes out of their list, each once.
///
/// # Errors
/// [`OAuthError`] when one has a character that scopes do not have.
pub fn scopes(text: &str) -> Result<Vec<String>, OAuthError> {
    let mut found: Vec<String> = Vec::new();
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        if !super::is_scope_token(scope) {
            return Err(OAuthError::refused(
                "invalid_scope",
                "A scope has a character that scopes do not have.",
            ));
        }
        if !found.iter().any(|known| known == scope) {
            found.push(scope.to_owned());
        }
    }
    if found.len() > 50 {
        return Err(OAuthError::refused("invalid_scope", "At most 50 scopes can be asked for at once."));
    }
    Ok(found)
}

fn limited(name: &str, value: Option<String>) -> Result<Option<String>, OAuthError> {
    match value {
        Some(text) if text.chars().any(char::is_control) => Err(OAuthError::request(format!("{name} holds a control character"))),
        Some(text) if text.len() > 500 => Err(OAuthError::request(format!("{name} is longer than 500 characters"))),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::another_port("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true)]
    #[case::of_ports("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb", true)]
    #[case::six("http://[::1]/cb", "http://[::1]:49152/cb", true)]
    #[case::another_path("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/x", false)]
    #[case::a_name("http://localhost/cb", "http://localhost:49152/cb", false)]
    #[case::another_host("http://127.0.0.1/cb", "http://127.0.0.2:49152/cb", false)]
    #[case::of_the_web("https://app.example/cb", "https://app.example:8443/cb", false)]
    #[case::with_a_name("http://127.0.0.1/cb", "http://a@127.0.0.1:49152/cb", false)]
    #[case::written_otherwise("http://127.0.0.1/cb", "http://127.1:49152/cb", false)]
    #[case::a_query("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?x=y", false)]
    fn a_program_on_a_device_listens_at_any_port(#[case] known: &str, #[case] asked: &str, #[case] same: bool) {
        assert_eq!(same_but_port(known, asked), same);
    }
}
