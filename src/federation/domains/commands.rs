//! What a partner does with its domains. The DNS is asked before a command's transaction begins.

use thiserror::Error;

use super::{Domain, DomainError, DomainStatus, dns::Found, left_without};
use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::place::domains_of,
    kernel::{DomainId, ProviderId, both_forms_of_domain},
    mail::Letter,
    organizations::{
        Organization, OrganizationStatus,
        commands::{tell_admins, tell_owners},
    },
    store::{
        self, StoreError,
        federation::{domains, providers},
    },
    web::{Refusal, routes},
};

/// Why nothing is done with a domain.
#[derive(Debug, Error)]
pub enum DomainCommandError {
    /// What was typed.
    #[error(transparent)]
    Name(#[from] DomainError),
    /// They have it already.
    #[error("This domain is in the list already.")]
    Twice,
    /// Somebody else has proven it. Who, is nobody's business.
    #[error("This domain is proven by another organization already. If it is yours, ask the company that runs this portal.")]
    Taken,
    /// The same, found out when the record was seen.
    #[error(
        "The record is there, but this domain is proven by another organization already. If it is yours, ask the company that runs this portal."
    )]
    ProvenElsewhere,
    /// A connection that keeps local passwords out would lead nobody in any more.
    #[error(
        "This is the last domain whose people sign in with {0}, and {0} keeps local passwords out. Tick that people will need a password here, or give that up first."
    )]
    LastDomain(String),
    /// Too many.
    #[error("An organization can have at most {MAX_DOMAINS} domains here.")]
    TooMany,
    /// A declaration vouches for it.
    #[error("The company that runs this portal vouches for this domain, so there is no record to look for.")]
    NoRecord,
    /// Nobody answered.
    #[error("The name servers of this domain did not answer, so nothing is known. Try again in a few minutes.")]
    NoAnswer,
    /// The record is not there.
    #[error("The record was not found yet. It can take some minutes until a new record is seen everywhere.")]
    NotFound,
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DomainCommandError> for Refusal {
    fn from(error: DomainCommandError) -> Self {
        match error {
            DomainCommandError::Access(refused) => refused.into(),
            DomainCommandError::Store(error) => error.into(),
            DomainCommandError::Name(_) | DomainCommandError::Twice | DomainCommandError::Taken => Self::field("name", error.to_string()),
            // That it was looked for is kept.
            DomainCommandError::NotFound => Self::because(error.to_string()).kept(),
            other => Self::because(other.to_string()),
        }
    }
}

/// So many domains an organization may list.
pub const MAX_DOMAINS: usize = 50;

fn event(kind: EventKind, organization: &Organization, domain: &Domain) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("domain", domain.id, domain.name.clone()))
}

/// Lists a domain as the organization's, to be proven.
///
/// # Errors
/// [`DomainCommandError`].
pub async fn claim_domain(cx: &mut Cx, organization: &Organization, typed: &str) -> Result<Domain, DomainCommandError> {
    cx.authorise(Action::ManageSignIn, organization)?;
    let domain = Domain::claim(typed, organization.id, cx.now, &mut cx.rng)?;
    if domains::of_organization(&cx.tx, organization.id).await?.len() >= MAX_DOMAINS {
        return Err(DomainCommandError::TooMany);
    }
    if others(cx, &domain).await?.iter().any(|(organization, _)| holds_on(organization)) {
        return Err(DomainCommandError::Taken);
    }
    if !domains::insert(&cx.tx, &domain).await? {
        return Err(DomainCommandError::Twice);
    }
    let told = event(EventKind::DomainClaimed, organization, &domain).detail("subdomains", domain.subdomains);
    audit::record(cx, told).await?;
    Ok(domain)
}

/// Whose the name is already, when that is somebody else.
async fn others(cx: &Cx, domain: &Domain) -> Result<Vec<(Organization, Domain)>, StoreError> {
    let mut others = Vec::new();
    for other in domains::owned(&cx.tx, std::slice::from_ref(&domain.name)).await? {
        if other.organization != domain.organization
            && let Some(organization) = store::organizations::get(&cx.tx, other.organization).await?
        {
            others.push((organization, other));
        }
    }
    Ok(others)
}

/// Whether an organization's word for a domain still counts against somebody else's.
fn holds_on(organization: &Organization) -> bool {
    organization.status != OrganizationStatus::Offboarded
}

async fn own(cx: &Cx, organization: &Organization, id: DomainId) -> Result<Domain, DomainCommandError> {
    Ok(domains::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?)
}

