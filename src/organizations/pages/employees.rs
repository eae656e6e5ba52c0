//! `/admin/people`: who in the company has which role.

use leptos::prelude::*;

use super::refused;
use crate::{
    organizations::queries::{self, Employee},
    people::TenantRole,
    ui::*,
    web::{Content, page},
};

pub(super) fn employees() -> AnyView {
    page(|cx| async move {
        let employees = queries::employees(&cx.qx).await?;
        let me = cx.qx.actor.person().map(|person| person.id);
        let columns = vec![
            Column::new("Person"),
            Column::new("Roles"),
            Column::new("Second factor"),
            Column::action("Actions"),
        ];
        let rows = employees
            .into_iter()
            .map(|employee| row(&employee, Some(employee.person.id) == me))
            .collect_view();
        let roles = vec![
            Choice::new(TenantRole::Owner.as_str(), TenantRole::Owner.title())
                .hint("Answers for partners, certifies them and manages their contracts."),
            Choice::new(TenantRole::Operator.as_str(), TenantRole::Operator.title())
                .hint("Runs the portal: partners, applications, roles, messages."),
            Choice::new(TenantRole::Auditor.as_str(), TenantRole::Auditor.title()).hint("Reads and exports everything, changes nothing."),
        ];
        Ok(Content::new(
            "Company people",
            view! {
                <Stack gap=Gap::Large>
                    <PageHeader title="Company people" purpose="Who in your company looks after partners, runs the portal or audits it." />
                    {refused(&cx.form("revoke"))}
                    <Table caption="People with a role in the company" columns=columns>{rows}</Table>
                    <FormCard title="Give a role" action="/do/grant-tenant-role" form=cx.form("grant") id="grant">
                        <Field name="email" label="E-mail" kind="email" required=true hint="Somebody without an account gets one, and a mail that leads to it." />
                        <Field name="name" label="Name" maxlength="120" hint="Only needed when they have no account yet." />
                        <RadioGroup name="role" legend="Role" options=roles required=true />
                        <FormActions><SubmitButton>"Give role"</SubmitButton></FormActions>
                    </FormCard>
                </Stack>
            },
        ))
    })
}

fn row(employee: &Employee, is_me: bool) -> AnyView {
    let person = &employee.person;
    let off = person.disabled_at.is_some();
    let titles: Vec<&'static str> = employee.roles.iter().map(|role| role.title()).collect();
    let badges = titles
        .into_iter()
        .map(|title| view! { <Badge tone=Tone::Info>{title}</Badge> }.into_any())
        .collect_view();
    let factor = if person.totp_confirmed_at.is_some() {
        view! { <Badge tone=Tone::Good>"Set up"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Warn>"Not set up"</Badge> }.into_any()
    };
    let revoke = employee.roles.iter().map(|role| confirm(employee, *role, is_me)).collect_view();
    let detail = if off {
        format!("{} (account turned off)", person.email)
    } else {
        person.email.to_string()
    };
    let name = person.name.clone();
    view! {
        <Row ended=off>
            <HeadCell label="Person"><Person name=name detail=detail /></HeadCell>
            <Cell label="Roles"><Cluster>{badges}</Cluster></Cell>
            <Cell label="Second factor">{factor}</Cell>
            <ActionCell>{revoke}</ActionCell>
        </Row>
    }
    .into_any()
}

fn confirm(employee: &Employee, role: TenantRole, is_me: bool) -> AnyView {
    let name = employee.person.name.clone();
    let title = role.title();
    let what = match role {
        TenantRole::Owner => {
            "They can no longer see, certify or change the partners they answer for. Name somebody else for these partners."
        }
        TenantRole::Operator => "They can no longer run the portal. The last operator cannot be taken away.",
        TenantRole::Auditor => "They can no longer read and export the trail.",
    };
    let me = is_me.then(|| view! { <Paragraph><Strong>"This is you: you lose the role at once."</Strong></Paragraph> });
    view! {
        <Confirm id=format!("revoke-{}-{role}", employee.person.id) trigger=format!("Take away {title}…") title=format!("Take the role {title} away from {name}?")
            verb=format!("Take {title} away from {name}") action="/do/revoke-tenant-role"
            fields=vec![("person", employee.person.id.to_string()), ("role", role.to_string())] size=Size::Small kind=Kind::Danger>
            {me}
            <Paragraph>{what}</Paragraph>
            <Paragraph>"It counts from their next click on. You can give the role back at any time."</Paragraph>
        </Confirm>
    }
    .into_any()
}
