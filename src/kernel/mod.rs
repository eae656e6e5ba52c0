//! Time, randomness, typed ids, secrets, e-mail addresses and pages of results: what every domain builds on.
//! No framework and no domain word lives here.

mod clock;
mod color;
mod domain_name;
mod email;
mod enumeration;
mod id;
mod paging;
mod secret;

pub use clock::{Clock, Day, Timestamp, day_of, end_of_day, last_day, start_of_day, to_micros};
pub use color::AccentColor;
pub use domain_name::{both_forms_of_domain, readable_domain};
pub use email::{EmailAddress, EmailError};
pub(crate) use enumeration::string_enum;
pub use id::*;
pub use paging::{Cursor, Page, PageRequest};
pub use secret::{BearerSecret, MasterKey, Password, SealError, constant_time_eq, sha256, typed_code};

/// The source of randomness of one request: a CSPRNG seeded by the operating system, or by a test.
pub type Rng = rand::rngs::StdRng;

#[cfg(test)]
mod tests;