/// Takes over what looking for the record brought.
///
/// # Errors
/// [`DomainCommandError`]; [`DomainCommandError::NotFound`] is committed all the same.
pub async fn check_domain(cx: &mut Cx, organization: &Organization, id: DomainId, found: Found) -> Result<Domain, DomainCommandError> {
    cx.authorise(Action::ManageSignIn, organization)?;
    let domain = own(cx, organization, id).await?;
    if domain.is_declared() {
        return Err(DomainCommandError::NoRecord);
    }
    match found {
        Found::NoAnswer => Err(DomainCommandError::NoAnswer),
        Found::Yes => note_seen(cx, organization, domain).await,
        Found::No => {
            note_missing(cx, organization, domain).await?;
            Err(DomainCommandError::NotFound)
        }
    }
}

/// The record was seen.
pub(crate) async fn note_seen(cx: &mut Cx, organization: &Organization, domain: Domain) -> Result<Domain, DomainCommandError> {
    let before = domain.status;
    let domain = domain.seen(cx.now);
    if before == DomainStatus::Pending {
        for (other, theirs) in others(cx, &domain).await? {
            if holds_on(&other) {
                return Err(DomainCommandError::ProvenElsewhere);
            }
            // Whose partnership is over does not keep a name from whoever has it now.
            domains::delete(&cx.tx, &theirs).await?;
            let told = event(EventKind::DomainGivenUp, &other, &theirs)
                .reason("The partnership is over, and somebody else has shown that the domain is theirs.");
            audit::record(cx, told).await?;
        }
    }
    if !domains::prove(&cx.tx, &domain).await? {
        return Err(DomainCommandError::ProvenElsewhere);
    }
    if before != DomainStatus::Proven {
        audit::record(cx, event(EventKind::DomainProven, organization, &domain)).await?;
    }
    Ok(domain)
}

/// Nobody answered.
pub(crate) async fn note_no_answer(cx: &Cx, domain: Domain) -> Result<Domain, StoreError> {
    let domain = domain.not_answered(cx.now);
    domains::update(&cx.tx, &domain).await?;
    Ok(domain)
}

/// The record was not there: the people who run the organization hear of it when it begins, and when the domain is lost.
pub(crate) async fn note_missing(cx: &mut Cx, organization: &Organization, domain: Domain) -> Result<Domain, DomainCommandError> {
    let before = domain.clone();
    let domain = domain.not_seen(cx.now);
    domains::update(&cx.tx, &domain).await?;
    let lost = domain.status == DomainStatus::Lost && before.status == DomainStatus::Proven;
    let missing = before.missing_since.is_none() && domain.missing_since.is_some();
    if lost || missing {
        let kind = if lost { EventKind::DomainLost } else { EventKind::DomainMissing };
        audit::record(cx, event(kind, organization, &domain)).await?;
        // Each side has its own page of the domains.
        let letter = |page: &str| Letter::DomainMissing {
            organization: organization.name.clone(),
            domain: both_forms_of_domain(&domain.name),
            lost,
            link: routes::absolute(&cx.settings.public_url, page),
        };
        let to_admins = letter(&domains_of(""));
        let to_owners = letter(&domains_of(&organization.slug));
        tell_admins(cx, organization, None, &to_admins).await?;
        tell_owners(cx, organization, &to_owners).await?;
    }
    Ok(domain)
}

/// Takes a domain off the list. `stranding` is the word that people may be left without the connection that keeps passwords out.
///
/// # Errors
/// [`DomainCommandError`].
pub async fn give_up_domain(cx: &mut Cx, organization: &Organization, id: DomainId, stranding: bool) -> Result<Domain, DomainCommandError> {
    cx.authorise(Action::ManageSignIn, organization)?;
    let domain = own(cx, organization, id).await?;
    let all = domains::of_organization(&cx.tx, organization.id).await?;
    let connections = providers::of_organization(&cx.tx, organization.id).await?;
    if !stranding && let Some(provider) = left_without(&domain, &all, &connections) {
        return Err(DomainCommandError::LastDomain(provider.name.clone()));
    }
    domains::delete(&cx.tx, &domain).await?;
    let told = event(EventKind::DomainGivenUp, organization, &domain).detail("status", domain.status.as_str());
    audit::record(cx, told).await?;
    Ok(domain)
}

/// Says which connection the people of a domain use; none lets them choose among those in use.
///
/// # Errors
/// [`DomainCommandError`]; a connection of somebody else does not exist.
pub async fn assign_domain(
    cx: &mut Cx,
    organization: &Organization,
    id: DomainId,
    version: i32,
    provider: Option<ProviderId>,
) -> Result<Domain, DomainCommandError> {
    cx.authorise(Action::ManageSignIn, organization)?;
    let mut domain = own(cx, organization, id).await?;
    if domain.version != version {
        return Err(StoreError::Stale.into());
    }
    let name = match provider {
        None => None,
        Some(id) => Some(providers::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?.name),
    };
    if domain.provider == provider {
        return Ok(domain);
    }
    domain.provider = provider;
    domains::update(&cx.tx, &domain).await?;
    let told = event(EventKind::DomainAssigned, organization, &domain).detail("identity_provider", name);
    audit::record(cx, told).await?;
    Ok(domain)
}
