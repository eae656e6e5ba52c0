//! The catalogue as the operator sees it.

use crate::{
    access::{Action, Actor, Refused, Resource},
    apps::{Application, Entitlement, Scope},
    cx::Qx,
    kernel::PersonId,
    store,
    web::PageError,
};

/// An application in the list.
#[derive(Clone, Debug)]
pub struct CatalogueRow {
    /// The application.
    pub application: Application,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How many scopes it has.
    pub scopes: usize,
    /// How many partners hold it now.
    pub partners: u64,
}

/// The whole catalogue, by name: four queries. Also whether the actor may change it.
///
/// # Errors
/// [`PageError`] when the actor may not see the operator's pages.
pub async fn catalogue(qx: &Qx) -> Result<(Vec<CatalogueRow>, bool), PageError> {
    authorise(qx)?;
    let applications = store::applications::all(&qx.db).await?;
    let ids: Vec<_> = applications.iter().map(|application| application.id).collect();
    let scopes = store::applications::scopes_of(&qx.db, &ids).await?;
    let partners = store::holdings::holders_by_application(&qx.db, qx.now).await?;
    let owners = store::people::get_many(
        &qx.db,
        applications.iter().filter_map(|application| application.owner).collect::<Vec<_>>(),
    )
    .await?;
    let rows = applications
        .into_iter()
        .map(|application| CatalogueRow {
            owner: owners
                .iter()
                .find(|person| Some(person.id) == application.owner)
                .map(|person| person.name.clone()),
            scopes: scopes.iter().filter(|scope| scope.application == application.id).count(),
            partners: partners.get(&application.id).copied().unwrap_or_default(),
            application,
        })
        .collect();
    Ok((rows, qx.may(Action::ManageCatalogue, Resource::Tenant)))
}

/// One application of the catalogue.
#[derive(Debug)]
pub struct CatalogueEntry {
    /// The application.
    pub application: Application,
    /// Its scopes, by name.
    pub scopes: Vec<Scope>,
    /// Entitlement, name and slug of each partner that holds it, by name.
    pub partners: Vec<(Entitlement, String, String)>,
    /// Whether the actor may change it.
    pub may_change: bool,
}

/// One application with its scopes and the partners that hold it (the first two hundred).
///
/// # Errors
/// [`PageError::NotFound`] when there is none of that name.
pub async fn catalogue_entry(qx: &Qx, slug: &str) -> Result<CatalogueEntry, PageError> {
    authorise(qx)?;
    let application = store::applications::find_by_slug(&qx.db, slug).await?.ok_or(PageError::NotFound)?;
    let scopes = store::applications::scopes_of(&qx.db, &[application.id]).await?;
    let partners = store::holdings::partners_of(&qx.db, application.id, 200).await?;
    Ok(CatalogueEntry {
        application,
        scopes,
        partners,
        may_change: qx.may(Action::ManageCatalogue, Resource::Tenant),
    })
}

/// Someone who can answer for an application.
#[derive(Clone, Debug)]
pub struct Employee {
    /// Who.
    pub id: PersonId,
    /// Name.
    pub name: String,
}

/// The tenant's people, by name.
///
/// # Errors
/// [`PageError`] when the actor may not change the catalogue.
pub async fn employees(qx: &Qx) -> Result<Vec<Employee>, PageError> {
    signed_in(qx)?;
    qx.authorise(Action::ManageCatalogue, Resource::Tenant)?;
    let mut ids: Vec<PersonId> = store::tenant::people_with_roles(&qx.db)
        .await?
        .into_iter()
        .map(|(person, _)| person)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut people: Vec<Employee> = store::people::get_many(&qx.db, ids)
        .await?
        .into_iter()
        .map(|person| Employee {
            id: person.id,
            name: person.name,
        })
        .collect();
    people.sort_by_key(|person| person.name.to_lowercase());
    Ok(people)
}

fn authorise(qx: &Qx) -> Result<(), PageError> {
    signed_in(qx)?;
    qx.authorise(Action::ViewAdmin, Resource::Tenant)?;
    Ok(())
}

fn signed_in(qx: &Qx) -> Result<(), PageError> {
    if matches!(*qx.actor, Actor::Anonymous) {
        Err(Refused::SignedOut.into())
    } else {
        Ok(())
    }
}
