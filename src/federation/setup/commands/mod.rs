//! What may be done with a connection, from draft to switch-over and back.

mod admit;
mod begin;
mod error;
mod reach;
mod remove;
mod switch;

pub use admit::{Admission, change_admission, change_mapping};
pub use begin::{MAX_BY_LINK, MAX_PROVIDERS, create_provider};
pub use error::SetupError;
pub use reach::{OidcConnection, change_key, change_oidc, change_saml};
pub use remove::remove_provider;
pub use switch::{Switched, end_fall_back, pause_provider, switch_over};

use crate::{
    access::{Action, Actor, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::{IdentityProvider, ProviderStatus},
    kernel::ProviderId,
    organizations::Organization,
    store::{
        StoreError,
        federation::{providers, setup_links},
    },
};

fn event(kind: EventKind, organization: &Organization, provider: &IdentityProvider) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("identity_provider", provider.id, provider.name.clone()))
}

/// A connection of the organization; somebody else's does not exist, nor does what a set-up link does not open.
///
/// # Errors
/// [`SetupError::Access`].
pub async fn theirs(cx: &Cx, organization: &Organization, id: ProviderId) -> Result<IdentityProvider, SetupError> {
    let provider = providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
    ensure_reached(cx, &provider).await?;
    Ok(provider)
}

/// A connection of the organization, at the version that the form showed. Whoever has a set-up link has what that link opens, as long
/// as nobody signs in by it.
async fn at_version(
    cx: &Cx,
    organization: &Organization,
    action: Action,
    id: ProviderId,
    version: i32,
) -> Result<IdentityProvider, SetupError> {
    cx.authorise(action, organization)?;
    let provider = theirs(cx, organization, id).await?;
    if provider.version == version {
        Ok(provider)
    } else {
        Err(StoreError::Stale.into())
    }
}

async fn keep(cx: &mut Cx, organization: &Organization, provider: &IdentityProvider, what: &'static str) -> Result<(), SetupError> {
    providers::update(&cx.tx, provider).await?;
    let told = event(EventKind::ProviderChanged, organization, provider).detail("changed", what);
    Ok(audit::record(cx, told).await?)
}

/// Whether a set-up link, when one asks, opens this connection.
async fn ensure_reached(cx: &Cx, provider: &IdentityProvider) -> Result<(), SetupError> {
    let Actor::SetUp(set_up) = &cx.actor else { return Ok(()) };
    let opened = setup_links::connections(&cx.tx, set_up.link).await?;
    if provider.status == ProviderStatus::Draft && opened.contains(&provider.id) {
        Ok(())
    } else {
        Err(Refused::NotFound.into())
    }
}
