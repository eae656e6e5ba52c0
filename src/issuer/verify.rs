//! Whether an access token still counts (RFC 7662, and the endpoints that take one): signed by us, not ended, not revoked, and everything
//! behind it still in force at this moment.

use serde_json::{Map, Value};

use super::{
    commands::spent_token,
    keys::{Published, TokenType},
    model::{Client, Grant, GrantType},
    standing::{Standing, Who, stand},
};
use crate::{
    access::Policies,
    kernel::{GrantId, Timestamp},
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

/// Looks at an access token; none when it is worth nothing, whatever the reason.
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
    let Some(claims) = keys.verified(TokenType::Access, token) else {
        return Ok(None);
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let ends = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
    let (Some(id), Some(client_id)) = (text("jti"), text("client_id")) else {
        return Ok(None);
    };
    if ends <= now.timestamp() || text("iss") != Some(issuer) || grants::is_spent(db, &spent_token(id)).await? {
        return Ok(None);
    }
    let client = clients::by_name(db, client_id).await?.filter(|client| client.disabled_at.is_none());
    let Some(client) = client else { return Ok(None) };
    let Some(grant) = text("grant_id") else {
        let offered = store::applications::get(db, client.application)
            .await?
            .is_some_and(|application| application.is_offered());
        return Ok((offered && client.may(GrantType::ClientCredentials)).then_some(Live {
            claims,
            client,
            person: None,
        }));
    };
    let Ok(grant) = grant.parse::<GrantId>() else { return Ok(None) };
    let Some(grant) = grants::get(db, grant)
        .await?
        .filter(|grant| grant.revoked_at.is_none() && grant.client == client.id)
    else {
        return Ok(None);
    };
    let standing = stand(db, policies, tenant, &Who::from(&grant), grant.application, now).await?;
    Ok(standing.ok().map(|standing| Live {
        claims,
        client,
        person: Some((grant, Box::new(standing))),
    }))
}
