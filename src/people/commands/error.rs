//! Why a change of a membership is refused, and how the form says so.

use thiserror::Error;

use crate::{
    access::Refused,
    kernel::Day,
    people::{ActorChanged, MemberError, MemberRole},
    store::StoreError,
    web::Refusal,
};

/// Why a member is not suspended, reinstated, removed, given another role or a leave date.
#[derive(Debug, Error)]
pub enum MembershipError {
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The membership does not allow it.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// On oneself.
    #[error("You cannot do this to yourself. Ask another admin, or hand over to a successor.")]
    Yourself,
    /// The actor lost the role or the membership in the meantime.
    #[error(transparent)]
    ActorChanged(#[from] ActorChanged),
    /// Nobody would be left to run the organization.
    #[error("{}", last_admin(name, organization, *until))]
    LastAdmin {
        /// The member.
        name: String,
        /// The organization.
        organization: String,
        /// The last day on which another partner admin remains.
        until: Option<Day>,
    },
    /// The role is above the actor's own.
    #[error("You cannot make someone a {}: that is more than your own role includes.", .0.title().to_lowercase())]
    RoleAboveOwn(MemberRole),
    /// The leave date is later than the contract.
    #[error("The contract ends on {}. Choose that day or an earlier one.", .0.format("%-d %b %Y"))]
    AfterContract(Day),
    /// There is no contract to end within.
    #[error("There is no contract, so there is no end to set. Ask the company that runs this portal to add the contract first.")]
    NoContract,
    /// Coming back would need a seat.
    #[error("All {0} seats of the contract are taken. Remove someone first, or ask for more seats.")]
    NoSeatLeft(i32),
}

fn last_admin(name: &str, organization: &str, until: Option<Day>) -> String {
    match until {
        None => format!("{name} is the only partner admin of {organization}. Make someone else a partner admin first."),
        Some(day) => format!(
            "After {}, {name} is the only partner admin of {organization}. Make someone else, who stays longer, a partner admin first.",
            day.format("%-d %b %Y")
        ),
    }
}

impl From<MembershipError> for Refusal {
    fn from(error: MembershipError) -> Self {
        match error {
            MembershipError::Access(refused) => refused.into(),
            MembershipError::Store(error) => error.into(),
            MembershipError::Member(MemberError::EndInThePast | MemberError::EndBeforeStart)
            | MembershipError::AfterContract(_)
            | MembershipError::NoContract => Self::field("ends_on", error.to_string()),
            MembershipError::RoleAboveOwn(_) | MembershipError::Member(MemberError::SameRole) => Self::field("role", error.to_string()),
            MembershipError::Member(MemberError::OverlapWhileSuspended) => Self::field("overlap", error.to_string()),
            MembershipError::Member(_)
            | MembershipError::Yourself
            | MembershipError::ActorChanged(_)
            | MembershipError::LastAdmin { .. }
            | MembershipError::NoSeatLeft(_) => Self::because(error.to_string()),
        }
    }
}
