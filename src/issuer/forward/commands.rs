//! Who may be at a host: registering hosts, the way there, and the decision at each request.

use std::sync::Arc;

use chrono::Duration;
use thiserror::Error;

use super::{
    super::standing::{Refusal, Standing, Who, stand},
    HANDOFF_SECONDS, Handoff, forward_host, own_target,
};
use crate::{
    access::{Action, Actor, Asking, Refused, Resource},
    apps::{
        Application,
        commands::{LaunchError, LaunchOutcome, launch},
    },
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::{Cx, Portal, RequestMeta},
    kernel::{BearerSecret, new_uuid, sha256},
    store::{
        self, StoreError,
        issuer::forward::{self as rows, Visit},
        sessions,
    },
};

/// Under this name the trail shows what is decided for a proxy.
const ACTOR: Actor = Actor::System("Forward authentication");
/// A refusal is told in the trail once in this time, not for each picture of a page.
const TOLD_EVERY: Duration = Duration::minutes(1);
/// An application has at most so many hosts.
const MOST_HOSTS: usize = 20;

/// Why hosts cannot be so.
#[derive(Debug, Error)]
pub enum HostError {
    /// Not a host.
    #[error("{0} is no host. Write it as browsers do, like wiki.example.com or wiki.example.com:8443.")]
    NotAHost(String),
    /// Another application's.
    #[error("{0} belongs to another application.")]
    Taken(String),
    /// The portal's own.
    #[error("{0} is the portal itself.")]
    Portal(String),
    /// Too many.
    #[error("An application has at most 20 hosts.")]
    TooMany,
    /// Not allowed.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The scheme of the portal, which is that of the hosts too.
#[must_use]
pub fn scheme(public_url: &str) -> &'static str {
    if public_url.starts_with("https:") { "https" } else { "http" }
}

/// Hosts as they are stored: each once, in order.
///
/// # Errors
/// [`HostError`] names the one that cannot be.
pub fn checked_hosts(typed: &[String], public_url: &str) -> Result<Vec<String>, HostError> {
    let scheme = scheme(public_url);
    let own = public_url.split_once("://").map_or(public_url, |(_, host)| host);
    let mut hosts = Vec::new();
    for text in typed {
        let host = forward_host(text, scheme).ok_or_else(|| HostError::NotAHost(text.clone()))?;
        if forward_host(own, scheme).as_ref() == Some(&host) {
            return Err(HostError::Portal(host));
        }
        hosts.push(host);
    }
    hosts.sort();
    hosts.dedup();
    if hosts.len() > MOST_HOSTS {
        Err(HostError::TooMany)
    } else {
        Ok(hosts)
    }
}

/// Gives an application these hosts and no others; answers them.
///
/// # Errors
/// [`HostError`]; [`StoreError::Stale`] when the application was changed meanwhile.
pub async fn set_hosts(cx: &mut Cx, slug: &str, version: i32, typed: &[String]) -> Result<Vec<String>, HostError> {
    if matches!(cx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let application = store::applications::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?;
    if application.version != version {
        return Err(StoreError::Stale.into());
    }
    let hosts = checked_hosts(typed, &cx.settings.public_url)?;
    store::applications::update(&cx.tx, &application).await?;
    if let Some(taken) = rows::put_hosts(&cx.tx, application.id, &hosts, cx.now).await? {
        return Err(HostError::Taken(taken));
    }
    let event = Event::new(EventKind::ApplicationChanged)
        .application(application.id, &application.name)
        .subject(Subject::new("application", application.id, &application.name))
        .detail("forward_hosts", hosts.clone());
    audit::record(cx, event).await?;
    Ok(hosts)
}

/// What came of asking to be let in at a host.
#[derive(Debug)]
pub enum Begun {
    /// Go to the host with this value.
    Go(BearerSecret),
    /// A fresh second factor is needed first.
    StepUp,
    /// Refused.
    Denied,
}

/// Lets the signed-in person in at a host, or not: a launch, decided and recorded as one. `challenge` is the hash of what the browser
/// holds at the host.
///
/// # Errors
/// [`LaunchError`]; [`Refused::NotFound`] when no application has this host, or the person does not hold it.
pub async fn begin(cx: &mut Cx, host: &str, target: &str, challenge: Vec<u8>) -> Result<Begun, LaunchError> {
    let session = cx.actor.person().ok_or(Refused::SignedOut)?.session_key.clone();
    let application = rows::application_at(&cx.tx, host).await?.ok_or(Refused::NotFound)?;
    match launch(cx, &application.slug).await? {
        LaunchOutcome::StepUp => Ok(Begun::StepUp),
        LaunchOutcome::Denied => Ok(Begun::Denied),
        LaunchOutcome::Go(_) => {
            let target = own_target(scheme(&cx.settings.public_url), host, target).ok_or(Refused::NotFound)?;
            let secret = BearerSecret::generate(&mut cx.rng);
            let handoff = Handoff {
                id: new_uuid(cx.now, &mut cx.rng),
                hash: secret.hash(),
                ends_at: cx.now + Duration::seconds(HANDOFF_SECONDS),
                challenge,
                target: target.into(),
                host: host.to_owned(),
                application: application.id,
                session,
                created_at: cx.now,
            };
            rows::insert(&cx.tx, &handoff).await?;
            Ok(Begun::Go(secret))
        }
    }
}

/// Uses a hand-off up; answers the cookie and the page that was asked for, or nothing when the value is worth nothing here.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn arrive(
    portal: &Portal,
    meta: RequestMeta,
    host: &str,
    value: &str,
    held: &str,
) -> Result<Option<(BearerSecret, String)>, StoreError> {
    let mut cx = portal.begin(ACTOR, meta).await?;
    let cookie = BearerSecret::generate(&mut cx.rng);
    let target = rows::redeem(&cx.tx, &sha256(value), host, &sha256(held), &cookie.hash(), cx.now).await?;
    cx.commit().await?;
    Ok(target.map(|target| (cookie, target)))
}

