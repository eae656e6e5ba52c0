//! What an exchange goes out from: somebody's token or a delegation, and who acts already.

use serde_json::{Value, json};

use super::{super::OAuthError, command::Facts};
use crate::{
    cx::Cx,
    issuer::{
        Client, Delegation, Grant, MOST_ACTORS, Object,
        keys::Published,
        standing::{Standing, Who},
        verify::{Live, live},
    },
    kernel::{ApplicationId, DelegationId, Timestamp},
    store::{
        StoreError,
        issuer::{acting, delegations},
    },
};

/// Whom a client wants to act for, and what ties it to them.
#[derive(Debug)]
pub(super) struct Behind {
    pub who: Who,
    /// The application that the subject token is for; a delegation's own.
    pub application: ApplicationId,
    pub parent: Option<Grant>,
    pub delegation: Option<Delegation>,
    /// The scopes of the subject token that count.
    pub scopes: Vec<String>,
    /// The one thing that the subject token is about (RFC 9396).
    pub object: Option<Value>,
    /// The actors that the subject token names already.
    pub act: Option<Value>,
    pub ends_at: Option<Timestamp>,
    /// The person signed in for what is exchanged; nobody did so for a delegation.
    pub person_was_there: bool,
    /// Where the person stands towards `application`, when that was decided already.
    pub standing: Option<Box<Standing>>,
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

pub(super) async fn by_token(
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
    let Some((grant, standing)) = person else {
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
        object: claims.get("authorization_details").cloned(),
        act,
        ends_at,
        person_was_there: claims.contains_key("auth_time"),
        parent: Some(grant),
        standing: Some(standing),
    })
}

pub(super) async fn by_delegation(cx: &Cx, client: &Client, id: &str, facts: &mut Facts) -> Result<Behind, OAuthError> {
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
        object: delegation.object.as_ref().map(Object::details),
        act: None,
        person_was_there: false,
        ends_at: Some(delegation.ends_at),
        delegation: Some(delegation),
        standing: None,
    })
}

/// Who acts, by their own token: the client itself, or a chain that ends with it.
pub(super) async fn acting_one(cx: &Cx, keys: &Published, client: &Client, token: &str, jkt: Option<&str>) -> Result<Value, OAuthError> {
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
pub(super) fn chained(now: Value, before: Option<Value>) -> Result<Value, OAuthError> {
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

/// A request that cannot be answered as it is.
pub(super) fn unacceptable(text: &str) -> OAuthError {
    OAuthError::request(text)
}
