//! Making tokens: what they say, how they are signed, and the event that goes before them.

use chrono::Duration;
use serde::Serialize;
use serde_json::json;

use super::super::{
    OAuthError,
    acting::may_act,
    claims::{Issue, subject},
    keys::{Published, TokenType},
    model::{Client, Grant, GrantType, RefreshToken},
    standing::Standing,
};
use crate::{
    apps::Assignment,
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    kernel::{BearerSecret, Timestamp, new_uuid},
    organizations::Lifetimes,
    store::{self, StoreError, issuer::grants},
};

/// What the token endpoint answers (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Clone, Debug, Serialize)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// `Bearer`, or `DPoP` when it is worth nothing without a key (RFC 9449 §5).
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
    /// What was given in exchange (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// The one thing that the token is about (RFC 9396 §7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<serde_json::Value>,
}

/// How a token is used that is bound to this key, or to none.
pub(super) const fn kind(key: Option<&str>) -> &'static str {
    if key.is_some() { "DPoP" } else { "Bearer" }
}

/// The end of something that would live for `life`, but no longer than the access behind it.
fn bounded(now: Timestamp, life: Duration, end: Option<Timestamp>) -> Timestamp {
    end.map_or(now + life, |end| end.min(now + life))
}

/// Notes that an assignment is used, at most once an hour: rules about what lies unused want no more.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub(in crate::issuer) async fn used(cx: &Cx, assignment: &Assignment) -> Result<(), StoreError> {
    if assignment.last_used_at.is_none_or(|at| at + Duration::hours(1) <= cx.now) {
        store::grants::touch_assignment(&cx.tx, assignment.id, cx.now).await?;
    }
    Ok(())
}

/// Tokens for a person, and their event. Of the scopes that were `asked` for, `scopes` is what this access token has; the grant keeps all of its own. The access token is bound to
/// `grant.jkt`, the key that this very request proved.
///
/// # Errors
/// [`OAuthError`] when a key or the database fails.
pub(super) async fn issue_to_person(
    cx: &mut Cx,
    keys: &Published,
    client: &Client,
    grant: &Grant,
    standing: &Standing,
    (asked, scopes): (&[String], &[String]),
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
    // Of the client's and the organization's limits the shorter one counts (mission D2).
    let limits = standing.circumstances.organization.lifetimes;
    let access_life = Lifetimes::shorter(limits.access_seconds, client.access_life());
    let id_life = Lifetimes::shorter(limits.id_seconds, client.id_life());
    let issue = Issue {
        issuer: &issuer,
        client,
        subject: subject(client, application.id, grant.member, &cx.master_key),
        now: cx.now,
        expires_at: bounded(cx.now, access_life, standing.token_ends_at(scopes)),
        scopes,
        key: grant.jkt.as_deref(),
        person_was_there: true,
    };
    let token_id = new_uuid(cx.now, &mut cx.rng).to_string();
    let audience = client.audience_for(&application.launch_url);
    let mut claims = issue.access(grant, standing, &audience, &token_id);
    if let Some(may_act) = may_act(&cx.tx, client, application.id).await? {
        claims.insert("may_act".to_owned(), may_act);
    }
    let access_token = key.sign(TokenType::Access, &claims)?;
    let expires_in = (issue.expires_at - cx.now).num_seconds();
    let issue = Issue {
        expires_at: bounded(cx.now, id_life, standing.token_ends_at(&[])),
        ..issue
    };
    let id_token = scopes
        .iter()
        .any(|scope| scope == "openid")
        .then(|| key.sign(TokenType::Id, &issue.id(grant, standing, &access_token)))
        .transpose()?;
    let refresh_token = if grant.has("offline_access") && client.may(GrantType::RefreshToken) {
        let value = BearerSecret::generate(&mut cx.rng);
        let stored = RefreshToken {
            hash: value.hash(),
            grant: grant.id,
            created_at: cx.now,
            expires_at: bounded(
                cx.now,
                Lifetimes::shorter(limits.refresh_seconds, client.refresh_life()),
                standing.ends_at(),
            ),
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
        .detail("scopes_asked", asked.to_vec())
        .detail("scopes", scopes.to_vec())
        .detail("policies", standing.policies(scopes))
        .detail("circumstances", json!(standing.judged.circumstance))
        .detail("refresh_token", refresh_token.is_some())
        .reason(standing.judged.decision.reason());
    audit::record(cx, event).await?;
    used(cx, &standing.judged.held.assignment).await?;
    Ok(Issued {
        access_token,
        token_type: kind(grant.jkt.as_deref()),
        expires_in,
        scope: scopes.join(" "),
        refresh_token,
        id_token,
        issued_token_type: None,
        authorization_details: None,
    })
}
