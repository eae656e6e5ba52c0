//! `/admin/apps`, `/admin/apps/new`, `/admin/apps/{app}`: the catalogue, its applications and their scopes.

use leptos::prelude::*;

use super::parts::{high_value_badge, people_words};
use crate::{
    apps::{
        Application, Scope, ScopeAccess,
        queries::{self, CatalogueEntry, CatalogueRow, Employee},
    },
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let (rows, may_change) = queries::catalogue(&cx.qx).await?;
        let action =
            may_change.then(|| view! { <LinkButton href=routes::ADMIN_NEW_APP icon="plus">"Add an application"</LinkButton> }.into_any());
        let body = if rows.is_empty() {
            let text = "An application in the catalogue can be given to partners, and assigned by them to their people.";
            view! { <EmptyState icon="package" title="The catalogue is empty" text=text /> }.into_any()
        } else {
            let columns = vec![
                Column::new("Application"),
                Column::new("Category"),
                Column::new("Owner"),
                Column::number("Permissions"),
                Column::number("Partners"),
                Column::new("Status"),
            ];
            let rows = rows.into_iter().map(row).collect_view();
            view! { <Table caption="Applications" columns=columns>{rows}</Table> }.into_any()
        };
        let purpose = "Everything that partners can be given, and who answers for it.";
        Ok::<_, PageError>(Content::new(
            "Applications",
            view! { <PageHeader title="Applications" purpose=purpose action=action />{body} },
        ))
    })
}

fn row(row: CatalogueRow) -> AnyView {
    let application = row.application;
    let retired = !application.is_offered();
    let href = routes::admin_app(&application.slug);
    let owner = row
        .owner
        .map_or_else(|| view! { <Muted>"nobody"</Muted> }.into_any(), IntoAny::into_any);
    view! {
        <Row ended=retired>
            <HeadCell label="Application">
                <AppName icon=application.icon name=application.name href=href />
            </HeadCell>
            <Cell label="Category">{application.category}</Cell>
            <Cell label="Owner">{owner}</Cell>
            <NumberCell label="Permissions">{row.scopes}</NumberCell>
            <NumberCell label="Partners">{row.partners}</NumberCell>
            <Cell label="Status">{status_badge(!retired)}</Cell>
        </Row>
    }
    .into_any()
}

fn status_badge(offered: bool) -> AnyView {
    if offered {
        view! { <Badge tone=Tone::Good>"Offered"</Badge> }.into_any()
    } else {
        view! { <Badge>"Retired"</Badge> }.into_any()
    }
}

pub(super) fn new() -> AnyView {
    page(|cx| async move {
        let employees = queries::employees(&cx.qx).await?;
        let form = cx.form("application");
        let fields = Fields::new(None, employees);
        let crumbs = vec![Crumb::new(routes::ADMIN_APPS, "Applications"), Crumb::here("Add")];
        Ok::<_, PageError>(Content::new(
            "Add an application",
            view! {
                <PageHeader title="Add an application" purpose="Nobody sees it before a partner is given it." crumbs=crumbs />
                <Form action="/do/create-application" form=form id="application">
                    {fields.view()}
                    <FormActions>
                        <SubmitButton>"Add the application"</SubmitButton>
                        <LinkButton href=routes::ADMIN_APPS kind=Kind::Ghost>"Cancel"</LinkButton>
                    </FormActions>
                </Form>
            },
        ))
    })
}

/// The fields of an application, empty or as it is.
struct Fields {
    application: Option<Application>,
    employees: Vec<Employee>,
}

impl Fields {
    fn new(application: Option<Application>, employees: Vec<Employee>) -> Self {
        Self { application, employees }
    }

