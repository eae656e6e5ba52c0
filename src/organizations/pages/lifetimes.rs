//! How long tokens in an organization's name live: its fields, and the card on the partner's page.

use leptos::prelude::*;

use crate::{
    organizations::{Lifetimes, Organization},
    ui::*,
};

/// The three limits.
pub(in crate::organizations) fn lifetimes_fields(lifetimes: Lifetimes) -> AnyView {
    let text = |seconds: Option<i32>| seconds.map(|seconds| seconds.to_string());
    let (access, id, refresh) = (
        text(lifetimes.access_seconds),
        text(lifetimes.id_seconds),
        text(lifetimes.refresh_seconds),
    );
    view! {
        <Fieldset legend="Tokens live at most, in seconds">
            <Field name="access_seconds" label="Access tokens" kind="number" inputmode="numeric" min="60" max="86400" value=access width=Width::Short
                hint="Leave empty to let each application say." />
            <Field name="id_seconds" label="Id tokens" kind="number" inputmode="numeric" min="60" max="86400" value=id width=Width::Short />
            <Field name="refresh_seconds" label="Refresh tokens" kind="number" inputmode="numeric" min="60" max="31536000" value=refresh
                width=Width::Short hint="Counted anew each time one is used." />
        </Fieldset>
    }
    .into_any()
}

pub(super) fn lifetimes_card(organization: &Organization, form: FormState) -> AnyView {
    let (slug, version, lifetimes) = (organization.slug.clone(), organization.version.to_string(), organization.lifetimes);
    let purpose = "How long an application can go on before it has to ask again whether somebody of this partner still has access. Of this and what the application's client says, the shorter one counts.";
    view! {
        <FormCard title="Tokens" purpose=purpose action="/do/change-token-lifetimes" form=form id="lifetimes">
            <Hidden name="organization" value=slug />
            <Hidden name="version" value=version />
            {lifetimes_fields(lifetimes)}
            <FormActions><SubmitButton>"Save the limits"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}
