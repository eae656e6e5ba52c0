//! The exchange itself: who stands behind it, what lets the client, how far that goes, and the token.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::{
    request::{ExchangeRequest, SubjectToken},
    target::{self, Target},
};
use crate::{
    access::Verdict,
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    issuer::{
        ACTING_SECONDS, Acting, ActingKind, Client, ClientAuthentication, Delegation, Grant, GrantType, MOST_ACTORS, OAuthError,
        OPENID_SCOPES,
        claims::{Issue, subject},
        commands::Issued,
        keys::{KeyError, Published, TokenType},
        standing::{Refusal, Standing, Who, stand},
        verify::{Live, live},
    },
    kernel::{DelegationId, GrantId, MemberId, OrganizationId, PersonId, Timestamp, new_uuid},
    organizations::Lifetimes,
    store::{
        self, StoreError,
        issuer::{acting, delegations, grants},
    },
};

/// Whom a client wants to act for, and what ties it to them.
#[derive(Debug)]
struct Behind {
    who: Who,
    /// The application that the subject token is for; a delegation's own.
    application: crate::kernel::ApplicationId,
    parent: Option<Grant>,
    delegation: Option<Delegation>,
    /// The scopes of the subject token that count.
    scopes: Vec<String>,
    /// The actors that the subject token names already.
    act: Option<Value>,
    ends_at: Option<Timestamp>,
}

/// What is known so far, for the trail.
#[derive(Debug, Default)]
struct Facts {
    person: Option<(PersonId, MemberId, OrganizationId)>,
    target: Option<Target>,
    policies: Vec<String>,
    details: Vec<(&'static str, Value)>,
}

/// Exchanges a token of somebody, or a delegation, for one in which the client acts.
///
/// # Errors
/// [`OAuthError`]; commit all the same: every refusal is recorded.
pub async fn exchange(cx: &mut Cx, keys: &Published, client: &Client, request: &ExchangeRequest) -> Result<Issued, OAuthError> {
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
    if !client.may(GrantType::TokenExchange) || client.terms.may_act_for == ActingKind::None {
        return Err(OAuthError::refused("unauthorized_client", "This client acts for nobody."));
    }
    if client.terms.authentication == ClientAuthentication::None {
        return Err(OAuthError::refused(
            "unauthorized_client",
            "A public client cannot act for anybody: it has no proof of its own.",
        ));
    }
    let issued_type = request.issued_type()?;
    let actor = request.actor()?;
    let behind = match request.subject()? {
        SubjectToken::Access(token) => by_token(cx, keys, client, token, request.jkt.as_deref(), facts).await?,
        SubjectToken::Delegation(id) => by_delegation(cx, client, id, facts).await?,
    };
    let actor_act = match actor {
        Some(token) => Some(acting_one(cx, keys, client, token, request.jkt.as_deref()).await?),
        None => None,
    };
    let target = target::find(&cx.tx, request, behind.application).await?;
    facts.target = Some(target.clone());
    let authority = authority(cx, client, &behind, &target).await?;
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
    let standing = standing(cx, &behind.who, &target, facts).await?;
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
        issued_type,
    )?;
    facts.details.push(("grant", json!(grant.id)));
    facts.details.push(("parent", json!(grant.parent)));
    facts.details.push(("token", json!(token_id)));
    Ok((issued, standing.judged.decision.reason()))
}

fn unacceptable(text: &str) -> OAuthError {
    OAuthError::request(text)
}

/// A token of ours, as it counts at this moment.
async fn counting(cx: &Cx, keys: &Published, token: &str) -> Result<Option<Live>, StoreError> {
    live(&cx.tx, &cx.policies, &cx.tenant, &cx.settings.public_url, keys, token, cx.now).await
}

/// A token of the client's own that is bound to its key comes with a proof of that key (RFC 9449 §7). Of somebody else's token it cannot
/// have one; whoever handed it over had checked that.
fn proves_its_own(found: &Live, client: &Client, jkt: Option<&str>) -> Result<(), OAuthError> {
    match found.bound_to() {
        Some(key) if found.client.id == client.id && jkt != Some(key) => {
            Err(unacceptable("The token is bound to another key than the one proven."))
        }
        _ => Ok(()),
    }
}

