//! `/`: what the person can launch now.

use leptos::prelude::*;

use super::parts::{ends_with, people_and_addresses};
use crate::{
    access::{SignedIn, Verdict},
    apps::{chain::Judged, queries},
    people::TenantRole,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn home() -> AnyView {
    page(|cx| async move {
        if let Some(person) = cx.qx.actor.person().filter(|person| person.member.is_none()) {
            return Err(PageError::SeeOther(start_page(person).to_owned()));
        }
        let pad = queries::launchpad(&cx.qx).await?;
        let name = pad.organization.name.clone();
        let purpose = format!("What you can use in the name of {name}, and until when.");
        if pad.ending.is_empty() && pad.lasting.is_empty() {
            return Ok(Content::new(
                "My applications",
                view! { <PageHeader title="My applications" purpose=purpose />{empty(&cx, pad.ask)} },
            ));
        }
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let soon = match pad.ending.len() {
            0 => None,
            1 => Some("One of your applications ends soon. It stands first.".to_owned()),
            more => Some(format!("{more} of your applications end soon. They stand first.")),
        };
        let soon = soon.map(|text| view! { <Notice tone=Tone::Warn>{text}</Notice> });
        let tiles = pad
            .ending
            .into_iter()
            .chain(pad.lasting)
            .map(|judged| tile(judged, warn_days))
            .collect_view();
        Ok(Content::new(
            "My applications",
            view! {
                <PageHeader title="My applications" purpose=purpose />
                {soon}
                <Launchpad label="Your applications">{tiles}</Launchpad>
            },
        ))
    })
}

/// Where somebody in the tenant's hat begins.
fn start_page(person: &SignedIn) -> &'static str {
    let has = |role| person.tenant_roles.contains(&role);
    if has(TenantRole::Owner) {
        routes::PARTNERS
    } else if has(TenantRole::Operator) {
        routes::ADMIN
    } else if has(TenantRole::Auditor) {
        routes::AUDIT
    } else {
        routes::NO_ACCESS
    }
}

fn tile(judged: Judged, warn_days: i64) -> AnyView {
    let why = ends_with(&judged.facts).map(|what| view! { <Muted>"Ends with " {what} "."</Muted> });
    let first = (judged.decision.verdict == Verdict::StepUp).then(|| view! { <Muted>"Asks for your second factor first."</Muted> });
    let high_value = judged.facts.scopes.iter().any(|scope| scope.high_value);
    let high_value = super::parts::high_value_badge(high_value);
    let end = judged.facts.ends_at();
    let application = judged.held.application;
    let details = routes::app(&application.slug);
    let why_href = format!("{details}#why");
    let start = judged.held.assignment.starts_at;
    let footer = view! {
        <Stack gap=Gap::Small>
            {high_value}
            {first}
            <TimeLeft end=end start=start href=why_href warn_days=warn_days />
            {why}
        </Stack>
    }
    .into_any();
    view! {
        <Tile href=routes::launch(&application.slug) icon=application.icon title=application.name text=application.description
            category=application.category footer=footer details_href=details />
    }
    .into_any()
}

fn empty(cx: &PageCx, ask: Vec<crate::apps::queries::Somebody>) -> AnyView {
    let whom = if ask.is_empty() {
        "Ask the people who run your team here to assign one."
    } else {
        "To get one, ask the people who run your team here:"
    };
    let support = cx
        .qx
        .tenant
        .support_contact
        .clone()
        .map(|contact| format!(" For anything else, ask {}: {contact}.", cx.qx.tenant.name));
    let people = people_and_addresses(&ask);
    let text = format!("Applications that are assigned to you show up on this page. {whom}");
    view! {
        <Stack>
            <EmptyState icon="package" title="Nothing is assigned to you now" text=text action=people />
            {support.map(|text| view! { <Paragraph><Muted>{text}</Muted></Paragraph> })}
        </Stack>
    }
    .into_any()
}
