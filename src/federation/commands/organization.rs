//! Whose sign-in a form is about: the own organization in a partner's hat, else the partner that was named.

use thiserror::Error;

use crate::{
    access::{Action, Refused},
    cx::Cx,
    organizations::{Organization, OrganizationStatus},
    people::{ActorChanged, still_acting},
    store::{self, StoreError},
    web::Refusal,
};

/// Why nothing can be managed.
#[derive(Debug, Error)]
pub enum ManageError {
    /// The relationship is over.
    #[error("The partnership with {0} is over, so nothing can be changed.")]
    Over(String),
    /// Whoever manages it lost the role or the membership in the meantime.
    #[error(transparent)]
    ActorChanged(#[from] ActorChanged),
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ManageError> for Refusal {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::Access(refused) => refused.into(),
            ManageError::Store(error) => error.into(),
            other => Self::because(other.to_string()),
        }
    }
}

/// The organization, held until the transaction ends.
///
/// # Errors
/// [`ManageError`].
pub async fn managed_organization(cx: &Cx, slug: &str) -> Result<Organization, ManageError> {
    let id = match cx.actor.organization() {
        Some(id) => id,
        None => store::organizations::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?.id,
    };
    let organization = store::organizations::get_locked(&cx.tx, id).await?.ok_or(Refused::NotFound)?;
    cx.authorise(Action::ManageSignIn, &organization)?;
    still_acting::<ManageError>(cx).await?;
    if organization.status == OrganizationStatus::Offboarded {
        return Err(ManageError::Over(organization.name));
    }
    Ok(organization)
}
