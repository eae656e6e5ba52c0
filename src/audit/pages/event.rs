//! `/audit/{event}`: one event with all that was recorded.

use leptos::prelude::*;

use super::list::outcome_badge;
use crate::{
    audit::{Change, Fact, Shown, particulars, queries, queries::EventView},
    kernel::AuditEventId,
    ui::*,
    web::{Content, PageError, page, routes},
};

/// The page.
pub fn event() -> AnyView {
    page(|cx| async move {
        let event = queries::event(&cx.qx, cx.param::<AuditEventId>("event")?).await?;
        let title = queries::title_of(&event.row);
        let purpose = event.row.subject_label.clone();
        let list = if event.list_href == routes::AUDIT {
            "Audit trail"
        } else {
            "Activity"
        };
        let crumbs = vec![Crumb::new(event.list_href.clone(), list)];
        let read = particulars(&event.row.details);
        let (changes, particulars) = (changes(read.changes), facts(read.facts));
        let (what, where_from) = (what(event.clone()), where_from(event));
        Ok::<_, PageError>(Content::new(
            title.clone(),
            view! {
                <Stack>
                    <PageHeader title=title purpose=purpose crumbs=crumbs />
                    {what}
                    {changes}
                    {particulars}
                    {where_from}
                </Stack>
            },
        ))
    })
}

fn linked(label: String, href: Option<String>) -> AnyView {
    match href {
        Some(href) => view! { <TextLink href=href>{label}</TextLink> }.into_any(),
        None => label.into_any(),
    }
}

fn what(event: EventView) -> AnyView {
    let EventView {
        row,
        subject_href,
        organization_href,
        list_href,
    } = event;
    let actor_href = row
        .actor
        .filter(|_| list_href != routes::MY_ACTIVITY)
        .map(|id| routes::with_query(&list_href, [("actor", id.to_string())]));
    let about_href = row
        .subject
        .filter(|_| list_href != routes::MY_ACTIVITY)
        .map(|id| routes::with_query(&list_href, [("subject", id.to_string())]));
    let subject = row.subject_label.map(|label| {
        let kind = row.subject_kind.unwrap_or_default();
        let all = about_href.map(|href| view! { <TextLink href=href>"everything about it"</TextLink> });
        view! {
            <Definition term="About"><Cluster>{linked(label, subject_href)}<Muted>{kind.replace('_', " ")}</Muted>{all}</Cluster></Definition>
        }
    });
    let organization = row
        .organization_label
        .map(|label| view! { <Definition term="Organization">{linked(label, organization_href)}</Definition> });
    let application = row
        .application_label
        .map(|label| view! { <Definition term="Application">{label}</Definition> });
    let reason = row.reason.map(|reason| view! { <Definition term="Reason">{reason}</Definition> });
    let all = actor_href.map(|href| view! { <TextLink href=href>"everything they did"</TextLink> });
    let kind = match row.actor_kind.as_str() {
        "system" => "the portal itself",
        "client" => "an application",
        "anonymous" => "not signed in",
        _ => "",
    };
    view! {
        <Card>
            <DefinitionList>
                <Definition term="When"><DateTimeText at=row.at /></Definition>
                <Definition term="Outcome">{outcome_badge(&row.outcome)}</Definition>
                <Definition term="Who"><Cluster>{row.actor_label}<Muted>{kind}</Muted>{all}</Cluster></Definition>
                {subject}
                {organization}
                {application}
                {reason}
            </DefinitionList>
        </Card>
    }
    .into_any()
}

fn shown(value: Shown) -> AnyView {
    match value {
        Shown::Nothing => view! { <Muted>"none"</Muted> }.into_any(),
        Shown::Words(words) => words.into_any(),
        Shown::Moment(at) => view! { <DateTimeText at=at /> }.into_any(),
    }
}

fn changes(changes: Vec<Change>) -> Option<AnyView> {
    if changes.is_empty() {
        return None;
    }
    let rows = changes
        .into_iter()
        .map(|change| {
            view! {
                <Row>
                    <HeadCell label="What">{change.label}</HeadCell>
                    <Cell label="Before">{shown(change.before)}</Cell>
                    <Cell label="After">{shown(change.after)}</Cell>
                </Row>
            }
        })
        .collect_view();
    let columns = vec![Column::new("What"), Column::new("Before"), Column::new("After")];
    Some(
        view! { <Section title="What changed"><Table caption="Values before and after" columns=columns>{rows}</Table></Section> }
            .into_any(),
    )
}

fn facts(facts: Vec<Fact>) -> Option<AnyView> {
    if facts.is_empty() {
        return None;
    }
    let items = facts
        .into_iter()
        .map(|fact| view! { <Definition term=fact.label>{shown(fact.value)}</Definition> })
        .collect_view();
    Some(view! { <Section title="Details"><Card><DefinitionList>{items}</DefinitionList></Card></Section> }.into_any())
}

fn where_from(event: EventView) -> AnyView {
    let row = event.row;
    let optional = |term: &'static str, value: Option<String>| value.map(|value| view! { <Definition term=term>{value}</Definition> });
    let request = row
        .request_id
        .map(|id| view! { <Definition term="Request"><Code>{id}</Code></Definition> });
    view! {
        <Section title="Where from">
            <Card>
                <DefinitionList>
                    {optional("Address", row.address)}
                    {optional("Browser", row.user_agent)}
                    {request}
                    <Definition term="Action"><Code>{row.action}</Code></Definition>
                    <Definition term="Event"><Code>{row.id.to_string()}</Code></Definition>
                </DefinitionList>
            </Card>
        </Section>
    }
    .into_any()
}