async fn by_token(
    cx: &Cx,
    keys: &Published,
    client: &Client,
    token: &str,
    jkt: Option<&str>,
    facts: &mut Facts,
) -> Result<Behind, OAuthError> {
    let Some(found) = counting(cx, keys, token).await? else {
        return Err(unacceptable("subject_token is worth nothing (any more)."));
    };
    proves_its_own(&found, client, jkt)?;
    let scopes = found.scopes();
    let Live {
        claims,
        person,
        client: holder,
        ..
    } = found;
    let Some((grant, _)) = person else {
        return Err(unacceptable("subject_token is a client's own: there is nobody to act for."));
    };
    facts.person = Some((grant.person, grant.member, grant.organization));
    facts
        .details
        .push(("subject_token", claims.get("jti").cloned().unwrap_or_default()));
    let act = claims.get("act").cloned();
    if act.is_none() && grant.parent.is_some() {
        return Err(unacceptable("A token that names nobody who acts is exchanged no further."));
    }
    if act.as_ref().and_then(|act| act.get("sub")).and_then(Value::as_str) == Some(&client.terms.client_id) {
        return Err(unacceptable("In subject_token this very client acts already."));
    }
    // It was given this token, is the application that the token is for, or is one that the operator lets act there (`may_act`).
    let handed = holder.id == client.id
        || grant.application == client.application
        || acting::find(&cx.tx, client.id, grant.application).await?.is_some();
    if !handed {
        return Err(unacceptable("subject_token is neither for this client nor for its application."));
    }
    let ends_at = claims
        .get("exp")
        .and_then(Value::as_i64)
        .and_then(|seconds| Timestamp::from_timestamp(seconds, 0));
    Ok(Behind {
        who: Who::from(&grant),
        application: grant.application,
        delegation: None,
        scopes,
        act,
        ends_at,
        parent: Some(grant),
    })
}

async fn by_delegation(cx: &Cx, client: &Client, id: &str, facts: &mut Facts) -> Result<Behind, OAuthError> {
    let nothing = || unacceptable("No delegation to this client is known by that id, or it has ended.");
    let id: DelegationId = id.parse().map_err(|_| nothing())?;
    let delegation = delegations::get(&cx.tx, id)
        .await?
        .filter(|delegation| delegation.client == client.id)
        .ok_or_else(nothing)?;
    facts.person = Some((delegation.person, delegation.member, delegation.organization));
    facts.details.push(("delegation", json!(id)));
    if !delegation.is_in_force_at(cx.now) {
        return Err(nothing());
    }
    Ok(Behind {
        who: Who {
            person: delegation.person,
            member: delegation.member,
            organization: delegation.organization,
            provider: delegation.provider,
            authenticated_at: delegation.created_at,
            // Nobody is there who could give one.
            second_factor_at: None,
        },
        application: delegation.application,
        parent: None,
        scopes: delegation.scopes.clone(),
        act: None,
        ends_at: Some(delegation.ends_at),
        delegation: Some(delegation),
    })
}

/// Who acts, by their own token: the client itself, or a chain that ends with it.
async fn acting_one(cx: &Cx, keys: &Published, client: &Client, token: &str, jkt: Option<&str>) -> Result<Value, OAuthError> {
    let found = counting(cx, keys, token).await?;
    let found = found.ok_or_else(|| unacceptable("actor_token is worth nothing (any more)."))?;
    if found.client.id != client.id {
        return Err(unacceptable("actor_token is another client's."));
    }
    proves_its_own(&found, client, jkt)?;
    match (found.person, found.claims.get("act")) {
        (None, _) => Ok(json!({ "sub": client.terms.client_id })),
        (Some(_), Some(act)) => Ok(act.clone()),
        (Some(_), None) => Err(unacceptable(
            "actor_token is a person's own: it has to be the client's, or one in which it acts.",
        )),
    }
}

/// The actors of a new token: those of `now` in front, those of `before` behind them.
fn chained(now: Value, before: Option<Value>) -> Result<Value, OAuthError> {
    let mut names = names_of(&now);
    names.extend(before.as_ref().map(names_of).unwrap_or_default());
    if names.len() > MOST_ACTORS {
        return Err(unacceptable("Too many systems would act behind each other."));
    }
    let mut chain: Option<Value> = None;
    for name in names.into_iter().rev() {
        chain = Some(match chain {
            Some(inner) => json!({ "sub": name, "act": inner }),
            None => json!({ "sub": name }),
        });
    }
    chain.ok_or_else(|| unacceptable("Nobody acts."))
}

fn names_of(act: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut here = Some(act);
    while let Some(act) = here {
        names.push(act.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned());
        here = act.get("act");
    }
    names
}

/// What lets a client act at the target.
#[derive(Debug)]
struct Authority {
    delegation: Option<Delegation>,
    /// With these scopes at most.
    scopes: Vec<String>,
}

impl Authority {
    /// A delegation: never more than the operator declared, where something is declared.
    fn by(delegation: Delegation, declared: Option<&Acting>) -> Self {
        let mut scopes = delegation.scopes.clone();
        if let Some(declared) = declared {
            scopes.retain(|scope| declared.scopes.contains(scope));
        }
        Self {
            delegation: Some(delegation),
            scopes,
        }
    }
}

