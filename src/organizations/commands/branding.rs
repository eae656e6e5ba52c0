//! An organization's look and sign-in rules, changed by its own admin or by the tenant's people.

use thiserror::Error;

use super::{partner_locked, same_team, same_version};
use crate::{
    access::{Action, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{AccentColor, OrganizationId},
    organizations::{Organization, OrganizationError, OrganizationStatus, profile},
    people::{ActorChanged, still_acting},
    store::{self, StoreError},
};

/// Why look or rules are not changed.
#[derive(Debug, Error)]
pub enum BrandingError {
    /// Not an image of a kind that is shown.
    #[error("This is not a PNG, JPEG or WebP image. Choose another file.")]
    NotAnImage,
    /// Too many bytes.
    #[error("This image is too large. Use one of at most 100 kB.")]
    TooLarge,
    /// Whoever asks for second factors needs one.
    #[error("Set up an authenticator app for yourself first, otherwise you could not change anything any more.")]
    NoSecondFactor,
    /// Whoever changes them lost the role or the membership in the meantime.
    #[error(transparent)]
    ActorChanged(#[from] ActorChanged),
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

/// What happens to the logo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogoChange {
    /// It stays.
    #[default]
    Keep,
    /// There is none any more.
    Remove,
    /// These bytes are the new one.
    Replace(Vec<u8>),
}

/// A change of colour and logo.
#[derive(Clone, Debug)]
pub struct ChangeBranding {
    /// Short name of the partner; only looked at when no partner's hat is worn.
    pub organization: Option<String>,
    /// The own organization as the form's page showed it; only looked at when a partner's hat is worn.
    pub team: Option<OrganizationId>,
    /// The version the form was made from.
    pub version: i32,
    /// The colour.
    pub accent: AccentColor,
    /// The logo.
    pub logo: LogoChange,
}

/// Changes colour and logo.
///
/// # Errors
/// [`BrandingError`] when the file is no image or too large; [`StoreError::Stale`] when somebody else changed the organization,
/// or the form was about another one.
pub async fn change_branding(cx: &mut Cx, input: ChangeBranding) -> Result<Organization, BrandingError> {
    let mut organization = own_or_named(cx, input.organization.as_deref(), input.team, Action::EditBranding).await?;
    same_version(&organization, input.version)?;
    let mut event = event(EventKind::BrandingChanged, &organization);
    if organization.accent != input.accent {
        event = event.detail("accent", input.accent.as_str());
    }
    match input.logo {
        LogoChange::Keep => {}
        LogoChange::Remove => {
            store::organizations::set_logo(&cx.tx, organization.id, None).await?;
            organization.has_logo = false;
            event = event.detail("logo", "removed");
        }
        LogoChange::Replace(bytes) => {
            if bytes.len() > profile::LOGO_MAX {
                return Err(BrandingError::TooLarge);
            }
            let media_type = profile::image_type(&bytes).ok_or(BrandingError::NotAnImage)?;
            event = event.detail("logo", media_type).detail("logo_bytes", bytes.len());
            store::organizations::set_logo(&cx.tx, organization.id, Some((bytes, media_type))).await?;
            organization.has_logo = true;
        }
    }
    organization.accent = input.accent;
    store::organizations::update(&cx.tx, &organization).await?;
    audit::record(cx, event).await?;
    Ok(organization)
}

/// A change of the sign-in rules.
#[derive(Clone, Debug)]
pub struct ChangeSignInRules {
    /// Short name of the partner; only looked at when no partner's hat is worn.
    pub organization: Option<String>,
    /// The own organization as the form's page showed it; only looked at when a partner's hat is worn.
    pub team: Option<OrganizationId>,
    /// The version the form was made from.
    pub version: i32,
    /// Administrative actions need a fresh second factor.
    pub require_step_up: bool,
}

/// Changes whether administrative actions need a fresh second factor.
///
/// # Errors
/// [`BrandingError::NoSecondFactor`] when the actor could not give one themselves.
pub async fn change_sign_in_rules(cx: &mut Cx, input: ChangeSignInRules) -> Result<Organization, BrandingError> {
    let mut organization = own_or_named(cx, input.organization.as_deref(), input.team, Action::EditSignInRules).await?;
    same_version(&organization, input.version)?;
    if organization.require_step_up == input.require_step_up {
        return Ok(organization);
    }
    if input.require_step_up && cx.actor.person().is_some_and(|person| !person.has_second_factor) {
        return Err(BrandingError::NoSecondFactor);
    }
    organization.require_step_up = input.require_step_up;
    store::organizations::update(&cx.tx, &organization).await?;
    let event = event(EventKind::OrganizationChanged, &organization).detail("require_step_up", input.require_step_up);
    audit::record(cx, event).await?;
    Ok(organization)
}

/// In a partner's hat the organization is the actor's own, which has to be the one that the page was about, and `own_action` is asked; the
/// tenant's people name one and need to be its editors.
pub(crate) async fn own_or_named(
    cx: &Cx,
    slug: Option<&str>,
    team: Option<OrganizationId>,
    own_action: Action,
) -> Result<Organization, BrandingError> {
    let (organization, action) = match cx.actor.organization() {
        Some(id) => (
            store::organizations::get_locked(&cx.tx, id).await?.ok_or(Refused::NotFound)?,
            own_action,
        ),
        None => (
            partner_locked::<BrandingError>(cx, slug.unwrap_or_default()).await?,
            Action::EditOrganization,
        ),
    };
    cx.authorise(action, &organization)?;
    still_acting::<BrandingError>(cx).await?;
    same_team(cx, team)?;
    if organization.status == OrganizationStatus::Offboarded {
        return Err(OrganizationError::WrongStatus(organization.status).into());
    }
    Ok(organization)
}

fn event(kind: EventKind, organization: &Organization) -> Event {
    Event::new(kind)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("organization", organization.id, &organization.name))
}
