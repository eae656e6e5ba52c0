//! A list of events, grouped by day, with its filters, its paging and its exports.

use chrono_tz::Tz;
use leptos::prelude::*;

use crate::{
    audit::queries::{AuditRow, TrailScope},
    audit::{Outcome, TrailQuery, filter, queries},
    kernel::{ApplicationId, Cursor, Day, PageRequest, day_of},
    ui::*,
    web::{PageCx, PageError, routes},
};

/// Which list, and what it offers.
pub struct TrailPage {
    /// What may be read.
    pub scope: TrailScope,
    /// Its address.
    pub path: String,
    /// Several organizations: they are a column and a filter.
    pub organizations: bool,
    /// Several people: who did it is a column and a filter.
    pub people: bool,
    /// Exports are offered.
    pub export: bool,
}

/// Filters, events by day, links to newer and older ones, and exports.
pub async fn trail_list(cx: &PageCx, trail: TrailPage) -> Result<AnyView, PageError> {
    let query = TrailQuery::read(|name| cx.query(name));
    let page = queries::events(&cx.qx, trail.scope, &query, page_request(cx), queries::PAGE_SIZE).await?;
    let applications = queries::applications(&cx.qx, trail.scope).await?;
    let zone = cx.qx.actor.person().map_or(cx.qx.tenant.time_zone, |person| person.time_zone);
    let today = day_of(cx.qx.now, zone);
    let link = |name: &'static str, cursor: Option<Cursor>| {
        cursor.map(|cursor| {
            let mut pairs = query.pairs();
            pairs.push((name, cursor.to_string()));
            routes::with_query(&trail.path, pairs)
        })
    };
    let (newer, older) = (link("newer", page.newer), link("older", page.older));
    let problems = (!query.problems.is_empty()).then(|| {
        let text = format!("{} Correct the filter; the list below leaves it out.", query.problems.join(" "));
        view! { <Notice tone=Tone::Warn title="A filter could not be used">{text}</Notice> }
    });
    let zone_note = view! { <Muted>"Times are in " {zone.name().to_owned()} "."</Muted> };
    let exports = (trail.export && !page.rows.is_empty() && query.problems.is_empty()).then(|| exports(&trail.path, &query));
    let days = by_day(page.rows, zone, today, &trail, &query);
    let filters = filters(&trail, &query, applications);
    Ok(view! {
        <Stack>
            {problems}
            {filters}
            <Spread>{zone_note}{exports}</Spread>
            {days}
            <Pagination newer=newer older=older />
        </Stack>
    }
    .into_any())
}

fn page_request(cx: &PageCx) -> PageRequest {
    let cursor = |name: &str| cx.query(name).and_then(|text| text.parse::<Cursor>().ok());
    match (cursor("older"), cursor("newer")) {
        (Some(cursor), _) => PageRequest::Older(cursor),
        (None, Some(cursor)) => PageRequest::Newer(cursor),
        (None, None) => PageRequest::Newest,
    }
}

fn exports(path: &str, query: &TrailQuery) -> AnyView {
    let link = |extension: &str| routes::with_query(&format!("{path}/export.{extension}"), query.pairs());
    let (csv, json) = (link("csv"), link("jsonl"));
    view! {
        <Cluster>
            <LinkButton href=csv kind=Kind::Secondary size=Size::Small icon="download" download=true>"Export CSV"</LinkButton>
            <LinkButton href=json kind=Kind::Secondary size=Size::Small icon="download" download=true>"Export JSON Lines"</LinkButton>
        </Cluster>
    }
    .into_any()
}

fn filters(trail: &TrailPage, query: &TrailQuery, applications: Vec<(ApplicationId, String)>) -> AnyView {
    let any = |label: &str| vec![Choice::new("", label)];
    let mut actions = any("Any action");
    actions.extend(filter::action_choices().into_iter().map(|(value, label)| Choice::new(value, label)));
    let mut outcomes = any("Any outcome");
    outcomes.extend(
        Outcome::ALL
            .iter()
            .map(|outcome| Choice::new(outcome.as_str(), outcome_word(outcome.as_str()))),
    );
    let chosen_application = query.application.map(|id| id.to_string());
    let application = (!applications.is_empty()).then(|| {
        let mut options = any("Any application");
        options.extend(applications.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)));
        view! { <Select name="application" label="Application" options=options selected=chosen_application /> }
    });
    let (actor, subject, organization) = (query.actor.clone(), query.subject.clone(), query.organization.clone());
    let who = trail
        .people
        .then(|| view! { <Field name="actor" label="Who" value=actor placeholder="Name or e-mail" /> });
    let organization = trail
        .organizations
        .then(|| view! { <Field name="organization" label="Organization" value=organization placeholder="Name" /> });
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    let (from, to) = (day(query.from), day(query.to));
    let (action, outcome) = (query.action.clone(), query.outcome.map(|outcome| outcome.to_string()));
    let (address, reset) = (trail.path.clone(), trail.path.clone());
    view! {
        <FilterBar action=address reset=reset>
            <DateField name="from" label="First day" value=from />
            <DateField name="to" label="Last day" value=to />
            {who}
            <Select name="action" label="Action" options=actions selected=action />
            <Field name="subject" label="About" value=subject placeholder="Person or thing" />
            {application}
            <Select name="outcome" label="Outcome" options=outcomes selected=outcome />
            {organization}
        </FilterBar>
    }
    .into_any()
}

