//! `/admin/templates`: templates for new partners; and what the form of a new partner shows of one.

use chrono::Months;
use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::{
    ContractTerms, Template,
    queries::{self, Chosen, Given, Start, TemplatePage},
};
use crate::{
    access::{Action, Resource},
    apps::Scope,
    federation::{JoinPolicy, Joining},
    kernel::{Day, TemplateId},
    organizations::pages::counted,
    people::MemberRole,
    ui::*,
    web::{Content, PageCx, PageError, page, route, routes},
};

/// The routes of this folder; fixed paths before those with parts.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/admin/templates"), list),
        route(path!("/admin/templates/new"), new),
        route(path!("/admin/templates/:template"), one),
    ]
}

const TITLE: &str = "Partner templates";

fn list() -> AnyView {
    page(|cx| async move {
        let templates = queries::templates(&cx.qx).await?;
        let body = if templates.is_empty() {
            let action = view! { <LinkButton href=routes::ADMIN_NEW_TEMPLATE>"Write the first template"</LinkButton> }.into_any();
            view! {
                <EmptyState icon="clipboard" title="No templates yet"
                    text="Write down once what all partners of a kind begin with. Whoever creates a partner can start from it." action=action />
            }
            .into_any()
        } else {
            let columns = vec![
                Column::new("Template"),
                Column::new("First contract"),
                Column::number("Applications"),
                Column::new("People who join"),
            ];
            let rows = templates.iter().map(row).collect_view();
            view! { <Table caption=TITLE columns=columns>{rows}</Table> }.into_any()
        };
        let action = (!templates.is_empty())
            .then(|| view! { <LinkButton href=routes::ADMIN_NEW_TEMPLATE icon="plus">"New template"</LinkButton> }.into_any());
        Ok::<_, PageError>(Content::new(
            TITLE,
            view! {
                <PageHeader title=TITLE purpose="What partners of a kind begin with: sign-in rules, first contract, applications. A partner gets copies." action=action />
                {body}
            },
        ))
    })
}

fn row(template: &Template) -> AnyView {
    let (name, kind) = (template.name.clone(), template.content.kind.clone());
    let href = routes::admin_template(template.id);
    let contract = template.content.contract.map_or_else(|| "added by hand".to_owned(), contract_words);
    let applications = template.content.applications.len();
    let joining = policy_words(template.content.joining.policy);
    view! {
        <Row>
            <HeadCell label="Template"><Name name=name detail=kind href=href /></HeadCell>
            <Cell label="First contract">{contract}</Cell>
            <NumberCell label="Applications">{applications}</NumberCell>
            <Cell label="People who join">{joining}</Cell>
        </Row>
    }
    .into_any()
}

fn contract_words(terms: ContractTerms) -> String {
    let seats = u64::try_from(terms.seats).unwrap_or_default();
    format!(
        "{}, {}",
        counted(terms.months.into(), "month", "months"),
        counted(seats, "seat", "seats")
    )
}

const fn policy_words(policy: JoinPolicy) -> &'static str {
    match policy {
        JoinPolicy::Off => "nobody by themselves",
        JoinPolicy::Invited => "by invitation",
        JoinPolicy::Open => "whoever has an address in a proven domain",
    }
}

fn new() -> AnyView {
    page(|cx| async move {
        cx.qx.authorise(Action::ManageTenant, Resource::Tenant)?;
        let form = cx.form("template");
        Ok::<_, PageError>(Content::new(
            "New template",
            view! {
                <PageHeader title="New template" purpose="What partners of a kind begin with. The applications come next."
                    crumbs=vec![Crumb::new(routes::ADMIN_TEMPLATES, TITLE), Crumb::here("New template")] />
                <Card>
                    <Form action="/do/create-template" form=form>
                        {terms_fields(None)}
                        <FormActions>
                            <SubmitButton>"Create template"</SubmitButton>
                            <LinkButton href=routes::ADMIN_TEMPLATES kind=Kind::Ghost>"Cancel"</LinkButton>
                        </FormActions>
                    </Form>
                </Card>
            },
        ))
    })
}

