//! What waits for a person: decisions of owners, ends that partner admins may want to move.

use chrono::Duration;

use crate::{
    access::{Action, Actor, OrganizationFacts, Resource},
    cx::Qx,
    kernel::{OrganizationId, PersonId, Timestamp},
    organizations::{Contract, Organization},
    people::TenantRole,
    store::{
        self, StoreError,
        waiting::{EndingInvitation, EndingMember},
    },
    web::PageError,
};

/// How many rows of each kind are shown.
const SHOWN: u64 = 50;
/// How long before its end an unanswered invitation shows up.
const INVITATION_HOURS: i64 = 48;

/// Everything that waits.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// Partners whose certification is due soon or overdue.
    pub certifications: Vec<Organization>,
    /// Contracts that end soon with none to follow.
    pub contracts: Vec<(Contract, Organization)>,
    /// Active partners nobody answers for.
    pub without_owner: Vec<Organization>,
    /// People of the own organization whose access ends soon.
    pub people: Vec<EndingMember>,
    /// Invitations of the own organization that end soon.
    pub invitations: Vec<EndingInvitation>,
}

impl Inbox {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certifications.is_empty()
            && self.contracts.is_empty()
            && self.without_owner.is_empty()
            && self.people.is_empty()
            && self.invitations.is_empty()
    }
}

/// In which capacity somebody has an inbox.
enum Waiting {
    Owner(PersonId),
    Team(OrganizationId),
}

fn waiting(qx: &Qx) -> Vec<Waiting> {
    let Actor::Person(person) = &*qx.actor else { return Vec::new() };
    if let Some(member) = &person.member {
        let own = OrganizationFacts::worn(member.organization);
        return if qx.may(Action::InviteMember, Resource::Organization(own)) {
            vec![Waiting::Team(member.organization)]
        } else {
            Vec::new()
        };
    }
    if qx.actor.has_tenant_role(TenantRole::Owner) {
        vec![Waiting::Owner(person.id)]
    } else {
        Vec::new()
    }
}

fn soon(qx: &Qx) -> Timestamp {
    qx.now + Duration::days(qx.tenant.warning_days.into())
}

/// What waits for the actor.
///
/// # Errors
/// [`PageError`] when the database does not answer.
pub async fn inbox(qx: &Qx) -> Result<Inbox, PageError> {
    let mut inbox = Inbox::default();
    for waiting in waiting(qx) {
        match waiting {
            Waiting::Owner(me) => {
                inbox.certifications = store::partners::certifications_due(&qx.db, me, soon(qx), SHOWN).await?;
                let contracts = store::partners::contracts_ending(&qx.db, me, qx.now, soon(qx), SHOWN).await?;
                let ids: Vec<_> = contracts.iter().map(|contract| contract.organization).collect();
                let organizations = store::organizations::get_many(&qx.db, &ids).await?;
                inbox.contracts = contracts
                    .into_iter()
                    .filter_map(|contract| {
                        let organization = organizations
                            .iter()
                            .find(|organization| organization.id == contract.organization)?
                            .clone();
                        Some((contract, organization))
                    })
                    .collect();
            }
            Waiting::Team(organization) => {
                inbox.people = store::waiting::members_ending(&qx.db, organization, qx.now, soon(qx), SHOWN).await?;
                let limit = qx.now + Duration::hours(INVITATION_HOURS);
                inbox.invitations = store::waiting::invitations_ending(&qx.db, organization, qx.now, limit, SHOWN).await?;
            }
        }
    }
    if qx.may(Action::ManageTenant, Resource::Tenant) {
        inbox.without_owner = store::partners::without_owners(&qx.db, SHOWN).await?;
    }
    Ok(inbox)
}

/// How many things wait for the actor; asked for every page.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn waiting_count(qx: &Qx) -> Result<u32, StoreError> {
    let mut count = 0;
    for waiting in waiting(qx) {
        count += match waiting {
            Waiting::Owner(me) => {
                store::partners::count_certifications_due(&qx.db, me, soon(qx)).await?
                    + store::partners::count_contracts_ending(&qx.db, me, qx.now, soon(qx)).await?
            }
            Waiting::Team(organization) => {
                let limit = qx.now + Duration::hours(INVITATION_HOURS);
                store::waiting::count_members_ending(&qx.db, organization, qx.now, soon(qx)).await?
                    + store::waiting::count_invitations_ending(&qx.db, organization, qx.now, limit).await?
            }
        };
    }
    if qx.may(Action::ManageTenant, Resource::Tenant) {
        count += store::partners::count_without_owner(&qx.db).await?;
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
