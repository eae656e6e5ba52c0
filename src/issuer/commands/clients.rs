//! Registering clients and renewing their secrets.

use thiserror::Error;

use super::super::{
    claims,
    model::{
        Client, ClientAuthentication, ClientTerms, GrantType, MOST_ACCESS_SECONDS, MOST_REFRESH_SECONDS, OPENID_SCOPES, is_client_id,
        is_redirect_uri,
    },
};
use crate::{
    access::{Action, Actor, Refused, Resource},
    apps::Application,
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{BearerSecret, ClientId, sha256},
    signin::Ended,
    store::{
        self, StoreError,
        issuer::{clients, ending},
    },
    web::Refusal,
};

/// Why a client is not registered so.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The name on the wire.
    #[error("A client id has up to 100 letters, digits, and - . _ ~")]
    Id,
    /// Taken.
    #[error("There is a client with this id already.")]
    Taken,
    /// An address.
    #[error("{0} cannot be used: it has to be https (http on this machine alone), without a fragment.")]
    Uri(String),
    /// Nowhere to go back to.
    #[error("Enter at least one address to go back to.")]
    NoUri,
    /// A public client cannot have tokens of its own.
    #[error("A client without a secret or key cannot have tokens of its own.")]
    PublicMachine,
    /// Keys.
    #[error("This is no set of public keys (RFC 7517).")]
    Keys,
    /// A scope that the application does not have.
    #[error("{0} is no permission of this application.")]
    Scope(String),
    /// A claim that is none of ours, or one of the protocols'.
    #[error("{0} is no claim that can have another name.")]
    Claim(String),
    /// The application's name for a claim.
    #[error("{0} cannot be the name of a claim: another claim has it, or it is too long.")]
    ClaimName(String),
    /// A lifetime.
    #[error("A token lives at least 60 seconds, an access token at most a day, a refresh token at most a year.")]
    Lifetime,
    /// It may not act for people.
    #[error("This client does not act for people. Change that first.")]
    ActsForNobody,
    /// No permission was chosen.
    #[error("Choose at least one permission.")]
    NoScope,
    /// It has no secret.
    #[error("This client has no secret.")]
    NoSecret,
    /// Not allowed.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClientTerms {
    /// Whether it can be so, towards the scopes of its application.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn check(&self, scopes: &[String]) -> Result<(), ClientError> {
        if !is_client_id(&self.client_id) {
            return Err(ClientError::Id);
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            if !is_redirect_uri(uri) {
                return Err(ClientError::Uri(uri.clone()));
            }
        }
        // These are the application's own pages, never a program on somebody's device.
        for uri in [&self.backchannel_logout_uri, &self.initiate_login_uri].into_iter().flatten() {
            if !(is_redirect_uri(uri) && uri.starts_with("http")) {
                return Err(ClientError::Uri(uri.clone()));
            }
        }
        if self.grant_types.contains(&GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(ClientError::NoUri);
        }
        if self.grant_types.contains(&GrantType::ClientCredentials) && self.authentication == ClientAuthentication::None {
            return Err(ClientError::PublicMachine);
        }
        if self.authentication == ClientAuthentication::PrivateKeyJwt {
            let keys: Option<jsonwebtoken::jwk::JwkSet> = self.key_set.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let private = self.key_set.as_deref().is_some_and(holds_secrets);
            if private || keys.is_none_or(|keys| keys.keys.is_empty()) {
                return Err(ClientError::Keys);
            }
        }
        for scope in &self.own_scopes {
            if !scopes.contains(scope) || OPENID_SCOPES.contains(&scope.as_str()) {
                return Err(ClientError::Scope(scope.clone()));
            }
        }
        self.check_names()?;
        let within = |seconds: Option<i32>, most: i32| seconds.is_none_or(|seconds| (60..=most).contains(&seconds));
        let short = [self.access_seconds, self.id_seconds];
        if short.into_iter().all(|seconds| within(seconds, MOST_ACCESS_SECONDS)) && within(self.refresh_seconds, MOST_REFRESH_SECONDS) {
            Ok(())
        } else {
            Err(ClientError::Lifetime)
        }
    }
}

impl ClientTerms {
    /// Claims of the protocols keep their names, and no two claims get the same one.
    fn check_names(&self) -> Result<(), ClientError> {
        let mut taken: Vec<&str> = Vec::new();
        for (ours, theirs) in &self.claim_names {
            let usable = |name: &str| name.len() <= 100 && !name.chars().any(|letter| letter.is_control() || letter.is_whitespace());
            if claims::FIXED.contains(&ours.as_str()) || !claims::is_ours(ours) {
                return Err(ClientError::Claim(ours.clone()));
            }
            if claims::FIXED.contains(&theirs.as_str()) || !usable(theirs) || taken.contains(&theirs.as_str()) {
                return Err(ClientError::ClaimName(theirs.clone()));
            }
            if !theirs.is_empty() {
                // A claim that keeps its own name would be overwritten.
                if claims::is_ours(theirs) && !self.claim_names.contains_key(theirs) {
                    return Err(ClientError::ClaimName(theirs.clone()));
                }
                taken.push(theirs);
            }
        }
        Ok(())
    }

