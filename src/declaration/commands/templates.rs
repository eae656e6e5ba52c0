//! Templates for new partners, and what an organization takes over from one while it is created.

use serde_json::json;

use super::{
    super::{
        Mark, When,
        changes::{Fields, plain, text, yes},
        error::Stop,
        model::{ContractEntry, EntitlementEntry, LifetimesEntry, OrganizationEntry, TemplateApplicationEntry, TemplateEntry, TermsEntry},
    },
    lifetimes::{shown_lifetimes, wanted_lifetimes},
    step::{Step, needed, scope_ids, scope_names, sorted},
};
use crate::{
    apps::Scope,
    audit::{Event, EventKind, Subject},
    federation::Joining,
    kernel::{Day, TemplateId, day_of},
    organizations::{
        Lifetimes, Organization,
        templates::{ContractTerms, Template, TemplateApplication, TemplateContent, commands::MAX_TEMPLATES},
    },
    store,
};

/// The certification that a new template asks for when nothing is said.
const CERTIFICATION_MONTHS: u16 = 12;

/// An organization that is created from a template.
pub(super) struct Begun {
    /// The entry of the file, with what it leaves to the template filled in.
    pub entry: OrganizationEntry,
    template: Template,
}

impl Step<'_> {
    /// A template with its applications.
    pub async fn template(&mut self, key: &str, entry: &TemplateEntry) -> Result<(), Stop> {
        let all = store::templates::all(&self.cx.tx).await?;
        let (names, count) = (entry.name.to_lowercase(), all.len());
        let known = all.into_iter().find(|template| template.name.to_lowercase() == names);
        if entry.removed {
            let Some(template) = known else { return Ok(()) };
            store::templates::delete(&self.cx.tx, &template).await?;
            self.record(about(EventKind::TemplateRemoved, &template)).await?;
            self.did(Mark::End, "template", template.name, Fields::default());
            return Ok(());
        }
        let is_new = known.is_none();
        if is_new && count >= MAX_TEMPLATES {
            return Err(Stop::at(
                key,
                format!("would be one more than {MAX_TEMPLATES} templates; expected no more"),
            ));
        }
        let mut template = match known {
            Some(template) => template,
            None => self.new_template(key, entry)?,
        };
        let mut fields = Fields::default();
        let content = &mut template.content;
        fields.set("name", &mut template.name, Some(entry.name.clone()), |name| text(name));
        fields.set("kind", &mut content.kind, entry.kind.clone(), |kind| text(kind));
        fields.set("require_step_up", &mut content.require_step_up, entry.require_step_up, yes);
        let lifetimes = wanted_lifetimes(key, content.lifetimes, entry.token_lifetimes)?;
        fields.set("token_lifetimes", &mut content.lifetimes, lifetimes, shown_lifetimes);
        let months = entry.certification_months.map(number);
        fields.set("certification_months", &mut content.certification_months, months, plain);
        if let Some(terms) = &entry.contract {
            let wanted = wanted_terms(&format!("{key}.contract"), content.contract, terms)?;
            fields.set("contract", &mut content.contract, Some(wanted), shown_terms);
        }
        let joining = &mut content.joining;
        fields.set("joining", &mut joining.policy, entry.joining, |policy| policy.as_str().to_owned());
        fields.set("joining_role", &mut joining.role, entry.joining_role, |role| {
            role.as_str().to_owned()
        });
        let days = entry.joining_days.map(|days| Some(number(days)).filter(|days| *days > 0));
        fields.set("joining_days", &mut joining.days, days, |days| shown_days(*days));
        for (index, given) in entry.applications.iter().enumerate() {
            let key = format!("{key}.applications[{index}]");
            template = self.given(&key, template, given, &mut fields).await?;
        }
        if !is_new && fields.is_empty() {
            return Ok(());
        }
        let (kind, written) = if is_new {
            (EventKind::TemplateCreated, store::templates::insert(&self.cx.tx, &template).await?)
        } else {
            (EventKind::TemplateChanged, store::templates::update(&self.cx.tx, &template).await?)
        };
        if !written {
            return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
        }
        self.record(about(kind, &template).detail("content", json!(template.content)))
            .await?;
        match is_new {
            true => self.did(Mark::Create, "template", template.name, Fields::default()),
            false => self.did(Mark::Change, "template", template.name, fields),
        }
        Ok(())
    }

    fn new_template(&mut self, key: &str, entry: &TemplateEntry) -> Result<Template, Stop> {
        Ok(Template {
            id: TemplateId::new(self.cx.now, &mut self.cx.rng),
            name: entry.name.clone(),
            content: TemplateContent {
                kind: needed(key, "kind", entry.kind.clone(), "this template")?,
                require_step_up: false,
                lifetimes: Lifetimes::default(),
                certification_months: CERTIFICATION_MONTHS,
                contract: None,
                joining: Joining::default(),
                applications: Vec::new(),
            },
            created_at: self.cx.now,
            version: 1,
        })
    }

    /// An application of a template, given, given otherwise or withheld.
    async fn given(
        &mut self,
        key: &str,
        template: Template,
        entry: &TemplateApplicationEntry,
        fields: &mut Fields,
    ) -> Result<Template, Stop> {
        let (application, scopes) = self.find_application(&format!("{key}.application"), &entry.application).await?;
        let before = template.application(application.id).cloned();
        let joined = template.gives_at_joining(application.id);
        let shown = |given: &TemplateApplication, joined: bool| {
            let names = scope_names(&scopes)(&given.scopes);
            let at_joining = if joined { ", at joining" } else { "" };
            format!("{} ({names}; {}{at_joining})", application.slug, shown_days(given.days))
        };
        if entry.revoked {
            let Some(before) = before else { return Ok(template) };
            fields.note("applications", shown(&before, joined), "\u{2014}");
            return template.withhold(application.id).map_err(|error| Stop::at(key, error.to_string()));
        }
        let known: Vec<&Scope> = scopes.iter().collect();
        let wanted = entry.scopes.as_ref().map(|names| scope_ids(key, names, &known)).transpose()?;
        let usual = || sorted(scopes.iter().filter(|scope| !scope.high_value).map(|scope| scope.id).collect());
        let days = entry.days.map(|days| Some(number(days)).filter(|days| *days > 0));
        let given = TemplateApplication {
            application: application.id,
            scopes: wanted.unwrap_or_else(|| before.as_ref().map_or_else(usual, |before| sorted(before.scopes.clone()))),
            days: days.unwrap_or_else(|| before.as_ref().and_then(|before| before.days)),
        };
        let at_joining = entry.at_joining.unwrap_or(joined);
        let same = before
            .as_ref()
            .is_some_and(|before| sorted(before.scopes.clone()) == given.scopes && before.days == given.days && joined == at_joining);
        if same {
            return Ok(template);
        }
        if before.is_none() && !application.is_offered() {
            return Err(Stop::at(
                format!("{key}.application"),
                format!(
                    "names {:?}, which is retired; expected an application that is offered",
                    application.slug
                ),
            ));
        }
        let old = before.map_or_else(|| "\u{2014}".to_owned(), |before| shown(&before, joined));
        fields.note("applications", old, shown(&given, at_joining));
        let template = template.give(given, at_joining);
        template.map_err(|_| {
            Stop::at(
                format!("{key}.scopes"),
                "would be empty; expected at least one scope of the application",
            )
        })
    }

    /// The entry of an organization that is new, filled in from the template it names; none when it names none or is there already.
    pub async fn begun_from_template(&mut self, key: &str, entry: &OrganizationEntry) -> Result<Option<Begun>, Stop> {
        let Some(name) = &entry.template else { return Ok(None) };
        if store::organizations::find_by_slug(&self.cx.tx, &entry.slug).await?.is_some() {
            return Ok(None);
        }
        let all = store::templates::all(&self.cx.tx).await?;
        let Some(template) = all.into_iter().find(|template| template.name.to_lowercase() == name.to_lowercase()) else {
            return Err(Stop::at(
                format!("{key}.template"),
                format!("names {name:?}, which is neither in the file nor in the portal; expected the name of a template"),
            ));
        };
        let today = day_of(self.cx.now, self.zone());
        let content = &template.content;
        let mut filled = entry.clone();
        filled.kind.get_or_insert_with(|| content.kind.clone());
        filled.require_step_up.get_or_insert(content.require_step_up);
        filled.token_lifetimes.get_or_insert(LifetimesEntry::from(content.lifetimes));
        filled
            .certification_due
            .get_or_insert(When::Months(content.certification_months.into()));
        if let Some(terms) = content.contract {
            for contract in &mut filled.contracts {
                fill_terms(contract, terms, today);
            }
            if filled.contracts.is_empty() {
                let note = format!(
                    "{key}.template: {} gets no contract, because the file gives none a reference",
                    entry.slug
                );
                self.report.notes.push(note);
            }
        }
        for given in &content.applications {
            let Some(application) = store::applications::get(&self.cx.tx, given.application).await? else {
                continue;
            };
            if entry.entitlements.iter().any(|named| named.application == application.slug) {
                continue;
            }
            if !application.is_offered() {
                let note = format!("{key}.template: {} does not get {}, which is retired", entry.slug, application.slug);
                self.report.notes.push(note);
                continue;
            }
            let scopes = store::applications::scopes_of(&self.cx.tx, &[application.id]).await?;
            let names = scopes.iter().filter(|scope| given.scopes.contains(&scope.id));
            filled.entitlements.push(EntitlementEntry {
                application: application.slug,
                scopes: Some(names.map(|scope| scope.name.clone()).collect()),
                starts: Some(When::On(today)),
                ends: given.last_day(today).map(When::On),
                ..EntitlementEntry::default()
            });
        }
        Ok(Some(Begun { entry: filled, template }))
    }

    /// Keeps how people join the new organization, as far as it holds the applications, and tells what it was made from.
    pub async fn took_from_template(&mut self, organization: &Organization, begun: &Begun) -> Result<(), Stop> {
        let held = store::grants::entitlements_of(&self.cx.tx, organization.id).await?;
        let mut joining = begun.template.content.joining.clone();
        joining.applications.retain(|id| {
            held.iter()
                .any(|entitlement| entitlement.application == *id && entitlement.revoked_at.is_none())
        });
        store::templates::set_joining(&self.cx.tx, organization.id, &joining).await?;
        let told = about(EventKind::TemplateApplied, &begun.template)
            .organization(organization.id, organization.name.clone())
            .detail("joining", json!(joining));
        self.record(told).await
    }
}

