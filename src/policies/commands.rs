//! What operators do with policies. Every change is seen by all replicas with the request after it.

use serde_json::json;
use thiserror::Error;

use super::{MAX_POLICIES, MAX_TEXT, Policy, PolicyRefused, PolicyScope, PolicyStatus, PolicyVersion};
use crate::{
    access::{Action, Fault, Refused, Resource},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{PolicyId, new_uuid},
    store::{self, StoreError},
};

/// Why nothing is done with a policy.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// Too many.
    #[error("There can be at most {MAX_POLICIES} policies. Retire one that is no longer needed.")]
    TooMany,
    /// The text is too long.
    #[error("Use at most {MAX_TEXT} characters.")]
    TooLong,
    /// The text cannot be a policy.
    #[error("{}", sentences(.0))]
    Text(Vec<Fault>),
    /// No such partner.
    #[error("There is no partner with this short name.")]
    UnknownPartner,
    /// No such application.
    #[error("Choose an application of the catalogue.")]
    UnknownApplication,
    /// The policy itself.
    #[error(transparent)]
    Policy(#[from] PolicyRefused),
    /// Not allowed, or not there.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn sentences(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A policy as typed.
#[derive(Clone, Debug)]
pub struct PolicyDraft {
    /// Name on pages.
    pub name: String,
    /// Short name of the only partner it counts for.
    pub partner: Option<String>,
    /// Short name of the only application it counts for.
    pub application: Option<String>,
    /// Cedar.
    pub text: String,
    /// Why it is written.
    pub reason: String,
}

/// Asked before a form's fields are looked at.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(super) fn may_manage(cx: &Cx) -> Result<(), Refused> {
    cx.authorise(Action::ManagePolicies, Resource::Tenant).map(|_| ())
}

/// A policy for a change, if it is still the one that was seen. Changes of policies come one after the other.
async fn at_version(cx: &Cx, id: PolicyId, version: i32) -> Result<Policy, PolicyError> {
    may_manage(cx)?;
    store::policies::begin_change(&cx.tx, cx.now).await?;
    let policy = store::policies::get(&cx.tx, id).await?.ok_or(Refused::NotFound)?;
    if policy.version == version {
        Ok(policy)
    } else {
        Err(StoreError::Stale.into())
    }
}

/// Checks a text beside the policies in force, of which `own` is left out.
async fn check(cx: &Cx, text: &str, own: Option<PolicyId>) -> Result<(), PolicyError> {
    if text.chars().count() > MAX_TEXT {
        return Err(PolicyError::TooLong);
    }
    let mut taken = Vec::new();
    for (policy, text) in store::policies::in_force(&cx.tx).await? {
        if Some(policy.id) != own
            && let Ok(checked) = cx.policies.check(&text, &[])
        {
            taken.extend(checked.ids());
        }
    }
    cx.policies.check(text, &taken).map(|_| ()).map_err(PolicyError::Text)
}

fn event(kind: EventKind, policy: &Policy) -> Event {
    Event::new(kind)
        .subject(Subject::new("policy", policy.id, &policy.name))
        .detail("partner_id", json!(policy.scope.organization))
        .detail("application_id", json!(policy.scope.application))
}

async fn add_version(
    cx: &mut Cx,
    policy: &Policy,
    text: String,
    reason: String,
    rolled_back_to: Option<i32>,
) -> Result<PolicyVersion, StoreError> {
    let author = cx.actor.person();
    let version = PolicyVersion {
        policy: policy.id,
        number: policy.latest,
        text,
        author: author.map(|person| person.id),
        author_name: author.map_or_else(|| "The portal itself".to_owned(), |person| person.name.clone()),
        reason,
        rolled_back_to,
        created_at: cx.now,
    };
    let id = new_uuid(cx.now, &mut cx.rng);
    store::policies::insert_version(&cx.tx, id, &version).await?;
    Ok(version)
}

