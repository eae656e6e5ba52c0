//! What pages about a partner's identity provider show.

use super::{
    IdentityProvider,
    discovery::{self, Route},
    domains::Domain,
    place::Place,
};
use crate::{
    access::{Action, Refused},
    cx::Qx,
    kernel::{EmailAddress, ProviderId},
    organizations::Organization,
    store::{self, federation::providers},
    web::PageError,
};

/// The domains of a place by name, and its connections, oldest first.
///
/// # Errors
/// [`PageError`].
pub async fn domains(qx: &Qx, place: &Place) -> Result<(Vec<Domain>, Vec<IdentityProvider>), PageError> {
    let id = place.organization.id;
    let domains = store::federation::domains::of_organization(&qx.db, id).await?;
    Ok((domains, providers::of_organization(&qx.db, id).await?))
}

/// How an address signs in. Anybody may ask: the address's domain alone decides.
///
/// # Errors
/// [`PageError`].
pub async fn way_in(qx: &Qx, email: &EmailAddress) -> Result<Route, PageError> {
    Ok(discovery::route(&qx.db, email).await?)
}

/// A connection that the person may manage, with its organization. Somebody else's does not exist.
///
/// # Errors
/// [`PageError`].
pub async fn managed(qx: &Qx, id: ProviderId) -> Result<(IdentityProvider, Organization), PageError> {
    let provider = providers::find(&qx.db, id).await?.ok_or(Refused::NotFound)?;
    let organization = store::organizations::get(&qx.db, provider.organization)
        .await?
        .ok_or(Refused::NotFound)?;
    qx.authorise(Action::ManageSignIn, &organization)?;
    Ok((provider, organization))
}
