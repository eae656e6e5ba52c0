//! The exchange itself: who stands behind it, what lets the client, how far that goes, and the token.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::{
    authority::{Authority, authority, narrowed, object},
    behind::{Behind, acting_one, by_delegation, by_token, chained, unacceptable},
    may_act,
    request::{ExchangeRequest, SubjectToken},
    target::{self, Target},
};
use crate::{
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    issuer::{
        ACTING_SECONDS, ActingKind, Client, ClientAuthentication, Grant, OAuthError,
        claims::{Issue, subject},
        commands::{Issued, used},
        keys::{KeyError, Published, TokenType},
        standing::{Refusal, Standing, stand},
    },
    kernel::{GrantId, MemberId, OrganizationId, PersonId, new_uuid},
    organizations::Lifetimes,
    store::{
        self,
        issuer::{delegations, grants},
    },
};

/// What is known so far, for the trail.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub person: Option<(PersonId, MemberId, OrganizationId)>,
    target: Option<Target>,
    policies: Vec<String>,
    pub details: Vec<(&'static str, Value)>,
}

/// Exchanges a token of somebody, or a delegation, for one in which the client acts.
///
/// # Errors
/// [`OAuthError`]; commit all the same: every refusal of a client that has proved itself is recorded.
pub async fn exchange(cx: &mut Cx, keys: &Published, client: &Client, request: &ExchangeRequest) -> Result<Issued, OAuthError> {
    // Such a client has proved nothing, so nothing is recorded in its name.
    if client.terms.authentication == ClientAuthentication::None {
        return Err(OAuthError::refused(
            "unauthorized_client",
            "A public client cannot act for anybody: it has no proof of its own.",
        ));
    }
    let mut facts = Facts::default();
    let outcome = attempt(cx, keys, client, request, &mut facts).await;
    let (outcome_word, reason) = match &outcome {
        Ok((_, reason)) => (Outcome::Allowed, reason.clone()),
        Err(OAuthError::Refused { description, .. }) => (Outcome::Denied, description.clone()),
        Err(_) => return outcome.map(|(issued, _)| issued),
    };
    let mut event = Event::new(EventKind::TokenExchanged)
        .outcome(outcome_word)
        .detail("client", client.terms.client_id.clone())
        .detail("scopes_asked", request.scopes.clone())
        .detail("policies", facts.policies)
        .reason(reason);
    if let Some((person, member, organization)) = facts.person {
        if let Some(organization) = store::organizations::get(&cx.tx, organization).await? {
            event = event.organization(organization.id, organization.name);
        }
        if let Some(person) = store::people::get(&cx.tx, person).await? {
            event = event.subject(Subject::new("member", member, person.name));
        }
    }
    if let Some(target) = facts.target {
        event = event
            .application(target.application.id, target.application.name)
            .detail("audience", target.audience);
    }
    for (name, value) in facts.details {
        event = event.detail(name, value);
    }
    audit::record(cx, event).await?;
    outcome.map(|(issued, _)| issued)
}

async fn attempt(
    cx: &mut Cx,
    keys: &Published,
    client: &Client,
    request: &ExchangeRequest,
    facts: &mut Facts,
) -> Result<(Issued, String), OAuthError> {
    if !may_act(&cx.tx, client).await? {
        return Err(OAuthError::refused("unauthorized_client", "This client acts for nobody."));
    }
    let issued_type = request.issued_type()?;
    let actor = request.actor()?;
    let mut behind = match request.subject()? {
        SubjectToken::Access(token) => by_token(cx, keys, client, token, request.jkt.as_deref(), facts).await?,
        SubjectToken::Delegation(id) => by_delegation(cx, client, id, facts).await?,
    };
    let actor_act = match actor {
        Some(token) => Some(acting_one(cx, keys, client, token, request.jkt.as_deref()).await?),
        None => None,
    };
    let target = target::find(&cx.tx, request, behind.application).await?;
    facts.target = Some(target.clone());
    let authority = authority(cx, client, &behind, &target, request).await?;
    let object = object(&behind, &authority, &target)?;
    // Without a token of its own in hand, a client that may is taken for the person; a chain that is there is never hidden.
    let impersonates =
        client.terms.may_act_for == ActingKind::Impersonation && actor.is_none() && behind.act.is_none() && authority.delegation.is_none();
    let act = if impersonates {
        None
    } else {
        Some(chained(
            actor_act.unwrap_or_else(|| json!({ "sub": client.terms.client_id })),
            behind.act.clone(),
        )?)
    };
    facts.details.push(("impersonation", json!(impersonates)));
    if let Some(act) = &act {
        facts.details.push(("act", act.clone()));
    }
    if let Some(delegation) = &authority.delegation {
        facts.details.push(("delegation", json!(delegation.id)));
    }
    let standing = standing(cx, &mut behind, &target, facts).await?;
    facts.details.push(("circumstances", json!(standing.judged.circumstance)));
    let scopes = narrowed(request, &behind, &authority, &target, &standing)?;
    facts.policies = standing.policies(&scopes).into_iter().map(str::to_owned).collect();
    facts.details.push(("scopes", json!(scopes)));
    let grant = granted(cx, client, &behind, &authority, &target, &scopes).await?;
    let (issued, token_id) = signed(
        cx,
        keys,
        client,
        request,
        &behind,
        &authority,
        &target,
        &standing,
        &grant,
        act,
        scopes,
        object,
        issued_type,
    )?;
    used(cx, &standing.judged.held.assignment).await?;
    facts.details.push(("grant", json!(grant.id)));
    facts.details.push(("parent", json!(grant.parent)));
    facts.details.push(("token", json!(token_id)));
    Ok((issued, standing.judged.decision.reason()))
}

