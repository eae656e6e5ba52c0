//! How long tokens in a partner's name live at most (mission D2).

use serde_json::json;
use thiserror::Error;

use super::{partner_locked, same_version};
use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    organizations::{Lifetimes, Organization, OrganizationError, OrganizationStatus},
    store::{self, StoreError},
    web::Refusal,
};

/// Why the lifetimes are not written.
#[derive(Debug, Error)]
pub enum LifetimesError {
    /// A number that is none of a token's life.
    #[error("A token lives at least 60 seconds, an access or id token at most a day, a refresh token at most a year.")]
    OutOfRange,
    /// The state of the partner does not allow it.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// Not allowed.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LifetimesError> for Refusal {
    fn from(error: LifetimesError) -> Self {
        match error {
            LifetimesError::Access(refused) => refused.into(),
            LifetimesError::Store(error) => error.into(),
            other => Self::because(other.to_string()),
        }
    }
}

/// Sets how long tokens in a partner's name live at most. It counts from the next token on.
///
/// # Errors
/// [`LifetimesError`]; [`StoreError::Stale`] when somebody else changed the partner meanwhile.
pub async fn change_lifetimes(cx: &mut Cx, slug: &str, version: i32, lifetimes: Lifetimes) -> Result<Organization, LifetimesError> {
    let mut organization: Organization = partner_locked::<LifetimesError>(cx, slug).await?;
    cx.authorise(Action::EditOrganization, &organization)?;
    same_version(&organization, version)?;
    if organization.status == OrganizationStatus::Offboarded {
        return Err(OrganizationError::WrongStatus(organization.status).into());
    }
    if !lifetimes.are_possible() {
        return Err(LifetimesError::OutOfRange);
    }
    if organization.lifetimes == lifetimes {
        return Ok(organization);
    }
    let changed = json!({ "token_lifetimes": { "from": organization.lifetimes, "to": lifetimes } });
    organization.lifetimes = lifetimes;
    store::organizations::update(&cx.tx, &organization).await?;
    let event = Event::new(EventKind::OrganizationChanged)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
        .detail("changed", changed);
    audit::record(cx, event).await?;
    Ok(organization)
}
