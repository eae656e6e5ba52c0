//! What lets a client act at an application for somebody, and with which scopes.

use serde_json::Value;

use super::{super::OAuthError, behind::Behind, is_still_eligible, request::ExchangeRequest, target::Target};
use crate::{
    access::Verdict,
    cx::Cx,
    issuer::{Acting, Client, Delegation, OPENID_SCOPES, Object, standing::Standing},
    store::issuer::{acting, delegations, grants},
};

/// What lets a client act at the target.
#[derive(Debug)]
pub(super) struct Authority {
    pub delegation: Option<Delegation>,
    /// With these scopes at most.
    pub scopes: Vec<String>,
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

    fn object(&self) -> Option<Value> {
        self.delegation
            .as_ref()
            .and_then(|delegation| delegation.object.as_ref())
            .map(Object::details)
    }
}

/// What lets a client act.
pub(super) async fn authority(
    cx: &Cx,
    client: &Client,
    behind: &Behind,
    target: &Target,
    request: &ExchangeRequest,
) -> Result<Authority, OAuthError> {
    let declared = acting::find(&cx.tx, client.id, target.application.id).await?;
    if let Some(delegation) = &behind.delegation {
        if delegation.application != target.application.id {
            return Err(OAuthError::refused("invalid_target", "The delegation is for another application."));
        }
        if !is_still_eligible(
            &cx.tx,
            client,
            declared.is_some(),
            (behind.who.member, delegation.application),
            cx.now,
        )
        .await?
        {
            return Err(nobody_lets());
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
    let mut given = delegations::between(&cx.tx, behind.who.member, client.id, target.application.id, cx.now).await?;
    let of = (behind.who.member, target.application.id);
    if !given.is_empty() && !is_still_eligible(&cx.tx, client, declared.is_some(), of, cx.now).await? {
        given.clear();
    }
    let given = given.into_iter().map(|delegation| Authority::by(delegation, declared.as_ref()));
    match best(given.collect(), &request.scopes) {
        Some(authority) => Ok(authority),
        None if stopped => Err(OAuthError::refused(
            "access_denied",
            "The person has stopped this client from acting for them.",
        )),
        None => Err(nobody_lets()),
    }
}

fn nobody_lets() -> OAuthError {
    OAuthError::refused(
        "access_denied",
        "Neither the operator nor the person lets this client act at that application.",
    )
}

/// Of several delegations the newest that holds all that is asked for, rather one that is not about one thing alone; when none does, the
/// newest, which says what is too much.
fn best(given: Vec<Authority>, asked: &[String]) -> Option<Authority> {
    let fits = |one: &Authority| asked.iter().all(|scope| one.scopes.contains(scope));
    let position = given
        .iter()
        .position(|one| fits(one) && one.object().is_none())
        .or_else(|| given.iter().position(fits))
        .unwrap_or_default();
    given.into_iter().nth(position)
}

/// The one thing that a new token is about (RFC 9396): that of the subject token, which goes with it, or that of the delegation.
pub(super) fn object(behind: &Behind, authority: &Authority, target: &Target) -> Result<Option<Value>, OAuthError> {
    let own = authority.object();
    let Some(about) = &behind.object else { return Ok(own) };
    if behind.application != target.application.id {
        return Err(OAuthError::refused(
            "invalid_target",
            "subject_token is about one thing at another application.",
        ));
    }
    if own.is_some_and(|own| own != *about) {
        return Err(OAuthError::refused(
            "invalid_target",
            "subject_token is about another thing than the delegation.",
        ));
    }
    Ok(Some(about.clone()))
}

/// The scopes of the new token: asked for, held by the person now, within what lets the client, and never more than the subject token has
/// for the same application.
pub(super) fn narrowed(
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
