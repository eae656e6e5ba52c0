//! From a mailed link or code to a membership: an invitation is opened, which the session remembers, and then accepted.

mod accept;
mod error;
mod open;
mod settle;

pub use accept::{accept_invitation, join_organization, prepare_password};
pub use error::{AcceptError, CodeError};
pub use open::{OPENED_KEY, Opened, by_link, check_code, open_invitation};
pub use settle::Accepted;
pub(super) use settle::settle;
