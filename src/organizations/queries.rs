//! What the pages about partners show.

use std::collections::HashMap;

use chrono::Duration;

use super::{
    Contract, Organization, OrganizationStatus, covered_until,
    ends_if::{EndsIf, ends_if},
};
use crate::{
    access::{Action, Refused, Resource},
    certification::queries::{PastDecision, history},
    cx::Qx,
    kernel::{ContractId, Cursor, OrganizationId, PageRequest, PersonId, Timestamp},
    people::TenantRole,
    store::{self, StoreError, contracts::Outliving, partners::PartnerFilter},
    web::PageError,
};

/// Rows of a page.
pub const PAGE_SIZE: usize = 50;
/// How many organizations below one are named.
const CHILDREN: u64 = 20;

/// One partner by its name in addresses, for whoever may see it; to everyone else it does not exist.
///
/// # Errors
/// [`PageError`] when there is none, or none for this person.
pub async fn partner(qx: &Qx, slug: &str) -> Result<Organization, PageError> {
    if matches!(*qx.actor, crate::access::Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    let organization = store::organizations::find_by_slug(&qx.db, slug).await?.ok_or(PageError::NotFound)?;
    qx.authorise(Action::ViewPartner, &organization).map_err(hidden)?;
    Ok(organization)
}

/// Pages about partners do not exist for a partner's own people.
pub(crate) fn hidden(refused: Refused) -> PageError {
    match refused {
        Refused::Forbidden { .. } => PageError::NotFound,
        other => other.into(),
    }
}

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

pub(crate) async fn names(qx: &Qx, ids: impl Iterator<Item = PersonId>) -> Result<HashMap<PersonId, String>, StoreError> {
    let mut ids: Vec<PersonId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::people::get_many(&qx.db, ids)
        .await?
        .into_iter()
        .map(|person| (person.id, person.name))
        .collect())
}

/// Who answers for a partner.
#[derive(Clone, Debug)]
pub struct Responsible {
    /// Name.
    pub name: String,
    /// They still have the role they need.
    pub may_act: bool,
}

/// Everything on a partner's first page.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The partner.
    pub organization: Organization,
    /// Its owner.
    pub owner: Option<Responsible>,
    /// The owner's stand-in.
    pub deputy: Option<Responsible>,
    /// The organization it belongs to, when the actor may see it.
    pub parent: Option<Organization>,
    /// Those below it that the actor may see.
    pub children: Vec<Organization>,
    /// The contract in force that ends last.
    pub contract: Option<Contract>,
    /// Until when contracts follow one another.
    pub covered_until: Option<Timestamp>,
    /// The next contract, when none is in force.
    pub next_contract: Option<Contract>,
    /// Seats taken.
    pub people: u64,
    /// Entitlements in force.
    pub applications: u64,
    /// The last launch of anything.
    pub last_used_at: Option<Timestamp>,
    /// The last certification decisions.
    pub history: Vec<PastDecision>,
    /// What would end at once.
    pub held: Outliving,
    /// The actor may edit it.
    pub may_edit: bool,
    /// The actor may change its state.
    pub may_change_status: bool,
    /// The actor may certify it.
    pub may_certify: bool,
}

/// A partner with everything around it.
///
/// # Errors
/// [`PageError::NotFound`] when there is none, or none for this person.
pub async fn overview(qx: &Qx, slug: &str) -> Result<Overview, PageError> {
    let organization = partner(qx, slug).await?;
    let owners = store::tenant::people_in_role(&qx.db, TenantRole::Owner).await?;
    let names = names(qx, organization.owner.into_iter().chain(organization.deputy)).await?;
    let responsible = |id: Option<PersonId>| {
        let id = id?;
        Some(Responsible {
            name: names.get(&id).cloned()?,
            may_act: owners.iter().any(|(owner, _)| *owner == id),
        })
    };
    let visible = |other: &Organization| qx.may(Action::ViewPartner, other);
    let parent = match organization.parent {
        Some(id) => store::organizations::get(&qx.db, id).await?.filter(visible),
        None => None,
    };
    let children = store::partners::children(&qx.db, organization.id, CHILDREN)
        .await?
        .into_iter()
        .filter(visible)
        .collect();
    let contracts = store::contracts::of_organization(&qx.db, organization.id).await?;
    let ids = [organization.id];
    let idle_since = qx.now - Duration::minutes(qx.settings.session_idle_minutes);
    Ok(Overview {
        owner: responsible(organization.owner),
        deputy: responsible(organization.deputy),
        parent,
        children,
        covered_until: covered_until(&contracts, qx.now),
        contract: contracts.iter().find(|contract| contract.is_in_force_at(qx.now)).cloned(),
        next_contract: contracts.into_iter().rev().find(|contract| contract.starts_at > qx.now),
        people: store::members::seats_taken(&qx.db, organization.id, qx.now).await?,
        applications: store::partners::application_counts(&qx.db, &ids, qx.now)
            .await?
            .remove(&organization.id)
            .unwrap_or_default(),
        last_used_at: store::partners::last_uses(&qx.db, &ids).await?.remove(&organization.id),
        history: history(qx, organization.id, 3).await?,
        held: store::contracts::outliving(&qx.db, organization.id, qx.now, idle_since).await?,
        may_edit: qx.may(Action::EditOrganization, &organization),
        may_change_status: qx.may(Action::ChangeOrganizationStatus, &organization),
        may_certify: qx.may(Action::Certify, &organization),
        organization,
    })
}

