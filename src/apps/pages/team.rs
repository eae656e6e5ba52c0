//! `/team/apps` and `/team/apps/{app}`: what the organization holds, how full it is, and who has what.

use leptos::prelude::*;

use super::parts::{ends_with, people_words, scope_list, scope_names, seats_words, standing};
use crate::{
    apps::queries::Position,
    apps::queries::{self, Holder, TeamApp, TeamApplication},
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let team = queries::team_apps(&cx.qx).await?;
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let purpose = format!("What {} may use, until when, and how many people have it.", team.organization.name);
        let body = if team.apps.is_empty() {
            let text = format!(
                "When {} lets {} use an application, it shows up here and you can assign it.",
                cx.qx.tenant.name, team.organization.name
            );
            view! { <EmptyState icon="package" title="No applications yet" text=text /> }.into_any()
        } else {
            let columns = vec![
                Column::new("Application"),
                Column::new("Permissions"),
                Column::new("Until"),
                Column::new("People"),
                Column::new("Ends soon"),
                Column::action("Actions"),
            ];
            let may_assign = team.may_assign;
            let rows = team.apps.iter().map(|app| row(app, may_assign, warn_days)).collect_view();
            view! { <Table caption="Applications of the organization" columns=columns>{rows}</Table> }.into_any()
        };
        Ok::<_, PageError>(Content::new(
            "Team applications",
            view! { <PageHeader title="Team applications" purpose=purpose />{body} },
        ))
    })
}

fn row(app: &TeamApp, may_assign: bool, warn_days: i64) -> AnyView {
    let href = routes::team_app(&app.application.slug);
    let (name, category) = (app.application.name.clone(), app.application.category.clone());
    let people = match app.entitlement.seats {
        Some(seats) => {
            let label = format!("{} seats", seats_words(app.seats.taken, Some(seats)));
            view! { <Meter value=app.seats.taken max=u64::try_from(seats).unwrap_or_default() label=label /> }.into_any()
        }
        None => people_words(app.seats.taken).into_any(),
    };
    let ending = match app.seats.ending {
        0 => view! { <Muted>"nobody"</Muted> }.into_any(),
        count => view! { <Badge tone=Tone::Warn>{people_words(count)}</Badge> }.into_any(),
    };
    let assign = (may_assign && app.in_force).then(|| {
        let href = routes::team_assign(&app.application.slug);
        view! { <LinkButton href=href size=Size::Small kind=Kind::Secondary>"Assign"</LinkButton> }
    });
    let (ends_at, starts_at, ended) = (app.ends_at, app.entitlement.starts_at, !app.in_force);
    let retired = (!app.application.is_offered()).then(|| view! { <Badge tone=Tone::Bad>"No longer offered"</Badge> });
    let icon = app.application.icon.clone();
    let scopes = scope_names(&app.scopes);
    view! {
        <Row ended=ended>
            <HeadCell label="Application">
                <Cluster><AppName icon=icon name=name detail=category href=href />{retired}</Cluster>
            </HeadCell>
            <Cell label="Permissions">{scopes}</Cell>
            <Cell label="Until"><TimeLeft end=ends_at start=starts_at warn_days=warn_days /></Cell>
            <Cell label="People">{people}</Cell>
            <Cell label="Ends soon">{ending}</Cell>
            <ActionCell>{assign}</ActionCell>
        </Row>
    }
    .into_any()
}

pub(super) fn one() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let search = cx.query("q");
        let position = position(&cx);
        let team = queries::team_application(&cx.qx, &slug, search.as_deref(), position).await?;
        Ok::<_, PageError>(content(&cx, team, search))
    })
}

fn position(cx: &PageCx) -> Position {
    let id = |name| cx.query(name).and_then(|text| text.parse().ok());
    match (id("before"), id("after")) {
        (Some(id), _) => Position::Before(id),
        (None, Some(id)) => Position::After(id),
        (None, None) => Position::Newest,
    }
}

fn content(cx: &PageCx, team: TeamApplication, search: Option<String>) -> Content {
    let warn_days = i64::from(cx.qx.tenant.warning_days);
    let application = &team.app.application;
    let (name, slug) = (application.name.clone(), application.slug.clone());
    let action = (team.may_assign && team.app.in_force).then(|| {
        let href = routes::team_assign(&slug);
        view! { <LinkButton href=href icon="user-plus">"Assign to people"</LinkButton> }.into_any()
    });
    let crumbs = vec![Crumb::new(routes::TEAM_APPS, "Team applications"), Crumb::here(name.clone())];
    let refused = cx.form("revoke");
    let refused = refused
        .has_errors()
        .then(|| view! { <ErrorSummary title=refused.summary.unwrap_or_default() /> });
    let (ends_at, starts_at) = (team.app.ends_at, team.app.entitlement.starts_at);
    let people = seats_words(team.app.seats.taken, team.app.entitlement.seats);
    let ending = team.app.seats.ending.to_string();
    let scopes = scope_list(&team.app.scopes);
    let counted = if team.app.entitlement.seats.is_some() {
        "Seats used"
    } else {
        "People"
    };
    let held = view! {
        <Section title="What you hold">
            <StatRow>
                <Stat label=counted value=people />
                <Stat label="Assignments that end soon" value=ending />
            </StatRow>
            <DefinitionList>
                <Definition term="Until"><TimeLeft end=ends_at start=starts_at warn_days=warn_days /></Definition>
                <Definition term="Permissions">{scopes}</Definition>
            </DefinitionList>
        </Section>
    };
    let people = holders(cx, &team, search, warn_days);
    let purpose = application.description.clone();
    let notice = (!team.app.in_force).then(|| {
        view! { <Notice tone=Tone::Warn>"This application is not open to your organization now, so nobody can launch it and it cannot be assigned."</Notice> }
    });
    Content::new(
        name.clone(),
        view! {
            <PageHeader title=name purpose=purpose crumbs=crumbs action=action />
            {refused}
            {notice}
            <Stack gap=Gap::Large>{held}{people}</Stack>
        },
    )
}

