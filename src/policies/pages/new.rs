//! A new policy.

use leptos::prelude::*;

use super::{super::queries, TITLE};
use crate::{
    ui::*,
    web::{Content, PageError, page, routes},
};

/// What the text begins with.
const EXAMPLE: &str = r#"@id("no-changes")
@reason("Changes are not allowed now.")
forbid (
  principal,
  action == Action::"UseScope",
  resource
)
when { resource.access == "write" };"#;

pub(super) fn new() -> AnyView {
    page(|cx| async move {
        let applications = queries::new_policy(&cx.qx).await?;
        let form = cx.form("policy");
        let mut options = vec![Choice::new("", "Every application")];
        options.extend(applications.into_iter().map(|(slug, name)| Choice::new(slug, name)));
        Ok::<_, PageError>(Content::new(
            "New policy",
            view! {
                <PageHeader title="New policy" purpose="It decides nothing before you put it in force. Until then you can try it and replay it."
                    crumbs=vec![Crumb::new(routes::ADMIN_POLICIES, TITLE), Crumb::here("New policy")] />
                <Card>
                    <Form action="/do/write-policy" form=form>
                        <Field name="name" label="Name" required=true maxlength="80" hint="For the list, for example No changes at night." />
                        <Field name="partner" label="Only for one partner" maxlength="60"
                            hint="The short name of the partner, as in its address, for example acme-consulting. Leave empty for every partner." />
                        <Select name="application" label="Only for one application" options=options />
                        <TextArea name="text" label="Policy" rows=14 monospace=true required=true value=EXAMPLE
                            hint="Written in Cedar: each statement has an @id, a @reason that people read, and forbids Launch or UseScope." />
                        <Field name="reason" label="Why it is written" required=true maxlength="500" />
                        <FormActions>
                            <SubmitButton>"Save as a draft"</SubmitButton>
                            <LinkButton href=routes::ADMIN_POLICIES kind=Kind::Ghost>"Cancel"</LinkButton>
                        </FormActions>
                    </Form>
                </Card>
                {vocabulary()}
            },
        ))
    })
}

/// What a policy can speak of.
pub(super) fn vocabulary() -> AnyView {
    let words = [
        (
            "action",
            "Action::\"Launch\" opens the application, Action::\"UseScope\" uses one permission of it.",
        ),
        (
            "resource",
            "For UseScope: resource.name, resource.access (\"read\" or \"write\"), resource.high_value. resource in Application::\"orders\" fits both actions.",
        ),
        (
            "context.partner",
            "slug, name, kind; metadata with hasTag(\"region\") and getTag(\"region\").",
        ),
        ("context.role", "\"member\", \"user_manager\", \"partner_admin\", \"auditor\"."),
        (
            "context.hour, context.weekday, context.now",
            "In the company's time zone: 0 to 23; 1 is Monday; a datetime.",
        ),
        (
            "context.address",
            "Of the person, while they are there: context has address && context.address.isInRange(ip(\"10.0.0.0/8\")).",
        ),
        (
            "context.device",
            "\"browser\", or \"api\" when an application refreshes or asks about a token.",
        ),
        (
            "context.acr, context.fresh_second_factor",
            "\"one-factor\" or \"two-factors\"; true for 15 minutes after a second factor.",
        ),
        (
            "context.unused_days",
            "Days since the last use: context has unused_days && context.unused_days > 60.",
        ),
        (
            "@advice(\"step_up\")",
            "On a statement that a fresh second factor lifts: people are sent to confirm, and back.",
        ),
    ];
    let words = words
        .into_iter()
        .map(|(term, text)| view! { <Definition term=term>{text}</Definition> }.into_any())
        .collect_view();
    view! { <Disclosure summary="What a policy can speak of"><DefinitionList>{words}</DefinitionList></Disclosure> }.into_any()
}