fn by_day(rows: Vec<AuditRow>, zone: Tz, today: Day, trail: &TrailPage, query: &TrailQuery) -> AnyView {
    if rows.is_empty() {
        return if query.is_empty() {
            view! { <EmptyState icon="history" title="Nothing happened yet" text="Sign-ins, changes, launches and refusals show up here as they happen." /> }.into_any()
        } else {
            let reset = trail.path.clone();
            view! {
                <EmptyState icon="search" title="Nothing matches" text="Widen the days or take a filter away."
                    action=view! { <LinkButton href=reset kind=Kind::Secondary>"Show everything"</LinkButton> }.into_any() />
            }
            .into_any()
        };
    }
    let mut days: Vec<(Day, Vec<AuditRow>)> = Vec::new();
    for row in rows {
        let day = day_of(row.at, zone);
        match days.last_mut() {
            Some((last, rows)) if *last == day => rows.push(row),
            _ => days.push((day, vec![row])),
        }
    }
    days.into_iter()
        .map(|(day, rows)| one_day(day, rows, zone, today, trail))
        .collect_view()
        .into_any()
}

fn one_day(day: Day, rows: Vec<AuditRow>, zone: Tz, today: Day, trail: &TrailPage) -> AnyView {
    let name = day.format("%A, %-d %b %Y").to_string();
    let title = if day == today {
        format!("Today, {}", day.format("%-d %b %Y"))
    } else if Some(day) == today.pred_opt() {
        format!("Yesterday, {}", day.format("%-d %b %Y"))
    } else {
        name
    };
    let (people, organizations) = (trail.people, trail.organizations);
    let mut columns = vec![Column::new("Time"), Column::new("What happened")];
    if people {
        columns.push(Column::new("Who"));
    }
    if organizations {
        columns.push(Column::new("Organization"));
    }
    columns.push(Column::new("Outcome"));
    if !people {
        columns.push(Column::new("From"));
    }
    let caption = format!("Events of {title}");
    let rows = rows
        .into_iter()
        .map(|row| one_event(row, zone, people, organizations))
        .collect_view();
    view! { <Section title=title><Table caption=caption columns=columns>{rows}</Table></Section> }.into_any()
}

fn one_event(row: AuditRow, zone: Tz, people: bool, organizations: bool) -> AnyView {
    let href = routes::event(row.id);
    let time = row.at.with_timezone(&zone).format("%H:%M:%S").to_string();
    let title = queries::title_of(&row);
    let about = about(&row);
    // Why something was allowed stands on the event's own page; here it would drown what matters.
    let reason = row.reason.clone().filter(|_| row.outcome != Outcome::Allowed.as_str());
    let about = (!about.is_empty()).then(|| view! { <Muted>{about}</Muted> });
    let reason = reason.map(|reason| view! { <Muted>{shortened(&reason)}</Muted> });
    let who = people.then(|| {
        let address = row.address.clone().map(|address| view! { <Muted>{address}</Muted> });
        view! { <Cell label="Who"><Stack gap=Gap::Small><span>{row.actor_label.clone()}</span>{address}</Stack></Cell> }
    });
    let organization = organizations.then(|| {
        let label = row.organization_label.clone();
        view! { <Cell label="Organization">{label.map_or_else(|| view! { <Muted>"none"</Muted> }.into_any(), IntoAny::into_any)}</Cell> }
    });
    // Beside others' names the address stands below the name; one's own list has a column for it.
    let from = (!people).then(|| {
        let address = row.address.clone();
        view! { <Cell label="From">{address.map_or_else(|| view! { <Muted>"not recorded"</Muted> }.into_any(), IntoAny::into_any)}</Cell> }
    });
    let badge = outcome_badge(&row.outcome);
    view! {
        <Row>
            <Cell label="Time">{time}</Cell>
            <HeadCell label="What happened">
                <Stack gap=Gap::Small>
                    <TextLink href=href>{title}</TextLink>
                    {about}
                    {reason}
                </Stack>
            </HeadCell>
            {who}
            {organization}
            <Cell label="Outcome">{badge}</Cell>
            {from}
        </Row>
    }
    .into_any()
}

/// "Bo Lind, in Orders"; without whoever acts on themselves, who is named anyway.
fn about(row: &AuditRow) -> String {
    let subject = row
        .subject_label
        .clone()
        .filter(|label| *label != row.actor_label)
        .unwrap_or_default();
    match row.application_label.as_ref().filter(|name| **name != subject) {
        Some(application) if subject.is_empty() => application.clone(),
        Some(application) => format!("{subject}, in {application}"),
        None => subject,
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 140 {
        format!("{}…", text.chars().take(140).collect::<String>())
    } else {
        text.to_owned()
    }
}

/// How it ended, in a word.
pub fn outcome_word(outcome: &str) -> &'static str {
    match outcome.parse() {
        Ok(Outcome::Success) => "Done",
        Ok(Outcome::Allowed) => "Allowed",
        Ok(Outcome::Denied) => "Refused",
        Ok(Outcome::Failure) | Err(()) => "Failed",
    }
}

/// How it ended, as a badge.
pub fn outcome_badge(outcome: &str) -> AnyView {
    let tone = match outcome.parse() {
        Ok(Outcome::Success | Outcome::Allowed) => Tone::Good,
        Ok(Outcome::Denied) => Tone::Bad,
        Ok(Outcome::Failure) | Err(()) => Tone::Warn,
    };
    let word = outcome_word(outcome);
    view! { <Badge tone=tone>{word}</Badge> }.into_any()
}
