//! The applications that partners made from a template hold, and the form to give one.

use leptos::prelude::*;

use super::super::{
    Template,
    queries::{Chosen, Given, TemplatePage},
};
use crate::{
    apps::Scope,
    organizations::pages::{counted, refused},
    ui::*,
    web::{PageCx, routes},
};

pub(super) fn given_section(cx: &PageCx, found: &TemplatePage) -> AnyView {
    let refused = found.chosen.is_none().then(|| refused(&cx.form("application")));
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

pub(super) fn scope_names(scopes: &[Scope]) -> String {
    if scopes.is_empty() {
        "none".to_owned()
    } else {
        scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn until_words(given: &Given) -> String {
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
