//! What of the trail somebody may read, and reading it: lists, one event, and the batches of an export.

pub use crate::store::audit_events::{AuditRow, TrailScope};

use super::{EventKind, TrailQuery};
use crate::{
    access::{Action, Refused, Resource},
    cx::Qx,
    kernel::{ApplicationId, AuditEventId, EmailAddress, OrganizationId, Page, PageRequest},
    organizations::Organization,
    store::{
        self, StoreError,
        audit_events::{self, TrailFilter},
        partners::PartnerFilter,
    },
    web::{PageError, routes},
};

/// Events per page.
pub const PAGE_SIZE: usize = 50;
/// Events per batch of an export.
pub const BATCH_SIZE: usize = 500;

/// The scope of `/audit`: everything for operators and auditors, their own partners for owners.
///
/// # Errors
/// [`PageError`] for everyone else.
pub fn whole_scope(qx: &Qx) -> Result<TrailScope, PageError> {
    if qx.may(Action::ViewWholeTrail, Resource::Tenant) {
        return Ok(TrailScope::Everything);
    }
    qx.authorise(Action::ViewPartners, Resource::Tenant)?;
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    Ok(TrailScope::PartnersOf(person.id))
}

/// The scope of `/team/activity`: the organization of the active hat.
///
/// # Errors
/// [`PageError`] when nobody is signed in, in the tenant's hat, or when the role does not include it.
pub async fn team_scope(qx: &Qx) -> Result<(TrailScope, Organization), PageError> {
    let Some(id) = qx.actor.organization() else {
        return Err(if qx.actor.person().is_some() {
            PageError::NotFound
        } else {
            Refused::SignedOut.into()
        });
    };
    let organization = store::organizations::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    qx.authorise(Action::ViewTrail, &organization)?;
    Ok((TrailScope::Organization(id), organization))
}

/// The scope of `/partners/{org}/activity`.
///
/// # Errors
/// [`PageError::NotFound`] when there is no such partner, or none for this person.
pub async fn partner_scope(qx: &Qx, slug: &str) -> Result<(TrailScope, Organization), PageError> {
    let organization = crate::organizations::queries::partner(qx, slug).await?;
    qx.authorise(Action::ViewTrail, &organization)?;
    Ok((TrailScope::Organization(organization.id), organization))
}

/// The scope of `/me/activity`.
///
/// # Errors
/// [`Refused::SignedOut`].
pub fn own_scope(qx: &Qx) -> Result<TrailScope, PageError> {
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    Ok(TrailScope::Own {
        person: person.id,
        organization: qx.actor.organization(),
    })
}

/// One page of events within a scope that one of the functions above gave.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn events(qx: &Qx, scope: TrailScope, query: &TrailQuery, page: PageRequest, size: usize) -> Result<Page<AuditRow>, StoreError> {
    let Some(filter) = resolved(qx, scope, query).await? else {
        return Ok(Page {
            rows: Vec::new(),
            older: None,
            newer: None,
        });
    };
    let page = audit_events::list(&qx.db, scope, &filter, page, size).await?;
    Ok(Page {
        rows: page.rows.into_iter().map(|row| discreet(row, qx, scope)).collect(),
        ..page
    })
}

/// Turns what was typed into what is stored; none when nothing can match.
async fn resolved(qx: &Qx, scope: TrailScope, query: &TrailQuery) -> Result<Option<TrailFilter>, StoreError> {
    let zone = qx.actor.person().map_or(qx.tenant.time_zone, |person| person.time_zone);
    let mut filter = TrailFilter {
        from: query.from_instant(zone),
        until: query.until_instant(zone),
        actions: query.actions(),
        application: query.application,
        outcome: query.outcome.map(|outcome| outcome.as_str()),
        subject: query.subject_id(),
        actor: query.actor_id().map(Into::into),
        ..TrailFilter::default()
    };
    if filter.subject.is_none() {
        filter.subject_text.clone_from(&query.subject);
    }
    if let (Some(text), None) = (&query.actor, filter.actor) {
        match text.parse::<EmailAddress>() {
            Ok(address) => match store::people::find_by_email(&qx.db, &address).await? {
                Some(person) => filter.actor = Some(person.id),
                None => return Ok(None),
            },
            Err(_) => filter.actor_text = Some(text.clone()),
        }
    }
    let several = matches!(scope, TrailScope::Everything | TrailScope::PartnersOf(_));
    if let Some(text) = query.organization.as_ref().filter(|_| several) {
        let organizations = organizations_called(qx, text).await?;
        if organizations.is_empty() {
            return Ok(None);
        }
        filter.organizations = Some(organizations);
    }
    Ok(Some(filter))
}

