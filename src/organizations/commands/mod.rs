//! What is done to partners, their contracts, their look, and the tenant itself.

mod branding;
mod contracts;
mod lifetimes;
mod profile;
mod status;
mod tenant;

pub(crate) use branding::own_or_named;
pub use branding::{BrandingError, ChangeBranding, ChangeSignInRules, LogoChange, change_branding, change_sign_in_rules};
pub(crate) use contracts::may_change_contract;
pub use contracts::{AddContract, ChangeContract, ContractEnd, ContractRefused, add_contract, change_contract, changed};
pub use lifetimes::{LifetimesError, change_lifetimes};
pub use profile::{AssignOwner, ChangePartner, CreatePartner, ProfileError, assign_owner, change_partner, create_partner};
pub(crate) use status::end_access;
pub use status::{ChangeStatus, StatusError, activate_partner, offboard_partner, suspend_partner};
pub use tenant::{ChangeTenant, GrantRole, RevokeRole, TenantError, change_tenant, grant_tenant_role, revoke_tenant_role};

use crate::{
    access::{Action, Actor, Refused, Resource},
    cx::Cx,
    kernel::{OrganizationId, PersonId, Timestamp},
    mail::{self, Letter},
    organizations::Organization,
    people::{Person, TenantRole},
    store::{self, StoreError},
};

/// Asked before a form's fields are looked at: nobody learns from an error at a field that there is a partner which is not theirs.
pub(crate) async fn may<E: From<Refused> + From<StoreError>>(cx: &Cx, slug: &str, action: Action) -> Result<Organization, E> {
    if matches!(cx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    let organization = partner_locked::<E>(cx, slug).await?;
    cx.authorise(action, &organization)?;
    Ok(organization)
}

/// The same for what is done in the tenant as a whole.
pub(crate) fn may_in_tenant(cx: &Cx, action: Action) -> Result<(), Refused> {
    cx.authorise(action, Resource::Tenant).map(drop)
}

/// The partner of this short name, held until the transaction ends.
pub(crate) async fn partner_locked<E: From<Refused> + From<StoreError>>(cx: &Cx, slug: &str) -> Result<Organization, E> {
    let found = store::organizations::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?;
    Ok(store::organizations::get_locked(&cx.tx, found.id).await?.ok_or(Refused::NotFound)?)
}

/// Refuses a form that was made from an older state of the organization.
pub(crate) fn same_version(organization: &Organization, version: i32) -> Result<(), StoreError> {
    if organization.version == version {
        Ok(())
    } else {
        Err(StoreError::Stale)
    }
}

/// Refuses a form of the own team whose page was about another one: since then another hat was put on.
pub(crate) fn same_team(cx: &Cx, shown: Option<OrganizationId>) -> Result<(), StoreError> {
    match cx.actor.organization() {
        Some(worn) if shown != Some(worn) => Err(StoreError::Stale),
        _ => Ok(()),
    }
}

/// Sessions unused since then are over.
pub(crate) fn idle_since(cx: &Cx) -> Timestamp {
    cx.now - chrono::Duration::minutes(cx.settings.session_idle_minutes)
}

/// Writes to owner and deputy, except to the one who acts.
pub(crate) async fn tell_owners(cx: &mut Cx, organization: &Organization, letter: &Letter) -> Result<(), StoreError> {
    let acting = cx.actor.person().map(|person| person.id);
    let ids: Vec<_> = organization
        .owner
        .into_iter()
        .chain(organization.deputy)
        .filter(|id| Some(*id) != acting)
        .collect();
    for person in store::people::get_many(&cx.tx, ids).await? {
        if person.disabled_at.is_none() {
            mail::queue(cx, &person.email, Some(organization.id), letter.clone()).await?;
        }
    }
    Ok(())
}

/// Owner and deputy who can act as such now: they hold the role in the tenant, and their account is on.
pub(crate) async fn able_owners(cx: &Cx, organization: &Organization) -> Result<Vec<Person>, StoreError> {
    let mut ids = in_role(cx, TenantRole::Owner).await?;
    ids.retain(|id| [organization.owner, organization.deputy].contains(&Some(*id)));
    store::people::get_many(&cx.tx, ids).await
}

/// Everybody who runs the portal and whose account is on.
pub(crate) async fn operators(cx: &Cx) -> Result<Vec<Person>, StoreError> {
    let ids = in_role(cx, TenantRole::Operator).await?;
    store::people::get_many(&cx.tx, ids).await
}

async fn in_role(cx: &Cx, role: TenantRole) -> Result<Vec<PersonId>, StoreError> {
    let people = store::tenant::people_in_role(&cx.tx, role).await?;
    Ok(people.into_iter().map(|(id, _)| id).collect())
}

/// Writes to every partner admin who runs the organization now, except to `acting`.
pub(crate) async fn tell_admins(
    cx: &mut Cx,
    organization: &Organization,
    acting: Option<PersonId>,
    letter: &Letter,
) -> Result<(), StoreError> {
    for admin in store::members::admins(&cx.tx, organization.id).await? {
        if admin.runs_organization_at(cx.now)
            && Some(admin.person) != acting
            && let Some(person) = store::people::get(&cx.tx, admin.person).await?
        {
            mail::queue(cx, &person.email, Some(organization.id), letter.clone()).await?;
        }
    }
    Ok(())
}
