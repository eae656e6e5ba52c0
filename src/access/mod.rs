//! The one decision point: who may do what to which thing now, and why. Cedar evaluates the policies in `*.cedar`;
//! this module turns our facts into its entities and its answer into a [`Decision`].

mod action;
mod actor;
mod book;
mod check;
mod decision;
mod facts;
mod judge;
mod launch;
mod policies;

pub use action::{Action, Sphere};
pub use actor::{ActingMember, Actor, Hat, SettingUp, SignedIn};
pub use book::{PolicyBook, PolicyError, RuleText};
pub use check::{Checked, Fault, MAX_STATEMENTS};
pub use decision::{Decision, OrganizationFacts, Refused, Resource, Verdict, Why};
pub use facts::{AccessFacts, ApplicationFacts, Asking, Circumstance, Device, PartnerFacts, ScopeFacts};
pub use judge::AccessDecision;
pub use launch::{LaunchFacts, Link, LinkKind};
pub use policies::Policies;

/// How long a second factor counts as fresh.
pub const STEP_UP_MINUTES: i64 = 15;

#[cfg(test)]
mod tests;
