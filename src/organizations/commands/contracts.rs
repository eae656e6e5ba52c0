//! Adding and changing contracts. Nothing an organization holds outlives them.

use serde_json::json;
use thiserror::Error;

use super::{idle_since, partner_locked};
use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{ContractId, Timestamp},
    organizations::{Contract, ContractError, Organization, OrganizationError, OrganizationStatus, covered_until, ends_if::ends_if},
    store::{self, StoreError},
};

/// Why a contract is not written.
#[derive(Debug, Error)]
pub enum ContractRefused {
    /// The contract itself.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The end is over already.
    #[error("The last day must be today or later. To end the contract at once, choose \"End it now\".")]
    EndInThePast,
    /// The first day of a contract that has begun.
    #[error("This contract has begun, so its first day cannot be changed.")]
    Begun,
    /// The partner has another contract of this reference.
    #[error("This partner already has a contract {0}. Change that one, or enter another number or name.")]
    ReferenceTaken(String),
    /// Fewer seats than people.
    #[error("{0} people hold a seat now. Remove some of them first, or keep at least {0} seats.")]
    SeatsTaken(u64),
    /// Something would end earlier and nobody confirmed that.
    #[error("see what ends first")]
    NeedsConfirmation,
    /// The state of the partner does not allow it.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new contract.
#[derive(Clone, Debug)]
pub struct AddContract {
    /// Of which partner, by its short name.
    pub organization: String,
    /// Number or name on the paper.
    pub reference: String,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end.
    pub ends_at: Timestamp,
    /// Days of notice.
    pub notice_days: i32,
    /// Seats.
    pub seats: i32,
}

/// Adds a contract. It may overlap others: of those in force, the one that ends last counts.
///
/// # Errors
/// [`ContractRefused`] says what is wrong with it.
pub async fn add_contract(cx: &mut Cx, input: AddContract) -> Result<Contract, ContractRefused> {
    let organization: Organization = partner_locked::<ContractRefused>(cx, &input.organization).await?;
    cx.authorise(Action::ManageContract, &organization)?;
    not_over(&organization)?;
    let contract = Contract {
        id: ContractId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        reference: input.reference,
        starts_at: input.starts_at,
        ends_at: input.ends_at,
        notice_days: input.notice_days,
        seats: input.seats,
        version: 1,
    }
    .checked()?;
    if contract.ends_at <= cx.now {
        return Err(ContractRefused::EndInThePast);
    }
    // Somebody who presses the button twice has added it once: ending one of two of a reference would leave the other in force.
    if !store::contracts::insert(&cx.tx, &contract, cx.now).await? {
        return Err(ContractRefused::ReferenceTaken(contract.reference));
    }
    let event = Event::new(EventKind::ContractCreated)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("contract", contract.id, &contract.reference))
        .detail("starts_at", json!(contract.starts_at))
        .detail("ends_at", json!(contract.ends_at))
        .detail("notice_days", contract.notice_days)
        .detail("seats", contract.seats);
    audit::record(cx, event).await?;
    Ok(contract)
}

/// Asked before a form's fields are looked at: the partner is one the actor may change contracts of, and the contract is its own.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_change_contract(cx: &Cx, organization: &str, contract: ContractId) -> Result<(), ContractRefused> {
    let organization = super::may::<ContractRefused>(cx, organization, Action::ManageContract).await?;
    let contracts = store::contracts::of_organization(&cx.tx, organization.id).await?;
    let own = contracts.iter().any(|known| known.id == contract);
    if own { Ok(()) } else { Err(Refused::NotFound.into()) }
}

/// When a changed contract ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractEnd {
    /// With this request.
    Now,
    /// At this (exclusive) instant.
    At(Timestamp),
}

/// A change of a contract.
#[derive(Clone, Debug)]
pub struct ChangeContract {
    /// Of which partner, by its short name.
    pub organization: String,
    /// Which.
    pub contract: ContractId,
    /// The version the form was made from.
    pub version: i32,
    /// Number or name on the paper.
    pub reference: String,
    /// First instant, when it is to move; only before the contract begins.
    pub starts_at: Option<Timestamp>,
    /// The end.
    pub ends: ContractEnd,
    /// Days of notice.
    pub notice_days: i32,
    /// Seats.
    pub seats: i32,
    /// The person has seen what ends.
    pub confirmed: bool,
}

