//! Tokens of a client's own, with nobody behind them (RFC 6749 §4.4).

use super::{
    super::{
        OAuthError,
        claims::Issue,
        keys::{KeyError, Published, TokenType},
        model::{Client, GrantType},
    },
    Issued,
    issue::kind,
};
use crate::{
    apps::Application,
    audit::{self, Event, EventKind, Outcome},
    cx::Cx,
    kernel::{Rng, Timestamp, new_uuid},
    store,
};

/// What a client asks for itself.
#[derive(Clone, Copy, Debug)]
pub struct OwnRequest<'a> {
    /// The scopes; none are all of its own (RFC 6749 §3.3).
    pub scopes: &'a [String],
    /// The thumbprint of the key that the request proved.
    pub bound_to: Option<&'a str>,
}

fn about(client: &Client, application: &Application) -> Event {
    Event::new(EventKind::TokenIssued)
        .application(application.id, application.name.clone())
        .detail("client", client.terms.client_id.clone())
        .detail("grant_type", GrantType::ClientCredentials.as_str())
}

/// A token for the client itself and the event that has to be durable before it leaves.
///
/// # Errors
/// [`OAuthError`]: `unauthorized_client`, `invalid_scope`, or no key.
pub fn own_token(
    issuer: &str,
    keys: &Published,
    (client, application): (&Client, &Application),
    asked: OwnRequest<'_>,
    now: Timestamp,
    rng: &mut Rng,
) -> Result<(Issued, Event), OAuthError> {
    let refused = |text: &str| OAuthError::refused("unauthorized_client", text);
    if !client.may(GrantType::ClientCredentials) {
        return Err(refused("This client has no tokens of its own."));
    }
    if !application.is_offered() {
        return Err(refused("The application is no longer offered."));
    }
    let own = &client.terms.own_scopes;
    let scopes = if asked.scopes.is_empty() { own } else { asked.scopes };
    if scopes.is_empty() || scopes.iter().any(|scope| !own.contains(scope)) {
        return Err(OAuthError::refused(
            "invalid_scope",
            "This client does not have a scope that was asked for.",
        ));
    }
    let key = keys.signing(client.terms.signing, now).ok_or(KeyError::NotMade)?;
    let issue = Issue {
        issuer,
        client,
        subject: client.terms.client_id.clone(),
        now,
        expires_at: now + client.access_life(),
        scopes,
        key: asked.bound_to,
        person_was_there: false,
    };
    let token_id = new_uuid(now, rng).to_string();
    let claims = issue.for_itself(&client.audience_for(&application.launch_url), &token_id);
    let access_token = key.sign(TokenType::Access, &claims)?;
    let event = about(client, application)
        .outcome(Outcome::Allowed)
        .detail("token", token_id)
        .detail("scopes_asked", asked.scopes.to_vec())
        .detail("scopes", scopes.to_vec());
    let issued = Issued {
        access_token,
        token_type: kind(asked.bound_to),
        expires_in: client.access_life().num_seconds(),
        scope: scopes.join(" "),
        refresh_token: None,
        id_token: None,
        issued_token_type: None,
        authorization_details: None,
    };
    Ok((issued, event))
}

/// Gives a client a token of its own and records it. Answers the application, too.
///
/// # Errors
/// [`OAuthError`] as [`own_token`] has them, or a failure.
pub async fn issue_to_client(
    cx: &mut Cx,
    keys: &Published,
    client: &Client,
    asked: OwnRequest<'_>,
) -> Result<(Issued, Application), OAuthError> {
    let application = store::applications::get(&cx.tx, client.application)
        .await?
        .ok_or_else(|| OAuthError::refused("unauthorized_client", "The application is no longer offered."))?;
    let settings = cx.settings.clone();
    match own_token(&settings.public_url, keys, (client, &application), asked, cx.now, &mut cx.rng) {
        Ok((issued, event)) => {
            audit::record(cx, event).await?;
            Ok((issued, application))
        }
        Err(error) => {
            if let OAuthError::Refused { description, .. } = &error {
                let event = about(client, &application)
                    .outcome(Outcome::Denied)
                    .detail("scopes_asked", asked.scopes.to_vec())
                    .reason(description);
                audit::record(cx, event).await?;
            }
            Err(error)
        }
    }
}
