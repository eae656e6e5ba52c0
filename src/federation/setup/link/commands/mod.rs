//! What is done with a set-up link: sending and withdrawing by whoever answers for the partner, opening and finishing by whoever has it.

mod error;
mod open;
mod send;
mod work;

pub use error::{LinkError, OpenError, WorkError};
pub use open::open_link;
pub use send::{MAX_PENDING, may_send, resend_link, send_link, withdraw_link};
pub use work::{enter, finish, note_trial};

use super::SetupLink;
use crate::{
    audit::{Event, EventKind, Subject},
    organizations::Organization,
};

fn event(kind: EventKind, organization: &Organization, link: &SetupLink) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("setup_link", link.id, link.email.as_str()))
}
