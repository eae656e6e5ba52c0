//! Creating and editing a partner, and naming who answers for it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{partner_locked, same_version};
use crate::{
    access::{Action, Refused, Resource},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{OrganizationId, PersonId, Timestamp},
    mail::{self, Letter},
    organizations::{Lifetimes, Organization, OrganizationError, OrganizationStatus, profile},
    people::TenantRole,
    store::{self, StoreError},
    web::routes,
};

/// How many levels of parents there may be.
const MAX_DEPTH: usize = 8;

/// Why a partner's profile is not written.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Another partner has this short name.
    #[error("Another partner already has this short name. Choose a different one.")]
    SlugTaken,
    /// The short name is empty after everything unusable was left out.
    #[error("Enter a short name, for example acme-consulting.")]
    SlugMissing,
    /// The parent does not exist, or not for this person.
    #[error("There is no partner with this short name.")]
    UnknownParent,
    /// The parent is the partner itself or below it.
    #[error("A partner cannot be its own parent, nor that of a partner above it.")]
    OwnParent,
    /// The owner is nobody who may own.
    #[error("Choose somebody who has the role of a partner owner.")]
    NotAnOwner,
    /// The deputy is nobody who may own.
    #[error("Choose somebody who has the role of a partner owner.")]
    DeputyNotAnOwner,
    /// Owner and deputy are one.
    #[error("The deputy must be somebody other than the owner.")]
    DeputyIsOwner,
    /// Whoever asks for second factors needs one.
    #[error("Set up an authenticator app for yourself first, otherwise you could not change anything here any more.")]
    NoSecondFactor,
    /// The state of the partner does not allow it.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new partner.
#[derive(Clone, Debug)]
pub struct CreatePartner {
    /// Name on pages.
    pub name: String,
    /// Name in addresses; made from the name when not given.
    pub slug: Option<String>,
    /// Kind of partner.
    pub kind: String,
    /// What the relationship is about.
    pub description: String,
    /// Key/value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Short name of the organization it belongs to.
    pub parent: Option<String>,
    /// Who answers for it. Somebody who may not assign owners becomes the owner themselves.
    pub owner: Option<PersonId>,
    /// Who stands in.
    pub deputy: Option<PersonId>,
    /// When it must be certified first.
    pub certification_due_at: Timestamp,
    /// Administrative actions need a fresh second factor.
    pub require_step_up: bool,
}

/// Creates a partner that is still being set up.
///
/// # Errors
/// [`ProfileError`] says what is wrong with what was given.
pub async fn create_partner(cx: &mut Cx, input: CreatePartner) -> Result<Organization, ProfileError> {
    cx.authorise(Action::CreateOrganization, Resource::Tenant)?;
    could_confirm(cx, input.require_step_up)?;
    let slug = input.slug.unwrap_or_else(|| profile::slug_from(&input.name));
    let slug = profile::checked_slug(&slug).map_err(|_| ProfileError::SlugMissing)?;
    let mut organization = Organization {
        id: OrganizationId::new(cx.now, &mut cx.rng),
        slug,
        name: input.name,
        kind: input.kind,
        description: input.description,
        metadata: input.metadata,
        status: OrganizationStatus::Onboarding,
        status_reason: None,
        parent: None,
        owner: None,
        deputy: None,
        accent: cx.tenant.accent.clone(),
        has_logo: false,
        require_step_up: input.require_step_up,
        lifetimes: Lifetimes::default(),
        certification_due_at: Some(input.certification_due_at),
        certified_at: None,
        suspended_by_certification: false,
        created_at: cx.now,
        version: 1,
    };
    if input.certification_due_at <= cx.now
        || input.certification_due_at > cx.now + chrono::Duration::days(crate::organizations::CERTIFICATION_MAX_DAYS)
    {
        return Err(OrganizationError::DueOutOfRange.into());
    }
    // Whoever may not name owners answers for the partner themselves.
    if cx
        .policies
        .decide(&cx.actor, Action::AssignOwner, &(&organization).into(), cx.now)
        .verdict
        == crate::access::Verdict::Deny
    {
        organization.owner = cx.actor.person().map(|person| person.id);
    } else {
        organization.owner = input.owner;
        organization.deputy = input.deputy;
        check_owners(cx, &organization).await?;
    }
    organization.parent = parent_of(cx, organization.id, input.parent.as_deref()).await?;
    if !store::organizations::insert(&cx.tx, &organization).await? {
        return Err(ProfileError::SlugTaken);
    }
    let event = Event::new(EventKind::OrganizationCreated)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
        .detail("short_name", organization.slug.as_str())
        .detail("kind", organization.kind.as_str())
        .detail("owner", names(cx, organization.owner).await?)
        .detail("deputy", names(cx, organization.deputy).await?)
        .detail("certification_due_at", json!(organization.certification_due_at));
    audit::record(cx, event).await?;
    Ok(organization)
}