/// What the form of a partner offers.
#[derive(Clone, Debug)]
pub struct EditForm {
    /// The partner; none when it is to be created.
    pub organization: Option<Organization>,
    /// Short name of its parent.
    pub parent: Option<String>,
    /// Who may be owner or deputy: identifier and name.
    pub owners: Vec<(PersonId, String)>,
    /// The actor may name owner and deputy.
    pub may_assign: bool,
}

/// The form of a new partner.
///
/// # Errors
/// [`PageError`] when the actor may not create any.
pub async fn new_partner(qx: &Qx) -> Result<EditForm, PageError> {
    qx.authorise(Action::CreateOrganization, Resource::Tenant)?;
    let owners = store::tenant::people_in_role(&qx.db, TenantRole::Owner).await?;
    Ok(EditForm {
        organization: None,
        parent: None,
        owners,
        may_assign: qx.actor.has_tenant_role(TenantRole::Operator),
    })
}

/// The forms of a partner.
///
/// # Errors
/// [`PageError`] when there is none, or the actor may not edit it.
pub async fn edit_partner(qx: &Qx, slug: &str) -> Result<EditForm, PageError> {
    let organization = partner(qx, slug).await?;
    qx.authorise(Action::EditOrganization, &organization)?;
    let parent = match organization.parent {
        Some(id) => store::organizations::get(&qx.db, id).await?.map(|parent| parent.slug),
        None => None,
    };
    let owners = store::tenant::people_in_role(&qx.db, TenantRole::Owner).await?;
    let may_assign = qx.may(Action::AssignOwner, &organization);
    Ok(EditForm {
        organization: Some(organization),
        parent,
        owners,
        may_assign,
    })
}

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

/// The actor's own organization, for its settings.
///
/// # Errors
/// [`PageError`] when no partner's hat is worn or it does not include them.
pub async fn own_settings(qx: &Qx) -> Result<Organization, PageError> {
    let id = qx.actor.organization().ok_or(PageError::NotFound)?;
    let organization = store::organizations::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    if !qx.may(Action::EditBranding, &organization) {
        qx.authorise(Action::EditBranding, &organization)?;
    }
    Ok(organization)
}

/// An employee of the tenant with their roles.
#[derive(Clone, Debug)]
pub struct Employee {
    /// Who.
    pub person: crate::people::Person,
    /// Roles, in order.
    pub roles: Vec<TenantRole>,
}

/// Everyone with a role in the tenant, by name.
///
/// # Errors
/// [`PageError`] when the actor does not run the portal.
pub async fn employees(qx: &Qx) -> Result<Vec<Employee>, PageError> {
    qx.authorise(Action::ManageTenant, Resource::Tenant).map_err(hidden)?;
    let mut roles: HashMap<PersonId, Vec<TenantRole>> = HashMap::new();
    for (person, role) in store::tenant::people_with_roles(&qx.db).await? {
        roles.entry(person).or_default().push(role);
    }
    let people = store::people::get_many(&qx.db, roles.keys().copied().collect::<Vec<_>>()).await?;
    let mut employees: Vec<Employee> = people
        .into_iter()
        .map(|person| {
            let mut held = roles.remove(&person.id).unwrap_or_default();
            held.sort_unstable();
            Employee { person, roles: held }
        })
        .collect();
    employees.sort_by(|a, b| (&a.person.name, a.person.id).cmp(&(&b.person.name, b.person.id)));
    Ok(employees)
}