/// Writes a policy; it decides nothing before it is activated.
///
/// # Errors
/// [`PolicyError`].
pub async fn write_policy(cx: &mut Cx, input: PolicyDraft) -> Result<Policy, PolicyError> {
    may_manage(cx)?;
    store::policies::begin_change(&cx.tx, cx.now).await?;
    let organization = match input.partner {
        Some(slug) => {
            let found = store::organizations::find_by_slug(&cx.tx, &slug).await?;
            Some(found.ok_or(PolicyError::UnknownPartner)?.id)
        }
        None => None,
    };
    let application = match input.application {
        Some(slug) => {
            let found = store::applications::find_by_slug(&cx.tx, &slug).await?;
            Some(found.ok_or(PolicyError::UnknownApplication)?.id)
        }
        None => None,
    };
    check(cx, &input.text, None).await?;
    if store::policies::count_open(&cx.tx).await? >= MAX_POLICIES as u64 {
        return Err(PolicyError::TooMany);
    }
    let policy = Policy {
        id: PolicyId::new(cx.now, &mut cx.rng),
        name: input.name,
        scope: PolicyScope { organization, application },
        status: PolicyStatus::Draft,
        in_force: None,
        latest: 1,
        created_at: cx.now,
        updated_at: cx.now,
        version: 1,
    };
    store::policies::insert(&cx.tx, &policy).await?;
    let version = add_version(cx, &policy, input.text, input.reason, None).await?;
    let told = event(EventKind::PolicyWritten, &policy)
        .reason(&version.reason)
        .detail("number", version.number)
        .detail("text", version.text);
    audit::record(cx, told).await?;
    Ok(policy)
}

/// Gives a policy another text. What is in force stays in force until the new version is activated.
///
/// # Errors
/// [`PolicyError`].
pub async fn rewrite_policy(cx: &mut Cx, id: PolicyId, version: i32, text: String, reason: String) -> Result<Policy, PolicyError> {
    let policy = at_version(cx, id, version).await?.rewrite(cx.now)?;
    check(cx, &text, Some(id)).await?;
    store::policies::update(&cx.tx, &policy).await?;
    let written = add_version(cx, &policy, text, reason, None).await?;
    let told = event(EventKind::PolicyWritten, &policy)
        .reason(&written.reason)
        .detail("number", written.number)
        .detail("text", written.text);
    audit::record(cx, told).await?;
    Ok(policy)
}

/// Puts a version in force.
///
/// # Errors
/// [`PolicyError`]: its text is checked again, because other policies may have come into force since.
pub async fn activate_policy(cx: &mut Cx, id: PolicyId, version: i32, number: i32, reason: String) -> Result<Policy, PolicyError> {
    let before = at_version(cx, id, version).await?;
    let was = before.in_force;
    let policy = before.activate(number, cx.now)?;
    let written = store::policies::version(&cx.tx, id, number)
        .await?
        .ok_or(PolicyRefused::NoSuchVersion)?;
    check(cx, &written.text, Some(id)).await?;
    store::policies::update(&cx.tx, &policy).await?;
    let told = event(EventKind::PolicyActivated, &policy)
        .reason(reason)
        .detail("number_before", json!(was))
        .detail("number", number);
    audit::record(cx, told).await?;
    Ok(policy)
}

/// Brings an earlier text back as a new version, in force at once.
///
/// # Errors
/// [`PolicyError`].
pub async fn roll_back_policy(cx: &mut Cx, id: PolicyId, version: i32, to: i32, reason: String) -> Result<Policy, PolicyError> {
    let before = at_version(cx, id, version).await?;
    let was = before.in_force;
    let policy = before.roll_back(to, cx.now)?;
    let earlier = store::policies::version(&cx.tx, id, to)
        .await?
        .ok_or(PolicyRefused::NoSuchVersion)?;
    check(cx, &earlier.text, Some(id)).await?;
    store::policies::update(&cx.tx, &policy).await?;
    let written = add_version(cx, &policy, earlier.text, reason, Some(to)).await?;
    let told = event(EventKind::PolicyRolledBack, &policy)
        .reason(&written.reason)
        .detail("number_before", json!(was))
        .detail("number", written.number)
        .detail("rolled_back_to", to);
    audit::record(cx, told).await?;
    Ok(policy)
}

/// Ends a policy: from now on it decides nothing, and it cannot be brought back.
///
/// # Errors
/// [`PolicyError`].
pub async fn retire_policy(cx: &mut Cx, id: PolicyId, version: i32, reason: String) -> Result<Policy, PolicyError> {
    let before = at_version(cx, id, version).await?;
    let was = before.in_force;
    let policy = before.retire(cx.now)?;
    store::policies::update(&cx.tx, &policy).await?;
    let told = event(EventKind::PolicyRetired, &policy)
        .reason(reason)
        .detail("number_before", json!(was));
    audit::record(cx, told).await?;
    Ok(policy)
}
