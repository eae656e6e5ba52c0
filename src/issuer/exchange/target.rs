//! Where an exchanged token is to count: `audience` and `resource` (RFC 8693 §2.1, RFC 8707), found among applications and clients.

use super::{super::OAuthError, request::ExchangeRequest};
use crate::{
    apps::Application,
    issuer::Client,
    kernel::ApplicationId,
    store::{self, Db, StoreError, issuer::clients},
};

/// Where a token is to count.
#[derive(Clone, Debug)]
pub struct Target {
    /// The application.
    pub application: Application,
    /// As the application knows itself (`aud`).
    pub audience: String,
    /// The client of it that says how its tokens are, if it has one.
    pub client: Option<Client>,
}

impl Target {
    /// An application as such: its oldest client in use says how its tokens are.
    async fn of(db: &impl Db, application: Application) -> Result<Self, StoreError> {
        let clients = clients::of_application(db, application.id).await?;
        let client = clients.into_iter().find(|client| client.disabled_at.is_none());
        Ok(Self {
            audience: audience(client.as_ref(), &application),
            application,
            client,
        })
    }
}

fn audience(client: Option<&Client>, application: &Application) -> String {
    match client {
        Some(client) => client.audience_for(&application.launch_url),
        None => address(application),
    }
}

fn address(application: &Application) -> String {
    let mut address = application.launch_url.clone();
    address.set_query(None);
    address.set_fragment(None);
    address.into()
}

/// Finds the target; what names none means the application of the subject token.
///
/// # Errors
/// [`OAuthError`]: `invalid_target`.
pub async fn find(db: &impl Db, request: &ExchangeRequest, otherwise: ApplicationId) -> Result<Target, OAuthError> {
    let unknown = || OAuthError::refused("invalid_target", "No application here is known by this audience or resource.");
    let mut found: Option<Target> = None;
    for name in [&request.audience, &request.resource].into_iter().flatten() {
        let target = named(db, name).await?.ok_or_else(unknown)?;
        if found.as_ref().is_some_and(|other| other.application.id != target.application.id) {
            return Err(OAuthError::refused(
                "invalid_target",
                "audience and resource name two applications; a token is for one.",
            ));
        }
        found = Some(target);
    }
    let target = match found {
        Some(target) => target,
        None => {
            let application = store::applications::get(db, otherwise).await?.ok_or_else(unknown)?;
            Target::of(db, application).await?
        }
    };
    if target.application.is_offered() {
        Ok(target)
    } else {
        Err(unknown())
    }
}

async fn named(db: &impl Db, name: &str) -> Result<Option<Target>, StoreError> {
    let mut candidates = clients::by_audience(db, name).await?;
    candidates.extend(clients::by_name(db, name).await?);
    if let Some(client) = candidates.into_iter().find(|client| client.disabled_at.is_none())
        && let Some(application) = store::applications::get(db, client.application).await?
    {
        return Ok(Some(Target {
            audience: audience(Some(&client), &application),
            application,
            client: Some(client),
        }));
    }
    let all = store::applications::all(db).await?;
    let Some(application) = all.into_iter().find(|application| address(application) == name) else {
        return Ok(None);
    };
    // Applications of one host must not take each other's tokens: an address counts for those that have no other name.
    let target = Target::of(db, application).await?;
    Ok(Some(target).filter(|target| target.audience == name))
}
