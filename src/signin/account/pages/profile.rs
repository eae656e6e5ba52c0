//! `GET /me`: name, time zone, and for whom one works here.

use leptos::prelude::*;

use super::{super::queries, account_tabs};
use crate::{
    access::SignedIn,
    ui::*,
    web::{Content, PageCx, page, routes},
};

/// The page.
pub fn profile() -> AnyView {
    page(|cx| async move {
        let account = queries::account(&cx.qx).await?;
        let person = account.person;
        let form = cx.form("profile");
        let hats = cx.qx.actor.person().map(|me| organizations(&cx, me));
        let zone = person.time_zone.name();
        Ok(Content::new(
            "Your profile",
            view! {
                <PageHeader title="Your account" purpose="How you appear in the portal, and how times are shown to you." />
                {account_tabs(routes::ME, cx.qx.actor.person())}
                <Section title="Profile">
                    <Card>
                        <Form action="/do/change-profile" form=form>
                            <Hidden name="version" value=person.version.to_string() />
                            <Field name="email" label="E-mail address" kind="email" value=person.email.as_str() readonly=true
                                hint="You sign in with it. If it changes, ask whoever runs your team here for a new invitation." />
                            <Field name="name" label="Name" value=person.name.clone() autocomplete="name" required=true maxlength="100" />
                            <Select name="time_zone" label="Time zone" options=zones(zone) selected=zone required=true
                                hint="Ends, sessions and the activity are shown in it." />
                            <FormActions><SubmitButton>"Save profile"</SubmitButton></FormActions>
                        </Form>
                    </Card>
                </Section>
                {hats}
            },
        ))
    })
}

fn organizations(cx: &PageCx, me: &SignedIn) -> AnyView {
    let active = me.member.as_ref().map(|member| member.id);
    let rows = me
        .hats
        .iter()
        .map(|hat| {
            let here = (hat.member == active).then(|| view! { " " <Badge tone=Tone::Info>"Active now"</Badge> });
            let (name, role) = (hat.organization_name.clone(), hat.role.clone());
            view! { <Definition term=name>{role}{here}</Definition> }.into_any()
        })
        .collect_view();
    let trouble = cx
        .request
        .trouble
        .iter()
        .map(|trouble| {
            let (name, reason) = (trouble.organization_name.clone(), trouble.reason.clone());
            view! { <Definition term=name><Muted>{reason}</Muted></Definition> }.into_any()
        })
        .collect_view();
    let purpose = if me.hats.len() > 1 {
        "The organizations you belong to here. Switch between them at the top of the page."
    } else {
        "The organization you belong to here."
    };
    view! {
        <Section title="Where you work" purpose=purpose>
            <DefinitionList>{rows}{trouble}</DefinitionList>
        </Section>
    }
    .into_any()
}

/// Zones by place, and the one that is set in any case.
fn zones(present: &str) -> Vec<Choice> {
    let is_place = |name: &str| name == "UTC" || (name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("US/"));
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|name| is_place(name) || *name == present)
        .map(|name| Choice::new(name, name.replace('_', " ")))
        .collect()
}