/// What a proxy is told.
#[derive(Debug)]
pub enum Answer {
    /// Let them through, and say who they are.
    Allowed(Box<Standing>),
    /// Nobody is known here, or a fresh second factor is needed: through the portal.
    Unknown,
    /// Not now.
    Refused(String),
}

/// Decides one request at a host. Nothing is remembered of an earlier one: whoever was suspended, or lost the assignment, a second ago is
/// refused.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn look(
    portal: &Portal,
    meta: RequestMeta,
    application: &Application,
    host: &str,
    cookie: Option<&str>,
) -> Result<Answer, StoreError> {
    let Some(cookie) = cookie else { return Ok(Answer::Unknown) };
    let qx = portal.query(Arc::new(ACTOR), &meta).await?;
    let idle = Duration::minutes(portal.settings.session_idle_minutes);
    let visit = rows::visit(&qx.db, &sha256(cookie), host, qx.now, idle).await?;
    // The host may be another application's meanwhile.
    let Some(visit) = visit.filter(|visit| visit.application == application.id) else {
        return Ok(Answer::Unknown);
    };
    let Some(who) = who(&qx.db, &visit).await? else {
        return Ok(Answer::Unknown);
    };
    // Work at the application is use of the portal's session.
    if qx.now - visit.last_seen_at >= Duration::minutes(1) {
        sessions::touch(&portal.store, visit.session.clone(), Some(who.member), qx.now).await?;
    }
    // The proxy asks for a browser, which is where its address says.
    let policies = qx
        .policies
        .asked_from(Asking::by_browser(meta.address.as_deref(), qx.tenant.time_zone));
    match stand(&qx.db, &policies, &qx.tenant, &who, application.id, qx.now).await? {
        Ok(standing) => Ok(Answer::Allowed(Box::new(standing))),
        Err(Refusal::StepUp(_)) => Ok(Answer::Unknown),
        Err(refusal) => {
            let reason = refusal.reason();
            refused(portal, meta, application, &visit, &who, &refusal).await?;
            Ok(Answer::Refused(reason))
        }
    }
}

/// Whose visit it is: the member that the portal's session wears.
async fn who(db: &impl store::Db, visit: &Visit) -> Result<Option<Who>, StoreError> {
    let Some(member) = visit.signed_in.member else { return Ok(None) };
    let members = store::members::of_person(db, visit.signed_in.person).await?;
    Ok(members.into_iter().find(|known| known.id == member).map(|member| Who {
        person: visit.signed_in.person,
        member: member.id,
        organization: member.organization,
        provider: visit.signed_in.through.as_ref().map(|through| through.provider),
        authenticated_at: visit.signed_in.at,
        second_factor_at: visit.signed_in.second_factor_at,
    }))
}

async fn refused(
    portal: &Portal,
    meta: RequestMeta,
    application: &Application,
    visit: &Visit,
    who: &Who,
    refusal: &Refusal,
) -> Result<(), StoreError> {
    let mut cx = portal.begin(ACTOR, meta).await?;
    if !rows::note_refusal(&cx.tx, visit.id, cx.now - TOLD_EVERY, cx.now).await? {
        return cx.tx.rollback().await;
    }
    let organization = store::organizations::get(&cx.tx, who.organization).await?;
    let person = store::people::get(&cx.tx, who.person).await?;
    let mut event = Event::new(EventKind::Launched)
        .application(application.id, &application.name)
        .subject(Subject::new(
            "member",
            who.member,
            person.map(|person| person.name).unwrap_or_default(),
        ))
        .outcome(Outcome::Denied)
        .reason(refusal.reason())
        .detail("policies", refusal.policies())
        .detail("circumstances", refusal.circumstance())
        .detail("by", "forward-auth");
    if let Some(organization) = organization {
        event = event.organization(organization.id, &organization.name);
    }
    audit::record(&mut cx, event).await?;
    cx.commit().await
}
