//! The audit trail: what happened, for whom, why and from where. Written in the transaction of the change it tells of.

mod details;
mod event;
mod export;
mod filter;
pub mod http;
pub mod pages;
pub mod queries;
mod record;

pub use details::{Change, Fact, Particulars, Shown, particulars};
pub use event::{Event, EventKind, Outcome, Subject};
pub use filter::TrailQuery;
pub use record::{record, row};

#[cfg(test)]
mod tests;
