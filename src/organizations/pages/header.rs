//! The heading that all pages about one partner share: name, state, tabs.

use leptos::prelude::*;

use crate::{
    access::{Action, Verdict},
    organizations::{Organization, OrganizationStatus},
    ui::{Badge, Crumb, PageHeader, Stack, Tab, Tabs, Tone},
    web::{RequestCx, routes},
};

/// Heading of a partner's page; `tab` is the key of one of its tabs.
pub fn partner_header(organization: &Organization, tab: &'static str, purpose: impl Into<String>, action: Option<AnyView>) -> AnyView {
    let (slug, purpose) = (&organization.slug, purpose.into());
    let tabs = [
        ("overview", "Overview"),
        ("people", "People"),
        ("invitations", "Invitations"),
        ("apps", "Applications"),
        ("contracts", "Contracts"),
        ("sign-in", "Company sign-in"),
        ("domains", "Domains"),
        ("activity", "Activity"),
    ]
    .into_iter()
    .filter(|(key, _)| *key != "invitations" || may_invite(organization))
    .map(|(key, label)| {
        let href = if key == "overview" {
            routes::partner(slug)
        } else {
            routes::partner_part(slug, key)
        };
        Tab::new(href, label).active(key == tab)
    })
    .collect::<Vec<_>>();
    let badge = status_badge(organization.status);
    let name = organization.name.clone();
    let label = format!("Pages of {name}");
    let action = action.unwrap_or_else(|| ().into_any());
    view! {
        <Stack>
            <PageHeader title=name purpose=purpose crumbs=vec![Crumb::new(routes::PARTNERS, "Partners")] action=view! { {badge}{action} }.into_any() />
            <Tabs label=label items=tabs />
        </Stack>
    }
    .into_any()
}

/// Who may not invite has no page of invitations either.
fn may_invite(organization: &Organization) -> bool {
    RequestCx::current().is_some_and(|request| {
        let now = request.portal.clock.now();
        let decision = request
            .portal
            .policies
            .without_rules()
            .decide(&request.actor, Action::InviteMember, &organization.into(), now);
        decision.verdict != Verdict::Deny
    })
}

/// The state of a partner as a badge.
pub fn status_badge(status: OrganizationStatus) -> AnyView {
    match status {
        OrganizationStatus::Onboarding => view! { <Badge tone=Tone::Info>"Being set up"</Badge> }.into_any(),
        OrganizationStatus::Active => view! { <Badge tone=Tone::Good>"Active"</Badge> }.into_any(),
        OrganizationStatus::Suspended => view! { <Badge tone=Tone::Bad>"Paused"</Badge> }.into_any(),
        OrganizationStatus::Offboarded => view! { <Badge tone=Tone::Neutral>"Over"</Badge> }.into_any(),
    }
}
