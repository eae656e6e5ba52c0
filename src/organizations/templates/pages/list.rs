//! The list of templates.

use leptos::prelude::*;

use super::{
    super::{ContractTerms, Template, queries},
    TITLE,
};
use crate::{
    federation::JoinPolicy,
    organizations::pages::counted,
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn list() -> AnyView {
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
