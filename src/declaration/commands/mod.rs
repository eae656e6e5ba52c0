//! Bringing the portal to what a file declares, in one transaction, with an event for each change. A dry run does the same and
//! takes it back, so that what it shows is what would happen.

mod acting;
mod catalogue;
mod clients;
mod contracts;
mod entitlements;
mod federation;
mod lifetimes;
mod members;
mod organizations;
mod passwords;
mod people;
mod policies;
mod step;
mod templates;

use step::Step;

use super::{
    DeclarationError, Mark, Report,
    error::{Problem, Stop},
    model::Declaration,
};
use crate::{
    access::{Action, Actor, Resource},
    audit::{self, Event, EventKind},
    cx::{Cx, Portal, RequestMeta},
    people::TenantRole,
    store,
};

/// The name under which the trail shows who did it.
pub const ACTOR: Actor = Actor::System("portico apply");

/// Applies a declaration: everything or nothing. `file` is its name in messages and in the trail.
///
/// # Errors
/// [`DeclarationError::Invalid`] names the key when something does not fit what is there; then nothing was changed.
pub async fn run(portal: &Portal, file: &str, declaration: &Declaration, dry_run: bool) -> Result<Report, DeclarationError> {
    let invalid = |problem: Problem| DeclarationError::Invalid {
        file: file.to_owned(),
        problems: vec![problem],
    };
    let explain = |stop: Stop| match stop {
        Stop::Problem(problem) => invalid(problem),
        Stop::Store(error) => error.into(),
    };
    // Hashing takes its time, so it is done before the transaction begins: SQLite has one writer.
    let passwords = passwords::prepare(portal, declaration).await.map_err(explain)?;
    let mut cx = portal.begin(ACTOR, RequestMeta::default()).await?;
    cx.authorise(Action::ManageTenant, Resource::Tenant)?;
    // Whoever else applies a file waits here, and goes on with the tenant (its time zone) as the other one left it.
    if let Some(tenant) = store::tenant::get_locked(&cx.tx).await? {
        cx.tenant = tenant;
    }
    let report = match apply(&mut cx, file, declaration, passwords).await {
        Ok(report) => report,
        Err(stop) => {
            cx.tx.rollback().await?;
            return Err(explain(stop));
        }
    };
    if dry_run || report.is_empty() {
        cx.tx.rollback().await?;
    } else {
        cx.commit().await?;
    }
    Ok(report)
}

/// The steps in the order in which one needs the other. The caller commits.
async fn apply(cx: &mut Cx, file: &str, declaration: &Declaration, passwords: passwords::Prepared) -> Result<Report, Stop> {
    let mut step = Step::new(cx);
    if let Some(tenant) = &declaration.tenant {
        step.tenant(tenant).await?;
    }
    step.hold_organizations(declaration).await?;
    let mut passwords = passwords;
    for (index, person) in declaration.people.iter().enumerate() {
        let password = passwords.remove(person.email.normalized());
        step.person(&format!("people[{index}]"), person, password).await?;
    }
    for (index, application) in declaration.applications.iter().enumerate() {
        step.application(&format!("applications[{index}]"), application).await?;
    }
    // After all of them: a client may act at an application that stands later in the file.
    for (index, application) in declaration.applications.iter().enumerate() {
        step.acting(&format!("applications[{index}]"), application).await?;
    }
    for (index, template) in declaration.templates.iter().enumerate() {
        step.template(&format!("templates[{index}]"), template).await?;
    }
    step.all_organizations(&declaration.organizations).await?;
    // A policy may count for one partner at one application.
    for (index, policy) in declaration.policies.iter().enumerate() {
        step.policy(&format!("policies[{index}]"), policy).await?;
    }
    for (index, person) in declaration.people.iter().enumerate() {
        step.memberships(&format!("people[{index}]"), person).await?;
    }
    // A connection may name a member who can still use a local password.
    for (index, organization) in declaration.organizations.iter().enumerate() {
        step.federation(&format!("organizations[{index}]"), organization).await?;
    }
    step.check_seats().await?;
    step.check_admins().await?;
    if step.took_operator && store::tenant::people_in_role(&step.cx.tx, TenantRole::Operator).await?.is_empty() {
        return Err(Stop::at(
            "people",
            "would leave the portal without an operator; expected at least one person with the tenant role operator",
        ));
    }
    let report = step.report;
    if !report.is_empty() {
        let event = Event::new(EventKind::DeclarationApplied)
            .detail("file", file)
            .detail("created", report.count(Mark::Create))
            .detail("changed", report.count(Mark::Change))
            .detail("ended", report.count(Mark::End));
        audit::record(cx, event).await?;
    }
    Ok(report)
}
