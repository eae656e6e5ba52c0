//! The tenant's own settings, and the roles of its people.

use chrono_tz::Tz;
use serde_json::json;
use thiserror::Error;

use crate::{
    access::{Action, Refused, Resource},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{AccentColor, EmailAddress, PersonId, new_uuid},
    mail::{self, Letter},
    organizations::Tenant,
    people::{Person, TenantRole},
    store::{self, StoreError},
    web::routes,
};

/// Why the tenant or a role is not changed.
#[derive(Debug, Error)]
pub enum TenantError {
    /// No account has this address and no name was given to make one.
    #[error("Nobody with this address has an account yet. Enter their name too, then one is made.")]
    UnknownPerson,
    /// The account is off.
    #[error("This person's account is turned off.")]
    Disabled,
    /// The role is there already.
    #[error("{0} has this role already.")]
    AlreadyHeld(String),
    /// The role is not there (any more).
    #[error("This role was already taken away.")]
    NotHeld,
    /// Nobody could run the portal any more.
    #[error("This is the last operator. Give the role to somebody else first.")]
    LastOperator,
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The tenant's settings.
#[derive(Clone, Debug)]
pub struct ChangeTenant {
    /// The version the form was made from.
    pub version: i32,
    /// Name on pages and in mails.
    pub name: String,
    /// Default accent colour.
    pub accent: AccentColor,
    /// Zone in which days are meant.
    pub time_zone: Tz,
    /// Whom to ask.
    pub support_contact: Option<String>,
    /// How many days before an end something "ends soon".
    pub warning_days: i32,
    /// How long a certification may be overdue.
    pub certification_grace_days: i32,
}

/// Changes the tenant's settings.
///
/// # Errors
/// [`TenantError`]; [`StoreError::Stale`] when somebody else changed them meanwhile.
pub async fn change_tenant(cx: &mut Cx, input: ChangeTenant) -> Result<Tenant, TenantError> {
    cx.authorise(Action::ManageTenant, Resource::Tenant)?;
    let before = store::tenant::get_locked(&cx.tx).await?.unwrap_or_else(Tenant::unnamed);
    if before.version != input.version {
        return Err(StoreError::Stale.into());
    }
    let tenant = Tenant {
        name: input.name,
        accent: input.accent,
        time_zone: input.time_zone,
        support_contact: input.support_contact,
        warning_days: input.warning_days,
        certification_grace_days: input.certification_grace_days,
        version: before.version,
        policies_generation: before.policies_generation,
    };
    store::tenant::put(&cx.tx, &tenant, cx.now).await?;
    audit::record(
        cx,
        Event::new(EventKind::TenantChanged)
            .detail("from", facts(&before))
            .detail("to", facts(&tenant)),
    )
    .await?;
    Ok(tenant)
}

fn facts(tenant: &Tenant) -> serde_json::Value {
    json!({
        "name": tenant.name,
        "accent": tenant.accent.as_str(),
        "time_zone": tenant.time_zone.name(),
        "support_contact": tenant.support_contact,
        "warning_days": tenant.warning_days,
        "certification_grace_days": tenant.certification_grace_days,
    })
}

/// A role to give.
#[derive(Clone, Debug)]
pub struct GrantRole {
    /// To whom.
    pub email: EmailAddress,
    /// Their name, needed when they have no account yet.
    pub name: Option<String>,
    /// Which.
    pub role: TenantRole,
}

/// Gives a role in the tenant; makes an account when there is none for the address.
///
/// # Errors
/// [`TenantError::UnknownPerson`] when a name is needed, [`TenantError::AlreadyHeld`] when they have the role.
pub async fn grant_tenant_role(cx: &mut Cx, input: GrantRole) -> Result<Person, TenantError> {
    cx.authorise(Action::ManageTenant, Resource::Tenant)?;
    store::tenant::get_locked(&cx.tx).await?;
    let known = store::people::find_by_email(&cx.tx, &input.email).await?;
    let (person, link) = match known {
        Some(person) if person.disabled_at.is_some() => return Err(TenantError::Disabled),
        Some(person) if person.has_password => (person, routes::HOME),
        Some(person) => (person, routes::FORGOT),
        None => (
            create_person(cx, input.email, input.name.ok_or(TenantError::UnknownPerson)?).await?,
            routes::FORGOT,
        ),
    };
    let id = new_uuid(cx.now, &mut cx.rng);
    if !store::tenant::grant_role(&cx.tx, id, person.id, input.role, cx.now).await? {
        return Err(TenantError::AlreadyHeld(person.name));
    }
    let event = Event::new(EventKind::TenantRoleGranted)
        .subject(Subject::new("person", person.id, &person.name))
        .detail("role", input.role.as_str());
    audit::record(cx, event).await?;
    let letter = Letter::MembershipAdded {
        organization: cx.tenant.name.clone(),
        inviter: cx
            .actor
            .person()
            .map_or_else(|| cx.tenant.name.clone(), |person| person.name.clone()),
        link: format!("{}{link}", cx.settings.public_url),
    };
    mail::queue(cx, &person.email, None, letter).await?;
    Ok(person)
}

async fn create_person(cx: &mut Cx, email: EmailAddress, name: String) -> Result<Person, TenantError> {
    let person = Person {
        id: PersonId::new(cx.now, &mut cx.rng),
        email,
        name,
        time_zone: cx.tenant.time_zone,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    if !store::people::insert(&cx.tx, &person).await? {
        return Err(StoreError::Stale.into());
    }
    audit::record(
        cx,
        Event::new(EventKind::PersonCreated).subject(Subject::new("person", person.id, &person.name)),
    )
    .await?;
    Ok(person)
}

/// A role to take away.
#[derive(Clone, Copy, Debug)]
pub struct RevokeRole {
    /// From whom.
    pub person: PersonId,
    /// Which.
    pub role: TenantRole,
}

/// Takes a role in the tenant away; it counts for nothing from the next request on. Answers for how many partners the
/// person is still named as owner or deputy, without being able to act for them.
///
/// # Errors
/// [`TenantError::LastOperator`] when nobody could run the portal any more, [`TenantError::NotHeld`] when it is gone already.
pub async fn revoke_tenant_role(cx: &mut Cx, input: RevokeRole) -> Result<(Person, u64), TenantError> {
    cx.authorise(Action::ManageTenant, Resource::Tenant)?;
    // One at a time, so that two operators cannot remove each other.
    store::tenant::get_locked(&cx.tx).await?;
    let person = store::people::get(&cx.tx, input.person).await?.ok_or(Refused::NotFound)?;
    if input.role == TenantRole::Operator && store::tenant::others_with_role(&cx.tx, TenantRole::Operator, person.id).await? == 0 {
        return Err(TenantError::LastOperator);
    }
    if !store::tenant::revoke_role(&cx.tx, person.id, input.role).await? {
        return Err(TenantError::NotHeld);
    }
    let left_behind = if input.role == TenantRole::Owner {
        store::partners::owned_by(&cx.tx, person.id).await?
    } else {
        0
    };
    let event = Event::new(EventKind::TenantRoleRevoked)
        .subject(Subject::new("person", person.id, &person.name))
        .detail("role", input.role.as_str())
        .detail("partners_left_behind", left_behind);
    audit::record(cx, event).await?;
    Ok((person, left_behind))
}
