//! What the pages of certification show, and what waits for a person.

pub use super::inbox::waiting_count;
use super::{Certification, Evidence, evidence::gather};
use crate::{
    access::{Action, Resource},
    cx::Qx,
    kernel::{Cursor, OrganizationId, PageRequest, Timestamp},
    organizations::{
        Contract, Organization,
        queries::{hidden, names, partner},
    },
    people::TenantRole,
    store::{self, StoreError, partners::PartnerFilter},
    web::PageError,
};

/// Rows of a page.
pub const PAGE_SIZE: usize = 50;

/// One partner with the summary of its evidence.
#[derive(Clone, Debug)]
pub struct DueRow {
    /// The partner.
    pub organization: Organization,
    /// Its owner's name.
    pub owner: Option<String>,
    /// How many people could sign in.
    pub people: u64,
    /// How many applications it holds.
    pub applications: u64,
    /// The last launch of anything.
    pub last_used_at: Option<Timestamp>,
    /// The contract in force that ends last.
    pub contract: Option<Contract>,
    /// The actor may certify it.
    pub may_certify: bool,
}

/// A page of partners by due date.
#[derive(Clone, Debug)]
pub struct DueList {
    /// The rows, the most overdue first.
    pub rows: Vec<DueRow>,
    /// Where those due later begin.
    pub older: Option<Cursor>,
    /// Where those due earlier begin.
    pub newer: Option<Cursor>,
    /// Only partners the actor answers for are shown.
    pub mine: bool,
}

/// The partners of an owner, or all for whoever may see all and owns none.
///
/// # Errors
/// [`PageError`] when the actor sees no partners at all.
pub async fn due_list(qx: &Qx, wanted: PageRequest) -> Result<DueList, PageError> {
    due_batch(qx, wanted, PAGE_SIZE).await
}

/// The same, so many at a time.
///
/// # Errors
/// [`PageError`] when the actor sees no partners at all.
pub async fn due_batch(qx: &Qx, wanted: PageRequest, size: usize) -> Result<DueList, PageError> {
    qx.authorise(Action::ViewPartners, Resource::Tenant).map_err(hidden)?;
    let mine = qx.actor.has_tenant_role(TenantRole::Owner);
    let of = qx.actor.person().filter(|_| mine).map(|person| person.id);
    let filter = PartnerFilter {
        of,
        without_ended: true,
        ..PartnerFilter::default()
    };
    let page = store::partners::page(&qx.db, &filter, wanted, size).await?;
    let ids: Vec<OrganizationId> = page.rows.iter().map(|organization| organization.id).collect();
    let people = store::partners::people_counts(&qx.db, &ids, qx.now).await?;
    let applications = store::partners::application_counts(&qx.db, &ids, qx.now).await?;
    let uses = store::partners::last_uses(&qx.db, &ids).await?;
    let mut contracts = store::partners::contracts_in_force(&qx.db, &ids, qx.now).await?;
    let owners = names(qx, page.rows.iter().filter_map(|organization| organization.owner)).await?;
    let rows = page
        .rows
        .into_iter()
        .map(|organization| DueRow {
            owner: organization.owner.and_then(|id| owners.get(&id).cloned()),
            people: people.get(&organization.id).copied().unwrap_or_default(),
            applications: applications.get(&organization.id).copied().unwrap_or_default(),
            last_used_at: uses.get(&organization.id).copied(),
            contract: contracts.remove(&organization.id),
            may_certify: qx.may(Action::Certify, &organization),
            organization,
        })
        .collect();
    Ok(DueList {
        rows,
        older: page.older,
        newer: page.newer,
        mine,
    })
}

/// What somebody decides on.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The partner.
    pub organization: Organization,
    /// What is known now.
    pub evidence: Evidence,
    /// The last decisions.
    pub history: Vec<PastDecision>,
    /// Names of owner and deputy.
    pub owners: Vec<String>,
    /// The actor may decide.
    pub may_certify: bool,
    /// Sessions that would end with a no.
    pub open_sessions: u64,
}

/// A decision with the name of whoever made it.
#[derive(Clone, Debug)]
pub struct PastDecision {
    /// The decision.
    pub certification: Certification,
    /// Who, when it was a person.
    pub decided_by: Option<String>,
}

/// Evidence and history of one partner.
///
/// # Errors
/// [`PageError::NotFound`] when there is none, or none for this person.
pub async fn dossier(qx: &Qx, slug: &str) -> Result<Dossier, PageError> {
    let organization = partner(qx, slug).await?;
    let evidence = gather(&qx.db, organization.id, qx.now).await?;
    let history = history(qx, organization.id, 10).await?;
    let names = names(qx, organization.owner.into_iter().chain(organization.deputy)).await?;
    let owners = organization
        .owner
        .into_iter()
        .chain(organization.deputy)
        .filter_map(|id| names.get(&id).cloned())
        .collect();
    let idle_since = qx.now - chrono::Duration::minutes(qx.settings.session_idle_minutes);
    let open_sessions = store::contracts::outliving(&qx.db, organization.id, qx.now, idle_since)
        .await?
        .sessions;
    let may_certify = qx.may(Action::Certify, &organization);
    Ok(Dossier {
        organization,
        evidence,
        history,
        owners,
        may_certify,
        open_sessions,
    })
}

/// The last decisions about a partner that the caller may see.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn history(qx: &Qx, organization: OrganizationId, size: u64) -> Result<Vec<PastDecision>, StoreError> {
    let certifications = store::certifications::of_organization(&qx.db, organization, size).await?;
    let names = names(qx, certifications.iter().filter_map(|certification| certification.decided_by)).await?;
    Ok(certifications
        .into_iter()
        .map(|certification| PastDecision {
            decided_by: certification.decided_by.and_then(|id| names.get(&id).cloned()),
            certification,
        })
        .collect())
}
