//! What the pages of the set-up show: the connections of an organization, and what a switch-over would mean for its people.

use std::collections::HashSet;

use crate::{
    apps::Application,
    cx::Qx,
    federation::{
        IdentityProvider,
        domains::{self, Domain, DomainStatus},
        place::Place,
    },
    kernel::{EmailAddress, MemberId, ProviderId},
    people::MemberRole,
    store::{self, federation as rows},
    web::PageError,
};

/// The connections of a place, and its domains.
#[derive(Debug)]
pub struct Overview {
    /// Oldest first.
    pub providers: Vec<IdentityProvider>,
    /// By name.
    pub domains: Vec<Domain>,
}

/// The overview of a place.
///
/// # Errors
/// [`PageError`].
pub async fn overview(qx: &Qx, place: &Place) -> Result<Overview, PageError> {
    let id = place.organization.id;
    Ok(Overview {
        providers: rows::providers::of_organization(&qx.db, id).await?,
        domains: rows::domains::of_organization(&qx.db, id).await?,
    })
}

/// What a switch-over would mean for one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// Has signed in through it.
    Known,
    /// Has an address in a proven domain: the first sign-in joins it to them.
    WouldBeJoined,
    /// Has an address elsewhere, while the same person would probably come with one in the domain.
    Duplicate,
    /// Has an address elsewhere.
    LockedOut,
}

/// A member in the rehearsal.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// What would come of it.
    pub prospect: Prospect,
}

impl Rehearsed {
    /// Would not get in as who they are now.
    #[must_use]
    pub const fn is_at_risk(&self) -> bool {
        matches!(self.prospect, Prospect::LockedOut | Prospect::Duplicate)
    }
}

/// A partner admin who could keep a local password.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The membership.
    pub member: MemberId,
    /// Name.
    pub name: String,
    /// Has a password and an authenticator app.
    pub ready: bool,
}

/// Everything the page of one connection shows.
#[derive(Debug)]
pub struct Connection {
    /// The connection.
    pub provider: IdentityProvider,
    /// Applications the organization holds.
    pub applications: Vec<Application>,
    /// Partner admins.
    pub exceptions: Vec<Exception>,
    /// Domains that lead to it.
    pub domains: Vec<Domain>,
    /// All members.
    pub rehearsed: Vec<Rehearsed>,
}

/// So many people are looked at in a rehearsal.
const REHEARSED: u64 = 2_000;

/// One connection of a place.
///
/// # Errors
/// [`PageError`]; somebody else's does not exist.
pub async fn connection(qx: &Qx, place: &Place, id: ProviderId) -> Result<Connection, PageError> {
    let organization = place.organization.id;
    let provider = rows::providers::get(&qx.db, organization, id).await?.ok_or(PageError::NotFound)?;
    let held: Vec<_> = store::grants::entitlements_of(&qx.db, organization)
        .await?
        .into_iter()
        .map(|entitlement| entitlement.application)
        .collect();
    let mut applications = store::applications::get_many(&qx.db, &held).await?;
    applications.sort_by(|one, other| one.name.cmp(&other.name));
    let own: Vec<Domain> = rows::domains::of_organization(&qx.db, organization)
        .await?
        .into_iter()
        .filter(|domain| domain.status == DomainStatus::Proven && domain.provider.is_none_or(|bound| bound == id))
        .collect();
    let links = rows::links::of_provider(&qx.db, organization, id).await?;
    let people = store::members::current_with_people(&qx.db, organization, qx.now, REHEARSED).await?;
    let covered: HashSet<String> = people
        .iter()
        .filter(|(_, person)| domains::most_specific(&person.email, &own).is_some())
        .map(|(_, person)| local_part(&person.email).to_owned())
        .collect();
    let mut exceptions = Vec::new();
    let mut rehearsed = Vec::new();
    for (member, person) in people {
        if member.role == MemberRole::PartnerAdmin && member.runs_organization_at(qx.now) {
            exceptions.push(Exception {
                member: member.id,
                name: person.name.clone(),
                ready: person.has_password && person.totp_confirmed_at.is_some(),
            });
        }
        let prospect = if links.contains_key(&member.id) {
            Prospect::Known
        } else {
            prospect(&person.email, &own, &covered)
        };
        rehearsed.push(Rehearsed {
            name: person.name,
            email: person.email.as_str().to_owned(),
            prospect,
        });
    }
    Ok(Connection {
        provider,
        applications,
        exceptions,
        domains: own,
        rehearsed,
    })
}

/// What an address means at a switch-over; `covered` are the local parts of the members whose addresses lead to the connection.
fn prospect(email: &EmailAddress, proven: &[Domain], covered: &HashSet<String>) -> Prospect {
    if domains::most_specific(email, proven).is_some() {
        return Prospect::WouldBeJoined;
    }
    // The same person under two addresses: a company's old and new domain often differ in the ending alone, mail from a subdomain
    // often belongs to the domain above, and one mailbox name in both places is rarely two people.
    let label = |domain: &str| domain.split('.').next().unwrap_or_default().to_owned();
    let alike = |domain: &Domain| label(&domain.name) == label(email.domain()) || email.domain().ends_with(&format!(".{}", domain.name));
    if proven.iter().any(alike) || covered.contains(local_part(email)) {
        Prospect::Duplicate
    } else {
        Prospect::LockedOut
    }
}

/// The part before the @, in lower case.
fn local_part(email: &EmailAddress) -> &str {
    email.normalized().rsplit_once('@').map_or("", |(local, _)| local)
}
