//! People, memberships, roles and everything a partner admin does with them.

pub mod actions;
mod close;
pub mod commands;
pub mod delegation;
pub mod http;
pub mod invitations;
mod listing;
mod model;
pub mod pages;
pub mod queries;
mod still_acting;
#[cfg(test)]
mod tests;

pub use close::close_ended;
pub use listing::{MemberCursor, MemberFilter, MemberPage, SortKey, StandingFilter};
pub use model::{Member, MemberError, MemberRole, MemberStatus, Person, Standing, TenantRole, run_until};
pub use still_acting::{ActorChanged, still_acting};