/// What may be edited about a partner.
#[derive(Clone, Debug)]
pub struct ChangePartner {
    /// Which, by its short name.
    pub organization: String,
    /// The version the form was made from.
    pub version: i32,
    /// Name on pages.
    pub name: String,
    /// Kind of partner.
    pub kind: String,
    /// What the relationship is about.
    pub description: String,
    /// Key/value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Short name of the organization it belongs to.
    pub parent: Option<String>,
    /// Administrative actions need a fresh second factor.
    pub require_step_up: bool,
}

/// Edits a partner's profile.
///
/// # Errors
/// [`ProfileError`] says what is wrong; [`StoreError::Stale`] when somebody else changed it meanwhile.
pub async fn change_partner(cx: &mut Cx, input: ChangePartner) -> Result<Organization, ProfileError> {
    let mut organization: Organization = partner_locked::<ProfileError>(cx, &input.organization).await?;
    cx.authorise(Action::EditOrganization, &organization)?;
    same_version(&organization, input.version)?;
    if organization.status == OrganizationStatus::Offboarded {
        return Err(OrganizationError::WrongStatus(organization.status).into());
    }
    could_confirm(cx, input.require_step_up && !organization.require_step_up)?;
    let parent = parent_of(cx, organization.id, input.parent.as_deref()).await?;
    let mut changed = Map::new();
    let mut note = |field: &str, before: Value, after: Value| {
        if before != after {
            changed.insert(field.to_owned(), json!({ "from": before, "to": after }));
        }
    };
    note("name", json!(organization.name), json!(input.name));
    note("kind", json!(organization.kind), json!(input.kind));
    note("description", json!(organization.description), json!(input.description));
    note("metadata", json!(organization.metadata), json!(input.metadata));
    note("parent", json!(organization.parent), json!(parent));
    note("require_step_up", json!(organization.require_step_up), json!(input.require_step_up));
    if changed.is_empty() {
        return Ok(organization);
    }
    organization.name = input.name;
    organization.kind = input.kind;
    organization.description = input.description;
    organization.metadata = input.metadata;
    organization.parent = parent;
    organization.require_step_up = input.require_step_up;
    store::organizations::update(&cx.tx, &organization).await?;
    let event = Event::new(EventKind::OrganizationChanged)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
        .detail("changed", Value::Object(changed));
    audit::record(cx, event).await?;
    Ok(organization)
}

/// Who is to answer for a partner.
#[derive(Clone, Debug)]
pub struct AssignOwner {
    /// Which, by its short name.
    pub organization: String,
    /// The version the form was made from.
    pub version: i32,
    /// Who answers.
    pub owner: PersonId,
    /// Who stands in.
    pub deputy: Option<PersonId>,
}

/// Names owner and deputy.
///
/// # Errors
/// [`ProfileError`] when one of them is no owner in the tenant; [`StoreError::Stale`] when somebody else changed the partner meanwhile.
pub async fn assign_owner(cx: &mut Cx, input: AssignOwner) -> Result<Organization, ProfileError> {
    let mut organization: Organization = partner_locked::<ProfileError>(cx, &input.organization).await?;
    cx.authorise(Action::AssignOwner, &organization)?;
    same_version(&organization, input.version)?;
    if organization.status == OrganizationStatus::Offboarded {
        return Err(OrganizationError::WrongStatus(organization.status).into());
    }
    let (owner_before, deputy_before) = (organization.owner, organization.deputy);
    organization.owner = Some(input.owner);
    organization.deputy = input.deputy;
    check_owners(cx, &organization).await?;
    if (organization.owner, organization.deputy) == (owner_before, deputy_before) {
        return Ok(organization);
    }
    store::organizations::update(&cx.tx, &organization).await?;
    let change = json!({
        "owner": { "from": names(cx, owner_before).await?, "to": names(cx, organization.owner).await? },
        "deputy": { "from": names(cx, deputy_before).await?, "to": names(cx, organization.deputy).await? },
    });
    let event = Event::new(EventKind::OrganizationChanged)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
        .detail("changed", change);
    audit::record(cx, event).await?;
    tell_change(cx, &organization, [owner_before, deputy_before]).await?;
    Ok(organization)
}

