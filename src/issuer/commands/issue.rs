//! Making tokens: what they say, how they are signed, and the event that goes before them.

use chrono::Duration;
use serde::Serialize;

use super::super::{
    OAuthError,
    claims::{Issue, subject},
    keys::{Published, TokenType},
    model::{Client, Grant, GrantType, RefreshToken},
    standing::Standing,
};
use crate::{
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    kernel::{BearerSecret, Timestamp, new_uuid},
    store::{self, issuer::grants},
};

/// What the token endpoint answers (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Clone, Debug, Serialize)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// The scopes it has.
    pub scope: String,
    /// For a further one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Who the person is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// The end of something that would live for `life`, but no longer than the access behind it.
fn bounded(now: Timestamp, life: Duration, end: Option<Timestamp>) -> Timestamp {
    end.map_or(now + life, |end| end.min(now + life))
}

/// Tokens for a person, and their event. `scopes` is what this access token has; the grant keeps all of its own.
///
/// # Errors
/// [`OAuthError`] when a key or the database fails.
pub(super) async fn issue_to_person(
    cx: &mut Cx,
    keys: &Published,
    client: &Client,
    grant: &Grant,
    standing: &Standing,
    scopes: &[String],
    by: GrantType,
) -> Result<Issued, OAuthError> {
    // Ended by somebody else at this very moment: nothing of it is signed.
    if !grants::touch(&cx.tx, grant.id, cx.now).await? {
        return Err(OAuthError::grant("What stood behind it was ended."));
    }
    let key = keys
        .signing(client.terms.signing, cx.now)
        .ok_or(super::super::keys::KeyError::NotMade)?;
    let application = &standing.judged.held.application;
    let issuer = cx.settings.public_url.clone();
    let issue = Issue {
        issuer: &issuer,
        client,
        subject: subject(client, application.id, grant.member, &cx.master_key),
        now: cx.now,
        expires_at: bounded(cx.now, client.access_life(), standing.ends_at()),
        scopes,
    };
    let token_id = new_uuid(cx.now, &mut cx.rng).to_string();
    let audience = client.audience_for(&application.launch_url);
    let access_token = key.sign(TokenType::Access, &issue.access(grant, standing, &audience, &token_id))?;
    let id_token = scopes
        .iter()
        .any(|scope| scope == "openid")
        .then(|| key.sign(TokenType::Id, &issue.id(grant, standing, &access_token)))
        .transpose()?;
    let expires_in = (issue.expires_at - cx.now).num_seconds();
    let refresh_token = if grant.has("offline_access") && client.may(GrantType::RefreshToken) {
        let value = BearerSecret::generate(&mut cx.rng);
        let stored = RefreshToken {
            hash: value.hash(),
            grant: grant.id,
            created_at: cx.now,
            expires_at: bounded(cx.now, client.refresh_life(), standing.ends_at()),
            used_at: None,
        };
        grants::insert_refresh(&cx.tx, &stored).await?;
        Some(value.reveal().to_owned())
    } else {
        None
    };
    let organization = &standing.circumstances.organization;
    let event = Event::new(EventKind::TokenIssued)
        .organization(organization.id, organization.name.clone())
        .application(application.id, application.name.clone())
        .subject(Subject::new("member", grant.member, standing.person.name.clone()))
        .detail("client", client.terms.client_id.clone())
        .detail("grant", grant.id.to_string())
        .outcome(Outcome::Allowed)
        .detail("grant_type", by.as_str())
        .detail("token", token_id)
        .detail("scopes", scopes.to_vec())
        .detail("policies", standing.judged.decision.policies())
        .detail("refresh_token", refresh_token.is_some())
        .reason(standing.judged.decision.reason());
    audit::record(cx, event).await?;
    Ok(Issued {
        access_token,
        token_type: "Bearer",
        expires_in,
        scope: scopes.join(" "),
        refresh_token,
        id_token,
    })
}

/// A token for the client itself (RFC 6749 §4.4), and its event.
///
/// # Errors
/// [`OAuthError`]: `unauthorized_client`, `invalid_scope`, or a failure.
pub async fn issue_to_client(cx: &mut Cx, keys: &Published, client: &Client, asked: &[String]) -> Result<Issued, OAuthError> {
    if !client.may(GrantType::ClientCredentials) {
        return Err(OAuthError::refused("unauthorized_client", "This client has no tokens of its own."));
    }
    let application = store::applications::get(&cx.tx, client.application)
        .await?
        .filter(crate::apps::Application::is_offered)
        .ok_or_else(|| OAuthError::refused("unauthorized_client", "The application is no longer offered."))?;
    // Without a scope parameter the client has all of its own (RFC 6749 §3.3).
    let scopes: Vec<String> = if asked.is_empty() {
        client.terms.own_scopes.clone()
    } else {
        asked.to_vec()
    };
    if scopes.is_empty() || scopes.iter().any(|scope| !client.terms.own_scopes.contains(scope)) {
        return Err(OAuthError::refused(
            "invalid_scope",
            "This client does not have a scope that was asked for.",
        ));
    }
    let key = keys
        .signing(client.terms.signing, cx.now)
        .ok_or(super::super::keys::KeyError::NotMade)?;
    let issuer = cx.settings.public_url.clone();
    let issue = Issue {
        issuer: &issuer,
        client,
        subject: client.terms.client_id.clone(),
        now: cx.now,
        expires_at: cx.now + client.access_life(),
        scopes: &scopes,
    };
    let token_id = new_uuid(cx.now, &mut cx.rng).to_string();
    let claims = issue.for_itself(&client.audience_for(&application.launch_url), &token_id);
    let access_token = key.sign(TokenType::Access, &claims)?;
    let event = Event::new(EventKind::TokenIssued)
        .application(application.id, application.name)
        .outcome(Outcome::Allowed)
        .detail("client", client.terms.client_id.clone())
        .detail("grant_type", GrantType::ClientCredentials.as_str())
        .detail("token", token_id)
        .detail("scopes", scopes.clone());
    audit::record(cx, event).await?;
    Ok(Issued {
        access_token,
        token_type: "Bearer",
        expires_in: client.access_life().num_seconds(),
        scope: scopes.join(" "),
        refresh_token: None,
        id_token: None,
    })
}
