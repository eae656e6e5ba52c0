//! Forms about templates, and the part of a new partner's form that a template adds.

use leptos::prelude::*;

use super::{
    ContractTerms, TemplateApplication, TemplateRefused,
    commands::{self, FirstContract, FromTemplate, FromTemplateError, TemplateError, TemplateTerms},
};
use crate::{
    access::{Action, Refused},
    cx::Cx,
    federation::JoinPolicy,
    kernel::{ApplicationId, ScopeId, TemplateId},
    organizations::{
        actions::{typed_lifetimes, version_of},
        commands::{ContractRefused, may_in_tenant},
    },
    people::MemberRole,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

impl From<TemplateError> for Refusal {
    fn from(error: TemplateError) -> Self {
        let sentence = error.to_string();
        match error {
            TemplateError::NameTaken => Self::field("name", sentence),
            TemplateError::UnknownScope | TemplateError::Template(TemplateRefused::NoScopes) => Self::field("scopes[]", sentence),
            TemplateError::TooMany | TemplateError::Retired | TemplateError::Template(TemplateRefused::NotGiven) => Self::because(sentence),
            TemplateError::Access(refused) => refused.into(),
            TemplateError::Store(error) => error.into(),
        }
    }
}

impl From<FromTemplateError> for Refusal {
    fn from(error: FromTemplateError) -> Self {
        let sentence = error.to_string();
        match error {
            FromTemplateError::NotGiven => Self::field("applications[]", sentence),
            FromTemplateError::Profile(error) => error.into(),
            FromTemplateError::Lifetimes(error) => error.into(),
            FromTemplateError::Contract(ContractRefused::EndInThePast) => Self::field("ends", "The last day must be today or later."),
            FromTemplateError::Contract(error) => error.into(),
            FromTemplateError::Entitle(error) => match error.into() {
                // What is wrong with an application has no fields of its own here.
                Self::Form { .. } => Self::field("applications[]", sentence),
                other => other,
            },
            FromTemplateError::Access(refused) => refused.into(),
            FromTemplateError::Store(error) => error.into(),
        }
    }
}

/// The template of a form; what is no identifier names nothing.
fn id_of(typed: &str) -> Result<TemplateId, Refusal> {
    typed.parse().map_err(|_| Refused::NotFound.into())
}

/// The page of a template, for an identifier that came with a form and may be anything.
fn page_of(typed: &str) -> String {
    typed
        .parse::<TemplateId>()
        .map_or_else(|_| routes::ADMIN_TEMPLATES.to_owned(), routes::admin_template)
}

/// A number of days that may be left empty.
fn days_of(errors: &mut FieldErrors, typed: &str) -> Option<u16> {
    match typed.trim() {
        "" => None,
        typed => fields::number(errors, "days", typed, 1..=3_650).and_then(|days| u16::try_from(days).ok()),
    }
}

/// The fields of a template as typed, but for its applications.
struct Typed {
    name: String,
    kind: String,
    require_step_up: String,
    certification_months: String,
    months: String,
    notice_days: String,
    seats: String,
    policy: String,
    role: String,
    days: String,
    access_seconds: String,
    id_seconds: String,
    refresh_seconds: String,
}

impl Typed {
    fn values(&self) -> [(&'static str, String); 13] {
        [
            ("name", self.name.clone()),
            ("kind", self.kind.clone()),
            ("require_step_up", self.require_step_up.clone()),
            ("certification_months", self.certification_months.clone()),
            ("months", self.months.clone()),
            ("notice_days", self.notice_days.clone()),
            ("seats", self.seats.clone()),
            ("policy", self.policy.clone()),
            ("role", self.role.clone()),
            ("days", self.days.clone()),
            ("access_seconds", self.access_seconds.clone()),
            ("id_seconds", self.id_seconds.clone()),
            ("refresh_seconds", self.refresh_seconds.clone()),
        ]
    }

    fn terms(&self) -> Result<TemplateTerms, Refusal> {
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &self.name, 60, "Enter a name, for example Consultancies.");
        let kind = fields::required_text(
            &mut errors,
            "kind",
            &self.kind,
            60,
            "Say what kind of partner it is, for example consultancy.",
        );
        let certified = fields::number(&mut errors, "certification_months", &self.certification_months, 1..=24);
        let contract = self.contract(&mut errors);
        let policy = fields::choice::<JoinPolicy>(&mut errors, "policy", &self.policy);
        let role = fields::choice::<MemberRole>(&mut errors, "role", &self.role);
        let days = days_of(&mut errors, &self.days);
        let lifetimes = typed_lifetimes(&mut errors, &self.access_seconds, &self.id_seconds, &self.refresh_seconds);
        errors.check()?;
        let certified = certified.and_then(|months| u16::try_from(months).ok());
        let (Some(name), Some(kind), Some(certification_months), Some(policy), Some(role)) = (name, kind, certified, policy, role) else {
            return Err(Refused::NotFound.into());
        };
        Ok(TemplateTerms {
            name,
            kind,
            require_step_up: self.require_step_up == "yes",
            lifetimes,
            certification_months,
            contract,
            policy,
            role,
            days,
        })
    }

    /// The contract; a template without months has none, and then nothing else of it may be typed.
    fn contract(&self, errors: &mut FieldErrors) -> Option<ContractTerms> {
        let empty = |typed: &str| typed.trim().is_empty();
        if empty(&self.months) {
            if !empty(&self.notice_days) || !empty(&self.seats) {
                errors.add("months", "Enter for how many months, or leave notice and seats empty too.");
            }
            return None;
        }
        let months = fields::number(errors, "months", &self.months, 1..=240);
        let notice_days = fields::number(errors, "notice_days", &self.notice_days, 0..=3_650);
        let seats = fields::number(errors, "seats", &self.seats, 1..=1_000_000);
        Some(ContractTerms {
            months: u16::try_from(months?).ok()?,
            notice_days: notice_days?,
            seats: seats?,
        })
    }
}

/// Writes a new template.
#[server(prefix = "/do", endpoint = "create-template")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn create_template(
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] require_step_up: String,
    #[server(default)] certification_months: String,
    #[server(default)] months: String,
    #[server(default)] notice_days: String,
    #[server(default)] seats: String,
    #[server(default)] policy: String,
    #[server(default)] role: String,
    #[server(default)] days: String,
    #[server(default)] access_seconds: String,
    #[server(default)] id_seconds: String,
    #[server(default)] refresh_seconds: String,
) -> Result<(), ServerFnError> {
    let typed = Typed {
        name,
        kind,
        require_step_up,
        certification_months,
        months,
        notice_days,
        seats,
        policy,
        role,
        days,
        access_seconds,
        id_seconds,
        refresh_seconds,
    };
    let mut post = Post::begin("template", routes::ADMIN_NEW_TEMPLATE, typed.values()).await?;
    let outcome = async {
        may_in_tenant(&post.cx, Action::ManageTenant)?;
        let template = commands::create_template(&mut post.cx, typed.terms()?).await?;
        let said = format!("{} is there. Add the applications that these partners hold.", template.name);
        Ok(Done::to(routes::admin_template(template.id)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Changes a template, but for its applications.
#[server(prefix = "/do", endpoint = "change-template")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn change_template(
    #[server(default)] template: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] require_step_up: String,
    #[server(default)] certification_months: String,
    #[server(default)] months: String,
    #[server(default)] notice_days: String,
    #[server(default)] seats: String,
    #[server(default)] policy: String,
    #[server(default)] role: String,
    #[server(default)] days: String,
    #[server(default)] access_seconds: String,
    #[server(default)] id_seconds: String,
    #[server(default)] refresh_seconds: String,
) -> Result<(), ServerFnError> {
    let typed = Typed {
        name,
        kind,
        require_step_up,
        certification_months,
        months,
        notice_days,
        seats,
        policy,
        role,
        days,
        access_seconds,
        id_seconds,
        refresh_seconds,
    };
    let mut post = Post::begin("template", page_of(&template), typed.values()).await?;
    let outcome = async {
        let id = id_of(&template)?;
        commands::may_change_template(&post.cx, id).await?;
        commands::change_template(&mut post.cx, id, version_of(&version), typed.terms()?).await?;
        let said = "The template was changed. Partners that were made from it stay as they are.";
        Ok(Done::to(page_of(&template)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Lets a template give an application.
#[server(prefix = "/do", endpoint = "put-template-application")]
pub async fn put_template_application(
    #[server(default)] template: String,
    #[server(default)] version: String,
    #[server(default)] application: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] days: String,
    #[server(default)] at_joining: String,
) -> Result<(), ServerFnError> {
    let mut values: Vec<(&str, String)> = scopes.iter().map(|id| ("scopes[]", id.clone())).collect();
    values.extend([("days", days.clone()), ("at_joining", at_joining.clone())]);
    let back = routes::with_query(&page_of(&template), [("application", application.clone())]);
    let mut post = Post::begin("application", back, values).await?;
    let outcome = async {
        let id = id_of(&template)?;
        commands::may_change_template(&post.cx, id).await?;
        let application = commands::application_of(&post.cx, &application).await?;
        let mut errors = FieldErrors::default();
        let ticked: Result<Vec<ScopeId>, _> = scopes.iter().map(|id| id.parse()).collect();
        let ticked = errors.take("scopes[]", ticked.map_err(|_| TemplateError::UnknownScope));
        let days = days_of(&mut errors, &days);
        let Some(scopes) = ticked else { return Err(errors.refusal()) };
        errors.check()?;
        let given = TemplateApplication {
            application: application.id,
            scopes,
            days,
        };
        commands::put_application(&mut post.cx, id, version_of(&version), given, at_joining == "yes").await?;
        let said = format!("New partners of this kind hold {}.", application.name);
        Ok(Done::to(page_of(&template)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Lets a template give an application no more.
#[server(prefix = "/do", endpoint = "drop-template-application")]
pub async fn drop_template_application(
    #[server(default)] template: String,
    #[server(default)] version: String,
    #[server(default)] application: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("application", page_of(&template), [] as [(&str, String); 0]).await?;
    let outcome = async {
        let id = id_of(&template)?;
        commands::may_change_template(&post.cx, id).await?;
        let application = commands::application_of(&post.cx, &application).await?;
        commands::drop_application(&mut post.cx, id, version_of(&version), application.id).await?;
        let said = format!("New partners of this kind do not hold {} any more.", application.name);
        Ok(Done::to(page_of(&template)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Removes a template.
#[server(prefix = "/do", endpoint = "remove-template")]
pub async fn remove_template(#[server(default)] template: String, #[server(default)] version: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("remove", page_of(&template), [] as [(&str, String); 0]).await?;
    let outcome = async {
        let id = id_of(&template)?;
        commands::may_change_template(&post.cx, id).await?;
        let removed = commands::remove_template(&mut post.cx, id, version_of(&version)).await?;
        let said = format!("{} is removed. Partners that were made from it stay as they are.", removed.name);
        Ok(Done::to(routes::ADMIN_TEMPLATES).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// What the form of a new partner says beside the partner itself, when it began with a template.
pub(crate) struct Taken {
    pub(crate) template: String,
    pub(crate) template_version: String,
    pub(crate) reference: String,
    pub(crate) ends: String,
    pub(crate) notice_days: String,
    pub(crate) seats: String,
    pub(crate) applications: Vec<String>,
}

impl Taken {
    /// What comes back with a refused form.
    pub(crate) fn values(&self) -> Vec<(&'static str, String)> {
        let mut values = vec![
            ("reference", self.reference.clone()),
            ("ends", self.ends.clone()),
            ("notice_days", self.notice_days.clone()),
            ("seats", self.seats.clone()),
        ];
        values.extend(self.applications.iter().map(|id| ("applications[]", id.clone())));
        values
    }

    /// Where the form is shown again.
    pub(crate) fn page(&self) -> String {
        let known = self.template.parse::<TemplateId>().map(|id| id.to_string());
        routes::with_query(routes::NEW_PARTNER, [("template", known.unwrap_or_default())])
    }

    /// What is taken over; none without a template.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such template.
    pub(crate) async fn read(&self, cx: &Cx, errors: &mut FieldErrors) -> Result<Option<FromTemplate>, Refusal> {
        if self.template.is_empty() {
            return Ok(None);
        }
        let template = commands::template_for_partner(cx, id_of(&self.template)?).await?;
        let contract = match template.content.contract {
            Some(_) => {
                let missing = "Enter the number or name of the contract, for example C-1042.";
                let reference = fields::required_text(errors, "reference", &self.reference, 80, missing);
                let last_day = fields::required_day(errors, "ends", &self.ends);
                let notice_days = fields::number(errors, "notice_days", &self.notice_days, 0..=3_650);
                let seats = fields::number(errors, "seats", &self.seats, 1..=1_000_000);
                match (reference, last_day, notice_days, seats) {
                    (Some(reference), Some(last_day), Some(notice_days), Some(seats)) => Some(FirstContract {
                        reference,
                        last_day,
                        notice_days,
                        seats,
                    }),
                    _ => None,
                }
            }
            None => None,
        };
        let chosen: Result<Vec<ApplicationId>, _> = self.applications.iter().map(|id| id.parse()).collect();
        let chosen = errors.take("applications[]", chosen.map_err(|_| FromTemplateError::NotGiven));
        let mut applications = chosen.unwrap_or_default();
        applications.sort_unstable();
        applications.dedup();
        Ok(Some(FromTemplate {
            template: template.id,
            version: version_of(&self.template_version),
            contract,
            applications,
        }))
    }
}
