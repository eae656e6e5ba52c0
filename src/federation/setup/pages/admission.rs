//! Who may come in: unknown people, and rules over the claims.

use leptos::prelude::*;

use super::{super::queries::Connection, provider::about, words::company};
use crate::{
    federation::{JoinPolicy, place::Place},
    people::MemberRole,
    ui::*,
    web::PageCx,
};

pub(super) fn admission_card(cx: &PageCx, place: &Place, connection: &Connection) -> AnyView {
    let provider = &connection.provider;
    let joining = provider.joining.clone();
    let policies = [
        (
            JoinPolicy::Off,
            "They are turned away",
            "Only people who are members already can sign in.",
        ),
        (
            JoinPolicy::Invited,
            "They come in if they are invited",
            "Their invitation is accepted by signing in.",
        ),
        (
            JoinPolicy::Open,
            "They become members",
            "If their address is in a proven domain and a seat is free.",
        ),
    ]
    .into_iter()
    .map(|(policy, label, hint)| Choice::new(policy.as_str(), label).hint(hint))
    .collect::<Vec<_>>();
    let own = cx.qx.actor.member().map(|member| member.role);
    let roles = MemberRole::ALL
        .iter()
        .filter(|role| own.is_none_or(|own| own.may_grant(**role)))
        .map(|role| Choice::new(role.as_str(), role.title()))
        .collect::<Vec<_>>();
    let applications = connection
        .applications
        .iter()
        .map(|application| Choice::new(application.id.to_string(), application.name.clone()))
        .collect::<Vec<_>>();
    let chosen = joining.applications.iter().map(ToString::to_string).collect::<Vec<_>>();
    let given = (!applications.is_empty()).then(|| {
        view! { <CheckboxGroup name="applications[]" legend="They get" options=applications selected=chosen /> }
    });
    let days = joining.days.map(|days| days.to_string()).unwrap_or_default();
    let rules = provider.rules.text();
    let counts = format!("A second factor given at {} counts here", company(place));
    let trusts = provider.trusts_second_factor;
    let hidden = about(place, provider);
    let form = cx.form("admission");
    view! {
        <FormCard title="4. Who may come in" action="/do/change-admission" form=form id="admission"
            purpose="For people whom the provider names and who are not members here yet.">
            {hidden}
            <RadioGroup name="policy" legend="People we do not know" options=policies selected=joining.policy.as_str() />
            <Select name="role" label="They join as" options=roles selected=joining.role.as_str() />
            {given}
            <Field name="days" label="For how many days" value=days inputmode="numeric" width=Width::Short hint="Leave empty for as long as the contract." />
            <TextArea name="rules" label="Rules" rows=4 monospace=true value=rules
                hint="One on each line; all must hold, or the person is put out at once. For example: contract_status is active | Your assignment has ended." />
            <Disclosure summary="How to write a rule">
                <Prose>
                    <p>"A claim, then one of: is, is not, is one of, is not one of, includes, excludes, present, absent, not before today. Behind a bar, the sentence that the person reads."</p>
                    <CodeBlock>"groups includes portal-users\ndepartment is one of sales, purchasing\ncontract_end not before today | Your contract has ended."</CodeBlock>
                </Prose>
            </Disclosure>
            <Checkbox name="trusts_second_factor" label=counts checked=trusts
                hint="If the provider says that one was given (amr or acr)." />
            <FormActions><SubmitButton>"Save who may come in"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}
