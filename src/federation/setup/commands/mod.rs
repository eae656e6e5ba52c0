//! What may be done with a connection, from draft to switch-over and back.

mod admit;
mod begin;
mod error;
mod reach;
mod remove;
mod switch;

pub use admit::{Admission, change_admission, change_mapping};
pub use begin::{MAX_PROVIDERS, create_provider};
pub use error::SetupError;
pub use reach::{OidcConnection, change_key, change_oidc, change_saml};
pub use remove::remove_provider;
pub use switch::{Switched, end_fall_back, pause_provider, switch_over};

use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::IdentityProvider,
    kernel::ProviderId,
    organizations::Organization,
    store::{StoreError, federation::providers},
};

fn event(kind: EventKind, organization: &Organization, provider: &IdentityProvider) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("identity_provider", provider.id, provider.name.clone()))
}

/// Whether a connection is the organization's; somebody else's does not exist.
///
/// # Errors
/// [`SetupError::Access`].
pub async fn ensure_theirs(cx: &Cx, organization: &Organization, id: ProviderId) -> Result<ProviderId, SetupError> {
    Ok(providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?.id)
}

/// A connection of the organization, at the version that the form showed.
async fn at_version(cx: &Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<IdentityProvider, SetupError> {
    cx.authorise(Action::ManageSignIn, organization)?;
    let provider = providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
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