    /// Everything of it as texts, to tell what was changed.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let seconds = |value: Option<i32>| value.map(|seconds| seconds.to_string()).unwrap_or_default();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let grants: Vec<&str> = self.grant_types.iter().map(|grant| grant.as_str()).collect();
        let names: Vec<String> = self.claim_names.iter().map(|(ours, theirs)| format!("{ours} = {theirs}")).collect();
        vec![
            ("name", self.name.clone()),
            ("authentication", self.authentication.to_string()),
            ("key_set", text(&self.key_set)),
            ("redirect_uris", self.redirect_uris.join(" ")),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris.join(" ")),
            ("backchannel_logout_uri", text(&self.backchannel_logout_uri)),
            ("initiate_login_uri", text(&self.initiate_login_uri)),
            ("audience", text(&self.audience)),
            ("signing", self.signing.to_string()),
            ("subjects", self.subjects.to_string()),
            ("grant_types", grants.join(" ")),
            ("own_scopes", self.own_scopes.join(" ")),
            ("first_party", self.first_party.to_string()),
            ("may_act_for", self.may_act_for.to_string()),
            ("sender_constrained", self.sender_constrained.to_string()),
            ("claim_names", names.join(", ")),
            ("access_seconds", seconds(self.access_seconds)),
            ("id_seconds", seconds(self.id_seconds)),
            ("refresh_seconds", seconds(self.refresh_seconds)),
        ]
    }
}

/// Whether a key set has a private or symmetric key in it (RFC 7518 §6), which belongs to the client alone.
fn holds_secrets(text: &str) -> bool {
    let set: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let keys = set.get("keys").and_then(serde_json::Value::as_array);
    keys.is_some_and(|keys| {
        keys.iter()
            .any(|key| ["d", "p", "q", "k"].iter().any(|member| key.get(member).is_some()))
    })
}

fn event(kind: EventKind, application: &Application, client: &Client) -> Event {
    Event::new(kind)
        .application(application.id, application.name.clone())
        .subject(Subject::new("client", client.id, client.terms.name.clone()))
        .detail("client", client.terms.client_id.clone())
}

