//! Everything on a partner's first page.

use chrono::Duration;

use super::{names, partner};
use crate::{
    access::Action,
    certification::queries::{PastDecision, history},
    cx::Qx,
    kernel::{PersonId, Timestamp},
    organizations::{Contract, Organization, covered_until},
    people::TenantRole,
    store::{self, contracts::Outliving},
    web::PageError,
};

/// How many organizations below one are named.
const CHILDREN: u64 = 20;

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
