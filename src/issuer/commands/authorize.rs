//! Deciding an authorization request of somebody who is signed in.

use chrono::Duration;
use serde_json::json;

use super::super::{
    OAuthError,
    consent::{
        Said,
        commands::{Consented, consented},
    },
    model::{CODE_SECONDS, Client, Code, Grant},
    request::Asked,
    standing::{Refusal, Who, stand},
};
use crate::{
    access::Refused,
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    kernel::{BearerSecret, GrantId, MemberId},
    store::{self, issuer::grants, sessions::SignedInAs},
};

/// What a request in a partner's hat came to; its event is written whenever it was decided.
#[derive(Debug)]
pub enum Authorized {
    /// Here is the code.
    Code(BearerSecret),
    /// A fresh second factor first.
    StepUp,
    /// They have to be asked first whether the client may have these scopes; nothing was decided yet.
    Consent {
        /// As which member.
        member: MemberId,
        /// The scopes.
        scopes: Vec<String>,
    },
    /// Nothing of what was asked for can be given.
    NoScope,
    /// Refused, with the reason.
    Denied(String),
}

/// Decides, records, and makes the grant with its code. `said` is what the person answered to this very request, if they were asked.
///
/// # Errors
/// [`OAuthError`]: `access_denied` in the tenant's own hat, which is not about any partner and leaves no event.
pub async fn authorize(
    cx: &mut Cx,
    session: &SignedInAs,
    client: &Client,
    asked: &Asked,
    redirect_uri: &str,
    said: Option<&Said>,
) -> Result<Authorized, OAuthError> {
    let person = cx
        .actor
        .person()
        .ok_or_else(|| OAuthError::refused("login_required", Refused::SignedOut.to_string()))?;
    let Some(acting) = person.member.clone() else {
        return Err(OAuthError::refused(
            "access_denied",
            "Nobody starts a partner's application in the hat of the company itself.",
        ));
    };
    let who = Who {
        person: person.id,
        member: acting.id,
        organization: acting.organization,
        provider: session.through.as_ref().map(|through| through.provider),
        authenticated_at: session.authenticated_at(),
        second_factor_at: session.second_factor_at,
    };
    let name = person.name.clone();
    let event = Event::new(EventKind::Authorized)
        .organization(acting.organization, acting.organization_name.clone())
        .subject(Subject::new("member", acting.id, name))
        .detail("client", client.terms.client_id.clone())
        .detail("scopes_asked", asked.scopes.clone());
    let application = store::applications::get(&cx.tx, client.application).await?;
    let event = match application {
        Some(application) => event.application(application.id, application.name),
        None => event,
    };
    let standing = match stand(&cx.tx, &cx.policies, &cx.tenant, &who, client.application, cx.now).await? {
        Ok(standing) => standing,
        Err(refusal) => {
            let reason = refusal.reason();
            let event = event
                .outcome(Outcome::Denied)
                .detail("policies", refusal.policies())
                .detail("circumstances", refusal.circumstance())
                .reason(&reason);
            audit::record(cx, event).await?;
            return Ok(match refusal {
                Refusal::StepUp(_) => Authorized::StepUp,
                _ => Authorized::Denied(reason),
            });
        }
    };
    let event = event
        .detail("circumstances", json!(standing.judged.circumstance))
        .detail("scopes_kept_back", standing.judged.kept_back());
    // Whoever asks for more than one factor opens is sent for the second one (RFC 9470).
    let waiting = standing.waiting(&asked.scopes);
    if let Some(first) = waiting.first() {
        let policies: Vec<&str> = waiting.iter().flat_map(|judged| judged.decision.policies()).collect();
        let event = event
            .outcome(Outcome::Denied)
            .detail("policies", policies)
            .reason(first.decision.reason());
        audit::record(cx, event).await?;
        return Ok(Authorized::StepUp);
    }
    let scopes = standing.given(&asked.scopes);
    if scopes.is_empty() {
        let event = event
            .outcome(Outcome::Denied)
            .reason("The person holds none of the permissions that were asked for.");
        audit::record(cx, event).await?;
        return Ok(Authorized::NoScope);
    }
    match consented(cx, client, redirect_uri, &who, &scopes, said, asked.consent).await? {
        Consented::Yes => {}
        Consented::Ask => {
            return Ok(Authorized::Consent {
                member: who.member,
                scopes,
            });
        }
        Consented::No => {
            let reason = "The person refused.";
            audit::record(cx, event.outcome(Outcome::Denied).reason(reason)).await?;
            return Ok(Authorized::Denied(reason.to_owned()));
        }
    }
    let grant = Grant {
        id: GrantId::new(cx.now, &mut cx.rng),
        client: client.id,
        application: client.application,
        organization: who.organization,
        member: who.member,
        person: who.person,
        provider: who.provider,
        scopes,
        authenticated_at: who.authenticated_at,
        second_factor_at: who.second_factor_at,
        nonce: asked.nonce.clone(),
        session: Some(session.name()),
        jkt: asked.jkt.clone(),
        created_at: cx.now,
        parent: None,
        delegation: None,
        revoked_at: None,
    };
    grants::insert(&cx.tx, &grant).await?;
    let code = BearerSecret::generate(&mut cx.rng);
    let stored = Code {
        hash: code.hash(),
        grant: grant.id,
        redirect_uri: redirect_uri.to_owned(),
        challenge: asked.challenge.clone(),
        expires_at: cx.now + Duration::seconds(CODE_SECONDS),
        used_at: None,
    };
    grants::insert_code(&cx.tx, stored).await?;
    store::grants::touch_assignment(&cx.tx, standing.judged.held.assignment.id, cx.now).await?;
    let event = event
        .outcome(Outcome::Allowed)
        .detail("grant", grant.id.to_string())
        .detail("scopes", grant.scopes.clone())
        .detail("policies", standing.policies(&grant.scopes))
        .reason(standing.judged.decision.reason());
    audit::record(cx, event).await?;
    Ok(Authorized::Code(code))
}