    /// Made inside the form.
    fn view(self) -> AnyView {
        let Self { application, employees } = self;
        let text = |read: fn(&Application) -> String| application.as_ref().map(read).unwrap_or_default();
        let slug = application.is_none().then(|| {
            let hint = "Stands in addresses, for example order-desk. It cannot be changed later.";
            view! { <Field name="slug" label="Short name" hint=hint required=true maxlength="60" width=Width::Short /> }
        });
        let icons = APP_ICONS
            .into_iter()
            .map(|icon| Choice::new(icon, icon.replace('-', " ")))
            .collect::<Vec<_>>();
        let mut owners = vec![Choice::new("", "Nobody")];
        owners.extend(
            employees
                .into_iter()
                .map(|employee| Choice::new(employee.id.to_string(), employee.name)),
        );
        let owner = application
            .as_ref()
            .and_then(|application| application.owner)
            .map(|id| id.to_string())
            .unwrap_or_default();
        let icon = application
            .as_ref()
            .map_or_else(|| "package".to_owned(), |application| application.icon.clone());
        let url = text(|it| it.launch_url.to_string());
        view! {
            <Field name="name" label="Name" required=true maxlength="60" value=text(|it| it.name.clone()) />
            {slug}
            <Field name="description" label="What it is for" hint="One sentence that a partner's employee understands." required=true
                maxlength="200" value=text(|it| it.description.clone()) />
            <Field name="category" label="Category" hint="The heading it stands under, for example Logistics." required=true maxlength="40"
                value=text(|it| it.category.clone()) />
            <Select name="icon" label="Icon" options=icons selected=icon />
            <Field name="launch_url" label="Launch address" kind="url" hint="Where a launch leads: https://…" required=true value=url />
            <Select name="owner" label="Owner" options=owners selected=owner hint="Whom partners can ask about it." />
        }
        .into_any()
    }
}

pub(super) fn one() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let entry = queries::catalogue_entry(&cx.qx, &slug).await?;
        let employees = if entry.may_change {
            queries::employees(&cx.qx).await?
        } else {
            Vec::new()
        };
        Ok::<_, PageError>(content(&cx, entry, employees))
    })
}

fn content(cx: &PageCx, entry: CatalogueEntry, employees: Vec<Employee>) -> Content {
    let name = entry.application.name.clone();
    let crumbs = vec![Crumb::new(routes::ADMIN_APPS, "Applications"), Crumb::here(name.clone())];
    let badge = status_badge(entry.application.is_offered());
    let clients = entry.may_change.then(|| {
        let href = routes::admin_app_clients(&entry.application.slug);
        view! { <LinkButton href=href kind=Kind::Secondary icon="key">"Sign-in"</LinkButton> }
    });
    let retire = entry.may_change.then(|| retire(&entry));
    let refused = cx.form("retire");
    let refused = refused
        .has_errors()
        .then(|| view! { <ErrorSummary title=refused.summary.unwrap_or_default() /> });
    let scopes = scopes(cx, &entry);
    let partners = partners(cx, &entry);
    let profile = entry.may_change.then(|| profile(cx, entry.application.clone(), employees));
    let purpose = entry.application.description.clone();
    Content::new(
        name.clone(),
        view! {
            <PageHeader title=name purpose=purpose crumbs=crumbs action=view! { {badge}{clients}{retire} }.into_any() />
            {refused}
            <Stack gap=Gap::Large>{scopes}{partners}{profile}</Stack>
        },
    )
}

fn retire(entry: &CatalogueEntry) -> AnyView {
    let (name, slug) = (entry.application.name.clone(), entry.application.slug.clone());
    if entry.application.is_offered() {
        let (title, verb) = (format!("Retire {name}?"), format!("Retire {name}"));
        let held = match entry.partners.len() {
            0 => "No partner holds it.".to_owned(),
            1 => "One partner holds it; none of its people can launch it any more.".to_owned(),
            more => format!("{more} partners hold it; none of their people can launch it any more."),
        };
        let text = format!("{held} What was granted and assigned stays on record, and counts again when you restore {name}.");
        view! {
            <Confirm id="retire" trigger=format!("Retire {name}…") title=title verb=verb action="/do/retire-application"
                fields=vec![("application", slug)] kind=Kind::Danger>{text}</Confirm>
        }
        .into_any()
    } else {
        let (title, verb) = (format!("Restore {name}?"), format!("Restore {name}"));
        view! {
            <Confirm id="restore" trigger=format!("Restore {name}…") title=title verb=verb action="/do/retire-application"
                fields=vec![("application", slug), ("restore", "yes".to_owned())] kind=Kind::Secondary>
                "Everyone who still holds it can launch it again, from this moment on."
            </Confirm>
        }
        .into_any()
    }
}

