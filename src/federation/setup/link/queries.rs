//! What the pages about set-up links show: to whoever sends them, on their landing page, and to whoever has opened one.

use std::collections::HashMap;

use super::{SetupLink, bearer::AtWork};
use crate::{
    access::{Action, Refused},
    cx::Qx,
    federation::{
        IdentityProvider, ProviderStatus,
        domains::{Domain, DomainStatus},
        place::Place,
    },
    kernel::{ProviderId, sha256},
    organizations::Organization,
    store::{
        self, StoreError,
        federation::{domains, providers, setup_links},
    },
    web::PageError,
};

/// So many links are listed.
const LISTED: u64 = 20;

/// A link as whoever answers for the partner sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The link.
    pub link: SetupLink,
    /// Who sent it.
    pub sender: String,
}

/// The links of a place, newest first; none at all for whoever may not send them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn listed(qx: &Qx, place: &Place) -> Result<Option<Vec<Listed>>, StoreError> {
    if !qx.may(Action::SendSetupLink, &place.organization) {
        return Ok(None);
    }
    let links = setup_links::of_organization(&qx.db, place.organization.id, LISTED).await?;
    let ids: Vec<_> = links.iter().map(|link| link.created_by).collect();
    let names: HashMap<_, _> = store::people::get_many(&qx.db, ids)
        .await?
        .into_iter()
        .map(|person| (person.id, person.name))
        .collect();
    let listed = links.into_iter().map(|link| Listed {
        sender: names.get(&link.created_by).cloned().unwrap_or_default(),
        link,
    });
    Ok(Some(listed.collect()))
}

/// What a landing page shows.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The link.
    pub link: SetupLink,
    /// Whose sign-in it is about.
    pub organization: Organization,
    /// Who sent it.
    pub sender: String,
}

/// The link of a landing page, while it can be opened. Looking changes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn landing(qx: &Qx, token: &str) -> Result<Option<Landing>, StoreError> {
    if token.is_empty() || token.len() > 100 {
        return Ok(None);
    }
    let found = setup_links::find_by_token(&qx.db, &sha256(token)).await?;
    let Some(link) = found.filter(|link| link.can_be_opened_at(qx.now)) else {
        return Ok(None);
    };
    let Some(organization) = store::organizations::get(&qx.db, link.organization).await? else {
        return Ok(None);
    };
    if !organization.takes_changes_at(qx.now, qx.tenant.certification_grace_days) {
        return Ok(None);
    }
    let sender = store::people::get(&qx.db, link.created_by).await?.map(|person| person.name);
    Ok(Some(Landing {
        link,
        organization,
        sender: sender.unwrap_or_default(),
    }))
}

/// The connections that an open link opens, and the domains whose people will use them. No people.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Drafts, in the order in which the link came to open them.
    pub connections: Vec<IdentityProvider>,
    /// By name.
    pub domains: Vec<Domain>,
}

/// What an open link opens.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn opened(work: &AtWork) -> Result<Opened, StoreError> {
    let (db, organization) = (&work.qx.db, work.organization.id);
    let mut connections = Vec::new();
    for id in &work.reach.connections {
        let found = providers::get(db, organization, *id).await?;
        connections.extend(found.filter(|provider| provider.status == ProviderStatus::Draft));
    }
    let domains = domains::of_organization(db, organization).await?;
    Ok(Opened {
        connections,
        domains: domains.into_iter().filter(|domain| domain.status == DomainStatus::Proven).collect(),
    })
}

/// One connection that an open link opens.
///
/// # Errors
/// [`PageError`]; what it does not open does not exist.
pub async fn connection(work: &AtWork, id: ProviderId) -> Result<IdentityProvider, PageError> {
    let opened = opened(work).await?;
    let found = opened.connections.into_iter().find(|provider| provider.id == id);
    Ok(found.ok_or(Refused::NotFound)?)
}