async fn standing(cx: &Cx, behind: &mut Behind, target: &Target, facts: &mut Facts) -> Result<Standing, OAuthError> {
    // Decided a moment ago, in this transaction.
    if behind.application == target.application.id
        && let Some(known) = behind.standing.take()
    {
        return Ok(*known);
    }
    match stand(&cx.tx, &cx.policies, &cx.tenant, &behind.who, target.application.id, cx.now).await? {
        Ok(standing) => Ok(standing),
        Err(refusal) => {
            facts.policies = refusal.policies().into_iter().map(str::to_owned).collect();
            facts.details.push(("circumstances", refusal.circumstance()));
            // RFC 8693 §2.2.2: unwilling to issue a token for that target.
            let code = match refusal {
                Refusal::StepUp(_) => "interaction_required",
                Refusal::Nobody(_) | Refusal::Decided(_) => "invalid_target",
            };
            Err(OAuthError::refused(code, refusal.reason()))
        }
    }
}

/// The grant of the new token: one for everything that a client does out of the same grant or delegation.
async fn granted(
    cx: &mut Cx,
    client: &Client,
    behind: &Behind,
    authority: &Authority,
    target: &Target,
    scopes: &[String],
) -> Result<Grant, OAuthError> {
    let ended = || OAuthError::refused("access_denied", "What stood behind it was ended.");
    // Both are held until the commit, so that whoever ends them at this moment ends this too.
    // Delegations before grants and grants by their id, as those do it.
    if let Some(delegation) = &authority.delegation
        && !delegations::touch(&cx.tx, delegation.id, cx.now).await?
    {
        return Err(ended());
    }
    if let Some(parent) = &behind.parent
        && !grants::touch(&cx.tx, parent.id, cx.now).await?
    {
        return Err(ended());
    }
    let parent = behind.parent.as_ref().map(|parent| parent.id);
    let delegation = authority.delegation.as_ref().map(|delegation| delegation.id);
    if let Some(known) = grants::exchanged(&cx.tx, parent, delegation, client.id, target.application.id).await? {
        if !grants::touch(&cx.tx, known.id, cx.now).await? {
            return Err(ended());
        }
        // The ledger shows all that the client had, not what it asked for first.
        grants::widen(&cx.tx, &known, scopes).await?;
        return Ok(known);
    }
    let grant = Grant {
        id: GrantId::new(cx.now, &mut cx.rng),
        client: client.id,
        application: target.application.id,
        organization: behind.who.organization,
        member: behind.who.member,
        person: behind.who.person,
        provider: behind.who.provider,
        scopes: scopes.to_vec(),
        authenticated_at: behind.who.authenticated_at,
        second_factor_at: behind.who.second_factor_at,
        nonce: None,
        session: behind.parent.as_ref().and_then(|parent| parent.session.clone()),
        jkt: None,
        created_at: cx.now,
        parent,
        delegation,
        revoked_at: None,
    };
    grants::insert(&cx.tx, &grant).await?;
    grants::touch(&cx.tx, grant.id, cx.now).await?;
    Ok(grant)
}

#[expect(clippy::too_many_arguments, reason = "everything that a token says")]
fn signed(
    cx: &mut Cx,
    keys: &Published,
    client: &Client,
    request: &ExchangeRequest,
    behind: &Behind,
    authority: &Authority,
    target: &Target,
    standing: &Standing,
    grant: &Grant,
    act: Option<Value>,
    scopes: Vec<String>,
    object: Option<Value>,
    issued_type: &'static str,
) -> Result<(Issued, String), OAuthError> {
    // How the application's tokens are, its own client says; this client may be somebody else's.
    let owner = target.client.as_ref().unwrap_or(client);
    let key = keys.signing(owner.terms.signing, cx.now).ok_or(KeyError::NotMade)?;
    let issuer = cx.settings.public_url.clone();
    let delegation_ends = authority.delegation.as_ref().map(|delegation| delegation.ends_at);
    let limit = standing.circumstances.organization.lifetimes.access_seconds;
    let life = Lifetimes::shorter(limit, client.access_life()).min(Duration::seconds(ACTING_SECONDS));
    let expires_at = [standing.token_ends_at(&scopes), behind.ends_at, delegation_ends]
        .into_iter()
        .flatten()
        .fold(cx.now + life, std::cmp::min);
    let expires_in = (expires_at - cx.now).num_seconds();
    if expires_in < 1 {
        return Err(unacceptable("subject_token ends this second."));
    }
    let issue = Issue {
        issuer: &issuer,
        client: owner,
        subject: subject(owner, target.application.id, grant.member, &cx.master_key),
        now: cx.now,
        expires_at,
        scopes: &scopes,
        key: request.jkt.as_deref(),
        person_was_there: behind.person_was_there,
    };
    let token_id = new_uuid(cx.now, &mut cx.rng).to_string();
    let mut claims: Map<String, Value> = issue.access(grant, standing, &target.audience, &token_id);
    claims.insert("client_id".to_owned(), json!(client.terms.client_id));
    if let Some(act) = act {
        claims.insert("act".to_owned(), act);
    }
    if let Some(object) = &object {
        claims.insert("authorization_details".to_owned(), object.clone());
    }
    let access_token = key.sign(TokenType::Access, &claims)?;
    let issued = Issued {
        access_token,
        token_type: if request.jkt.is_some() { "DPoP" } else { "Bearer" },
        expires_in,
        scope: scopes.join(" "),
        refresh_token: None,
        id_token: None,
        issued_token_type: Some(issued_type),
        authorization_details: object,
    };
    Ok((issued, token_id))
}