fn profile(cx: &PageCx, application: Application, employees: Vec<Employee>) -> AnyView {
    let form = cx.form("application");
    let (slug, version) = (application.slug.clone(), application.version.to_string());
    let fields = Fields::new(Some(application), employees);
    view! {
        <FormCard title="Change the application" action="/do/change-application" form=form id="application">
            <Hidden name="application" value=slug />
            <Hidden name="version" value=version />
            {fields.view()}
            <FormActions><SubmitButton>"Save changes"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn scopes(cx: &PageCx, entry: &CatalogueEntry) -> AnyView {
    let list = if entry.scopes.is_empty() {
        let text = "Without a permission it cannot be given to anybody. Add one for looking and one for changing, for example.";
        view! { <EmptyState icon="key" title="No permissions yet" text=text /> }.into_any()
    } else {
        let mut columns = vec![Column::new("Permission"), Column::new("What it allows"), Column::new("Kind")];
        if entry.may_change {
            columns.push(Column::action("Actions"));
        }
        let rows = entry.scopes.iter().map(|scope| scope_row(entry, scope)).collect_view();
        view! { <Table caption="Permissions" columns=columns>{rows}</Table> }.into_any()
    };
    let (slug, version) = (entry.application.slug.clone(), entry.application.version);
    let forms = entry.may_change.then(|| {
        let refused = entry
            .scopes
            .iter()
            .filter_map(|scope| refused_change(cx, &slug, version, scope))
            .collect_view();
        let form = cx.form("scope");
        let open = form.has_errors() || entry.scopes.is_empty();
        let slug = slug.clone();
        view! {
            {refused}
            <Disclosure summary="Add a permission" open=open>
                <Form action="/do/put-scope" form=form id="scope">
                    <Hidden name="application" value=slug />
                    <Hidden name="version" value=version.to_string() />
                    <Field name="name" label="Name" hint="As in tokens, for example orders:write. It cannot be changed later." required=true
                        maxlength="100" width=Width::Short />
                    {scope_fields(String::new(), ScopeAccess::Read, false)}
                    <FormActions><SubmitButton>"Add the permission"</SubmitButton></FormActions>
                </Form>
            </Disclosure>
        }
    });
    view! {
        <Section title="Permissions" id="permissions" purpose="What partners can be given of it, piece by piece.">{list}{forms}</Section>
    }
    .into_any()
}

fn scope_row(entry: &CatalogueEntry, scope: &Scope) -> AnyView {
    let kind = match scope.access {
        ScopeAccess::Read => "Read",
        ScopeAccess::Write => "Change",
    };
    let (name, description, high_value) = (scope.name.clone(), scope.description.clone(), high_value_badge(scope.high_value));
    let change = entry.may_change.then(|| {
        let fields = vec![
            ("application", entry.application.slug.clone()),
            ("version", entry.application.version.to_string()),
            ("name", name.clone()),
            ("change", "yes".to_owned()),
        ];
        let (id, title, verb) = (format!("change-{}", slug_of(&name)), format!("Change {name}"), format!("Save {name}"));
        let (description, access, high_value) = (description.clone(), scope.access, scope.high_value);
        view! {
            <ActionCell>
                <Confirm id=id trigger="Change…" title=title verb=verb action="/do/put-scope" fields=fields kind=Kind::Secondary size=Size::Small>
                    {scope_fields(description, access, high_value)}
                </Confirm>
            </ActionCell>
        }
    });
    view! {
        <Row>
            <HeadCell label="Permission"><Code>{name}</Code></HeadCell>
            <Cell label="What it allows">{description}</Cell>
            <Cell label="Kind"><Cluster>{kind}{high_value}</Cluster></Cell>
            {change}
        </Row>
    }
    .into_any()
}

/// A change that came back: in the page, because a summary of errors cannot lead into a dialog that is closed.
fn refused_change(cx: &PageCx, slug: &str, version: i32, scope: &Scope) -> Option<AnyView> {
    let id = format!("scope-{}", scope.name);
    let form = cx.form(&id);
    if !form.has_errors() {
        return None;
    }
    let (slug, name, title) = (slug.to_owned(), scope.name.clone(), format!("Change {}", scope.name));
    let (description, access, high_value) = (scope.description.clone(), scope.access, scope.high_value);
    let id = slug_of(&id);
    let form = view! {
        <FormCard title=title action="/do/put-scope" form=form id=id>
            <Hidden name="application" value=slug />
            <Hidden name="version" value=version.to_string() />
            <Hidden name="name" value=name />
            <Hidden name="change" value="yes" />
            {scope_fields(description, access, high_value)}
            <FormActions><SubmitButton>"Save changes"</SubmitButton></FormActions>
        </FormCard>
    };
    Some(form.into_any())
}

fn slug_of(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn scope_fields(description: String, access: ScopeAccess, high_value: bool) -> AnyView {
    let kinds = vec![
        Choice::new("read", "Read: its holder looks"),
        Choice::new("write", "Change: its holder changes something"),
    ];
    view! {
        <Field name="description" label="What it allows" hint="In words, for example: Change orders." required=true maxlength="200" value=description />
        <RadioGroup name="access" legend="Kind" options=kinds selected=access.as_str() required=true />
        <Checkbox name="high_value" label="High value" checked=high_value hint="Launches with it are marked everywhere they show up." />
    }
    .into_any()
}

fn partners(cx: &PageCx, entry: &CatalogueEntry) -> AnyView {
    let body = if entry.partners.is_empty() {
        let text = "Open a partner, then its applications, to give it this one.";
        view! { <EmptyState icon="building" title="No partner holds it" text=text /> }.into_any()
    } else {
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let columns = vec![
            Column::new("Partner"),
            Column::new("Permissions"),
            Column::new("Until"),
            Column::new("Seats"),
        ];
        let rows = entry
            .partners
            .iter()
            .map(|(entitlement, name, slug)| {
                let held: Vec<Scope> = entry
                    .scopes
                    .iter()
                    .filter(|scope| entitlement.scopes.contains(&scope.id))
                    .cloned()
                    .collect();
                let href = routes::partner_app(slug, &entry.application.slug);
                let seats = entitlement.seats.map_or_else(
                    || "as in the contract".to_owned(),
                    |seats| people_words(u64::try_from(seats).unwrap_or_default()),
                );
                let (name, end, start) = (name.clone(), entitlement.ends_at, entitlement.starts_at);
                let until = match end {
                    Some(end) => view! { <TimeLeft end=end start=start warn_days=warn_days /> }.into_any(),
                    None => view! { <Muted>"as long as the contract"</Muted> }.into_any(),
                };
                let ended = !entitlement.is_in_force_at(cx.qx.now);
                view! {
                    <Row ended=ended>
                        <HeadCell label="Partner"><TextLink href=href>{name}</TextLink></HeadCell>
                        <Cell label="Permissions">{super::parts::scope_names(&held)}</Cell>
                        <Cell label="Until">{until}</Cell>
                        <Cell label="Seats">{seats}</Cell>
                    </Row>
                }
                .into_any()
            })
            .collect_view();
        view! { <Table caption="Partners that hold it" columns=columns>{rows}</Table> }.into_any()
    };
    view! { <Section title="Partners that hold it" id="partners">{body}</Section> }.into_any()
}
