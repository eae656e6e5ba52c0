//! What a partner holds: granting an application, changing scopes, window and seats, taking it away.

use super::EntitleError;
use crate::{
    access::{Action, Actor, Refused},
    apps::{Application, Entitlement, GrantError, Scope},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{EntitlementId, ScopeId, Timestamp, day_of, last_day},
    organizations::{Organization, OrganizationStatus},
    store::{
        self, StoreError,
        issuer::{ending, grants::Whose},
    },
};

/// What a partner is to hold.
#[derive(Clone, Debug)]
pub struct EntitlementTerms {
    /// Scopes.
    pub scopes: Vec<ScopeId>,
    /// First instant.
    pub starts_at: Timestamp,
    /// Exclusive end; none means until the contract ends.
    pub ends_at: Option<Timestamp>,
    /// How many members may hold it; none means no limit but the contract's.
    pub seats: Option<i32>,
}

/// Lets a partner use an application (mission C1, C2).
///
/// # Errors
/// [`EntitleError`] says what is in the way.
pub async fn grant_entitlement(
    cx: &mut Cx,
    organization: &str,
    application: &str,
    terms: EntitlementTerms,
) -> Result<Entitlement, EntitleError> {
    let organization = partner(cx, organization).await?;
    cx.authorise(Action::ManageEntitlements, &organization)?;
    let application = store::applications::find_by_slug(&cx.tx, application)
        .await?
        .ok_or(Refused::NotFound)?;
    entitle(cx, &organization, &application, terms).await
}

/// The same without authorisation, for `portico apply`.
///
/// # Errors
/// [`EntitleError`] says what is in the way.
pub async fn entitle(
    cx: &mut Cx,
    organization: &Organization,
    application: &Application,
    terms: EntitlementTerms,
) -> Result<Entitlement, EntitleError> {
    if organization.status == OrganizationStatus::Offboarded {
        return Err(EntitleError::Offboarded);
    }
    if !application.is_offered() {
        return Err(EntitleError::Retired);
    }
    let scopes = store::applications::scopes_of(&cx.tx, &[application.id]).await?;
    refuse_foreign_scopes(&scopes, &terms)?;
    if terms.ends_at.is_some_and(|end| end <= cx.now) {
        return Err(GrantError::EndInThePast.into());
    }
    let blank = Entitlement {
        id: EntitlementId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        application: application.id,
        starts_at: terms.starts_at,
        ends_at: None,
        seats: None,
        revoked_at: None,
        scopes: Vec::new(),
        version: 1,
    };
    let entitlement = blank.change(terms.scopes, terms.starts_at, terms.ends_at, terms.seats)?;
    if !store::grants::insert_entitlement(&cx.tx, &entitlement, cx.now).await? {
        return Err(EntitleError::AlreadyHeld);
    }
    let event = about(EventKind::EntitlementGranted, organization, application, &entitlement, &scopes);
    audit::record(cx, event).await?;
    Ok(entitlement)
}

/// What became of an entitlement that was changed, and of those who held it when it had ended.
#[derive(Clone, Debug)]
pub struct ChangedEntitlement {
    /// As it is now.
    pub entitlement: Entitlement,
    /// So many people have it again.
    pub given_back: u64,
    /// So many could have had it again, but it was not asked for.
    pub not_given_back: u64,
}