/// Registers a client of an application. Answers it with its secret, which is shown this once; `secret` brings one from outside
/// (a declaration), else it is made here.
///
/// # Errors
/// [`ClientError`].
pub async fn register_client(
    cx: &mut Cx,
    application: &Application,
    mut terms: ClientTerms,
    secret: Option<String>,
) -> Result<(Client, Option<String>), ClientError> {
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let scopes: Vec<String> = store::applications::scopes_of(&cx.tx, &[application.id])
        .await?
        .into_iter()
        .map(|scope| scope.name)
        .collect();
    terms.check(&scopes)?;
    terms.key_set = terms
        .key_set
        .filter(|_| terms.authentication == ClientAuthentication::PrivateKeyJwt);
    let has_secret = matches!(terms.authentication, ClientAuthentication::Basic | ClientAuthentication::Post);
    let secret = has_secret.then(|| secret.unwrap_or_else(|| BearerSecret::generate(&mut cx.rng).reveal().to_owned()));
    let client = Client {
        id: ClientId::new(cx.now, &mut cx.rng),
        application: application.id,
        terms,
        secret_hash: secret.as_ref().map(sha256),
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    if !clients::insert(&cx.tx, &client).await? {
        return Err(ClientError::Taken);
    }
    let told = event(EventKind::ClientRegistered, application, &client)
        .detail("authentication", client.terms.authentication.as_str())
        .detail("redirect_uris", client.terms.redirect_uris.clone());
    audit::record(cx, told).await?;
    Ok((client, secret))
}

/// Changes a client, all but what it calls itself. Answers it, with a new secret when it proves itself by one from now on.
///
/// # Errors
/// [`ClientError`].
pub async fn change_client(
    cx: &mut Cx,
    application: &Application,
    (id, version): (ClientId, i32),
    terms: ClientTerms,
) -> Result<(Client, Option<String>), ClientError> {
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let found = clients::get(&cx.tx, id).await?;
    let mut client = found
        .filter(|client| client.application == application.id)
        .ok_or(Refused::NotFound)?;
    if client.version != version {
        return Err(StoreError::Stale.into());
    }
    let scopes: Vec<String> = store::applications::scopes_of(&cx.tx, &[application.id])
        .await?
        .into_iter()
        .map(|scope| scope.name)
        .collect();
    let mut terms = terms;
    terms.client_id.clone_from(&client.terms.client_id);
    terms.key_set = terms
        .key_set
        .filter(|_| terms.authentication == ClientAuthentication::PrivateKeyJwt);
    terms.grant_types = client.terms.grant_types_with(&terms);
    terms.check(&scopes)?;
    let mut changed = serde_json::Map::new();
    for ((name, before), (_, after)) in client.terms.facts().into_iter().zip(terms.facts()) {
        if before != after {
            changed.insert(name.to_owned(), serde_json::json!({ "from": before, "to": after }));
        }
    }
    if changed.is_empty() {
        return Ok((client, None));
    }
    let has_secret = matches!(terms.authentication, ClientAuthentication::Basic | ClientAuthentication::Post);
    let secret = (has_secret && client.secret_hash.is_none()).then(|| BearerSecret::generate(&mut cx.rng));
    client.secret_hash = match &secret {
        Some(secret) => Some(secret.hash()),
        None => client.secret_hash.filter(|_| has_secret),
    };
    client.terms = terms;
    clients::update(&cx.tx, &client).await?;
    let told = event(EventKind::ClientChanged, application, &client).detail("changed", serde_json::Value::Object(changed));
    audit::record(cx, told).await?;
    Ok((client, secret.map(|secret| secret.reveal().to_owned())))
}

/// Gives a client a new secret, shown this once; the old one stops working. Answers its client id and the secret.
///
/// # Errors
/// [`ClientError`].
pub async fn renew_secret(cx: &mut Cx, id: ClientId, version: i32) -> Result<(String, String), ClientError> {
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let mut client = clients::get(&cx.tx, id).await?.ok_or(Refused::NotFound)?;
    if client.version != version {
        return Err(StoreError::Stale.into());
    }
    if client.secret_hash.is_none() {
        return Err(ClientError::NoSecret);
    }
    let application = store::applications::get(&cx.tx, client.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let secret = BearerSecret::generate(&mut cx.rng);
    client.secret_hash = Some(secret.hash());
    clients::update(&cx.tx, &client).await?;
    let told = event(EventKind::ClientChanged, &application, &client).detail("changed", "secret");
    audit::record(cx, told).await?;
    Ok((client.terms.client_id, secret.reveal().to_owned()))
}

/// Switches a client off, or on again: off it gets nothing, and its tokens count for nothing.
///
/// # Errors
/// [`ClientError`].
pub async fn switch_client(cx: &mut Cx, id: ClientId, version: i32, on: bool) -> Result<Client, ClientError> {
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let mut client = clients::get(&cx.tx, id).await?.ok_or(Refused::NotFound)?;
    if client.version != version {
        return Err(StoreError::Stale.into());
    }
    let application = store::applications::get(&cx.tx, client.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let told = event(EventKind::ClientChanged, &application, &client).detail("changed", if on { "switched on" } else { "switched off" });
    // What it holds does not come back with it.
    let ended = if on {
        Ended::default()
    } else {
        ending::end_of_client(&cx.tx, client.id, cx.now).await?
    };
    client.disabled_at = (!on).then_some(cx.now);
    clients::update(&cx.tx, &client).await?;
    let told = told.ended(ended);
    audit::record(cx, told).await?;
    Ok(client)
}

/// Whether the actor may register and change clients of this application; somebody else's question is not answered.
///
/// # Errors
/// [`Refused`].
pub async fn may_change_clients(cx: &Cx, slug: &str) -> Result<Application, ClientError> {
    if matches!(cx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    Ok(store::applications::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?)
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        let field = match &error {
            ClientError::Id | ClientError::Taken => "client_id",
            ClientError::Uri(_) | ClientError::NoUri => "redirect_uris",
            ClientError::Keys => "key_set",
            ClientError::Scope(_) => "own_scopes",
            ClientError::PublicMachine => "authentication",
            ClientError::Lifetime => "access_seconds",
            ClientError::Claim(_) | ClientError::ClaimName(_) => "claim_names",
            ClientError::NoScope => "acting_scopes",
            ClientError::ActsForNobody | ClientError::NoSecret | ClientError::Access(_) | ClientError::Store(_) => "",
        };
        match error {
            ClientError::Access(refused) => refused.into(),
            ClientError::Store(error) => error.into(),
            other if field.is_empty() => Self::because(other.to_string()),
            other => Self::field(field, other.to_string()),
        }
    }
}
