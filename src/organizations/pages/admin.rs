//! `/admin` and `/admin/settings`: where an operator starts, and the settings of the company that runs the portal.

use leptos::prelude::*;

use crate::{
    access::{Action, Resource},
    ui::*,
    web::{Content, PageError, page, routes},
};

/// There is no page of its own: the operator starts with the catalogue.
pub(super) fn start() -> AnyView {
    page(|cx| async move {
        cx.qx.authorise(Action::ViewAdmin, Resource::Tenant)?;
        Err(PageError::SeeOther(routes::ADMIN_APPS.to_owned()))
    })
}

pub(super) fn settings() -> AnyView {
    page(|cx| async move {
        cx.qx.authorise(Action::ManageTenant, Resource::Tenant)?;
        let tenant = cx.qx.tenant.clone();
        let zones = chrono_tz::TZ_VARIANTS
            .iter()
            .map(|zone| zone.name())
            .filter(|name| name.contains('/') && !name.starts_with("Etc/") || *name == "UTC")
            .map(|name| Choice::new(name, name.replace('_', " ")))
            .collect::<Vec<_>>();
        Ok::<_, PageError>(Content::new(
            "Settings",
            view! {
                <PageHeader title="Settings" purpose="The company that runs this portal, and the rules that hold for every partner." />
                <Card>
                    <Form action="/do/change-tenant" form=cx.form("tenant")>
                        <Hidden name="version" value=tenant.version.to_string() />
                        <Field name="name" label="Company name" value=tenant.name.clone() required=true maxlength="120" hint="Shown on every page and in every mail." />
                        <Field name="accent" label="Accent colour" kind="color" value=tenant.accent.as_str() required=true width=Width::Short />
                        <Select name="time_zone" label="Time zone" options=zones selected=tenant.time_zone.name()
                            hint="The zone in which \"until 31 March\" is meant. Changing it does not move ends that are set already." />
                        <Field name="support_contact" label="Whom to ask" value=tenant.support_contact.clone() maxlength="200"
                            hint="An address or a phone number, shown where somebody has no access." />
                        <Field name="warning_days" label="Days of warning before an end" kind="number" inputmode="numeric" min="1" max="120" required=true
                            width=Width::Short value=tenant.warning_days.to_string() />
                        <Field name="certification_grace_days" label="Days of grace after a certification was due" kind="number" inputmode="numeric" min="0"
                            max="120" required=true width=Width::Short value=tenant.certification_grace_days.to_string()
                            hint="After these days a partner that nobody certified is paused." />
                        <FormActions><SubmitButton>"Save settings"</SubmitButton></FormActions>
                    </Form>
                </Card>
            },
        ))
    })
}
