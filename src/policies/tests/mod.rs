//! Policies of the operator: written, in force, taken back; what they decide; who may see them; replayed.

mod deciding;
mod pages;
mod replaying;
mod writing;

use super::commands::{self, PolicyDraft, PolicyError};
use crate::{
    access::Actor,
    apps::commands::{LaunchOutcome, launch},
    cx::Cx,
    kernel::PolicyId,
    organizations::Organization,
    people::{Member, MemberRole, Person, TenantRole},
    policies::Policy,
    store,
    testing::World,
};

/// A statement that forbids writing.
pub(super) const NO_WRITING: &str = r#"@id("no-writing")
@reason("Writing is not allowed here.")
forbid (principal, action == Action::"UseScope", resource)
when { resource.access == "write" };"#;

/// Two partners that hold two applications with all scopes, and somebody in each who has both.
pub(super) struct Setting {
    pub acme: Organization,
    pub bo: Member,
    pub eve: Member,
    pub operator: Person,
}

impl Setting {
    pub async fn new(world: &World) -> Self {
        let (acme, rival) = (world.organization("Acme").await, world.organization("Rival").await);
        let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
        let eve = world.member(&rival, "Eve Stone", MemberRole::Member).await;
        let (orders, scopes) = world.application("orders").await;
        let (quality, others) = world.application("quality").await;
        for (organization, member) in [(&acme, &bo), (&rival, &eve)] {
            for (application, scopes) in [(&orders, &scopes), (&quality, &others)] {
                let entitlement = world.entitle(organization, application, scopes).await;
                world.assign(member, &entitlement).await;
            }
        }
        Self {
            acme,
            bo,
            eve,
            operator: world.employee("Opal Operator", TenantRole::Operator).await,
        }
    }
}

/// Runs one command as it would be run: committed when it succeeds, rolled back when it is refused.
pub(super) async fn run<T, E>(world: &World, actor: Actor, command: impl AsyncFnOnce(&mut Cx) -> Result<T, E>) -> Result<T, E> {
    let mut cx = world.cx(actor).await;
    let outcome = command(&mut cx).await;
    match &outcome {
        Ok(_) => cx.commit().await.expect("commit"),
        Err(_) => cx.tx.rollback().await.expect("rollback"),
    }
    outcome
}

pub(super) fn draft(text: &str, partner: Option<&str>, application: Option<&str>) -> PolicyDraft {
    PolicyDraft {
        name: "A policy".to_owned(),
        partner: partner.map(str::to_owned),
        application: application.map(str::to_owned),
        text: text.to_owned(),
        reason: "Because of a test".to_owned(),
    }
}

/// A policy in force.
pub(super) async fn in_force(world: &World, operator: &Person, draft: PolicyDraft) -> Policy {
    let actor = world.actor(operator.id, None).await;
    run(world, actor, async |cx| {
        let policy = commands::write_policy(cx, draft).await?;
        commands::activate_policy(cx, policy.id, policy.version, 1, "Now".to_owned()).await
    })
    .await
    .expect("it comes into force");
    let all = store::policies::all(&world.portal.store.reader(), 100).await.expect("read");
    all.into_iter().max_by_key(|policy| policy.id).expect("it is there")
}

pub(super) async fn stored(world: &World, id: PolicyId) -> Policy {
    store::policies::get(&world.portal.store.reader(), id)
        .await
        .expect("read")
        .expect("it is there")
}

/// The scopes that count for a member, and what becomes of a launch.
pub(super) async fn opens(world: &World, member: &Member, slug: &str) -> (Vec<String>, LaunchOutcome) {
    let actor = world.acting(member).await;
    let qx = world.qx(actor.clone()).await;
    let mine = crate::apps::queries::my_application(&qx, slug).await.expect("an application");
    let allowed = mine.judged.scopes_that(crate::access::Verdict::Allow);
    let scopes = allowed.map(|judged| judged.scope.name.clone()).collect();
    let outcome = run(world, actor, async |cx| launch(cx, slug).await).await.expect("a decision");
    (scopes, outcome)
}

pub(super) fn refused_text(outcome: Result<Policy, PolicyError>) -> String {
    match outcome {
        Err(error @ PolicyError::Text(_)) => error.to_string(),
        other => panic!("not refused for its text: {other:?}"),
    }
}

/// What the newest event of a kind tells.
pub(super) async fn last_details(world: &World, kind: crate::audit::EventKind) -> serde_json::Value {
    let filter = store::audit_events::TrailFilter {
        actions: vec![kind.as_str()],
        ..store::audit_events::TrailFilter::default()
    };
    let scope = store::audit_events::TrailScope::Everything;
    let page = crate::kernel::PageRequest::Newest;
    let found = store::audit_events::list(&world.portal.store.reader(), scope, &filter, page, 1)
        .await
        .expect("read");
    serde_json::from_str(&found.rows[0].details).expect("JSON")
}
