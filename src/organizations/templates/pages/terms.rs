//! What partners made from a template begin with, apart from the applications: a new template, and the terms of one that is there.

use leptos::prelude::*;

use super::{super::Template, TITLE};
use crate::{
    access::{Action, Resource},
    federation::{JoinPolicy, Joining},
    organizations::pages::lifetimes::lifetimes_fields,
    people::MemberRole,
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn new() -> AnyView {
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
    let lifetimes = content.as_ref().map(|content| content.lifetimes).unwrap_or_default();
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
        {lifetimes_fields(lifetimes)}
        <Fieldset legend="People who come by the partner's own sign-in">
            <RadioGroup name="policy" legend="People we do not know" options=policies selected=joining.policy.as_str() />
            <Select name="role" label="They join as" options=roles selected=joining.role.as_str() />
            <Field name="days" label="For how many days" kind="number" inputmode="numeric" min="1" value=days width=Width::Short
                hint="Leave empty for as long as the contract." />
        </Fieldset>
    }
    .into_any()
}

pub(super) fn terms_card(template: &Template, form: FormState) -> AnyView {
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