/// Everything but the applications.
fn terms_fields(template: Option<&Template>) -> AnyView {
    let name = template.map(|template| template.name.clone());
    let content = template.map(|template| template.content.clone());
    let kind = content.as_ref().map(|content| content.kind.clone());
    let step_up = content.as_ref().is_some_and(|content| content.require_step_up);
    let certified = content.as_ref().map_or(12, |content| content.certification_months).to_string();
    let contract = content.as_ref().and_then(|content| content.contract);
    let (months, notice_days, seats) = (
        contract.map(|terms| terms.months.to_string()),
        contract.map(|terms| terms.notice_days.to_string()),
        contract.map(|terms| terms.seats.to_string()),
    );
    let joining = content.map_or_else(Joining::default, |content| content.joining);
    let policies = [
        (JoinPolicy::Off, "They are turned away"),
        (JoinPolicy::Invited, "They come in if they are invited"),
        (JoinPolicy::Open, "They become members, if their address is in a proven domain"),
    ]
    .into_iter()
    .map(|(policy, label)| Choice::new(policy.as_str(), label))
    .collect::<Vec<_>>();
    let roles = MemberRole::ALL
        .iter()
        .map(|role| Choice::new(role.as_str(), role.title()))
        .collect::<Vec<_>>();
    let days = joining.days.map(|days| days.to_string());
    view! {
        <Field name="name" label="Name" value=name required=true maxlength="60" hint="For whoever creates a partner, for example Consultancies." />
        <Field name="kind" label="Kind of partner" value=kind required=true maxlength="60" hint="For example consultancy, logistics, reseller, contractor." />
        <Checkbox name="require_step_up" label="Changes need a fresh confirmation with an authenticator app" checked=step_up />
        <Field name="certification_months" label="First certification due after so many months" kind="number" inputmode="numeric" min="1" max="24"
            required=true value=certified width=Width::Short />
        <Fieldset legend="First contract">
            <Field name="months" label="For how many months" kind="number" inputmode="numeric" min="1" max="240" value=months width=Width::Short
                hint="Leave all three empty if contracts are added by hand." />
            <Field name="notice_days" label="Notice in days" kind="number" inputmode="numeric" min="0" value=notice_days width=Width::Short />
            <Field name="seats" label="Seats" kind="number" inputmode="numeric" min="1" value=seats width=Width::Short
                hint="How many people may be members at a time." />
        </Fieldset>
        <Fieldset legend="People who come by the partner's own sign-in">
            <RadioGroup name="policy" legend="People we do not know" options=policies selected=joining.policy.as_str() />
            <Select name="role" label="They join as" options=roles selected=joining.role.as_str() />
            <Field name="days" label="For how many days" kind="number" inputmode="numeric" min="1" value=days width=Width::Short
                hint="Leave empty for as long as the contract." />
        </Fieldset>
    }
    .into_any()
}

fn one() -> AnyView {
    page(|cx| async move {
        let id = cx.param::<TemplateId>("template")?;
        let found = queries::template(&cx.qx, id, cx.query("application").as_deref()).await?;
        Ok::<_, PageError>(content(&cx, &found))
    })
}

fn content(cx: &PageCx, found: &TemplatePage) -> Content {
    let name = found.template.name.clone();
    let crumbs = vec![Crumb::new(routes::ADMIN_TEMPLATES, TITLE), Crumb::here(name.clone())];
    let refused = crate::organizations::pages::refused(&cx.form("remove"));
    let remove = remove(&found.template);
    let given = given_section(cx, found);
    let terms = terms_card(&found.template, cx.form("template"));
    Content::new(
        name.clone(),
        view! {
            <PageHeader title=name purpose="Changes count for partners that are created from now on. Partners that were made from it stay as they are."
                crumbs=crumbs action=remove />
            {refused}
            <Stack gap=Gap::Large>{given}{terms}</Stack>
        },
    )
}

fn remove(template: &Template) -> AnyView {
    let title = format!("Remove {}?", template.name);
    let fields = vec![("template", template.id.to_string()), ("version", template.version.to_string())];
    view! {
        <Confirm id="remove" trigger="Remove…" title=title verb="Remove the template" action="/do/remove-template" fields=fields>
            <Paragraph>"Nobody can start a partner from it any more. Partners that were made from it stay as they are. This cannot be undone."</Paragraph>
        </Confirm>
    }
    .into_any()
}

