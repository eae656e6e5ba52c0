//! What the pages of templates show, and what the form of a new partner takes from one.

use super::{Template, TemplateApplication};
use crate::{
    access::{Action, Resource},
    apps::{Application, Scope},
    cx::Qx,
    kernel::TemplateId,
    store::{self, StoreError},
    web::PageError,
};

/// Every template, by name.
///
/// # Errors
/// [`PageError`] when the actor may not manage them.
pub async fn templates(qx: &Qx) -> Result<Vec<Template>, PageError> {
    qx.authorise(Action::ManageTenant, Resource::Tenant)?;
    Ok(store::templates::all(&qx.db).await?)
}

/// An application that a template gives.
#[derive(Clone, Debug)]
pub struct Given {
    /// What of it.
    pub terms: TemplateApplication,
    /// The application.
    pub application: Application,
    /// The scopes given.
    pub scopes: Vec<Scope>,
    /// People who join through the partner's sign-in get it.
    pub at_joining: bool,
}

/// An application whose form is open.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The application.
    pub application: Application,
    /// All of its scopes.
    pub scopes: Vec<Scope>,
    /// What the template gives of it now.
    pub given: Option<TemplateApplication>,
    /// People who join through the partner's sign-in get it.
    pub at_joining: bool,
}

/// One template and what can be added to it.
#[derive(Clone, Debug)]
pub struct TemplatePage {
    /// The template.
    pub template: Template,
    /// What it gives.
    pub given: Vec<Given>,
    /// Offered applications that it does not give.
    pub others: Vec<Application>,
    /// The application whose form is open.
    pub chosen: Option<Chosen>,
}

/// One template; `application` is the short name of the application whose form is to be open.
///
/// # Errors
/// [`PageError`] when there is none, or the actor may not manage them.
pub async fn template(qx: &Qx, id: TemplateId, application: Option<&str>) -> Result<TemplatePage, PageError> {
    qx.authorise(Action::ManageTenant, Resource::Tenant)?;
    let template = store::templates::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    let given = given_by(qx, &template).await?;
    let others = store::applications::all(&qx.db)
        .await?
        .into_iter()
        .filter(|other| other.is_offered() && template.application(other.id).is_none())
        .collect();
    let chosen = match application {
        Some(slug) => store::applications::find_by_slug(&qx.db, slug)
            .await?
            .filter(Application::is_offered),
        None => None,
    };
    let chosen = match chosen {
        Some(application) => Some(Chosen {
            scopes: store::applications::scopes_of(&qx.db, &[application.id]).await?,
            given: template.application(application.id).cloned(),
            at_joining: template.gives_at_joining(application.id),
            application,
        }),
        None => None,
    };
    Ok(TemplatePage {
        template,
        given,
        others,
        chosen,
    })
}

/// What the form of a new partner takes from templates.
#[derive(Clone, Debug)]
pub struct Start {
    /// Identifier and name of every template.
    pub offered: Vec<(TemplateId, String)>,
    /// The one that was chosen, and what it gives that can be given now.
    pub chosen: Option<(Template, Vec<Given>)>,
}

/// For the form of a new partner; `chosen` is the template that the address names.
///
/// # Errors
/// [`PageError`] when the actor may not create partners, or there is no such template.
pub async fn for_new_partner(qx: &Qx, chosen: Option<&str>) -> Result<Start, PageError> {
    qx.authorise(Action::CreateOrganization, Resource::Tenant)?;
    let all = store::templates::all(&qx.db).await?;
    let offered = all.iter().map(|template| (template.id, template.name.clone())).collect();
    let chosen = match chosen.filter(|id| !id.is_empty()) {
        Some(id) => {
            let id: TemplateId = id.parse().map_err(|_| PageError::NotFound)?;
            let template = all.into_iter().find(|template| template.id == id).ok_or(PageError::NotFound)?;
            let mut given = given_by(qx, &template).await?;
            given.retain(|given| given.application.is_offered());
            Some((template, given))
        }
        None => None,
    };
    Ok(Start { offered, chosen })
}

async fn given_by(qx: &Qx, template: &Template) -> Result<Vec<Given>, StoreError> {
    let ids: Vec<_> = template.content.applications.iter().map(|given| given.application).collect();
    let scopes = store::applications::scopes_of(&qx.db, &ids).await?;
    let mut given: Vec<Given> = store::applications::get_many(&qx.db, &ids)
        .await?
        .into_iter()
        .filter_map(|application| {
            let terms = template.application(application.id)?.clone();
            Some(Given {
                scopes: scopes.iter().filter(|scope| terms.scopes.contains(&scope.id)).cloned().collect(),
                at_joining: template.gives_at_joining(application.id),
                application,
                terms,
            })
        })
        .collect();
    given.sort_by(|one, other| one.application.name.cmp(&other.application.name));
    Ok(given)
}
