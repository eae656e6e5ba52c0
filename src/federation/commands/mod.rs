//! Commands of partners' sign-in: sending a browser to a provider, believing what comes back, letting people in or out by it.

mod depart;
mod enter;
mod foresee;
mod membership;
mod organization;
mod outcome;
mod recheck;
pub mod service_provider;

pub use depart::{
    DepartError, Departure, FRESH_SKEW_SECONDS, Notes, Prepared, depart, fetch, last_certificate_end, prepare, read_metadata,
};
pub use enter::{EnterError, enter, judge, note_refusal};
pub use foresee::{Trial, foresee};
pub use organization::{ManageError, managed_organization};
pub use outcome::{Logout, end_by_provider, note_disbelief, note_failure, note_trial};
pub use recheck::recheck;
