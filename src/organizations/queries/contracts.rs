//! A partner's contracts, and what would end if one of them changed.

use chrono::Duration;

use super::partner;
use crate::{
    access::Action,
    cx::Qx,
    kernel::ContractId,
    organizations::{
        Contract, Organization, OrganizationStatus,
        ends_if::{EndsIf, ends_if},
    },
    store::{self, StoreError},
    web::PageError,
};

/// The contracts of a partner.
#[derive(Clone, Debug)]
pub struct Contracts {
    /// The partner.
    pub organization: Organization,
    /// All of them, the one that ends last first.
    pub contracts: Vec<Contract>,
    /// The one that counts now.
    pub counting: Option<ContractId>,
    /// Seats taken.
    pub people: u64,
    /// The actor may add and change them.
    pub may_manage: bool,
}

/// The contracts of a partner.
///
/// # Errors
/// [`PageError::NotFound`] when there is no such partner, or none for this person.
pub async fn contracts(qx: &Qx, slug: &str) -> Result<Contracts, PageError> {
    let organization = partner(qx, slug).await?;
    let contracts = store::contracts::of_organization(&qx.db, organization.id).await?;
    Ok(Contracts {
        counting: contracts
            .iter()
            .find(|contract| contract.is_in_force_at(qx.now))
            .map(|contract| contract.id),
        people: store::members::seats_taken(&qx.db, organization.id, qx.now).await?,
        may_manage: qx.may(Action::ManageContract, &organization) && organization.status != OrganizationStatus::Offboarded,
        contracts,
        organization,
    })
}

/// One contract, and its organization's others.
#[derive(Clone, Debug)]
pub struct OneContract {
    /// The partner.
    pub organization: Organization,
    /// The contract.
    pub contract: Contract,
    /// All contracts of the partner.
    pub all: Vec<Contract>,
}

/// One contract of a partner, for whoever may change it.
///
/// # Errors
/// [`PageError`] when there is none, or the actor may not change it.
pub async fn contract(qx: &Qx, slug: &str, id: ContractId) -> Result<OneContract, PageError> {
    let organization = partner(qx, slug).await?;
    let all = store::contracts::of_organization(&qx.db, organization.id).await?;
    let contract = all.iter().find(|contract| contract.id == id).cloned().ok_or(PageError::NotFound)?;
    qx.authorise(Action::ManageContract, &organization)?;
    Ok(OneContract {
        organization,
        contract,
        all,
    })
}

/// What would end if a contract became `changed`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn what_ends(qx: &Qx, found: &OneContract, changed: &Contract) -> Result<EndsIf, StoreError> {
    let after: Vec<Contract> = found
        .all
        .iter()
        .map(|other| if other.id == changed.id { changed.clone() } else { other.clone() })
        .collect();
    let idle_since = qx.now - Duration::minutes(qx.settings.session_idle_minutes);
    ends_if(&qx.db, &found.all, &after, qx.now, idle_since).await
}