/// Changes a contract that has not ended. Moving its end forward asks for confirmation first; when nothing is in force
/// afterwards, the organization's sessions end in the same transaction.
///
/// # Errors
/// [`ContractRefused::NeedsConfirmation`] when what ends was not confirmed, [`StoreError::Stale`] when somebody else changed it.
pub async fn change_contract(cx: &mut Cx, input: ChangeContract) -> Result<Contract, ContractRefused> {
    let organization: Organization = partner_locked::<ContractRefused>(cx, &input.organization).await?;
    cx.authorise(Action::ManageContract, &organization)?;
    let before = store::contracts::of_organization(&cx.tx, organization.id).await?;
    let contract = before
        .iter()
        .find(|contract| contract.id == input.contract)
        .cloned()
        .ok_or(Refused::NotFound)?;
    if contract.version != input.version {
        return Err(StoreError::Stale.into());
    }
    not_over(&organization)?;
    let changed = changed(&contract, &input, cx.now)?;
    if changed == contract {
        return Ok(contract);
    }
    if before
        .iter()
        .any(|other| other.id != changed.id && other.reference == changed.reference)
    {
        return Err(ContractRefused::ReferenceTaken(changed.reference));
    }
    let after: Vec<Contract> = before
        .iter()
        .map(|other| if other.id == changed.id { changed.clone() } else { other.clone() })
        .collect();
    let ends = ends_if(&cx.tx, &before, &after, cx.now, idle_since(cx)).await?;
    if (changed.ends_at < contract.ends_at || ends.ends_anything()) && !input.confirmed {
        return Err(ContractRefused::NeedsConfirmation);
    }
    let counting = after
        .iter()
        .filter(|contract| contract.is_in_force_at(cx.now))
        .max_by_key(|contract| (contract.ends_at, contract.id));
    if counting.is_some_and(|counting| counting.id == changed.id) && changed.seats < contract.seats {
        let taken = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
        if u64::try_from(changed.seats).unwrap_or_default() < taken {
            return Err(ContractRefused::SeatsTaken(taken));
        }
    }
    store::contracts::update(&cx.tx, &changed).await?;
    let mut event = Event::new(EventKind::ContractChanged)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("contract", changed.id, &changed.reference))
        .detail("from", facts(&contract))
        .detail("to", facts(&changed));
    if ends.ends_anything() {
        event = event
            .detail("people_affected", ends.counts.people)
            .detail("assignments_affected", ends.counts.assignments);
    }
    if covered_until(&before, cx.now).is_some() && covered_until(&after, cx.now).is_none() {
        event = event.ended(store::sessions::end_of_organization(&cx.tx, organization.id, cx.now).await?);
    }
    audit::record(cx, event).await?;
    Ok(changed)
}

/// The contract as it would be after a change.
///
/// # Errors
/// [`ContractRefused`] when it cannot be so.
pub fn changed(contract: &Contract, input: &ChangeContract, now: Timestamp) -> Result<Contract, ContractRefused> {
    let mut changed = contract.clone();
    if let Some(starts_at) = input.starts_at.filter(|start| *start != contract.starts_at) {
        if contract.starts_at <= now {
            return Err(ContractRefused::Begun);
        }
        changed.starts_at = starts_at;
    }
    let ends_at = match input.ends {
        ContractEnd::Now => now,
        ContractEnd::At(ends_at) => ends_at,
    };
    if ends_at < now && contract.ends_at > now {
        return Err(ContractRefused::EndInThePast);
    }
    changed = changed.end_on(ends_at, now)?;
    changed.reference.clone_from(&input.reference);
    changed.notice_days = input.notice_days;
    changed.seats = input.seats;
    Ok(changed.checked()?)
}

fn not_over(organization: &Organization) -> Result<(), OrganizationError> {
    match organization.status {
        OrganizationStatus::Offboarded => Err(OrganizationError::WrongStatus(organization.status)),
        _ => Ok(()),
    }
}

fn facts(contract: &Contract) -> serde_json::Value {
    json!({
        "reference": contract.reference,
        "starts_at": contract.starts_at,
        "ends_at": contract.ends_at,
        "notice_days": contract.notice_days,
        "seats": contract.seats,
    })
}
