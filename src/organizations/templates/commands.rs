//! What is done with templates, and the creation of a partner from one.

use serde_json::json;
use thiserror::Error;

use super::{ContractTerms, Template, TemplateApplication, TemplateContent, TemplateRefused};
use crate::{
    access::{Action, Refused, Resource},
    apps::{
        Application,
        commands::{EntitleError, EntitlementTerms, grant_entitlement},
    },
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::{JoinPolicy, Joining},
    kernel::{ApplicationId, Day, TemplateId, day_of, end_of_day, start_of_day},
    organizations::{
        Lifetimes, Organization,
        commands::{
            AddContract, ContractRefused, CreatePartner, LifetimesError, ProfileError, add_contract, change_lifetimes, create_partner,
        },
    },
    people::MemberRole,
    store::{self, StoreError},
};

/// So many templates there may be.
pub const MAX_TEMPLATES: usize = 50;

/// Why nothing is done with a template.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// Too many.
    #[error("There can be at most {MAX_TEMPLATES} templates.")]
    TooMany,
    /// The name is taken.
    #[error("There is a template with this name already.")]
    NameTaken,
    /// The application is retired.
    #[error("This application is retired, so it cannot be given.")]
    Retired,
    /// A scope of another application.
    #[error("Choose permissions of this application.")]
    UnknownScope,
    /// The template itself.
    #[error(transparent)]
    Template(#[from] TemplateRefused),
    /// Not allowed, or not there.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A template as typed, but for its applications.
#[derive(Clone, Debug)]
pub struct TemplateTerms {
    /// Name.
    pub name: String,
    /// Kind of partner.
    pub kind: String,
    /// Administrative actions need a fresh second factor.
    pub require_step_up: bool,
    /// How long tokens in its name live at most.
    pub lifetimes: Lifetimes,
    /// Months until the first certification is due.
    pub certification_months: u16,
    /// The first contract.
    pub contract: Option<ContractTerms>,
    /// Who joins through the partner's own sign-in.
    pub policy: JoinPolicy,
    /// As what.
    pub role: MemberRole,
    /// For how many days; none is as long as the contract.
    pub days: Option<u16>,
}

impl TemplateTerms {
    /// The content, with the applications of before.
    fn over(self, applications: Vec<TemplateApplication>, at_joining: Vec<ApplicationId>) -> TemplateContent {
        TemplateContent {
            kind: self.kind,
            require_step_up: self.require_step_up,
            lifetimes: self.lifetimes,
            certification_months: self.certification_months,
            contract: self.contract,
            joining: Joining {
                policy: self.policy,
                role: self.role,
                applications: at_joining,
                days: self.days,
            },
            applications,
        }
    }
}

/// Asked before a form's fields are looked at: whoever asks may change templates, and there is this one.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn may_change_template(cx: &Cx, id: TemplateId) -> Result<Template, TemplateError> {
    cx.authorise(Action::ManageTenant, Resource::Tenant)?;
    Ok(store::templates::get(&cx.tx, id).await?.ok_or(Refused::NotFound)?)
}

/// The application of a form.
///
/// # Errors
/// [`Refused::NotFound`] when there is none.
pub(crate) async fn application_of(cx: &Cx, slug: &str) -> Result<Application, TemplateError> {
    Ok(store::applications::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?)
}

async fn at_version(cx: &Cx, id: TemplateId, version: i32) -> Result<Template, TemplateError> {
    let template = may_change_template(cx, id).await?;
    if template.version == version {
        Ok(template)
    } else {
        Err(StoreError::Stale.into())
    }
}

fn event(kind: EventKind, template: &Template) -> Event {
    Event::new(kind).subject(Subject::new("organization_template", template.id, &template.name))
}

async fn keep(cx: &mut Cx, template: &Template) -> Result<(), TemplateError> {
    if !store::templates::update(&cx.tx, template).await? {
        return Err(TemplateError::NameTaken);
    }
    let told = event(EventKind::TemplateChanged, template).detail("content", json!(template.content));
    Ok(audit::record(cx, told).await?)
}

async fn ensure_name_free(cx: &Cx, name: &str, own: Option<TemplateId>) -> Result<usize, TemplateError> {
    let known = store::templates::all(&cx.tx).await?;
    let taken = known
        .iter()
        .any(|other| Some(other.id) != own && other.name.to_lowercase() == name.to_lowercase());
    if taken { Err(TemplateError::NameTaken) } else { Ok(known.len()) }
}

/// Writes a template that gives no application yet.
///
/// # Errors
/// [`TemplateError`].
pub async fn create_template(cx: &mut Cx, terms: TemplateTerms) -> Result<Template, TemplateError> {
    cx.authorise(Action::ManageTenant, Resource::Tenant)?;
    if ensure_name_free(cx, &terms.name, None).await? >= MAX_TEMPLATES {
        return Err(TemplateError::TooMany);
    }
    let template = Template {
        id: TemplateId::new(cx.now, &mut cx.rng),
        name: terms.name.clone(),
        content: terms.over(Vec::new(), Vec::new()),
        created_at: cx.now,
        version: 1,
    };
    if !store::templates::insert(&cx.tx, &template).await? {
        return Err(TemplateError::NameTaken);
    }
    let told = event(EventKind::TemplateCreated, &template).detail("content", json!(template.content));
    audit::record(cx, told).await?;
    Ok(template)
}

/// Changes everything but the applications. Partners that were made from it stay as they are.
///
/// # Errors
/// [`TemplateError`].
pub async fn change_template(cx: &mut Cx, id: TemplateId, version: i32, terms: TemplateTerms) -> Result<Template, TemplateError> {
    let mut template = at_version(cx, id, version).await?;
    ensure_name_free(cx, &terms.name, Some(id)).await?;
    template.name.clone_from(&terms.name);
    template.content = terms.over(template.content.applications, template.content.joining.applications);
    keep(cx, &template).await?;
    Ok(template)
}

