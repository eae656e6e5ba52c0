//! A connection that is not in use goes, with what it knows.

use super::{SetupError, at_version, event, reach::forget_identities};
use crate::{
    access::Action,
    audit::{self, EventKind},
    cx::Cx,
    federation::ProviderStatus,
    kernel::ProviderId,
    organizations::Organization,
    store::{
        self,
        federation::{domains, providers},
    },
};

/// Removes a connection that is not in use, with what it knows about who is who.
///
/// # Errors
/// [`SetupError`].
pub async fn remove_provider(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<(), SetupError> {
    let provider = at_version(cx, organization, Action::ManageSignIn, id, version).await?;
    if provider.status == ProviderStatus::Live {
        return Err(SetupError::InUse);
    }
    let known = forget_identities(cx, organization, &provider).await?;
    for mut domain in domains::of_organization(&cx.tx, organization.id).await? {
        if domain.provider == Some(id) {
            domain.provider = None;
            domains::update(&cx.tx, &domain).await?;
        }
    }
    store::federation::trips::end_of_provider(&cx.tx, id).await?;
    store::federation::setup_links::end_of_provider(&cx.tx, id).await?;
    providers::delete(&cx.tx, id).await?;
    let told = event(EventKind::ProviderRemoved, organization, &provider).detail("identities", known);
    Ok(audit::record(cx, told).await?)
}
