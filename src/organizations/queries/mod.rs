//! What the pages about partners show: who sees a partner at all, and the names of people.

mod contracts;
mod employees;
mod forms;
mod list;
mod overview;

pub use contracts::{Contracts, OneContract, contract, contracts, what_ends};
pub use employees::{Employee, employees};
pub use forms::{EditForm, edit_partner, new_partner, own_settings};
pub use list::{PartnerList, PartnerRow, PartnerSearch, partners};
pub use overview::{Overview, Responsible, overview};

use std::collections::HashMap;

use super::Organization;
use crate::{
    access::{Action, Actor, Refused},
    cx::Qx,
    kernel::PersonId,
    store::{self, StoreError},
    web::PageError,
};

/// Rows of a page.
pub const PAGE_SIZE: usize = 50;

/// One partner by its name in addresses, for whoever may see it; to everyone else it does not exist.
///
/// # Errors
/// [`PageError`] when there is none, or none for this person.
pub async fn partner(qx: &Qx, slug: &str) -> Result<Organization, PageError> {
    if matches!(*qx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    let organization = store::organizations::find_by_slug(&qx.db, slug).await?.ok_or(PageError::NotFound)?;
    qx.authorise(Action::ViewPartner, &organization).map_err(hidden)?;
    Ok(organization)
}

/// Pages about partners do not exist for a partner's own people.
pub(crate) fn hidden(refused: Refused) -> PageError {
    match refused {
        Refused::Forbidden { .. } => PageError::NotFound,
        other => other.into(),
    }
}

/// The names of these people.
pub(crate) async fn names(qx: &Qx, ids: impl Iterator<Item = PersonId>) -> Result<HashMap<PersonId, String>, StoreError> {
    let mut ids: Vec<PersonId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::people::get_many(&qx.db, ids)
        .await?
        .into_iter()
        .map(|person| (person.id, person.name))
        .collect())
}
