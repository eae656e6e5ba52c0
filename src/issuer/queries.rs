//! What pages show of the authorization server.

use super::model::Client;
use crate::{
    access::{Action, Actor, Refused, Resource},
    apps::{Application, Scope},
    cx::Qx,
    store,
    web::PageError,
};

/// An application with its clients.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The application.
    pub application: Application,
    /// Its permissions, which a client may have for itself.
    pub scopes: Vec<Scope>,
    /// Its clients.
    pub clients: Vec<Client>,
    /// Hosts where it stands behind a proxy that asks the portal.
    pub hosts: Vec<String>,
}

/// The clients of an application, for the operator.
///
/// # Errors
/// [`PageError`]: 404 when there is no such application, 403 for whoever does not run the catalogue.
pub async fn clients(qx: &Qx, slug: &str) -> Result<Clients, PageError> {
    if matches!(*qx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    qx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let application = store::applications::find_by_slug(&qx.db, slug).await?.ok_or(Refused::NotFound)?;
    Ok(Clients {
        scopes: store::applications::scopes_of(&qx.db, &[application.id]).await?,
        clients: store::issuer::clients::of_application(&qx.db, application.id).await?,
        hosts: store::issuer::forward::hosts_of(&qx.db, application.id).await?,
        application,
    })
}
