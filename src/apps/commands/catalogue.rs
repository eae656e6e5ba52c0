//! The catalogue: adding, changing, retiring and restoring applications, and their scopes.

use super::CatalogueError;
use crate::{
    access::{Action, Actor, Refused, Resource},
    apps::{Application, ApplicationDraft, ApplicationStatus, Scope, ScopeDraft},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{ApplicationId, ScopeId},
    signin::Ended,
    store::{self, StoreError, issuer::ending},
};

/// Adds an application to the catalogue.
///
/// # Errors
/// [`CatalogueError::SlugTaken`], [`CatalogueError::UnknownOwner`].
pub async fn create_application(cx: &mut Cx, draft: ApplicationDraft) -> Result<Application, CatalogueError> {
    authorise(cx)?;
    refuse_unknown_owner(cx, &draft).await?;
    let application = Application {
        id: ApplicationId::new(cx.now, &mut cx.rng),
        slug: draft.slug.clone(),
        name: String::new(),
        description: String::new(),
        icon: String::new(),
        category: String::new(),
        launch_url: draft.launch_url.clone(),
        owner: None,
        status: ApplicationStatus::Active,
        version: 1,
    }
    .change(draft);
    if !store::applications::insert(&cx.tx, &application, cx.now).await? {
        return Err(CatalogueError::SlugTaken);
    }
    audit::record(cx, about(EventKind::ApplicationCreated, &application)).await?;
    Ok(application)
}

/// Changes an application; its short name stays, because links and files use it.
///
/// # Errors
/// [`StoreError::Stale`] when it was changed meanwhile.
pub async fn change_application(cx: &mut Cx, version: i32, draft: ApplicationDraft) -> Result<Application, CatalogueError> {
    authorise(cx)?;
    let before = find(cx, &draft.slug).await?;
    if before.version != version {
        return Err(StoreError::Stale.into());
    }
    refuse_unknown_owner(cx, &draft).await?;
    let after = before.clone().change(draft);
    store::applications::update(&cx.tx, &after).await?;
    let event = about(EventKind::ApplicationChanged, &after)
        .detail("name_before", before.name)
        .detail("launch_url_before", before.launch_url.to_string());
    audit::record(cx, event).await?;
    Ok(after)
}

/// Retires an application (nothing of it can be launched, entitled or assigned any more) or restores it.
///
/// # Errors
/// [`CatalogueError::AlreadySo`] when it already is.
pub async fn retire_application(cx: &mut Cx, slug: &str, restore: bool) -> Result<Application, CatalogueError> {
    authorise(cx)?;
    let mut application = find(cx, slug).await?;
    let wanted = if restore {
        ApplicationStatus::Active
    } else {
        ApplicationStatus::Retired
    };
    if application.status == wanted {
        return Err(CatalogueError::AlreadySo);
    }
    application.status = wanted;
    store::applications::update(&cx.tx, &application).await?;
    let kind = if restore {
        EventKind::ApplicationRestored
    } else {
        EventKind::ApplicationRetired
    };
    let ended = if restore {
        Ended::default()
    } else {
        ending::end_of_application(&cx.tx, application.id, cx.now).await?
    };
    let event = about(kind, &application).detail("status", wanted.as_str()).ended(ended);
    audit::record(cx, event).await?;
    Ok(application)
}

/// Adds a scope to an application, or changes what an existing one says; its name stays, because tokens use it. `version` is the
/// application's, which moves on with each of its scopes.
///
/// # Errors
/// [`StoreError::Stale`] when the application or one of its scopes was changed meanwhile;
/// [`Refused::NotFound`] when there is no such application, or no such scope to change; [`CatalogueError::ScopeExists`]
/// when one is added a second time.
pub async fn put_scope(cx: &mut Cx, application: &str, version: i32, draft: ScopeDraft, change: bool) -> Result<Scope, CatalogueError> {
    authorise(cx)?;
    let application = find(cx, application).await?;
    let known = store::applications::scopes_of(&cx.tx, &[application.id])
        .await?
        .into_iter()
        .find(|scope| scope.name == draft.name);
    match (&known, change) {
        (None, true) => return Err(Refused::NotFound.into()),
        (Some(_), false) => return Err(CatalogueError::ScopeExists),
        _ => {}
    }
    if application.version != version {
        return Err(StoreError::Stale.into());
    }
    store::applications::update(&cx.tx, &application).await?;
    let scope = Scope {
        id: known.as_ref().map_or_else(|| ScopeId::new(cx.now, &mut cx.rng), |scope| scope.id),
        application: application.id,
        name: draft.name,
        description: draft.description,
        access: draft.access,
        high_value: draft.high_value,
    };
    store::applications::put_scope(&cx.tx, &scope, cx.now).await?;
    let event = Event::new(EventKind::ScopeChanged)
        .application(application.id, &application.name)
        .subject(Subject::new("scope", scope.id, &scope.name))
        .detail("added", known.is_none())
        .detail("access", scope.access.as_str())
        .detail("high_value", scope.high_value)
        .detail("description", scope.description.clone());
    audit::record(cx, event).await?;
    Ok(scope)
}

/// Asked before a form's fields are looked at: whether the actor may change the catalogue, and (when one is named) an application of it.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_change_catalogue(cx: &Cx, application: Option<&str>) -> Result<(), CatalogueError> {
    authorise(cx)?;
    match application {
        Some(slug) => find(cx, slug).await.map(drop),
        None => Ok(()),
    }
}

fn authorise(cx: &Cx) -> Result<(), CatalogueError> {
    if matches!(cx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    Ok(())
}

async fn find(cx: &Cx, slug: &str) -> Result<Application, CatalogueError> {
    Ok(store::applications::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?)
}

async fn refuse_unknown_owner(cx: &Cx, draft: &ApplicationDraft) -> Result<(), CatalogueError> {
    let Some(owner) = draft.owner else { return Ok(()) };
    if store::tenant::roles_of(&cx.tx, owner).await?.is_empty() {
        Err(CatalogueError::UnknownOwner)
    } else {
        Ok(())
    }
}

fn about(kind: EventKind, application: &Application) -> Event {
    Event::new(kind)
        .application(application.id, &application.name)
        .subject(Subject::new("application", application.id, &application.name))
        .detail("slug", application.slug.clone())
        .detail("launch_url", application.launch_url.to_string())
        .detail("category", application.category.clone())
}