/// What a contract leaves to the template.
fn fill_terms(contract: &mut ContractEntry, terms: ContractTerms, today: Day) {
    let starts = *contract.starts.get_or_insert(When::On(today));
    contract.notice_days.get_or_insert(terms.notice_days);
    contract.seats.get_or_insert(terms.seats);
    if let Some(first) = starts.day(today) {
        contract.ends.get_or_insert(When::On(terms.last_day(first)));
    }
}

/// The terms as declared, over those there are; none when they are taken away.
fn wanted_terms(key: &str, before: Option<ContractTerms>, entry: &TermsEntry) -> Result<Option<ContractTerms>, Stop> {
    if entry.months == Some(0) {
        return Ok(None);
    }
    let months = entry.months.map(number).or(before.map(|terms| terms.months));
    let seats = entry.seats.or(before.map(|terms| terms.seats));
    let notice_days = entry.notice_days.or(before.map(|terms| terms.notice_days));
    Ok(Some(ContractTerms {
        months: needed(key, "months", months, "the terms of this contract")?,
        notice_days: notice_days.unwrap_or(30),
        seats: needed(key, "seats", seats, "the terms of this contract")?,
    }))
}

/// A number whose range was checked with the file.
fn number(value: i32) -> u16 {
    u16::try_from(value).unwrap_or_default()
}

fn shown_days(days: Option<u16>) -> String {
    days.map_or_else(|| "as long as the contract".to_owned(), |days| format!("{days} days"))
}

fn shown_terms(terms: &Option<ContractTerms>) -> String {
    terms.map_or_else(
        || "\u{2014}".to_owned(),
        |terms| {
            format!(
                "{} months, {} days of notice, {} seats",
                terms.months, terms.notice_days, terms.seats
            )
        },
    )
}

fn about(kind: EventKind, template: &Template) -> Event {
    Event::new(kind).subject(Subject::new("organization_template", template.id, template.name.clone()))
}
