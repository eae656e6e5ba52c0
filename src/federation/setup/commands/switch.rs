//! Switching over, and back; whoever runs the organization or answers for it hears of it.

use super::{SetupError, at_version, event, keep};
use crate::{
    access::{Action, Refused},
    audit::{self, EventKind},
    cx::Cx,
    federation::{IdentityProvider, ProviderStatus, domains::DomainStatus, place::connection_of},
    kernel::{MemberId, ProviderId},
    mail::Letter,
    organizations::{
        Organization,
        commands::{tell_admins, tell_owners},
    },
    people::MemberRole,
    signin::Ended,
    store::{
        self, StoreError,
        federation::{domains, providers},
    },
    web::routes,
};

/// What came of switching over.
#[derive(Debug)]
pub struct Switched {
    /// The connection, in use.
    pub provider: IdentityProvider,
    /// It was not in use before.
    pub newly: bool,
}

/// From now on people sign in through it. On a connection that is in use already, only who is kept out and who is the exception change:
/// nobody is told of a switch then, and saved as it was, it says nothing.
///
/// # Errors
/// [`SetupError`].
pub async fn switch_over(
    cx: &mut Cx,
    organization: &Organization,
    id: ProviderId,
    version: i32,
    exclusive: bool,
    break_glass: Option<MemberId>,
) -> Result<Switched, SetupError> {
    let mut provider = at_version(cx, organization, Action::ManageSignIn, id, version).await?;
    if provider.tried_at.is_none() {
        return Err(SetupError::NotTried);
    }
    let own = domains::of_organization(&cx.tx, organization.id).await?;
    let covered = |domain: &crate::federation::domains::Domain| {
        domain.status == DomainStatus::Proven && domain.provider.is_none_or(|bound| bound == id)
    };
    if !own.iter().any(covered) {
        return Err(SetupError::NoDomain);
    }
    let exception = match break_glass {
        Some(member) => Some(admin_with_both_factors(cx, organization, member).await?),
        None => None,
    };
    if exclusive && exception.is_none() {
        return Err(SetupError::NoBreakGlass);
    }
    let before = provider
        .is_live()
        .then_some((provider.exclusive, provider.break_glass, provider.fell_back_at));
    if before == Some((exclusive, exception, None)) {
        return Ok(Switched { provider, newly: false });
    }
    provider.status = ProviderStatus::Live;
    provider.exclusive = exclusive;
    provider.break_glass = exception;
    provider.failures = 0;
    provider.fell_back_at = None;
    providers::update(&cx.tx, &provider).await?;
    let kind = match before {
        None => EventKind::ProviderSwitchedOver,
        Some(_) => EventKind::ProviderChanged,
    };
    let mut told = event(kind, organization, &provider)
        .detail("exclusive", exclusive)
        .detail("break_glass", named(exception));
    if let Some((was_exclusive, was_exception, _)) = before {
        told = told
            .detail("exclusive_before", was_exclusive)
            .detail("break_glass_before", named(was_exception));
    }
    audit::record(cx, told).await?;
    let newly = before.is_none();
    if newly {
        tell_everybody(cx, organization, &provider, true).await?;
    }
    Ok(Switched { provider, newly })
}

fn named(exception: Option<MemberId>) -> Option<String> {
    exception.map(|member| member.to_string())
}

async fn admin_with_both_factors(cx: &Cx, organization: &Organization, id: MemberId) -> Result<MemberId, SetupError> {
    let member = store::members::get(&cx.tx, organization.id, id).await?.ok_or(Refused::NotFound)?;
    let person = store::people::get(&cx.tx, member.person).await?.ok_or(Refused::NotFound)?;
    let fits = member.role == MemberRole::PartnerAdmin && member.runs_organization_at(cx.now);
    if fits && person.has_password && person.totp_confirmed_at.is_some() {
        Ok(member.id)
    } else {
        Err(SetupError::NoBreakGlass)
    }
}

/// Switches a connection off: sessions that it opened end, local passwords work again.
///
/// # Errors
/// [`SetupError`].
pub async fn pause_provider(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<u64, SetupError> {
    let mut provider = at_version(cx, organization, Action::ManageSignIn, id, version).await?;
    if provider.status != ProviderStatus::Live {
        return Err(SetupError::AlreadySo);
    }
    provider.status = ProviderStatus::Paused;
    providers::update(&cx.tx, &provider).await?;
    let sessions = store::sessions::end_through(&cx.tx, provider.id, None, None, cx.now).await?;
    let grants = store::issuer::ending::revoke_of_provider(
        &cx.tx,
        provider.id,
        None,
        "The sign-in of the person's company was switched off.",
        cx.now,
    )
    .await?;
    let told = event(EventKind::ProviderPaused, organization, &provider).ended(Ended {
        sessions,
        grants,
        ..Ended::default()
    });
    audit::record(cx, told).await?;
    tell_everybody(cx, organization, &provider, false).await?;
    Ok(sessions)
}

/// Keeps local passwords out again, after too many sign-ins had failed.
///
/// # Errors
/// [`SetupError`].
pub async fn end_fall_back(cx: &mut Cx, organization: &Organization, id: ProviderId, version: i32) -> Result<(), SetupError> {
    let mut provider = at_version(cx, organization, Action::ManageSignIn, id, version).await?;
    if provider.fell_back_at.take().is_none() {
        return Err(SetupError::AlreadySo);
    }
    provider.failures = 0;
    keep(cx, organization, &provider, "fall-back ended").await
}

/// Whoever runs the organization, and whoever answers for it, hears of a switch.
async fn tell_everybody(cx: &mut Cx, organization: &Organization, provider: &IdentityProvider, live: bool) -> Result<(), StoreError> {
    let letter = |page: &str| Letter::SignInSwitched {
        organization: organization.name.clone(),
        provider: provider.name.clone(),
        live,
        at: cx.now,
        link: routes::absolute(&cx.settings.public_url, page),
    };
    let id = provider.id.to_string();
    // Owners and deputies open it from the partner's page.
    let (own, theirs) = (letter(&routes::provider(&id)), letter(&connection_of(&organization.slug, &id)));
    let acting = cx.actor.person().map(|person| person.id);
    tell_admins(cx, organization, acting, &own).await?;
    tell_owners(cx, organization, &theirs).await
}
