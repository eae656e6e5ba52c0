//! A part of other pages: what one member holds, with what can be done about it.

use leptos::prelude::*;

use super::{
    parts::{scope_names, standing},
    team::take_away_with,
};
use crate::{
    access::LaunchFacts,
    apps::queries,
    apps::queries::Held,
    cx::Qx,
    organizations::Organization,
    people::Member,
    ui::*,
    web::{PageError, routes},
};

/// The applications of a member, as a section: permissions, until when, what takes it away; and what else could be assigned.
/// `name` is the member's name.
///
/// # Errors
/// [`PageError`] when the actor may not see the organization's applications.
pub async fn member_assignments(qx: &Qx, organization: &Organization, member: &Member, name: &str) -> Result<AnyView, PageError> {
    let holdings = queries::holdings_of_member(qx, organization, member).await?;
    let warn_days = i64::from(qx.tenant.warning_days);
    let body = if holdings.held.is_empty() {
        view! { <EmptyState icon="package" title="No applications" text="What is assigned to this person shows up here." /> }.into_any()
    } else {
        let columns = vec![
            Column::new("Application"),
            Column::new("Permissions"),
            Column::new("Until"),
            Column::new("Status"),
            Column::action("Actions"),
        ];
        let own = qx.actor.organization() == Some(organization.id);
        let rows = holdings
            .held
            .iter()
            .map(|(held, facts)| {
                let takes = holdings.may_assign.then(|| takes(held, member, name));
                let href = if own {
                    routes::team_assignment(&held.application.slug, held.assignment.id)
                } else {
                    routes::partner_app(&organization.slug, &held.application.slug)
                };
                row(held, facts, href, held.assignment.starts_at > qx.now, takes, warn_days)
            })
            .collect_view();
        view! { <Table caption=format!("Applications of {name}") columns=columns>{rows}</Table> }.into_any()
    };
    let more = (!holdings.available.is_empty()).then(|| {
        let links = holdings
            .available
            .into_iter()
            .map(|application| {
                let href = format!("{}?member={}", routes::team_assign(&application.slug), member.id);
                view! { <LinkButton href=href kind=Kind::Secondary size=Size::Small icon="plus">{application.name}</LinkButton> }
            })
            .collect_view();
        view! { <Cluster><Muted>"Assign:"</Muted>{links}</Cluster> }
    });
    Ok(view! { <Section title="Applications" id="applications">{body}{more}</Section> }.into_any())
}

/// Changing it is for the page that the row leads to; taking it away is for here.
fn takes(held: &Held, member: &Member, name: &str) -> AnyView {
    let id = format!("take-{}", held.assignment.id);
    let fields = vec![
        ("application", held.application.slug.clone()),
        ("assignment", held.assignment.id.to_string()),
        ("member", member.id.to_string()),
    ];
    take_away_with(id, name, &held.application.name, fields)
}

fn row(held: &Held, facts: &LaunchFacts, href: String, starts_later: bool, takes: Option<AnyView>, warn_days: i64) -> AnyView {
    let application = held.application.name.clone();
    let ended = facts.chain.iter().any(|link| !link.holds);
    let (end, start) = (facts.ends_at(), held.assignment.starts_at);
    let state = standing(facts, starts_later);
    let scopes = scope_names(&facts.scopes);
    view! {
        <Row ended=ended>
            <HeadCell label="Application"><TextLink href=href>{application}</TextLink></HeadCell>
            <Cell label="Permissions">{scopes}</Cell>
            <Cell label="Until"><TimeLeft end=end start=start warn_days=warn_days /></Cell>
            <Cell label="Status">{state}</Cell>
            <ActionCell>{takes}</ActionCell>
        </Row>
    }
    .into_any()
}
