//! Deciding whether people are asked, and keeping what they said.

use super::{
    Said,
    model::{Asking, Consent},
};
use crate::{
    access::Refused,
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    issuer::{Client, standing::Who},
    kernel::ConsentId,
    store::{
        self, StoreError,
        issuer::{clients, consents, ending},
    },
    web::Refusal,
};

/// Whether a request can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consented {
    /// Nobody has to be asked, or they said yes.
    Yes,
    /// They said no.
    No,
    /// They have to be asked.
    Ask,
}

/// Finds out whether somebody has to be asked before a client gets these scopes, and remembers a yes. `always` is what `prompt=consent` wants.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn consented(
    cx: &mut Cx,
    client: &Client,
    redirect_uri: &str,
    who: &Who,
    scopes: &[String],
    said: Option<&Said>,
    always: bool,
) -> Result<Consented, StoreError> {
    let asking = Asking::of(client, redirect_uri);
    if let Some(said) = said.filter(|said| said.member == who.member) {
        if !said.yes {
            return Ok(Consented::No);
        }
        // What was shown: a permission that came after it is none of it.
        if scopes.iter().all(|scope| said.scopes.contains(scope)) {
            if asking == Asking::Once {
                remember(cx, client, who, scopes).await?;
            }
            return Ok(Consented::Yes);
        }
    }
    if always {
        return Ok(Consented::Ask);
    }
    Ok(match asking {
        Asking::Never => Consented::Yes,
        Asking::Always => Consented::Ask,
        Asking::Once => {
            let known = consents::find(&cx.tx, who.member, client.id).await?;
            if known.is_some_and(|known| known.covers(scopes)) {
                Consented::Yes
            } else {
                Consented::Ask
            }
        }
    })
}

async fn remember(cx: &mut Cx, client: &Client, who: &Who, scopes: &[String]) -> Result<(), StoreError> {
    let known = consents::find(&cx.tx, who.member, client.id).await?;
    let mut all = known.map(|known| known.scopes).unwrap_or_default();
    all.extend(scopes.iter().filter(|scope| !all.contains(scope)).cloned().collect::<Vec<_>>());
    let consent = Consent {
        id: ConsentId::new(cx.now, &mut cx.rng),
        organization: who.organization,
        member: who.member,
        client: client.id,
        scopes: all,
        created_at: cx.now,
    };
    consents::put(&cx.tx, &consent).await?;
    let event = about(cx, EventKind::ConsentGiven, client, &consent).await?;
    let event = event.detail("scopes", scopes.to_vec());
    audit::record(cx, event).await
}

async fn about(cx: &Cx, kind: EventKind, client: &Client, consent: &Consent) -> Result<Event, StoreError> {
    let mut event = Event::new(kind).detail("client", client.terms.client_id.clone());
    if let Some(organization) = store::organizations::get(&cx.tx, consent.organization).await? {
        event = event.organization(organization.id, organization.name);
    }
    if let Some(application) = store::applications::get(&cx.tx, client.application).await? {
        event = event.application(application.id, application.name);
    }
    if let Some(person) = cx.actor.person() {
        event = event.subject(Subject::new("member", consent.member, person.name.clone()));
    }
    Ok(event)
}

/// Takes back what whoever asks had allowed an application, and ends what it holds by that. Answers the application's name.
///
/// # Errors
/// [`Refusal`]: somebody else's is not found.
pub async fn withdraw_consent(cx: &mut Cx, id: ConsentId) -> Result<String, Refusal> {
    let member = cx
        .actor
        .person()
        .ok_or(Refused::SignedOut)?
        .member
        .clone()
        .ok_or(Refused::NotFound)?;
    let consent = consents::get(&cx.tx, id)
        .await?
        .filter(|consent| consent.member == member.id)
        .ok_or(Refused::NotFound)?;
    let client = clients::get(&cx.tx, consent.client).await?.ok_or(Refused::NotFound)?;
    if !consents::delete(&cx.tx, consent.id).await? {
        return Err(Refused::NotFound.into());
    }
    let because = "The person took back what they had allowed.";
    let ended = ending::revoke_of_client(&cx.tx, consent.member, client.id, because, cx.now).await?;
    let event = about(cx, EventKind::ConsentWithdrawn, &client, &consent).await?;
    for grant in &ended {
        store::issuer::logouts::tell_of_grant(&cx.tx, grant, cx.now).await?;
    }
    let event = event.detail("grants", ended.iter().map(|grant| grant.id.to_string()).collect::<Vec<_>>());
    audit::record(cx, event).await?;
    Ok(client.terms.name)
}