/// The organizations that a typed name can mean: the one of this short name, else up to fifty whose name contains it.
async fn organizations_called(qx: &Qx, text: &str) -> Result<Vec<OrganizationId>, StoreError> {
    if let Some(organization) = store::organizations::find_by_slug(&qx.db, text).await? {
        return Ok(vec![organization.id]);
    }
    let filter = PartnerFilter {
        search: Some(text.to_owned()),
        ..PartnerFilter::default()
    };
    let found = store::partners::page(&qx.db, &filter, PageRequest::Newest, 50).await?;
    Ok(found.rows.into_iter().map(|organization| organization.id).collect())
}

/// To a partner, from where the tenant's own people worked is not theirs to know.
fn discreet(mut row: AuditRow, qx: &Qx, scope: TrailScope) -> AuditRow {
    let by_tenant = row.actor_kind == "person" && row.actor_member.is_none();
    let own = row.actor.is_some() && row.actor == qx.actor.person().map(|person| person.id);
    if matches!(scope, TrailScope::Organization(_)) && qx.actor.member().is_some() && by_tenant && !own {
        row.address = None;
        row.user_agent = None;
    }
    row
}

/// One event, with links to what it speaks of.
#[derive(Clone, Debug)]
pub struct EventView {
    /// The event.
    pub row: AuditRow,
    /// Page of its subject, where the reader has one.
    pub subject_href: Option<String>,
    /// Page of its organization, where the reader has one.
    pub organization_href: Option<String>,
    /// The list it belongs to, as the reader sees it.
    pub list_href: String,
}

/// One event, if anything lets the reader see it; to everyone else it does not exist.
///
/// # Errors
/// [`PageError::NotFound`], or the database does not answer.
pub async fn event(qx: &Qx, id: AuditEventId) -> Result<EventView, PageError> {
    if qx.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let mut scopes = Vec::new();
    if let Ok(scope) = whole_scope(qx) {
        scopes.push((scope, routes::AUDIT));
    }
    if let Ok((scope, _)) = team_scope(qx).await {
        scopes.push((scope, routes::TEAM_ACTIVITY));
    }
    scopes.push((own_scope(qx)?, routes::MY_ACTIVITY));
    for (scope, list) in scopes {
        if let Some(row) = audit_events::get(&qx.db, scope, id).await? {
            return linked(qx, discreet(row, qx, scope), list).await;
        }
    }
    Err(PageError::NotFound)
}

async fn linked(qx: &Qx, row: AuditRow, list: &str) -> Result<EventView, PageError> {
    let organization = match row.organization {
        Some(id) => store::organizations::get(&qx.db, id).await?,
        None => None,
    };
    let partner = organization.filter(|organization| qx.may(Action::ViewPartner, organization));
    let team = row
        .organization
        .filter(|id| list == routes::TEAM_ACTIVITY && Some(*id) == qx.actor.organization());
    let subject_href = match (row.subject_kind.as_deref(), row.subject) {
        (Some("member"), Some(id)) => match (team, &partner) {
            (Some(team), _) => store::members::get(&qx.db, team, id.into()).await?.map(|_| routes::member(id)),
            (None, Some(organization)) => {
                let found = store::members::get(&qx.db, organization.id, id.into()).await?;
                found.map(|_| routes::partner_part(&organization.slug, &format!("people/{id}")))
            }
            (None, None) => None,
        },
        (Some("organization"), Some(_)) => partner.as_ref().map(|organization| routes::partner(&organization.slug)),
        (Some("application"), Some(id)) if qx.may(Action::ViewAdmin, Resource::Tenant) => store::applications::get(&qx.db, id.into())
            .await?
            .map(|application| routes::admin_app(&application.slug)),
        (Some("message"), Some(id)) if qx.may(Action::ManageOutbox, Resource::Tenant) => Some(routes::admin_message(id)),
        _ => None,
    };
    Ok(EventView {
        row,
        subject_href,
        organization_href: partner.map(|organization| routes::partner(&organization.slug)),
        list_href: list.to_owned(),
    })
}

/// The applications to filter by: the whole catalogue for the tenant's people, what the organization ever held for its own.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn applications(qx: &Qx, scope: TrailScope) -> Result<Vec<(ApplicationId, String)>, StoreError> {
    let held = match scope {
        TrailScope::Everything | TrailScope::PartnersOf(_) => None,
        TrailScope::Organization(id)
        | TrailScope::Own {
            organization: Some(id), ..
        } => Some(
            store::grants::entitlements_of(&qx.db, id)
                .await?
                .into_iter()
                .map(|entitlement| entitlement.application)
                .collect::<Vec<_>>(),
        ),
        TrailScope::Own { organization: None, .. } => return Ok(Vec::new()),
    };
    let all = store::applications::all(&qx.db).await?.into_iter();
    Ok(all
        .filter(|application| held.as_ref().is_none_or(|held| held.contains(&application.id)))
        .map(|application| (application.id, application.name))
        .collect())
}

/// What happened, for a person.
#[must_use]
pub fn title_of(row: &AuditRow) -> String {
    row.action
        .parse::<EventKind>()
        .map_or_else(|()| row.action.clone(), |kind| kind.title().to_owned())
}
