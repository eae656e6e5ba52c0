//! Forms about domains.

use leptos::prelude::*;

use super::{
    commands::{self, DomainCommandError},
    dns,
};
use crate::{
    access::Refused,
    federation::{commands::managed_organization, place::domains_of},
    kernel::{DomainId, ProviderId},
    organizations::{actions::version_of, commands::same_team},
    store,
    ui::Flash,
    web::{Done, Post, RequestCx},
};

const NOTHING: [(&str, String); 0] = [];

/// `POST /do/claim-domain`: lists a domain, to be proven.
#[server(prefix = "/do", endpoint = "claim-domain")]
pub async fn claim_domain(
    #[server(default)] organization: String,
    #[server(default)] team: String,
    #[server(default)] name: String,
) -> Result<(), ServerFnError> {
    let page = domains_of(&organization);
    let mut post = Post::begin("claim", page.clone(), [("name", name.clone())]).await?;
    let outcome = async {
        let organization = managed_organization(&post.cx, &organization).await?;
        same_team(&post.cx, team.parse().ok())?;
        let domain = commands::claim_domain(&mut post.cx, &organization, &name).await?;
        let text = format!(
            "{} is in the list. Set the record below at your DNS provider, then check it here.",
            domain.readable()
        );
        Ok(Done::to(page).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/check-domain`: looks for the record now.
#[server(prefix = "/do", endpoint = "check-domain")]
pub async fn check_domain(#[server(default)] organization: String, #[server(default)] domain: String) -> Result<(), ServerFnError> {
    let page = domains_of(&organization);
    let found = match (RequestCx::current(), domain.parse::<DomainId>()) {
        (Some(request), Ok(id)) => look(&request, &organization, id).await,
        _ => Err(Refused::NotFound.into()),
    };
    let mut post = Post::begin(&format!("check-{domain}"), page.clone(), NOTHING).await?;
    let outcome = async {
        let organization = managed_organization(&post.cx, &organization).await?;
        let (id, found) = found?;
        let domain = commands::check_domain(&mut post.cx, &organization, id, found).await?;
        Ok(Done::to(page).saying(Flash::good(format!("{} is proven.", domain.readable()))))
    }
    .await;
    post.finish(outcome).await
}

/// Asks the DNS before the transaction, and for nobody who may not.
async fn look(request: &RequestCx, slug: &str, id: DomainId) -> Result<(DomainId, dns::Found), DomainCommandError> {
    let cx = request.begin().await?;
    let looked_for = async {
        let organization = managed_organization(&cx, slug).await.map_err(|_| Refused::NotFound)?;
        Ok::<_, DomainCommandError>(
            store::federation::domains::get(&cx.tx, organization.id, id)
                .await?
                .ok_or(Refused::NotFound)?,
        )
    }
    .await;
    let server = cx.settings.dns_server;
    cx.tx.rollback().await?;
    Ok((id, dns::look(&looked_for?, server).await))
}

/// `POST /do/give-up-domain`: takes a domain off the list.
#[server(prefix = "/do", endpoint = "give-up-domain")]
pub async fn give_up_domain(
    #[server(default)] organization: String,
    #[server(default)] domain: String,
    #[server(default)] stranding: String,
) -> Result<(), ServerFnError> {
    let page = domains_of(&organization);
    let mut post = Post::begin(&format!("give-up-{domain}"), page.clone(), NOTHING).await?;
    let outcome = async {
        let organization = managed_organization(&post.cx, &organization).await?;
        let id = domain.parse().map_err(|_| Refused::NotFound)?;
        let domain = commands::give_up_domain(&mut post.cx, &organization, id, stranding == "yes").await?;
        Ok(Done::to(page).saying(Flash::good(format!("{} is off the list.", domain.readable()))))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/assign-domain`: which connection the people of a domain use.
#[server(prefix = "/do", endpoint = "assign-domain")]
pub async fn assign_domain(
    #[server(default)] organization: String,
    #[server(default)] domain: String,
    #[server(default)] version: String,
    #[server(default)] provider: String,
) -> Result<(), ServerFnError> {
    let page = domains_of(&organization);
    let mut post = Post::begin(&format!("assign-{domain}"), page.clone(), [("provider", provider.clone())]).await?;
    let outcome = async {
        let organization = managed_organization(&post.cx, &organization).await?;
        let id = domain.parse().map_err(|_| Refused::NotFound)?;
        let provider = match provider.as_str() {
            "" => None,
            id => Some(id.parse::<ProviderId>().map_err(|_| Refused::NotFound)?),
        };
        let domain = commands::assign_domain(&mut post.cx, &organization, id, version_of(&version), provider).await?;
        Ok(Done::to(page).saying(Flash::good(format!("The sign-in of {} is changed.", domain.readable()))))
    }
    .await;
    post.finish(outcome).await
}