/// Writes to whoever answers for the partner from now on, and to whoever does not any more; not to the one who acts.
async fn tell_change(cx: &mut Cx, organization: &Organization, before: [Option<PersonId>; 2]) -> Result<(), StoreError> {
    let acting = cx.actor.person().map(|person| person.id);
    let after = [organization.owner, organization.deputy];
    let concerned: Vec<PersonId> = before.into_iter().chain(after).flatten().filter(|id| Some(*id) != acting).collect();
    let people = store::people::get_many(&cx.tx, concerned).await?;
    let successor = match organization.owner {
        Some(id) => store::people::get(&cx.tx, id).await?.map_or_else(String::new, |owner| owner.name),
        None => String::new(),
    };
    for person in people.into_iter().filter(|person| person.disabled_at.is_none()) {
        let (was, is) = (
            before.iter().position(|id| *id == Some(person.id)),
            after.iter().position(|id| *id == Some(person.id)),
        );
        let letter = match is {
            _ if was == is => continue,
            Some(place) => Letter::OwnerNamed {
                organization: organization.name.clone(),
                as_deputy: place == 1,
                link: format!("{}{}", cx.settings.public_url, routes::partner(&organization.slug)),
            },
            None => Letter::OwnerReleased {
                organization: organization.name.clone(),
                successor: successor.clone(),
            },
        };
        mail::queue(cx, &person.email, Some(organization.id), letter).await?;
    }
    Ok(())
}

/// Nobody locks themselves out by asking for a confirmation that they cannot give.
fn could_confirm(cx: &Cx, asked_for: bool) -> Result<(), ProfileError> {
    if asked_for && cx.actor.person().is_some_and(|person| !person.has_second_factor) {
        Err(ProfileError::NoSecondFactor)
    } else {
        Ok(())
    }
}

async fn check_owners(cx: &Cx, organization: &Organization) -> Result<(), ProfileError> {
    if organization.owner.is_some() && organization.owner == organization.deputy {
        return Err(ProfileError::DeputyIsOwner);
    }
    if organization.owner.is_none() && organization.deputy.is_some() {
        return Err(ProfileError::NotAnOwner);
    }
    let owners = store::tenant::people_in_role(&cx.tx, TenantRole::Owner).await?;
    let may_own = |id: &PersonId| owners.iter().any(|(owner, _)| owner == id);
    if organization.owner.as_ref().is_some_and(|id| !may_own(id)) {
        return Err(ProfileError::NotAnOwner);
    }
    if organization.deputy.as_ref().is_some_and(|id| !may_own(id)) {
        return Err(ProfileError::DeputyNotAnOwner);
    }
    Ok(())
}

/// The parent's id; a parent the actor may not see is as unknown as one that does not exist.
async fn parent_of(cx: &Cx, child: OrganizationId, slug: Option<&str>) -> Result<Option<OrganizationId>, ProfileError> {
    let Some(slug) = slug else { return Ok(None) };
    let parent = store::organizations::find_by_slug(&cx.tx, slug)
        .await?
        .ok_or(ProfileError::UnknownParent)?;
    // A parent that is already set stays valid for an owner who does not answer for it.
    let known = store::organizations::get(&cx.tx, child)
        .await?
        .is_some_and(|organization| organization.parent == Some(parent.id));
    if !known && cx.authorise(Action::ViewPartner, &parent).is_err() {
        return Err(ProfileError::UnknownParent);
    }
    let mut above = Some(parent.id);
    for _ in 0..MAX_DEPTH {
        let Some(id) = above else { return Ok(Some(parent.id)) };
        if id == child {
            return Err(ProfileError::OwnParent);
        }
        above = store::organizations::get(&cx.tx, id)
            .await?
            .and_then(|organization| organization.parent);
    }
    Err(ProfileError::OwnParent)
}

async fn names(cx: &Cx, person: Option<PersonId>) -> Result<Value, StoreError> {
    let Some(id) = person else { return Ok(Value::Null) };
    Ok(store::people::get(&cx.tx, id)
        .await?
        .map_or(Value::Null, |person| json!({ "id": id, "name": person.name })))
}
