//! Whether an access token still counts (RFC 7662, and the endpoints that take one): signed by us, not ended, not revoked, and everything
//! behind it still in force at this moment.

use serde_json::{Map, Value};

use super::{
    commands::spent_token,
    exchange::still_stands,
    keys::{Published, TokenType},
    model::{Client, Grant, GrantType},
    standing::{Refusal, Standing, Who, stand},
};
use crate::{
    access::Policies,
    kernel::{ApplicationId, GrantId, Timestamp},
    organizations::Tenant,
    store::{
        self, Db, StoreError,
        issuer::{clients, grants},
    },
};

/// A token that counts.
#[derive(Debug)]
pub struct Live {
    /// What it says.
    pub claims: Map<String, Value>,
    /// Whose it is.
    pub client: Client,
    /// The person behind it; none when the client has it for itself.
    pub person: Option<(Grant, Box<Standing>)>,
}

impl Live {
    /// Thumbprint of the key that it is bound to (RFC 9449 §6.1).
    #[must_use]
    pub fn bound_to(&self) -> Option<&str> {
        self.claims.get("cnf")?.get("jkt")?.as_str()
    }

    /// The application that it is for; its holder may be a client of another, which acts there for somebody.
    #[must_use]
    pub fn application(&self) -> ApplicationId {
        self.person.as_ref().map_or(self.client.application, |(grant, _)| grant.application)
    }

    /// Its scopes that still count: what the person lost since is gone.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        let said: Vec<String> = self
            .claims
            .get("scope")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect();
        match &self.person {
            Some((_, standing)) => standing.given(&said),
            None => said
                .into_iter()
                .filter(|scope| self.client.terms.own_scopes.contains(scope))
                .collect(),
        }
    }
}

/// What a look at an access token showed.
#[derive(Debug)]
pub enum Looked {
    /// It counts.
    Live(Box<Live>),
    /// It would, after a fresh second factor; why, in a sentence (RFC 9470).
    StepUp(String),
    /// It is worth nothing, whatever the reason.
    Worthless,
}

/// Looks at an access token; none when it is worth nothing now, whatever the reason.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn live(
    db: &impl Db,
    policies: &Policies,
    tenant: &Tenant,
    issuer: &str,
    keys: &Published,
    token: &str,
    now: Timestamp,
) -> Result<Option<Live>, StoreError> {
    Ok(match looked_at(db, policies, tenant, issuer, keys, token, now).await? {
        Looked::Live(live) => Some(*live),
        Looked::StepUp(_) | Looked::Worthless => None,
    })
}

/// Looks at an access token.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn looked_at(
    db: &impl Db,
    policies: &Policies,
    tenant: &Tenant,
    issuer: &str,
    keys: &Published,
    token: &str,
    now: Timestamp,
) -> Result<Looked, StoreError> {
    let Some(claims) = keys.verified(TokenType::Access, token) else {
        return Ok(Looked::Worthless);
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let ends = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
    let (Some(id), Some(client_id)) = (text("jti"), text("client_id")) else {
        return Ok(Looked::Worthless);
    };
    if ends <= now.timestamp() || text("iss") != Some(issuer) || grants::is_spent(db, &spent_token(id)).await? {
        return Ok(Looked::Worthless);
    }
    let client = clients::by_name(db, client_id).await?.filter(|client| client.disabled_at.is_none());
    let Some(client) = client else { return Ok(Looked::Worthless) };
    let Some(grant) = text("grant_id") else {
        let offered = store::applications::get(db, client.application)
            .await?
            .is_some_and(|application| application.is_offered());
        let counts = offered && client.may(GrantType::ClientCredentials);
        return Ok(if counts {
            Looked::Live(Box::new(Live {
                claims,
                client,
                person: None,
            }))
        } else {
            Looked::Worthless
        });
    };
    let Ok(grant) = grant.parse::<GrantId>() else {
        return Ok(Looked::Worthless);
    };
    let Some(grant) = grants::get(db, grant)
        .await?
        .filter(|grant| grant.revoked_at.is_none() && grant.client == client.id)
    else {
        return Ok(Looked::Worthless);
    };
    if (grant.parent.is_some() || grant.delegation.is_some()) && !still_stands(db, &grant, now).await? {
        return Ok(Looked::Worthless);
    }
    let standing = stand(db, policies, tenant, &Who::from(&grant), grant.application, now).await?;
    Ok(match standing {
        Ok(standing) => Looked::Live(Box::new(Live {
            claims,
            client,
            person: Some((grant, Box::new(standing))),
        })),
        Err(refusal @ Refusal::StepUp(_)) => Looked::StepUp(refusal.reason()),
        Err(_) => Looked::Worthless,
    })
}