/// Changes scopes, window and seats of what a partner holds. Whatever becomes narrower counts from the next decision on:
/// assignments keep their scopes on paper, and what is beyond the entitlement is void. Moving the end of one that has ended brings back
/// those who held it only when `give_back` asks for it; otherwise they ended with it, and it is assigned anew.
///
/// # Errors
/// [`EntitleError`] says what is in the way; [`StoreError::Stale`] when it was changed meanwhile.
pub async fn change_entitlement(
    cx: &mut Cx,
    organization: &str,
    id: EntitlementId,
    version: i32,
    terms: EntitlementTerms,
    give_back: bool,
) -> Result<ChangedEntitlement, EntitleError> {
    let organization = partner(cx, organization).await?;
    cx.authorise(Action::ManageEntitlements, &organization)?;
    let before = store::grants::entitlement_locked(&cx.tx, organization.id, id)
        .await?
        .ok_or(Refused::NotFound)?;
    if before.revoked_at.is_none() && before.version != version {
        return Err(StoreError::Stale.into());
    }
    let application = store::applications::get(&cx.tx, before.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let scopes = store::applications::scopes_of(&cx.tx, &[application.id]).await?;
    refuse_foreign_scopes(&scopes, &terms)?;
    let terms = on_the_same_days(&before, terms, cx.tenant.time_zone);
    // An end may stay where it is, but it is not moved into the past: taking away is its own act.
    if terms.ends_at.is_some_and(|end| end <= cx.now) && terms.ends_at != before.ends_at {
        return Err(GrantError::EndInThePast.into());
    }
    let after = before.clone().change(terms.scopes, terms.starts_at, terms.ends_at, terms.seats)?;
    let begins_again = before
        .ends_at
        .filter(|end| *end <= cx.now && after.ends_at.is_none_or(|end| end > cx.now));
    let (mut given_back, mut not_given_back) = (0, 0);
    if let Some(ended_at) = begins_again {
        let held = store::grants::entitlement_seats_taken(&cx.tx, id, cx.now).await?;
        if give_back {
            given_back = held;
        } else {
            not_given_back = held;
            store::grants::revoke_assignments_of_entitlement(&cx.tx, id, ended_at).await?;
        }
    }
    if let Some(seats) = after.seats {
        let taken = store::grants::entitlement_seats_taken(&cx.tx, id, cx.now).await?;
        if u64::try_from(seats).unwrap_or_default() < taken {
            return Err(EntitleError::TooFewSeats { taken });
        }
    }
    store::grants::update_entitlement(&cx.tx, &after).await?;
    let mut event = about(EventKind::EntitlementChanged, &organization, &application, &after, &scopes)
        .detail("scopes_before", names(&scopes, &before.scopes))
        .detail("ends_at_before", before.ends_at.map(|end| end.to_rfc3339()))
        .detail("seats_before", before.seats);
    if begins_again.is_some() {
        event = event
            .detail("assignments_given_back", given_back)
            .detail("assignments_not_given_back", not_given_back);
    }
    audit::record(cx, event).await?;
    Ok(ChangedEntitlement {
        entitlement: after,
        given_back,
        not_given_back,
    })
}

/// Takes an application away from a partner: every assignment of it ends in the same transaction. Answers how many.
///
/// # Errors
/// [`GrantError::Revoked`] when it already was.
pub async fn revoke_entitlement(
    cx: &mut Cx,
    organization: &str,
    id: EntitlementId,
    reason: Option<String>,
) -> Result<(Application, u64), EntitleError> {
    let organization = partner(cx, organization).await?;
    cx.authorise(Action::ManageEntitlements, &organization)?;
    let entitlement = store::grants::entitlement_locked(&cx.tx, organization.id, id)
        .await?
        .ok_or(Refused::NotFound)?;
    let application = store::applications::get(&cx.tx, entitlement.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let scopes = store::applications::scopes_of(&cx.tx, &[application.id]).await?;
    let entitlement = entitlement.revoke(cx.now)?;
    store::grants::update_entitlement(&cx.tx, &entitlement).await?;
    let ended = store::grants::revoke_assignments_of_entitlement(&cx.tx, entitlement.id, cx.now).await?;
    let because = "The organization no longer has the application.";
    let over = ending::end_at(&cx.tx, Whose::Organization(organization.id), application.id, because, cx.now).await?;
    let event = about(EventKind::EntitlementRevoked, &organization, &application, &entitlement, &scopes)
        .reason_given(reason)
        .ended(over)
        .detail("assignments_ended", ended);
    audit::record(cx, event).await?;
    Ok((application, ended))
}

/// Asked before a form's fields are looked at: whether the actor may give this partner applications, and this one exists.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_entitle(cx: &Cx, organization: &str, application: &str) -> Result<(), EntitleError> {
    let organization = partner(cx, organization).await?;
    cx.authorise(Action::ManageEntitlements, &organization)?;
    let application = store::applications::find_by_slug(&cx.tx, application).await?;
    application.map(drop).ok_or(Refused::NotFound.into())
}

/// The same for something that the partner holds.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_change_entitlement(cx: &Cx, organization: &str, id: EntitlementId) -> Result<(), EntitleError> {
    let organization = partner(cx, organization).await?;
    cx.authorise(Action::ManageEntitlements, &organization)?;
    let entitlement = store::grants::entitlement(&cx.tx, organization.id, id).await?;
    entitlement.map(drop).ok_or(Refused::NotFound.into())
}

/// Days are what people choose: a first or last day that was not changed keeps its exact moment.
fn on_the_same_days(before: &Entitlement, mut terms: EntitlementTerms, zone: chrono_tz::Tz) -> EntitlementTerms {
    if day_of(before.starts_at, zone) == day_of(terms.starts_at, zone) {
        terms.starts_at = before.starts_at;
    }
    if before.ends_at.map(|end| last_day(end, zone)) == terms.ends_at.map(|end| last_day(end, zone)) {
        terms.ends_at = before.ends_at;
    }
    terms
}

/// The partner of this name, held until the transaction ends.
async fn partner(cx: &Cx, slug: &str) -> Result<Organization, EntitleError> {
    if matches!(cx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    let organization = store::organizations::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?;
    Ok(store::organizations::get_locked(&cx.tx, organization.id)
        .await?
        .ok_or(Refused::NotFound)?)
}

fn refuse_foreign_scopes(scopes: &[Scope], terms: &EntitlementTerms) -> Result<(), EntitleError> {
    let known = |id: &ScopeId| scopes.iter().any(|scope| scope.id == *id);
    if terms.scopes.iter().all(known) {
        Ok(())
    } else {
        Err(EntitleError::UnknownScope)
    }
}

fn names(scopes: &[Scope], ids: &[ScopeId]) -> Vec<String> {
    scopes
        .iter()
        .filter(|scope| ids.contains(&scope.id))
        .map(|scope| scope.name.clone())
        .collect()
}

fn about(kind: EventKind, organization: &Organization, application: &Application, entitlement: &Entitlement, scopes: &[Scope]) -> Event {
    Event::new(kind)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("entitlement", entitlement.id, &application.name))
        .application(application.id, &application.name)
        .detail("scopes", names(scopes, &entitlement.scopes))
        .detail("starts_at", entitlement.starts_at.to_rfc3339())
        .detail("ends_at", entitlement.ends_at.map(|end| end.to_rfc3339()))
        .detail("seats", entitlement.seats)
}
