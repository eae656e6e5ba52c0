//! Contracts between the tenant and a partner, and how several of them add up.

use thiserror::Error;

use crate::kernel::{ContractId, OrganizationId, Timestamp};

/// A contract: nothing an organization holds outlives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Identifier.
    pub id: ContractId,
    /// The partner.
    pub organization: OrganizationId,
    /// Number or name on the paper.
    pub reference: String,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end.
    pub ends_at: Timestamp,
    /// Days of notice, for the owner's information.
    pub notice_days: i32,
    /// How many people may be members at a time.
    pub seats: i32,
    /// Optimistic lock.
    pub version: i32,
}

/// Why a contract cannot be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ContractError {
    /// The end is not after the start.
    #[error("The end must be after the start.")]
    EndsBeforeStart,
    /// Fewer than one seat.
    #[error("A contract needs at least one seat.")]
    NoSeats,
    /// Already ended; history is not rewritten.
    #[error("This contract has ended. Add a new contract instead.")]
    Ended,
}

impl Contract {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn is_in_force_at(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Checks a contract as a whole.
    ///
    /// # Errors
    /// [`ContractError::EndsBeforeStart`] or [`ContractError::NoSeats`].
    pub fn checked(self) -> Result<Self, ContractError> {
        if self.ends_at <= self.starts_at {
            return Err(ContractError::EndsBeforeStart);
        }
        if self.seats < 1 {
            return Err(ContractError::NoSeats);
        }
        Ok(self)
    }

    /// Moves the end.
    ///
    /// # Errors
    /// [`ContractError::Ended`] when it is over, [`ContractError::EndsBeforeStart`] when the new end is not after the start.
    pub fn end_on(mut self, ends_at: Timestamp, now: Timestamp) -> Result<Self, ContractError> {
        if self.ends_at <= now {
            return Err(ContractError::Ended);
        }
        if ends_at <= self.starts_at {
            return Err(ContractError::EndsBeforeStart);
        }
        self.ends_at = ends_at;
        Ok(self)
    }
}

/// Until when contracts follow one another without a gap from `at` on; none when none is in force then.
#[must_use]
pub fn covered_until(contracts: &[Contract], at: Timestamp) -> Option<Timestamp> {
    let mut until = at;
    while let Some(end) = contracts
        .iter()
        .filter(|contract| contract.is_in_force_at(until))
        .map(|contract| contract.ends_at)
        .max()
    {
        until = end;
    }
    (until > at).then_some(until)
}
