//! Writing an event into the transaction of its change.

use super::Event;
use crate::{
    access::Actor,
    cx::{Cx, RequestMeta},
    kernel::{AuditEventId, Timestamp},
    store::{StoreError, audit_events, audit_events::AuditRow},
};

/// Adds who, when and from where, and writes the event. The caller's transaction carries both or neither.
///
/// # Errors
/// [`StoreError`] when the row cannot be written; the change must then not be committed.
pub async fn record(cx: &mut Cx, event: Event) -> Result<(), StoreError> {
    let id = AuditEventId::new(cx.now, &mut cx.rng);
    audit_events::insert(&cx.tx, row(id, cx.now, &cx.actor, &cx.meta, event)).await
}

/// An event as it is written: who, when and from where added to what. For those who write it in a group of many.
#[must_use]
pub fn row(id: AuditEventId, now: Timestamp, actor: &Actor, meta: &RequestMeta, event: Event) -> AuditRow {
    let event = match actor {
        Actor::SetUp(set_up) => event.detail("setup_link", set_up.link.to_string()),
        _ => event,
    };
    let (actor_kind, actor, actor_member, actor_label) = match actor {
        Actor::Person(person) => (
            "person",
            Some(person.id),
            person.member.as_ref().map(|member| member.id),
            person.name.clone(),
        ),
        Actor::System(name) => ("system", None, None, (*name).to_owned()),
        Actor::Client(name) => ("client", None, None, name.clone()),
        // Nobody whom we know: the trail says whom the link was sent to, and which link it was.
        Actor::SetUp(set_up) => ("anonymous", None, None, format!("Set-up link to {}", set_up.email)),
        Actor::Anonymous => ("anonymous", None, None, "Someone not signed in".to_owned()),
    };
    metrics::counter!("portico_audit_events_total", "action" => event.kind.as_str(), "outcome" => event.outcome.as_str()).increment(1);
    let (subject_kind, subject, subject_label) = event.subject.map_or((None, None, None), |subject| {
        (Some(subject.kind.to_owned()), Some(subject.id), Some(subject.label))
    });
    AuditRow {
        id,
        at: now,
        action: event.kind.as_str().to_owned(),
        outcome: event.outcome.as_str().to_owned(),
        actor_kind: actor_kind.to_owned(),
        actor,
        actor_member,
        actor_label,
        organization: event.organization.as_ref().map(|(id, _)| *id),
        organization_label: event.organization.map(|(_, name)| name),
        subject_kind,
        subject,
        subject_label,
        application: event.application.as_ref().map(|(id, _)| *id),
        application_label: event.application.map(|(_, name)| name),
        reason: event.reason,
        details: serde_json::Value::Object(event.details).to_string(),
        address: meta.address.clone(),
        user_agent: meta.user_agent.clone(),
        request_id: meta.request_id.clone(),
    }
}
