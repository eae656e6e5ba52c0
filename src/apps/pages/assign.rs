//! `/team/apps/{app}/assign` and `/team/apps/{app}/{assignment}`: giving an application to people, and changing what one of them holds.

use leptos::prelude::*;

use super::{
    parts::{ends_with, link_title, scope_choices, scope_names, seats_words, standing},
    team::take_away,
};
use crate::{
    apps::queries::{self, AssignChoices, Holder, TeamApp},
    kernel::{AssignmentId, MemberId, Timestamp, day_of, last_day},
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn assign() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let search = cx.query("q");
        let choices = queries::assign_choices(&cx.qx, &slug, search.as_deref()).await?;
        Ok::<_, PageError>(assign_content(&cx, &choices, search))
    })
}

/// The last day something of this application can be held, as date fields want it.
fn latest_day(cx: &PageCx, end: Option<Timestamp>) -> Option<String> {
    end.map(|end| last_day(end, cx.qx.tenant.time_zone).to_string())
}

/// The field for the last day. It is made inside the form, from parts that outlive this request's borrows.
struct LastDay {
    hint: String,
    min: String,
    max: Option<String>,
    value: Option<String>,
}

impl LastDay {
    fn new(cx: &PageCx, app: &TeamApp, value: Option<Timestamp>) -> Self {
        let zone = cx.qx.tenant.time_zone;
        let hint = match app.ends_at {
            Some(end) => {
                let end = time::date(end - chrono::Duration::microseconds(1), zone);
                format!("Leave empty for as long as your organization holds it (now until {end}).")
            }
            None => "Leave empty for as long as your organization holds it.".to_owned(),
        };
        Self {
            hint,
            min: day_of(cx.qx.now, zone).to_string(),
            max: latest_day(cx, app.ends_at),
            value: latest_day(cx, value),
        }
    }

    fn view(self) -> AnyView {
        view! { <DateField name="ends" label="Last day" hint=self.hint min=self.min max=self.max value=self.value /> }.into_any()
    }
}

fn assign_content(cx: &PageCx, choices: &AssignChoices, search: Option<String>) -> Content {
    let app = &choices.app;
    let (name, slug) = (app.application.name.clone(), app.application.slug.clone());
    let here = routes::team_assign(&slug);
    let title = format!("Assign {name}");
    let crumbs = vec![
        Crumb::new(routes::TEAM_APPS, "Team applications"),
        Crumb::new(routes::team_app(&slug), name.clone()),
        Crumb::here("Assign"),
    ];
    let purpose = "The people you choose find it among their applications at once.";
    let form = cx.form("assign");
    let only = cx.query("member").and_then(|text| text.parse::<MemberId>().ok());
    let people: Vec<Choice> = choices
        .members
        .iter()
        .map(|somebody| Choice::new(somebody.member.id.to_string(), somebody.name.clone()).hint(somebody.email.clone()))
        .collect();
    let selected: Vec<String> = only.iter().map(ToString::to_string).collect();
    let more = choices
        .more
        .then(|| view! { <Paragraph><Muted>"There are more people than are shown. Look for them by name."</Muted></Paragraph> });
    let filter = (choices.more || search.is_some()).then(|| {
        let (action, reset, typed) = (here.clone(), search.as_ref().map(|_| here.clone()), search.clone());
        view! { <FilterBar action=action reset=reset verb="Find"><Field name="q" label="Name or e-mail" kind="search" value=typed /></FilterBar> }
    });
    let seats = app.entitlement.seats.map(|seats| {
        let label = format!("Seats used: {}", seats_words(app.seats.taken, Some(seats)));
        view! { <Meter value=app.seats.taken max=u64::try_from(seats).unwrap_or_default() label=label /> }
    });
    let ticked = app
        .scopes
        .iter()
        .filter(|scope| !scope.high_value)
        .map(|scope| scope.id.to_string())
        .collect::<Vec<_>>();
    let body = if !app.in_force {
        view! { <Notice tone=Tone::Warn>"This application is not open to your organization now, so it cannot be assigned."</Notice> }
            .into_any()
    } else if people.is_empty() {
        let text = if search.is_some() {
            "Nobody with that name or address is without it."
        } else {
            "Everyone whom you may give it to has it already."
        };
        view! { {filter}<EmptyState icon="users" title="Nobody to assign it to" text=text /> }.into_any()
    } else {
        let (cancel, verb) = (routes::team_app(&slug), title.clone());
        let last_day = LastDay::new(cx, app, None);
        let scopes = scope_choices(&app.scopes);
        view! {
            {filter}
            {seats}
            <Form action="/do/assign-application" form=form id="assign">
                <Hidden name="application" value=slug.clone() />
                <CheckboxGroup name="members[]" legend="People" options=people selected=selected />
                {more}
                <CheckboxGroup name="scopes[]" legend="What they may do there" options=scopes selected=ticked
                    hint="Give no more than the work needs." />
                {last_day.view()}
                <FormActions>
                    <SubmitButton>{verb}</SubmitButton>
                    <LinkButton href=cancel kind=Kind::Ghost>"Cancel"</LinkButton>
                </FormActions>
            </Form>
        }
        .into_any()
    };
    Content::new(
        title.clone(),
        view! { <PageHeader title=title purpose=purpose crumbs=crumbs />{body} },
    )
}

