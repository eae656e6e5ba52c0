//! Invitations to become a member: one, many or a CSV file; the link, the code, and acceptance.

pub mod acceptance;
mod actions;
pub mod commands;
mod facts;
mod hand_over;
pub mod http;
mod input;
mod model;
pub mod pages;
mod plan;
pub mod queries;
mod vouched;

pub use acceptance::AcceptError;
pub use facts::{Facts, Holding};
pub use hand_over::{invite_joiner, withdraw_hand_over};
pub use model::{Invitation, InvitationError, InvitationState, InvitationStatus, InvitedGrant, Secrets, code_hash};
pub use plan::{Draft, DraftRow, Plan, Report, RowProblem, RowReport};
pub use vouched::accept_vouched;

#[cfg(test)]
mod tests;
