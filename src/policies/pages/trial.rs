//! One decision tried by hand: a form that asks in the address, so that an answer can be shown to somebody else.

use chrono::NaiveDateTime;
use leptos::prelude::*;

use super::{
    super::{
        queries,
        trial::{self, Answer, Offered, Question},
    },
    TITLE, verdict_badge,
};
use crate::{
    access::{Device, Verdict},
    apps::chain::Judged,
    kernel::Timestamp,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn trial() -> AnyView {
    page(|cx| async move {
        let applications = {
            queries::may_view(&cx.qx)?;
            queries::applications(&cx.qx).await?
        };
        let (partner, application) = (cx.query("partner"), cx.query("application"));
        let offered = match (&partner, &application) {
            (Some(partner), Some(application)) => trial::offered(&cx.qx, partner, application).await?,
            _ => None,
        };
        let unknown = partner.is_some() && offered.is_none();
        let asked = question(&cx);
        let answer = match &asked {
            Some(Ok(question)) if offered.is_some() => {
                let answer = trial::answer(&cx.qx, question).await?;
                Some(answer_view(&cx, question, answer))
            }
            _ => None,
        };
        let wrong = asked
            .and_then(Result::err)
            .map(|sentence| view! { <Notice tone=Tone::Bad title="This cannot be asked">{sentence}</Notice> });
        let first = first_form(&cx, applications, unknown);
        let second = offered.map(|offered| second_form(&cx, &offered));
        Ok::<_, PageError>(Content::new(
            "Try a decision",
            view! {
                <PageHeader title="Try a decision" purpose="May somebody use an application or one permission of it, then and from there, and why? Nothing is recorded or changed."
                    crumbs=vec![Crumb::new(routes::ADMIN_POLICIES, TITLE), Crumb::here("Try a decision")] />
                <Stack gap=Gap::Large>{first}{second}{wrong}{answer}</Stack>
            },
        ))
    })
}

/// The moment typed, in the tenant's zone; now when nothing is.
fn moment(cx: &PageCx) -> Result<Timestamp, &'static str> {
    let Some(typed) = cx.query("at") else { return Ok(cx.qx.now) };
    NaiveDateTime::parse_from_str(&typed, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(&typed, "%Y-%m-%dT%H:%M:%S"))
        .ok()
        .and_then(|local| local.and_local_timezone(cx.qx.tenant.time_zone).earliest())
        .map(|at| at.to_utc())
        .ok_or("Enter a moment, for example 2027-03-31T14:00.")
}

/// What the address asks; none while no member is chosen.
fn question(cx: &PageCx) -> Option<Result<Question, &'static str>> {
    let (partner, application, member) = (cx.query("partner")?, cx.query("application")?, cx.query("member")?);
    let read = || {
        let member = member.parse().map_err(|_| "Choose a person.")?;
        let address = match cx.query("address") {
            Some(typed) => Some(typed.trim().parse().map_err(|_| "Enter an address, for example 203.0.113.7.")?),
            None => None,
        };
        let with = match cx.query("with") {
            Some(typed) => Some(typed.parse().map_err(|_| "Choose a policy.")?),
            None => None,
        };
        Ok(Question {
            partner: partner.clone(),
            application: application.clone(),
            member,
            at: moment(cx)?,
            address,
            device: if cx.query("device").as_deref() == Some("api") {
                Device::Api
            } else {
                Device::Browser
            },
            fresh: cx.query("fresh").is_some(),
            with,
        })
    };
    Some(read())
}

fn values(cx: &PageCx) -> FormState {
    let names = [
        "partner",
        "application",
        "member",
        "scope",
        "at",
        "address",
        "device",
        "fresh",
        "with",
    ];
    names.into_iter().fold(FormState::default(), |form, name| match cx.query(name) {
        Some(value) => form.with_value(name, value),
        None => form,
    })
}

fn first_form(cx: &PageCx, applications: Vec<(String, String)>, unknown: bool) -> AnyView {
    let mut form = values(cx);
    if unknown {
        form = form.with_error("partner", "There is no such partner or application.");
    }
    let options = applications
        .into_iter()
        .map(|(slug, name)| Choice::new(slug, name))
        .collect::<Vec<_>>();
    let with = cx.query("with");
    view! {
        <Card title="In whose name, and what" level=2>
        <Form action=routes::ADMIN_TRY_POLICIES form=form method_get=true id="what">
            {with.map(|with| view! { <Hidden name="with" value=with /> })}
            <Field name="partner" label="Partner" required=true maxlength="60" hint="The short name, as in its address, for example acme-consulting." />
            <Select name="application" label="Application" options=options />
            <FormActions><SubmitButton kind=Kind::Secondary>"Choose"</SubmitButton></FormActions>
        </Form>
        </Card>
    }
    .into_any()
}