async fn authority(cx: &Cx, client: &Client, behind: &Behind, target: &Target) -> Result<Authority, OAuthError> {
    let declared = acting::find(&cx.tx, client.id, target.application.id).await?;
    if let Some(delegation) = &behind.delegation {
        if delegation.application != target.application.id {
            return Err(OAuthError::refused("invalid_target", "The delegation is for another application."));
        }
        return Ok(Authority::by(delegation.clone(), declared.as_ref()));
    }
    let stopped = grants::was_stopped(&cx.tx, behind.who.member, client.id, target.application.id).await?;
    if let Some(declared) = declared.as_ref().filter(|_| !stopped) {
        return Ok(Authority {
            delegation: None,
            scopes: declared.scopes.clone(),
        });
    }
    let given = delegations::between(&cx.tx, behind.who.member, client.id, target.application.id, cx.now).await?;
    match given.into_iter().next() {
        Some(delegation) => Ok(Authority::by(delegation, declared.as_ref())),
        None if stopped => Err(OAuthError::refused(
            "access_denied",
            "The person has stopped this client from acting for them.",
        )),
        None => Err(OAuthError::refused(
            "access_denied",
            "Neither the operator nor the person lets this client act at that application.",
        )),
    }
}

async fn standing(cx: &Cx, who: &Who, target: &Target, facts: &mut Facts) -> Result<Standing, OAuthError> {
    match stand(&cx.tx, &cx.policies, &cx.tenant, who, target.application.id, cx.now).await? {
        Ok(standing) => Ok(standing),
        Err(refusal) => {
            facts.policies = refusal.policies().into_iter().map(str::to_owned).collect();
            // RFC 8693 §2.2.2: unwilling to issue a token for that target.
            let code = match refusal {
                Refusal::StepUp(_) => "interaction_required",
                Refusal::Nobody(_) | Refusal::Decided(_) => "invalid_target",
            };
            Err(OAuthError::refused(code, refusal.reason()))
        }
    }
}

/// The scopes of the new token: asked for, held by the person now, within what lets the client, and never more than the subject token has
/// for the same application.
fn narrowed(
    request: &ExchangeRequest,
    behind: &Behind,
    authority: &Authority,
    target: &Target,
    standing: &Standing,
) -> Result<Vec<String>, OAuthError> {
    let same_application = behind.application == target.application.id;
    let possible: Vec<String> = authority
        .scopes
        .iter()
        .filter(|scope| !OPENID_SCOPES.contains(&scope.as_str()))
        .filter(|scope| !same_application || behind.scopes.contains(scope))
        .cloned()
        .collect();
    let possible = standing.given(&possible);
    if let Some(more) = request.scopes.iter().find(|scope| !possible.contains(scope)) {
        let waits = standing
            .judged
            .scopes_that(Verdict::StepUp)
            .any(|judged| judged.scope.name == **more);
        return Err(if waits {
            OAuthError::refused(
                "interaction_required",
                format!("{more} needs the person and a fresh second factor."),
            )
        } else {
            OAuthError::refused(
                "invalid_scope",
                format!("{more} is more than this client can have for this person there."),
            )
        });
    }
    let scopes = if request.scopes.is_empty() {
        possible
    } else {
        request.scopes.clone()
    };
    if scopes.is_empty() {
        return Err(OAuthError::refused(
            "invalid_scope",
            "Nothing is left that this client could have for this person there.",
        ));
    }
    Ok(scopes)
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
    if let Some(parent) = &behind.parent
        && !grants::touch(&cx.tx, parent.id, cx.now).await?
    {
        return Err(ended());
    }
    if let Some(delegation) = &authority.delegation
        && !delegations::touch(&cx.tx, delegation.id, cx.now).await?
    {
        return Err(ended());
    }
    let parent = behind.parent.as_ref().map(|parent| parent.id);
    let delegation = authority.delegation.as_ref().map(|delegation| delegation.id);
    if let Some(known) = grants::exchanged(&cx.tx, parent, delegation, client.id, target.application.id).await? {
        return if grants::touch(&cx.tx, known.id, cx.now).await? {
            Ok(known)
        } else {
            Err(ended())
        };
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
    issued_type: &'static str,
) -> Result<(Issued, String), OAuthError> {
    // How the application's tokens are, its own client says; this client may be somebody else's.
    let owner = target.client.as_ref().unwrap_or(client);
    let key = keys.signing(owner.terms.signing, cx.now).ok_or(KeyError::NotMade)?;
    let issuer = cx.settings.public_url.clone();
    let delegation_ends = authority.delegation.as_ref().map(|delegation| delegation.ends_at);
    let limit = standing.circumstances.organization.lifetimes.access_seconds;
    let life = Lifetimes::shorter(limit, client.access_life()).min(Duration::seconds(ACTING_SECONDS));
    let expires_at = [standing.ends_at(), behind.ends_at, delegation_ends]
        .into_iter()
        .flatten()
        .fold(cx.now + life, Timestamp::min);
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
    };
    let token_id = new_uuid(cx.now, &mut cx.rng).to_string();
    let mut claims: Map<String, Value> = issue.access(grant, standing, &target.audience, &token_id);
    claims.insert("client_id".to_owned(), json!(client.terms.client_id));
    if let Some(act) = act {
        claims.insert("act".to_owned(), act);
    }
    let details = authority
        .delegation
        .as_ref()
        .and_then(|delegation| delegation.object.as_ref())
        .map(super::super::Object::details);
    if let Some(details) = &details {
        claims.insert("authorization_details".to_owned(), details.clone());
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
        authorization_details: details,
    };
    Ok((issued, token_id))
}
