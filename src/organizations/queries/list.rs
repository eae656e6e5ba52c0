//! The list of partners: own ones for an owner, all for operator and auditor.

use super::{PAGE_SIZE, hidden, names};
use crate::{
    access::{Action, Resource},
    cx::Qx,
    kernel::{Cursor, OrganizationId, PageRequest},
    organizations::{Contract, Organization, OrganizationStatus},
    people::TenantRole,
    store::{self, partners::PartnerFilter},
    web::PageError,
};

/// What is looked for in the list.
#[derive(Clone, Debug, Default)]
pub struct PartnerSearch {
    /// Part of a name, short name or kind.
    pub text: Option<String>,
    /// Only those in this state.
    pub status: Option<OrganizationStatus>,
    /// Only those the actor answers for, although they may see all.
    pub mine: bool,
}

/// One partner in the list.
#[derive(Clone, Debug)]
pub struct PartnerRow {
    /// The partner.
    pub organization: Organization,
    /// Its owner's name.
    pub owner: Option<String>,
    /// The contract in force that ends last.
    pub contract: Option<Contract>,
    /// How many people could sign in.
    pub people: u64,
}

/// A page of partners, the certification due first on top.
#[derive(Clone, Debug)]
pub struct PartnerList {
    /// The rows.
    pub rows: Vec<PartnerRow>,
    /// Where those due later begin.
    pub older: Option<Cursor>,
    /// Where those due earlier begin.
    pub newer: Option<Cursor>,
    /// The actor sees all partners, not only their own.
    pub sees_all: bool,
    /// The actor answers for partners.
    pub is_owner: bool,
    /// The actor may bring in new ones.
    pub may_create: bool,
}

/// Own partners for an owner; all for operator and auditor. The number of questions to the database does not depend on how many there are.
///
/// # Errors
/// [`PageError`] when the actor sees no partners at all.
pub async fn partners(qx: &Qx, search: &PartnerSearch, wanted: PageRequest) -> Result<PartnerList, PageError> {
    qx.authorise(Action::ViewPartners, Resource::Tenant).map_err(hidden)?;
    let me = qx.actor.person().map(|person| person.id);
    let sees_all = qx.actor.has_tenant_role(TenantRole::Operator) || qx.actor.has_tenant_role(TenantRole::Auditor);
    let filter = PartnerFilter {
        of: me.filter(|_| !sees_all || search.mine),
        status: search.status,
        search: search.text.clone(),
        without_ended: false,
    };
    let page = store::partners::page(&qx.db, &filter, wanted, PAGE_SIZE).await?;
    let ids: Vec<OrganizationId> = page.rows.iter().map(|organization| organization.id).collect();
    let people = store::partners::people_counts(&qx.db, &ids, qx.now).await?;
    let mut contracts = store::partners::contracts_in_force(&qx.db, &ids, qx.now).await?;
    let owners = names(qx, page.rows.iter().filter_map(|organization| organization.owner)).await?;
    let rows = page
        .rows
        .into_iter()
        .map(|organization| PartnerRow {
            owner: organization.owner.and_then(|id| owners.get(&id).cloned()),
            contract: contracts.remove(&organization.id),
            people: people.get(&organization.id).copied().unwrap_or_default(),
            organization,
        })
        .collect();
    Ok(PartnerList {
        rows,
        older: page.older,
        newer: page.newer,
        sees_all,
        is_owner: qx.actor.has_tenant_role(TenantRole::Owner),
        may_create: qx.may(Action::CreateOrganization, Resource::Tenant),
    })
}