fn second_form(cx: &PageCx, offered: &Offered) -> AnyView {
    let form = values(cx);
    let (partner, application) = (cx.query("partner").unwrap_or_default(), cx.query("application").unwrap_or_default());
    let people = offered
        .people
        .iter()
        .map(|somebody| Choice::new(somebody.member.id.to_string(), format!("{} ({})", somebody.name, somebody.email)))
        .collect::<Vec<_>>();
    let mut scopes = vec![Choice::new("", "Opening the application")];
    scopes.extend(
        offered
            .scopes
            .iter()
            .map(|scope| Choice::new(scope.name.clone(), scope.name.clone())),
    );
    let mut drafts = vec![Choice::new("", "The policies in force")];
    drafts.extend(
        offered
            .drafts
            .iter()
            .map(|(id, name)| Choice::new(id.to_string(), format!("As if this were in force: {name}"))),
    );
    let devices = vec![
        Choice::new("browser", "The person, in a browser"),
        Choice::new("api", "An application, with a token of theirs"),
    ];
    let more = offered
        .more
        .then(|| view! { <Paragraph><Muted>"There are more people than can be listed; the first by name are."</Muted></Paragraph> });
    let zone = format!("In {}. Leave empty for now.", cx.qx.tenant.time_zone.name().replace('_', " "));
    view! {
        <Card title=format!("Somebody at {}", offered.organization.name) level=2>
        <Form action=routes::ADMIN_TRY_POLICIES form=form method_get=true id="who">
            <Hidden name="partner" value=partner />
            <Hidden name="application" value=application />
            <Select name="member" label="Person" options=people />
            {more}
            <Select name="scope" label="What for" options=scopes />
            <Field name="at" label="When" kind="datetime-local" hint=zone width=Width::Short />
            <Field name="address" label="From which address" hint="For example 203.0.113.7." width=Width::Short />
            <Select name="device" label="Who is there" options=devices />
            <Checkbox name="fresh" label="They have just given a second factor" />
            <Select name="with" label="With" options=drafts />
            <FormActions><SubmitButton>"Decide"</SubmitButton></FormActions>
        </Form>
        </Card>
    }
    .into_any()
}

const fn headline(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Allow => ("Allowed", Tone::Good),
        Verdict::StepUp => ("Allowed after a fresh second factor", Tone::Warn),
        Verdict::Deny => ("Refused", Tone::Bad),
    }
}

fn answer_view(cx: &PageCx, question: &Question, answer: Answer) -> AnyView {
    let judged = match answer {
        Answer::Nobody(reason) => return view! { <Notice tone=Tone::Bad title="Refused">{reason}</Notice> }.into_any(),
        Answer::Judged(judged) => judged,
    };
    let scope = cx.query("scope");
    let decision = match &scope {
        None => judged.decision.clone(),
        Some(name) => match judged.scopes.iter().find(|it| it.scope.name == *name) {
            // The start comes first: a permission alone opens nothing.
            Some(it) if judged.decision.verdict != Verdict::Deny => it.decision.clone(),
            Some(_) => judged.decision.clone(),
            None => {
                let says = format!("{name} is not granted to this organization and this person.");
                return view! { <Notice tone=Tone::Bad title="Refused">{says}</Notice>{chain(&judged)} }.into_any();
            }
        },
    };
    let (title, tone) = headline(decision.verdict);
    let why = decision
        .why
        .iter()
        .cloned()
        .map(|why| view! { <Definition term=why.policy>{why.reason}</Definition> }.into_any())
        .collect_view();
    let (reason, at) = (decision.reason(), question.at);
    let scopes = judged
        .scopes
        .iter()
        .map(|it| {
            let (name, reason, badge) = (it.scope.name.clone(), it.decision.reason(), verdict_badge(it.decision.verdict));
            view! { <Definition term=name><Stack gap=Gap::Small><Cluster>{badge}</Cluster><Muted>{reason}</Muted></Stack></Definition> }
                .into_any()
        })
        .collect_view();
    let chain = chain(&judged);
    view! {
        <Section title="Answer" id="answer">
            <Stack>
                <Notice tone=tone title=title>{reason} " (" <DateTimeText at=at /> ")"</Notice>
                <Card title="Policies that decided it"><DefinitionList>{why}</DefinitionList></Card>
                <Card title="Each permission that is held"><DefinitionList>{scopes}</DefinitionList></Card>
                {chain}
            </Stack>
        </Section>
    }
    .into_any()
}

/// Contract, organization, membership and so on, as they are then.
fn chain(judged: &Judged) -> AnyView {
    let links = judged
        .facts
        .chain
        .iter()
        .map(|link| {
            let (icon, tone) = if link.holds { ("check", Tone::Good) } else { ("x", Tone::Bad) };
            let title = crate::apps::pages::link_title(link.kind, link.holds);
            let end = link.ends_at.map(|end| view! { <TimeLeft end=end /> });
            view! { <TimelineItem icon=icon tone=tone title=title>{end}</TimelineItem> }.into_any()
        })
        .collect_view();
    view! { <Card title="What must hold"><Timeline>{links}</Timeline></Card> }.into_any()
}
