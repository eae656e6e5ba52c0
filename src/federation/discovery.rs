//! From an address to the way in (mission B3): the most specific proven domain decides, never whether the person is known.

use super::{IdentityProvider, domains};
use crate::{
    kernel::{DomainId, EmailAddress},
    organizations::{Organization, OrganizationStatus},
    store::{self, Db, StoreError, federation::providers},
};

/// How an address signs in.
#[derive(Clone, Debug)]
pub enum Route {
    /// With a password here.
    Local,
    /// At its company.
    Provider {
        /// The connection.
        provider: Box<IdentityProvider>,
        /// Whose it is.
        organization: Box<Organization>,
        /// Too many sign-ins there failed lately, so passwords here count as well.
        fell_back: bool,
    },
    /// At its company, which has several sign-ins in use: the person knows which.
    Choice(Choice),
}

/// The sign-ins that a domain's people choose among.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The domain.
    pub domain: DomainId,
    /// Whose it is.
    pub organization: Box<Organization>,
    /// The connections in use, at least two, oldest first. One that fell back is among them: whoever chooses it is sent there.
    pub providers: Vec<IdentityProvider>,
}

/// Finds the way in for an address. The same number of look-ups whether anybody has it or not.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn route(db: &impl Db, email: &EmailAddress) -> Result<Route, StoreError> {
    let owned = store::federation::domains::owned(db, &domains::names_above(email)).await?;
    let Some(domain) = domains::most_specific(email, &owned) else {
        return Ok(Route::Local);
    };
    let Some(organization) = store::organizations::get(db, domain.organization).await? else {
        return Ok(Route::Local);
    };
    if organization.status == OrganizationStatus::Offboarded {
        return Ok(Route::Local);
    }
    let connections = providers::of_organization(db, organization.id).await?;
    let ways: Vec<IdentityProvider> = domains::ways_of(domain, &connections).cloned().collect();
    let organization = Box::new(organization);
    Ok(match ways.as_slice() {
        [] => Route::Local,
        [provider] => Route::Provider {
            provider: Box::new(provider.clone()),
            organization,
            fell_back: provider.fell_back_at.is_some(),
        },
        _ => Route::Choice(Choice {
            domain: domain.id,
            organization,
            providers: ways,
        }),
    })
}