pub(super) fn assignment() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let id: AssignmentId = cx.param("assignment")?;
        let (app, holder, may_assign) = queries::team_assignment(&cx.qx, &slug, id).await?;
        Ok::<_, PageError>(assignment_content(&cx, &app, &holder, may_assign))
    })
}

fn assignment_content(cx: &PageCx, app: &TeamApp, holder: &Holder, may_assign: bool) -> Content {
    let warn_days = i64::from(cx.qx.tenant.warning_days);
    let (name, slug, person) = (
        app.application.name.clone(),
        app.application.slug.clone(),
        holder.somebody.name.clone(),
    );
    let title = format!("{name} for {person}");
    let crumbs = vec![
        Crumb::new(routes::TEAM_APPS, "Team applications"),
        Crumb::new(routes::team_app(&slug), name.clone()),
        Crumb::here(person.clone()),
    ];
    let action = may_assign.then(|| take_away(&slug, &name, holder, None));
    let (end, start, member) = (
        holder.facts.ends_at(),
        holder.assignment.starts_at,
        routes::member(holder.somebody.member.id),
    );
    let ends_with = ends_with(&holder.facts).map(|what| view! { <Muted>"Ends with " {what} "."</Muted> });
    let used = match holder.assignment.last_used_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let state = standing(&holder.facts, start > cx.qx.now);
    let email = holder.somebody.email.clone();
    let scopes = scope_names(&holder.facts.scopes);
    let beyond = holder.assignment.scopes.len() > holder.facts.scopes.len();
    let beyond = beyond.then(|| view! { <Muted>"Some permissions assigned earlier do not count now."</Muted> });
    let facts = view! {
        <DefinitionList>
            <Definition term="Person"><Person name=person.clone() detail=email href=member /></Definition>
            <Definition term="Status">{state}</Definition>
            <Definition term="Until"><Stack gap=Gap::Small><TimeLeft end=end start=start warn_days=warn_days />{ends_with}</Stack></Definition>
            <Definition term="Permissions"><Stack gap=Gap::Small>{scopes}{beyond}</Stack></Definition>
            <Definition term="Assigned"><DateTimeText at=start date_only=true /></Definition>
            <Definition term="Last launched">{used}</Definition>
        </DefinitionList>
    };
    let change = (may_assign && app.in_force).then(|| change_form(cx, app, holder));
    let why = why(holder, warn_days);
    Content::new(
        title.clone(),
        view! {
            <PageHeader title=title purpose="What this person holds, and why it ends when it does." crumbs=crumbs action=action />
            <Columns aside=why><Section title="What is held">{facts}</Section>{change}</Columns>
        },
    )
}

fn change_form(cx: &PageCx, app: &TeamApp, holder: &Holder) -> AnyView {
    let form = cx.form("change");
    let slug = app.application.slug.clone();
    let (id, version) = (holder.assignment.id.to_string(), holder.assignment.version.to_string());
    let options = scope_choices(&app.scopes);
    let selected: Vec<String> = holder.assignment.scopes.iter().map(ToString::to_string).collect();
    let last_day = LastDay::new(cx, app, holder.assignment.ends_at);
    let cancel = routes::team_app(&slug);
    view! {
        <FormCard title="Change" purpose="What you take out is gone from the next launch on."
            action="/do/change-assignment" form=form id="change">
            <Hidden name="application" value=slug />
            <Hidden name="assignment" value=id />
            <Hidden name="version" value=version />
            <CheckboxGroup name="scopes[]" legend="What they may do there" options=options selected=selected />
            {last_day.view()}
            <FormActions>
                <SubmitButton>"Save changes"</SubmitButton>
                <LinkButton href=cancel kind=Kind::Ghost>"Cancel"</LinkButton>
            </FormActions>
        </FormCard>
    }
    .into_any()
}

/// The chain in short, about somebody else: which links hold, and until when.
fn why(holder: &Holder, warn_days: i64) -> AnyView {
    let links = holder
        .facts
        .chain
        .iter()
        .map(|link| {
            let (icon, tone) = if link.holds { ("check", Tone::Good) } else { ("x", Tone::Bad) };
            let title = link_title(link.kind, link.holds);
            let end = link.ends_at.map(|end| view! { <TimeLeft end=end warn_days=warn_days /> });
            view! { <TimelineItem icon=icon tone=tone title=title>{end}</TimelineItem> }.into_any()
        })
        .collect_view();
    view! { <Card title="Why" level=2><Timeline>{links}</Timeline></Card> }.into_any()
}