/// Lets a template give an application, or give it otherwise.
///
/// # Errors
/// [`TemplateError`].
pub async fn put_application(
    cx: &mut Cx,
    id: TemplateId,
    version: i32,
    given: TemplateApplication,
    at_joining: bool,
) -> Result<(), TemplateError> {
    let template = at_version(cx, id, version).await?;
    let application = store::applications::get(&cx.tx, given.application)
        .await?
        .ok_or(Refused::NotFound)?;
    if !application.is_offered() {
        return Err(TemplateError::Retired);
    }
    let scopes = store::applications::scopes_of(&cx.tx, &[application.id]).await?;
    if given.scopes.iter().any(|id| !scopes.iter().any(|scope| scope.id == *id)) {
        return Err(TemplateError::UnknownScope);
    }
    keep(cx, &template.give(given, at_joining)?).await
}

/// Lets a template give an application no more.
///
/// # Errors
/// [`TemplateError`].
pub async fn drop_application(cx: &mut Cx, id: TemplateId, version: i32, application: ApplicationId) -> Result<(), TemplateError> {
    let template = at_version(cx, id, version).await?;
    keep(cx, &template.withhold(application)?).await
}

/// Removes a template. Partners that were made from it stay as they are.
///
/// # Errors
/// [`TemplateError`].
pub async fn remove_template(cx: &mut Cx, id: TemplateId, version: i32) -> Result<Template, TemplateError> {
    let template = at_version(cx, id, version).await?;
    store::templates::delete(&cx.tx, &template).await?;
    audit::record(cx, event(EventKind::TemplateRemoved, &template)).await?;
    Ok(template)
}

/// The first contract of a partner that is made from a template.
#[derive(Clone, Debug)]
pub struct FirstContract {
    /// Number or name on the paper.
    pub reference: String,
    /// Its last day.
    pub last_day: Day,
    /// Days of notice.
    pub notice_days: i32,
    /// Seats.
    pub seats: i32,
}

/// What a partner takes over from a template.
#[derive(Clone, Debug)]
pub struct FromTemplate {
    /// Which.
    pub template: TemplateId,
    /// The version the form was made from.
    pub version: i32,
    /// The first contract, when the template has one.
    pub contract: Option<FirstContract>,
    /// Which of its applications.
    pub applications: Vec<ApplicationId>,
}

/// Why no partner is made from a template.
#[derive(Debug, Error)]
pub enum FromTemplateError {
    /// Not an application of the template.
    #[error("Choose applications of this template.")]
    NotGiven,
    /// The partner itself.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// How long its tokens live.
    #[error(transparent)]
    Lifetimes(#[from] LifetimesError),
    /// Its contract.
    #[error(transparent)]
    Contract(#[from] ContractRefused),
    /// Its applications.
    #[error(transparent)]
    Entitle(#[from] EntitleError),
    /// Not allowed, or no such template.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The template for whoever creates a partner.
///
/// # Errors
/// [`Refused`] says how to answer.
pub(crate) async fn template_for_partner(cx: &Cx, id: TemplateId) -> Result<Template, FromTemplateError> {
    cx.authorise(Action::CreateOrganization, Resource::Tenant)?;
    Ok(store::templates::get(&cx.tx, id).await?.ok_or(Refused::NotFound)?)
}

/// Creates a partner with the contract and the applications of a template, all or nothing. Each part is authorised as if it were done by
/// hand: a template gives nobody a right to give.
///
/// # Errors
/// [`FromTemplateError`]; [`StoreError::Stale`] when the template was changed meanwhile.
pub async fn create_partner_from(cx: &mut Cx, partner: CreatePartner, from: FromTemplate) -> Result<Organization, FromTemplateError> {
    let template = template_for_partner(cx, from.template).await?;
    if template.version != from.version {
        return Err(StoreError::Stale.into());
    }
    let organization = create_partner(cx, partner).await?;
    let lifetimes = template.content.lifetimes;
    let organization = if lifetimes == Lifetimes::default() {
        organization
    } else {
        change_lifetimes(cx, &organization.slug, organization.version, lifetimes).await?
    };
    let zone = cx.tenant.time_zone;
    let today = day_of(cx.now, zone);
    if let Some(contract) = from.contract {
        let contract = AddContract {
            organization: organization.slug.clone(),
            reference: contract.reference,
            starts_at: start_of_day(today, zone),
            ends_at: end_of_day(contract.last_day, zone),
            notice_days: contract.notice_days,
            seats: contract.seats,
        };
        add_contract(cx, contract).await?;
    }
    let applications = store::applications::get_many(&cx.tx, &from.applications).await?;
    for id in &from.applications {
        let given = template.application(*id).ok_or(FromTemplateError::NotGiven)?;
        let application = applications
            .iter()
            .find(|application| application.id == *id)
            .ok_or(FromTemplateError::NotGiven)?;
        let terms = EntitlementTerms {
            scopes: given.scopes.clone(),
            starts_at: start_of_day(today, zone),
            ends_at: given.last_day(today).map(|day| end_of_day(day, zone)),
            seats: None,
        };
        grant_entitlement(cx, &organization.slug, &application.slug, terms).await?;
    }
    let mut joining = template.content.joining.clone();
    joining.applications.retain(|id| from.applications.contains(id));
    store::templates::set_joining(&cx.tx, organization.id, &joining).await?;
    let told = event(EventKind::TemplateApplied, &template)
        .organization(organization.id, &organization.name)
        .detail("joining", json!(joining));
    audit::record(cx, told).await?;
    Ok(organization)
}
