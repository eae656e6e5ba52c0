//! Starting an application: decide, record, note the use.

use serde_json::json;
use thiserror::Error;
use url::Url;

use crate::{
    access::{Refused, Verdict},
    apps::chain::{Circumstances, Judged, link_word},
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    kernel::ApplicationId,
    store::{self, StoreError, holdings::Which},
};

/// Why a launch is not even decided.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// Nobody signed in, or nothing of that name in this person's hands.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a launch came to; its event is written in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchOutcome {
    /// Go there.
    Go(Url),
    /// A fresh second factor is needed first.
    StepUp,
    /// Refused.
    Denied,
}

/// Decides the launch of an application by the active member, records the decision with its chain, and notes the use.
///
/// # Errors
/// [`Refused::SignedOut`], or [`Refused::NotFound`] when the member holds nothing of that name.
pub async fn launch(cx: &mut Cx, slug: &str) -> Result<LaunchOutcome, LaunchError> {
    let person = cx.actor.person().ok_or(Refused::SignedOut)?;
    let (name, email) = (person.name.clone(), person.email.clone());
    let acting = person.member.as_ref().ok_or(Refused::NotFound)?;
    let circumstances = Circumstances::load(&cx.tx, acting.organization, acting.id, cx.tenant.certification_grace_days, cx.now)
        .await?
        .ok_or(Refused::NotFound)?;
    // A renewed assignment is the last of its kind; older ones lead nowhere any more.
    let held = store::holdings::held_by_member(&cx.tx, circumstances.member.id, Which::Named(slug)).await?;
    let judged = held
        .into_iter()
        .map(|held| circumstances.judge(&cx.policies, &cx.actor, held))
        .max_by_key(|judged| (judged.decision.verdict == Verdict::Allow, judged.held.assignment.id))
        .ok_or(Refused::NotFound)?;
    let allowed = judged.decision.verdict == Verdict::Allow;
    let client = if allowed {
        signing_in(cx, judged.held.application.id).await?
    } else {
        None
    };
    let mut event = launched(&judged)
        .organization(circumstances.organization.id, &circumstances.organization.name)
        .subject(Subject::new("member", circumstances.member.id, name))
        .outcome(if allowed { Outcome::Allowed } else { Outcome::Denied })
        .reason(judged.decision.reason());
    if let Some((client, _)) = &client {
        event = event.detail("client", client.clone());
    }
    audit::record(cx, event).await?;
    Ok(match judged.decision.verdict {
        Verdict::Allow => {
            store::grants::touch_assignment(&cx.tx, judged.held.assignment.id, cx.now).await?;
            let application = judged.held.application;
            LaunchOutcome::Go(match client {
                Some((_, begin)) => beginning(begin, &cx.settings.public_url, &email, &application.launch_url),
                None => application.launch_url,
            })
        }
        Verdict::StepUp => LaunchOutcome::StepUp,
        Verdict::Deny => LaunchOutcome::Denied,
    })
}

/// The client that signs people of an application in when the portal asks it to, and where it begins: the oldest one in use that can.
async fn signing_in(cx: &Cx, application: ApplicationId) -> Result<Option<(String, Url)>, StoreError> {
    let clients = store::issuer::clients::of_application(&cx.tx, application).await?;
    Ok(clients
        .into_iter()
        .filter(|client| client.disabled_at.is_none() && !client.terms.redirect_uris.is_empty())
        .find_map(|client| {
            let begin = client.terms.initiate_login_uri.as_deref()?.parse().ok()?;
            Some((client.terms.client_id, begin))
        }))
}

/// Asks a client to begin the sign-in (OpenID Connect Core §4): who asks, for whom, and where the person wants to arrive.
fn beginning(mut begin: Url, issuer: &str, login_hint: &str, target: &Url) -> Url {
    begin
        .query_pairs_mut()
        .append_pair("iss", issuer)
        .append_pair("login_hint", login_hint)
        .append_pair("target_link_uri", target.as_str());
    begin
}

fn launched(judged: &Judged) -> Event {
    let chain: Vec<_> = judged
        .facts
        .chain
        .iter()
        .map(|link| json!({ "link": link_word(link.kind), "holds": link.holds, "ends_at": link.ends_at.map(|end| end.to_rfc3339()), "says": link.says }))
        .collect();
    let high_value = judged.facts.scopes.iter().any(|scope| scope.high_value);
    Event::new(EventKind::Launched)
        .application(judged.held.application.id, &judged.held.application.name)
        .detail("assignment", judged.held.assignment.id.to_string())
        .detail("policies", judged.decision.policies())
        .detail("chain", chain)
        .detail(
            "scopes",
            judged.facts.scopes.iter().map(|scope| scope.name.clone()).collect::<Vec<_>>(),
        )
        .detail("high_value", high_value)
        .detail("scopes_kept_back", judged.kept_back())
        .detail("circumstances", json!(judged.circumstance))
}
