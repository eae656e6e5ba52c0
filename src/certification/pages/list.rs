//! `/certifications`: partners with due date and a summary of the evidence, the most overdue first.

use leptos::prelude::*;

use crate::{
    certification::queries::{self, DueRow},
    kernel::{Cursor, Timestamp},
    organizations::pages::{due, page_request, status_badge},
    ui::*,
    web::{Content, page, routes},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let found = queries::due_list(&cx.qx, page_request(&cx)).await?;
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let grace = cx.qx.tenant.certification_grace_days;
        let purpose = if found.mine {
            format!("Confirm for each of your partners that its access is still needed. {grace} days after the due date it is paused.")
        } else {
            format!("When each partner's owner must confirm that its access is still needed. {grace} days after the due date it is paused.")
        };
        let file = (!found.rows.is_empty()).then(|| {
            view! { <LinkButton href=routes::CERTIFICATIONS_CSV kind=Kind::Secondary size=Size::Small icon="download" download=true>"Download as CSV"</LinkButton> }.into_any()
        });
        let body = if found.rows.is_empty() {
            view! { <EmptyState icon="badge" title="Nothing to certify" text="Partners you answer for show up here with the date their certification is due." /> }.into_any()
        } else {
            let link = |name: &'static str, cursor: Cursor| routes::with_query(routes::CERTIFICATIONS, [(name, cursor.to_string())]);
            let earlier = found.newer.map(|cursor| link("newer", cursor));
            let later = found.older.map(|cursor| link("older", cursor));
            let columns = vec![
                Column::new("Partner"),
                Column::new("Due"),
                Column::number("People"),
                Column::number("Applications"),
                Column::new("Last use"),
                Column::new("Contract"),
                Column::action("Certify"),
            ];
            let rows = found
                .rows
                .into_iter()
                .map(|partner| row(partner, found.mine, warn_days, cx.qx.now))
                .collect_view();
            view! {
                <Table caption="Certifications" columns=columns>{rows}</Table>
                <Pagination newer=earlier older=later newer_label="Due earlier" older_label="Due later" />
            }
            .into_any()
        };
        Ok(Content::new(
            "Certifications",
            view! { <Stack><PageHeader title="Certifications" purpose=purpose action=file />{body}</Stack> },
        ))
    })
}

fn row(partner: DueRow, mine: bool, warn_days: i64, now: Timestamp) -> AnyView {
    let DueRow {
        organization,
        owner,
        people,
        applications,
        last_used_at,
        contract,
        may_certify,
    } = partner;
    let slug = organization.slug.clone();
    let certify = routes::partner_part(&slug, "certify");
    let used = match last_used_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let contract = match contract {
        Some(contract) => view! { <TimeLeft start=contract.starts_at end=contract.ends_at warn_days=warn_days /> }.into_any(),
        None => view! { <Muted>"none in force"</Muted> }.into_any(),
    };
    let owner = (!mine).then(|| owner.unwrap_or_else(|| "nobody answers for it".to_owned()));
    let paused = (organization.status != crate::organizations::OrganizationStatus::Active).then(|| status_badge(organization.status));
    // The loud button is for what waits; a certification may be renewed long before it is due.
    let waits = organization
        .certification_due_at
        .is_some_and(|due| due - now <= chrono::Duration::days(warn_days));
    let (verb, joint, kind) = match (may_certify, waits) {
        (true, true) => ("Certify", " ", Kind::Primary),
        (true, false) => ("Certify", " ", Kind::Secondary),
        (false, _) => ("Evidence", " of ", Kind::Ghost),
    };
    let name = format!("{joint}{}", organization.name);
    let due = due(organization.certification_due_at, certify.clone(), warn_days);
    view! {
        <Row>
            <HeadCell label="Partner"><Cluster><Name name=organization.name detail=owner href=routes::partner(&slug) />{paused}</Cluster></HeadCell>
            <Cell label="Due">{due}</Cell>
            <NumberCell label="People">{people}</NumberCell>
            <NumberCell label="Applications">{applications}</NumberCell>
            <Cell label="Last use">{used}</Cell>
            <Cell label="Contract">{contract}</Cell>
            <ActionCell><LinkButton href=certify kind=kind size=Size::Small>{verb}<Aloud>{name}</Aloud></LinkButton></ActionCell>
        </Row>
    }
    .into_any()
}
