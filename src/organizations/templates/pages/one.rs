//! One template: its applications, its terms, and its removal.

use leptos::prelude::*;

use super::{
    super::{
        Template,
        queries::{self, TemplatePage},
    },
    TITLE,
    applications::given_section,
    terms::terms_card,
};
use crate::{
    kernel::TemplateId,
    organizations::pages::refused,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn one() -> AnyView {
    page(|cx| async move {
        let id = cx.param::<TemplateId>("template")?;
        let found = queries::template(&cx.qx, id, cx.query("application").as_deref()).await?;
        Ok::<_, PageError>(content(&cx, &found))
    })
}

fn content(cx: &PageCx, found: &TemplatePage) -> Content {
    let name = found.template.name.clone();
    let crumbs = vec![Crumb::new(routes::ADMIN_TEMPLATES, TITLE), Crumb::here(name.clone())];
    let refused = refused(&cx.form("remove"));
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