fn terms_card(template: &Template, form: FormState) -> AnyView {
    let (id, version) = (template.id.to_string(), template.version.to_string());
    let template = template.clone();
    view! {
        <FormCard title="What partners begin with" action="/do/change-template" form=form id="template">
            <Hidden name="template" value=id />
            <Hidden name="version" value=version />
            {terms_fields(Some(&template))}
            <FormActions><SubmitButton>"Save template"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn given_section(cx: &PageCx, found: &TemplatePage) -> AnyView {
    let refused = found
        .chosen
        .is_none()
        .then(|| crate::organizations::pages::refused(&cx.form("application")));
    let held = if found.given.is_empty() {
        view! { <EmptyState icon="package" title="No applications yet" text="Partners made from this template hold no application until one is granted." /> }.into_any()
    } else {
        let columns = vec![
            Column::new("Application"),
            Column::new("Permissions"),
            Column::new("Until"),
            Column::new("People who join"),
            Column::action("Actions"),
        ];
        let rows = found.given.iter().map(|given| given_row(&found.template, given)).collect_view();
        view! { <Table caption="Applications of partners made from this template" columns=columns>{rows}</Table> }.into_any()
    };
    let add = (!found.others.is_empty()).then(|| {
        let options = std::iter::once(Choice::new("", "Choose an application"))
            .chain(found.others.iter().map(|other| Choice::new(other.slug.clone(), other.name.clone())))
            .collect::<Vec<_>>();
        let action = routes::admin_template(found.template.id);
        view! {
            <FilterBar action=action verb="Choose">
                <Select name="application" label="Add an application" options=options auto_submit=true />
            </FilterBar>
        }
    });
    let chosen = found
        .chosen
        .as_ref()
        .map(|chosen| application_card(&found.template, chosen, cx.form("application")));
    view! { <Section title="Applications">{refused}{held}{add}{chosen}</Section> }.into_any()
}

fn scope_names(scopes: &[Scope]) -> String {
    if scopes.is_empty() {
        "none".to_owned()
    } else {
        scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

fn until_words(given: &Given) -> String {
    given.terms.days.map_or_else(
        || "as long as the contract".to_owned(),
        |days| format!("for {}", counted(days.into(), "day", "days")),
    )
}

fn given_row(template: &Template, given: &Given) -> AnyView {
    let (icon, name, slug) = (
        given.application.icon.clone(),
        given.application.name.clone(),
        given.application.slug.clone(),
    );
    let retired = (!given.application.is_offered()).then(|| view! { <Badge tone=Tone::Bad>"Retired"</Badge> });
    let href = routes::with_query(&routes::admin_template(template.id), [("application", slug.clone())]);
    let scopes = scope_names(&given.scopes);
    let until = until_words(given);
    let joining = if given.at_joining { "get it" } else { "do not get it" };
    let named = format!(" {name}");
    let change = given.application.is_offered().then(|| {
        let href = href.clone();
        view! { <LinkButton href=href kind=Kind::Secondary size=Size::Small>"Change"<Aloud>{named}</Aloud></LinkButton> }
    });
    let fields = vec![
        ("template", template.id.to_string()),
        ("version", template.version.to_string()),
        ("application", slug.clone()),
    ];
    let (id, title) = (format!("drop-{slug}"), format!("Leave {name} out?"));
    let text = format!("New partners of this kind do not hold {name} any more. Partners that hold it keep it.");
    view! {
        <Row>
            <HeadCell label="Application"><Cluster><AppName icon=icon name=name />{retired}</Cluster></HeadCell>
            <Cell label="Permissions">{scopes}</Cell>
            <Cell label="Until">{until}</Cell>
            <Cell label="People who join">{joining}</Cell>
            <ActionCell>
                {change}
                <Confirm id=id trigger="Leave out…" title=title verb="Leave it out" action="/do/drop-template-application" fields=fields
                    kind=Kind::Secondary size=Size::Small>
                    <Paragraph>{text}</Paragraph>
                </Confirm>
            </ActionCell>
        </Row>
    }
    .into_any()
}

fn application_card(template: &Template, chosen: &Chosen, form: FormState) -> AnyView {
    let (id, version) = (template.id.to_string(), template.version.to_string());
    let (slug, name) = (chosen.application.slug.clone(), chosen.application.name.clone());
    let options = chosen
        .scopes
        .iter()
        .map(|scope| {
            let words = if scope.description.is_empty() {
                &scope.name
            } else {
                &scope.description
            };
            let hint = if scope.high_value {
                format!("{} (high value)", scope.name)
            } else {
                scope.name.clone()
            };
            Choice::new(scope.id.to_string(), words.clone()).hint(hint)
        })
        .collect::<Vec<_>>();
    let no_scopes = options.is_empty().then(|| {
        view! { <Notice tone=Tone::Warn>"This application has no permissions yet, so it cannot be given. Add them in the catalogue first."</Notice> }
    });
    let selected: Vec<String> = chosen
        .given
        .as_ref()
        .map(|given| given.scopes.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    let days = chosen.given.as_ref().and_then(|given| given.days).map(|days| days.to_string());
    let at_joining = chosen.at_joining;
    let title = format!("{name} for new partners");
    let cancel = routes::admin_template(template.id);
    view! {
        {no_scopes}
        <FormCard title=title action="/do/put-template-application" form=form id="application">
            <Hidden name="template" value=id />
            <Hidden name="version" value=version />
            <Hidden name="application" value=slug />
            <CheckboxGroup name="scopes[]" legend="Permissions" options=options selected=selected />
            <Field name="days" label="For how many days" kind="number" inputmode="numeric" min="1" value=days width=Width::Short
                hint="Leave empty for as long as the contract." />
            <Checkbox name="at_joining" label="People who join by the partner's own sign-in get it" checked=at_joining />
            <FormActions>
                <SubmitButton>"Save application"</SubmitButton>
                <LinkButton href=cancel kind=Kind::Ghost>"Cancel"</LinkButton>
            </FormActions>
        </FormCard>
    }
    .into_any()
}

/// The choice of a template above the form of a new partner; nothing while there are none.
pub(crate) fn choice(start: &Start) -> Option<AnyView> {
    if start.offered.is_empty() {
        return None;
    }
    let options = std::iter::once(Choice::new("", "Nothing, fill in everything"))
        .chain(start.offered.iter().map(|(id, name)| Choice::new(id.to_string(), name.clone())))
        .collect::<Vec<_>>();
    let selected = start
        .chosen
        .as_ref()
        .map(|(template, _)| template.id.to_string())
        .unwrap_or_default();
    Some(
        view! {
            <FilterBar action=routes::NEW_PARTNER verb="Choose">
                <Select name="template" label="Start from" options=options selected=selected auto_submit=true />
            </FilterBar>
        }
        .into_any(),
    )
}

/// The day on which the first certification is due.
pub(crate) fn first_due(start: &Start, today: Day) -> Day {
    let months = start
        .chosen
        .as_ref()
        .map_or(12, |(template, _)| template.content.certification_months);
    today.checked_add_months(Months::new(months.into())).unwrap_or(today)
}

/// What a new partner takes over: its first contract and its applications, each of them to be changed or left out.
pub(crate) fn taken_fields(start: &Start, today: Day) -> Option<AnyView> {
    let (template, given) = start.chosen.as_ref()?;
    let (id, version) = (template.id.to_string(), template.version.to_string());
    let contract = template.content.contract.map(|terms| {
        let (end, first) = (terms.last_day(today).to_string(), today.to_string());
        let (notice, seats) = (terms.notice_days.to_string(), terms.seats.to_string());
        view! {
            <Fieldset legend="First contract, from today">
                <Field name="reference" label="Number or name" required=true maxlength="80" placeholder="C-1042" width=Width::Short />
                <DateField name="ends" label="Last day" required=true value=end min=first />
                <Field name="notice_days" label="Notice in days" kind="number" inputmode="numeric" min="0" required=true value=notice width=Width::Short />
                <Field name="seats" label="Seats" kind="number" inputmode="numeric" min="1" required=true value=seats width=Width::Short />
            </Fieldset>
        }
    });
    let applications = (!given.is_empty()).then(|| {
        let options = given
            .iter()
            .map(|given| {
                let hint = format!("{}; {}", scope_names(&given.scopes), until_words(given));
                Choice::new(given.application.id.to_string(), given.application.name.clone()).hint(hint)
            })
            .collect::<Vec<_>>();
        let all = given.iter().map(|given| given.application.id.to_string()).collect::<Vec<_>>();
        view! { <CheckboxGroup name="applications[]" legend="Applications it holds" options=options selected=all /> }
    });
    Some(
        view! {
            <Hidden name="template" value=id />
            <Hidden name="template_version" value=version />
            {contract}
            {applications}
        }
        .into_any(),
    )
}
