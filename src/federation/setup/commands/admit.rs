//! What is read of somebody who arrives, and who of them may come in as what.

use super::{SetupError, at_version, keep};
use crate::{
    access::{Action, Actor},
    cx::Cx,
    federation::{Joining, Mapping, Rules},
    kernel::ProviderId,
    organizations::Organization,
    store,
};

/// Changes which claims become what. The connection has to be tried again.
///
/// # Errors
/// [`SetupError`].
pub async fn change_mapping(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    mapping: Mapping,
) -> Result<(), SetupError> {
    let mut provider = at_version(cx, organization, Action::SetUpConnection, id, version).await?;
    if let Some(actor) = cx.actor.member()
        && mapping.group_roles.iter().any(|rule| !actor.role.may_grant(rule.role))
    {
        return Err(SetupError::RoleTooHigh);
    }
    for rule in &mapping.group_applications {
        let application = store::applications::find_by_slug(&cx.tx, &rule.application).await?;
        let held = match &application {
            Some(application) => store::grants::entitlement_for(&cx.tx, organization.id, application.id).await?,
            None => None,
        };
        if held.is_none() {
            return Err(SetupError::GroupNotHeld(rule.application.clone()));
        }
    }
    if matches!(cx.actor, Actor::SetUp(_)) {
        // Names alone: what groups give, and what is kept of somebody, is for the people who answer for the organization.
        let Mapping {
            subject,
            email,
            given_name,
            family_name,
            ..
        } = mapping;
        provider.mapping = Mapping {
            subject,
            email,
            given_name,
            family_name,
            ..provider.mapping
        };
    } else {
        provider.mapping = mapping;
    }
    provider.tried_at = None;
    keep(cx, organization, &provider, "mapping").await
}

/// Who may come in, as typed.
#[derive(Debug)]
pub struct Admission {
    /// Unknown people.
    pub joining: Joining,
    /// What the claims must hold.
    pub rules: Rules,
    /// The provider's word for a second factor counts.
    pub trusts_second_factor: bool,
}

/// Changes who may come in. Nobody gets a role above the actor's own, nor an application that the organization does not hold.
///
/// # Errors
/// [`SetupError`].
pub async fn change_admission(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    admission: Admission,
) -> Result<(), SetupError> {
    let mut provider = at_version(cx, organization, Action::ManageSignIn, id, version).await?;
    if let Some(actor) = cx.actor.member()
        && !actor.role.may_grant(admission.joining.role)
    {
        return Err(SetupError::RoleTooHigh);
    }
    for application in &admission.joining.applications {
        if store::grants::entitlement_for(&cx.tx, organization.id, *application)
            .await?
            .is_none()
        {
            return Err(SetupError::NotHeld);
        }
    }
    provider.joining = admission.joining;
    provider.rules = admission.rules;
    provider.trusts_second_factor = admission.trusts_second_factor;
    keep(cx, organization, &provider, "admission").await
}
