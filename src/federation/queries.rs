//! What pages about a partner's identity provider show.

use super::IdentityProvider;
use crate::{
    access::{Action, Refused},
    cx::Qx,
    kernel::ProviderId,
    organizations::Organization,
    store::{self, federation::providers},
    web::PageError,
};

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
