//! What the forms of a partner offer, to the tenant's people and in its own settings.

use super::partner;
use crate::{
    access::{Action, Resource},
    cx::Qx,
    kernel::PersonId,
    organizations::Organization,
    people::TenantRole,
    store,
    web::PageError,
};

/// What the form of a partner offers.
#[derive(Clone, Debug)]
pub struct EditForm {
    /// The partner; none when it is to be created.
    pub organization: Option<Organization>,
    /// Short name of its parent.
    pub parent: Option<String>,
    /// Who may be owner or deputy: identifier and name.
    pub owners: Vec<(PersonId, String)>,
    /// The actor may name owner and deputy.
    pub may_assign: bool,
}

/// The form of a new partner.
///
/// # Errors
/// [`PageError`] when the actor may not create any.
pub async fn new_partner(qx: &Qx) -> Result<EditForm, PageError> {
    qx.authorise(Action::CreateOrganization, Resource::Tenant)?;
    let owners = store::tenant::people_in_role(&qx.db, TenantRole::Owner).await?;
    Ok(EditForm {
        organization: None,
        parent: None,
        owners,
        may_assign: qx.actor.has_tenant_role(TenantRole::Operator),
    })
}

/// The forms of a partner.
///
/// # Errors
/// [`PageError`] when there is none, or the actor may not edit it.
pub async fn edit_partner(qx: &Qx, slug: &str) -> Result<EditForm, PageError> {
    let organization = partner(qx, slug).await?;
    qx.authorise(Action::EditOrganization, &organization)?;
    let parent = match organization.parent {
        Some(id) => store::organizations::get(&qx.db, id).await?.map(|parent| parent.slug),
        None => None,
    };
    let owners = store::tenant::people_in_role(&qx.db, TenantRole::Owner).await?;
    let may_assign = qx.may(Action::AssignOwner, &organization);
    Ok(EditForm {
        organization: Some(organization),
        parent,
        owners,
        may_assign,
    })
}

/// The actor's own organization, for its settings.
///
/// # Errors
/// [`PageError`] when no partner's hat is worn or it does not include them.
pub async fn own_settings(qx: &Qx) -> Result<Organization, PageError> {
    let id = qx.actor.organization().ok_or(PageError::NotFound)?;
    let organization = store::organizations::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    if !qx.may(Action::EditBranding, &organization) {
        qx.authorise(Action::EditBranding, &organization)?;
    }
    Ok(organization)
}
