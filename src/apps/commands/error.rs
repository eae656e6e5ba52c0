//! Why assigning, changing or taking away an application is refused.

use thiserror::Error;

use crate::{access::Refused, apps::GrantError, kernel::Day, people::ActorChanged, store::StoreError, web::Refusal};

/// Why an assignment is not made or changed.
#[derive(Debug, Error)]
pub enum AssignError {
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The grant cannot be so.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// Whoever assigns lost the role or the membership in the meantime.
    #[error(transparent)]
    ActorChanged(#[from] ActorChanged),
    /// The organization does not hold the application now.
    #[error("Your organization does not hold this application now.")]
    NotEntitled,
    /// Every seat is taken.
    #[error("All {seats} seats of this application are taken. Take it away from someone first, or ask for more seats.")]
    NoSeatLeft {
        /// How many there are.
        seats: i32,
    },
    /// The member holds it already.
    #[error("{name} already has this application.")]
    AlreadyAssigned {
        /// Who.
        name: String,
    },
    /// The membership is over.
    #[error("{name} is no longer a member.")]
    NotAMember {
        /// Who.
        name: String,
    },
    /// The wanted end is later than what it is part of.
    #[error("For {name} the last possible day is {}: contract, membership or the application's own end comes first.", last_day.format("%-d %b %Y"))]
    TooLate {
        /// Who.
        name: String,
        /// The last day that is possible.
        last_day: Day,
    },
    /// Nobody was chosen.
    #[error("Choose at least one person.")]
    Nobody,
}

impl From<AssignError> for Refusal {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Access(refused) => refused.into(),
            AssignError::Store(error) => error.into(),
            AssignError::Grant(GrantError::NoScopes | GrantError::BeyondEntitlement) => Self::field("scopes[]", error.to_string()),
            AssignError::Grant(GrantError::EndInThePast | GrantError::BeyondEnd | GrantError::EndsBeforeStart)
            | AssignError::TooLate { .. } => Self::field("ends", error.to_string()),
            AssignError::AlreadyAssigned { .. } | AssignError::NotAMember { .. } | AssignError::Nobody => {
                Self::field("members[]", error.to_string())
            }
            AssignError::Grant(GrantError::Revoked)
            | AssignError::ActorChanged(_)
            | AssignError::NotEntitled
            | AssignError::NoSeatLeft { .. } => Self::because(error.to_string()),
        }
    }
}

/// Why an entitlement is not granted or changed.
#[derive(Debug, Error)]
pub enum EntitleError {
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The grant cannot be so.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The application is not offered any more.
    #[error("This application is retired. Restore it in the catalogue before granting it.")]
    Retired,
    /// Granted already.
    #[error("This partner already holds the application. Change what it holds instead.")]
    AlreadyHeld,
    /// A scope of another application.
    #[error("Choose permissions of this application.")]
    UnknownScope,
    /// The partnership is over.
    #[error("The partnership is over, so nothing can be granted.")]
    Offboarded,
    /// More people hold it than there would be seats.
    #[error("{taken} people hold it now. Take it away from some of them first, or keep at least {taken} seats.")]
    TooFewSeats {
        /// How many hold it.
        taken: u64,
    },
}

impl From<EntitleError> for Refusal {
    fn from(error: EntitleError) -> Self {
        match error {
            EntitleError::Access(refused) => refused.into(),
            EntitleError::Store(error) => error.into(),
            EntitleError::Grant(GrantError::NoScopes | GrantError::BeyondEntitlement) | EntitleError::UnknownScope => {
                Self::field("scopes[]", error.to_string())
            }
            EntitleError::Grant(GrantError::EndsBeforeStart) => Self::field("ends", "The last day must not be before the first day."),
            EntitleError::Grant(GrantError::EndInThePast | GrantError::BeyondEnd) => Self::field("ends", error.to_string()),
            EntitleError::TooFewSeats { .. } => Self::field("seats", error.to_string()),
            EntitleError::Grant(GrantError::Revoked) | EntitleError::Retired | EntitleError::AlreadyHeld | EntitleError::Offboarded => {
                Self::because(error.to_string())
            }
        }
    }
}

/// Why the catalogue is not changed.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The name in addresses is taken.
    #[error("Another application has this short name. Choose a different one.")]
    SlugTaken,
    /// The owner is not an employee.
    #[error("Choose one of the company's people.")]
    UnknownOwner,
    /// Already so.
    #[error("This was already done.")]
    AlreadySo,
    /// The scope is there already.
    #[error("The application already has a permission of this name. Change that one instead.")]
    ScopeExists,
}

impl From<CatalogueError> for Refusal {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Access(refused) => refused.into(),
            CatalogueError::Store(error) => error.into(),
            CatalogueError::SlugTaken => Self::field("slug", error.to_string()),
            CatalogueError::UnknownOwner => Self::field("owner", error.to_string()),
            CatalogueError::ScopeExists => Self::field("name", error.to_string()),
            CatalogueError::AlreadySo => Self::because(error.to_string()),
        }
    }
}
