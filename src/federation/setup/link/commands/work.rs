//! What whoever has opened a link does: everything between opening and being finished goes through [`enter`].

use super::{
    super::{Reach, bearer::Held},
    WorkError, event,
    open::acting,
};
use crate::{
    access::Action,
    audit::{self, EventKind, Subject},
    cx::Cx,
    federation::{IdentityProvider, ProviderStatus, place::sign_in_of},
    mail::{self, Letter},
    organizations::{
        Organization,
        commands::{tell_admins, tell_owners},
    },
    store::{
        self, StoreError,
        federation::{providers, setup_links},
    },
    web::routes,
};

/// Lets the browser that opened a link act with it, and with nothing else: the organization is held, the link looked at in this very
/// transaction, and from here on the command's actor is the link, whoever else may be signed in there.
///
/// # Errors
/// [`WorkError`].
pub async fn enter(cx: &mut Cx, held: Option<&Held>) -> Result<(Organization, Reach), WorkError> {
    let held = held.ok_or(WorkError::NotOpen)?;
    let organization = store::organizations::get_locked(&cx.tx, held.organization())
        .await?
        .ok_or(WorkError::NotOpen)?;
    let link = held.open_link(&cx.tx, cx.now).await?.ok_or(WorkError::NotOpen)?;
    cx.actor = acting(&link);
    cx.authorise(Action::SetUpConnection, &organization)
        .map_err(|_| WorkError::NotOpen)?;
    let connections = setup_links::connections(&cx.tx, link.id).await?;
    Ok((organization, Reach { link, connections }))
}

/// Notes that a trial is begun with the link.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn note_trial(cx: &mut Cx, organization: &Organization, provider: &IdentityProvider) -> Result<(), StoreError> {
    let told = audit::Event::new(EventKind::SetupLinkTrial)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("identity_provider", provider.id, provider.name.clone()));
    audit::record(cx, told).await
}

/// Ends the link because whoever has it is finished, and tells the people who can switch over.
///
/// # Errors
/// [`WorkError::Nothing`] when no connection says how its provider is reached.
pub async fn finish(cx: &mut Cx, organization: &Organization, reach: &Reach) -> Result<(), WorkError> {
    let mut ready = Vec::new();
    for id in &reach.connections {
        if let Some(provider) = providers::get(&cx.tx, organization.id, *id).await?
            && provider.status == ProviderStatus::Draft
            && provider.published.is_some()
        {
            ready.push(provider);
        }
    }
    if ready.is_empty() {
        return Err(WorkError::Nothing);
    }
    if !setup_links::finish(&cx.tx, reach.link.id, cx.now).await? {
        return Err(WorkError::NotOpen);
    }
    let names = ready.iter().map(|provider| provider.name.as_str()).collect::<Vec<_>>().join(", ");
    let told = event(EventKind::SetupLinkFinished, organization, &reach.link).detail("identity_providers", names.clone());
    audit::record(cx, told).await?;
    tell(cx, organization, reach, &ready, names).await?;
    Ok(())
}

/// Partner admins, whoever answers for the partner, and whoever sent the link.
async fn tell(
    cx: &mut Cx,
    organization: &Organization,
    reach: &Reach,
    ready: &[IdentityProvider],
    providers: String,
) -> Result<(), StoreError> {
    let tried = ready.iter().any(|provider| provider.tried_at.is_some());
    let letter = |page: &str| Letter::SetupFinished {
        organization: organization.name.clone(),
        providers: providers.clone(),
        by: reach.link.email.as_str().to_owned(),
        tried,
        link: routes::absolute(&cx.settings.public_url, page),
    };
    let (own, theirs) = (letter(&sign_in_of("")), letter(&sign_in_of(&organization.slug)));
    tell_admins(cx, organization, None, &own).await?;
    tell_owners(cx, organization, &theirs).await?;
    let sender = reach.link.created_by;
    let answers = [organization.owner, organization.deputy].contains(&Some(sender));
    if !answers
        && let Some(person) = store::people::get(&cx.tx, sender).await?
        && person.disabled_at.is_none()
    {
        mail::queue(cx, &person.email, Some(organization.id), theirs).await?;
    }
    Ok(())
}
