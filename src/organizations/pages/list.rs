//! `/partners`: the partners of an owner, or all of them, by the date their certification is due.

use leptos::prelude::*;

use super::{page_request, status_badge};
use crate::{
    kernel::Cursor,
    organizations::{
        OrganizationStatus,
        queries::{self, PartnerList, PartnerRow, PartnerSearch},
    },
    ui::*,
    web::{Content, page, routes},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let search = PartnerSearch {
            text: cx.query("q").map(|text| text.trim().chars().take(100).collect()),
            status: cx.query("status").and_then(|word| word.parse().ok()),
            mine: cx.query("whose").is_some_and(|whose| whose == "mine"),
        };
        let found = queries::partners(&cx.qx, &search, page_request(&cx)).await?;
        let purpose = if found.sees_all {
            "Every organization that works with you in this portal; the certification due first is on top."
        } else {
            "The organizations you answer for; the certification due first is on top."
        };
        let create = found
            .may_create
            .then(|| view! { <LinkButton href=routes::NEW_PARTNER icon="plus">"New partner"</LinkButton> }.into_any());
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let filters = filters(&search, &found);
        let body = body(&search, found, warn_days);
        Ok(Content::new(
            "Partners",
            view! {
                <Stack>
                    <PageHeader title="Partners" purpose=purpose action=create />
                    {filters}
                    {body}
                </Stack>
            },
        ))
    })
}

fn link(search: &PartnerSearch, position: Option<(&'static str, Cursor)>) -> String {
    let mut pairs = vec![
        ("q", search.text.clone().unwrap_or_default()),
        ("status", search.status.map(|status| status.to_string()).unwrap_or_default()),
        ("whose", if search.mine { "mine".to_owned() } else { String::new() }),
    ];
    pairs.extend(position.map(|(direction, cursor)| (direction, cursor.to_string())));
    routes::with_query(routes::PARTNERS, pairs)
}

fn narrows(search: &PartnerSearch) -> bool {
    search.text.is_some() || search.status.is_some() || search.mine
}

fn filters(search: &PartnerSearch, found: &PartnerList) -> AnyView {
    let states = [
        ("", "Any status"),
        (OrganizationStatus::Onboarding.as_str(), "Being set up"),
        (OrganizationStatus::Active.as_str(), "Active"),
        (OrganizationStatus::Suspended.as_str(), "Paused"),
        (OrganizationStatus::Offboarded.as_str(), "Over"),
    ];
    let states = states
        .into_iter()
        .map(|(value, label)| Choice::new(value, label))
        .collect::<Vec<_>>();
    let whose = (found.sees_all && found.is_owner).then(|| {
        let options = vec![Choice::new("", "All partners"), Choice::new("mine", "My partners")];
        let selected = if search.mine { "mine" } else { "" };
        view! { <Select name="whose" label="Whose" options=options selected=selected auto_submit=true /> }
    });
    let (text, status) = (search.text.clone(), search.status.map(OrganizationStatus::as_str));
    let reset = narrows(search).then_some(routes::PARTNERS);
    view! {
        <FilterBar action=routes::PARTNERS reset=reset>
            <Field name="q" label="Name or kind" kind="search" value=text />
            <Select name="status" label="Status" options=states selected=status auto_submit=true />
            {whose}
        </FilterBar>
    }
    .into_any()
}

fn body(search: &PartnerSearch, found: PartnerList, warn_days: i64) -> AnyView {
    if found.rows.is_empty() {
        if narrows(search) {
            let action = view! { <LinkButton href=routes::PARTNERS kind=Kind::Secondary>"Show all partners"</LinkButton> }.into_any();
            return view! { <EmptyState icon="search" title="No partner matches" text="Change the search or the filters." action=action /> }.into_any();
        }
        let action = found
            .may_create
            .then(|| view! { <LinkButton href=routes::NEW_PARTNER>"Bring in the first partner"</LinkButton> }.into_any());
        return view! {
            <EmptyState icon="building" title="No partners yet"
                text="A partner is an organization whose people may use some of your applications until its contract ends." action=action />
        }
        .into_any();
    }
    let earlier = found.newer.map(|cursor| link(search, Some(("newer", cursor))));
    let later = found.older.map(|cursor| link(search, Some(("older", cursor))));
    let columns = vec![
        Column::new("Partner"),
        Column::new("Status"),
        Column::new("Owner"),
        Column::new("Contract"),
        Column::number("People"),
        Column::new("Certification"),
    ];
    let rows = found.rows.into_iter().map(|partner| row(partner, warn_days)).collect_view();
    view! {
        <Table caption="Partners" columns=columns>{rows}</Table>
        <Pagination newer=earlier older=later newer_label="Due earlier" older_label="Due later" />
    }
    .into_any()
}

fn row(partner: PartnerRow, warn_days: i64) -> AnyView {
    let PartnerRow {
        organization,
        owner,
        contract,
        people,
    } = partner;
    let over = organization.status == OrganizationStatus::Offboarded;
    let href = routes::partner(&organization.slug);
    let contracts = routes::partner_part(&organization.slug, "contracts");
    let certify = routes::partner_part(&organization.slug, "certify");
    let owner = match owner {
        Some(name) => name.into_any(),
        None if over => view! { <Muted>"nobody"</Muted> }.into_any(),
        None => view! { <Badge tone=Tone::Warn>"Nobody"</Badge> }.into_any(),
    };
    let contract = match contract {
        Some(contract) => {
            view! { <TimeLeft start=contract.starts_at end=contract.ends_at href=contracts warn_days=warn_days /> }.into_any()
        }
        None if over => view! { <Muted>"none in force"</Muted> }.into_any(),
        None => view! { <TextLink href=contracts>"none in force"</TextLink> }.into_any(),
    };
    let due = due(organization.certification_due_at.filter(|_| !over), certify, warn_days);
    view! {
        <Row ended=over>
            <HeadCell label="Partner"><Name name=organization.name detail=organization.kind href=href /></HeadCell>
            <Cell label="Status">{status_badge(organization.status)}</Cell>
            <Cell label="Owner">{owner}</Cell>
            <Cell label="Contract">{contract}</Cell>
            <NumberCell label="People">{people}</NumberCell>
            <Cell label="Certification">{due}</Cell>
        </Row>
    }
    .into_any()
}

/// When a certification is due, or that there is no date.
pub(crate) fn due(due_at: Option<crate::kernel::Timestamp>, href: String, warn_days: i64) -> AnyView {
    match due_at {
        Some(due_at) => view! { <DueBy at=due_at href=href warn_days=warn_days /> }.into_any(),
        None => view! { <Muted>"no date"</Muted> }.into_any(),
    }
}