fn holders(cx: &PageCx, team: &TeamApplication, search: Option<String>, warn_days: i64) -> AnyView {
    let slug = team.app.application.slug.clone();
    let here = routes::team_app(&slug);
    let query = search
        .clone()
        .map(|text| format!("&q={}", url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()))
        .unwrap_or_default();
    let edge = |holder: Option<&Holder>, name: &str| holder.map(|holder| format!("{here}?{name}={}{query}", holder.assignment.id));
    let newer = team
        .newer
        .then(|| edge(team.holders.first(), "after").unwrap_or_else(|| here.clone()));
    let older = team
        .older
        .then(|| edge(team.holders.last(), "before").unwrap_or_else(|| here.clone()));
    let typed = search.clone();
    let filter = view! {
        <FilterBar action=here.clone() reset=search.as_ref().map(|_| here.clone())>
            <Field name="q" label="Name or e-mail" kind="search" value=typed />
        </FilterBar>
    };
    let list = if team.holders.is_empty() {
        let (title, text) = match search {
            Some(_) => ("Nobody matches", "Nobody with that name or address has this application."),
            None => (
                "Nobody has it yet",
                "Assign it, and the person finds it among their applications at once.",
            ),
        };
        view! { <EmptyState icon="users" title=title text=text /> }.into_any()
    } else {
        let columns = vec![
            Column::new("Person"),
            Column::new("Permissions"),
            Column::new("Until"),
            Column::new("Status"),
            Column::new("Last launched"),
            Column::action("Actions"),
        ];
        let rows = team
            .holders
            .iter()
            .map(|holder| holder_row(cx, team, holder, warn_days))
            .collect_view();
        view! { <Table caption="People who have this application" columns=columns>{rows}</Table> }.into_any()
    };
    let pages = (newer.is_some() || older.is_some()).then(|| view! { <Pagination newer=newer older=older /> });
    view! { <Section title="Who has it" id="people">{filter}{list}{pages}</Section> }.into_any()
}

fn holder_row(cx: &PageCx, team: &TeamApplication, holder: &Holder, warn_days: i64) -> AnyView {
    let application = &team.app.application;
    let name = holder.somebody.name.clone();
    let href = routes::team_assignment(&application.slug, holder.assignment.id);
    let ended = holder.facts.chain.iter().any(|link| !link.holds);
    let standing = standing(&holder.facts, holder.assignment.starts_at > cx.qx.now);
    let end = holder.facts.ends_at();
    let why = ends_with(&holder.facts).map(|what| view! { <Muted>"with " {what}</Muted> });
    let used = match holder.assignment.last_used_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let actions = (team.may_assign && holder.manageable).then(|| {
        let change = href.clone();
        let takes = take_away(&application.slug, &application.name, holder, None);
        view! { <LinkButton href=change size=Size::Small kind=Kind::Secondary>"Change"</LinkButton>{takes} }
    });
    let (detail, member, start) = (
        holder.somebody.email.clone(),
        routes::member(holder.somebody.member.id),
        holder.assignment.starts_at,
    );
    let scopes = scope_names(&holder.facts.scopes);
    view! {
        <Row ended=ended>
            <HeadCell label="Person"><Person name=name detail=detail href=member /></HeadCell>
            <Cell label="Permissions">{scopes}</Cell>
            <Cell label="Until"><Stack gap=Gap::Small><TimeLeft end=end start=start warn_days=warn_days href=href.clone() />{why}</Stack></Cell>
            <Cell label="Status">{standing}</Cell>
            <Cell label="Last launched">{used}</Cell>
            <ActionCell>{actions}</ActionCell>
        </Row>
    }
    .into_any()
}

/// The button that takes an assignment away.
pub(super) fn take_away(slug: &str, application: &str, holder: &Holder, from_member: Option<String>) -> AnyView {
    let name = holder.somebody.name.clone();
    let fields = vec![
        ("application", slug.to_owned()),
        ("assignment", holder.assignment.id.to_string()),
        ("member", from_member.unwrap_or_default()),
    ];
    take_away_with(format!("take-{}", holder.assignment.id), &name, application, fields)
}

/// The same, from its parts.
pub(super) fn take_away_with(id: String, name: &str, application: &str, fields: Vec<(&'static str, String)>) -> AnyView {
    let title = format!("Take {application} away from {name}?");
    let verb = format!("Take {application} away");
    let text = format!(
        "{name} can no longer launch {application}, from this moment on. Everything else they have stays. You can assign it again at any time."
    );
    view! {
        <Confirm id=id trigger="Take away…" title=title verb=verb action="/do/revoke-assignment" fields=fields kind=Kind::Danger size=Size::Small>
            {text}
        </Confirm>
    }
    .into_any()
}
