//! What operators say of clients that act for people: at which application, with which permissions at most.

use super::model::Acting;
use crate::{
    access::{Action, Refused, Resource},
    apps::Application,
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    issuer::{ActingKind, Client, commands::ClientError},
    kernel::{ActingId, ClientId},
    store::{
        self,
        issuer::{acting, clients, ending},
    },
};

/// Says that a client may act at an application, in place of what was said before. Answers whether that was something else.
///
/// # Errors
/// [`ClientError`].
pub async fn declare_acting(cx: &mut Cx, client: &Client, application: &Application, scopes: Vec<String>) -> Result<bool, ClientError> {
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    if client.terms.may_act_for == ActingKind::None {
        return Err(ClientError::ActsForNobody);
    }
    let known = store::applications::scopes_of(&cx.tx, &[application.id]).await?;
    if let Some(scope) = scopes.iter().find(|scope| known.iter().all(|known| known.name != **scope)) {
        return Err(ClientError::Scope(scope.clone()));
    }
    if scopes.is_empty() {
        return Err(ClientError::NoScope);
    }
    let before = acting::find(&cx.tx, client.id, application.id).await?;
    if before.as_ref().is_some_and(|before| before.scopes == scopes) {
        return Ok(false);
    }
    let said = Acting {
        id: before.map_or_else(|| ActingId::new(cx.now, &mut cx.rng), |before| before.id),
        client: client.id,
        application: application.id,
        scopes,
        created_at: cx.now,
    };
    acting::put(&cx.tx, &said).await?;
    let event = about(EventKind::ActingDeclared, client, application).detail("scopes", said.scopes);
    audit::record(cx, event).await?;
    Ok(true)
}

/// Takes it back: what people let the client do there ends with it, and so does every token that came of either.
///
/// # Errors
/// [`ClientError`].
pub async fn withdraw_acting(cx: &mut Cx, client: ClientId, id: ActingId) -> Result<(Client, Application), ClientError> {
    cx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let said = acting::get(&cx.tx, id)
        .await?
        .filter(|said| said.client == client)
        .ok_or(Refused::NotFound)?;
    let client = clients::get(&cx.tx, client).await?.ok_or(Refused::NotFound)?;
    let application = store::applications::get(&cx.tx, said.application).await?.ok_or(Refused::NotFound)?;
    if !acting::delete(&cx.tx, id).await? {
        return Err(Refused::NotFound.into());
    }
    let because = "The operator does not let this system act there any more.";
    let ended = ending::end_acting(&cx.tx, client.id, application.id, because, cx.now).await?;
    audit::record(cx, about(EventKind::ActingWithdrawn, &client, &application).ended(ended)).await?;
    Ok((client, application))
}

fn about(kind: EventKind, client: &Client, application: &Application) -> Event {
    Event::new(kind)
        .application(application.id, application.name.clone())
        .subject(Subject::new("client", client.id, client.terms.name.clone()))
        .detail("client", client.terms.client_id.clone())
}
