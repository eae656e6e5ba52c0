//! The report before anything is sent: per row what will happen, or what is wrong; and the button that says how many go out.

use leptos::prelude::*;

use super::place_of;
use crate::{
    people::invitations::{
        Draft, Report, RowReport,
        actions::{self, DRAFT_KEY},
        queries::{self, Place},
    },
    ui::*,
    web::{Content, PageCx, PageError, page},
};

pub(super) fn own() -> AnyView {
    page(|cx| async move { build(&cx, false).await })
}

pub(super) fn partners() -> AnyView {
    page(|cx| async move { build(&cx, true).await })
}

async fn build(cx: &PageCx, partners: bool) -> Result<Content, PageError> {
    let place = place_of(cx, partners).await?;
    let draft: Option<Draft> = actions::kept(&cx.request, DRAFT_KEY).await;
    let Some(draft) = draft.filter(|draft| draft.organization == place.organization.id) else {
        return Err(PageError::SeeOther(place.invite()));
    };
    let report = queries::report(&cx.qx, &place, &draft).await?;
    let (good, bad) = (report.good(), report.bad());
    let purpose = "Nothing has been sent yet. This is what will happen with each row.";
    let crumbs = vec![
        Crumb::new(place.invitations(), "Invitations"),
        Crumb::new(draft.from.clone(), "Invite people"),
    ];
    let summary = summary(good, bad, &report);
    let send = send(cx, &place, &draft, &report);
    let table = table(report);
    Ok(Content::new(
        "Check before sending",
        view! { <Stack><PageHeader title="Check before sending" purpose=purpose crumbs=crumbs />{summary}{table}{send}</Stack> },
    ))
}

fn summary(good: usize, bad: usize, report: &Report) -> AnyView {
    let seats = report.seats_left.to_string();
    let tone = if bad > 0 { Tone::Warn } else { Tone::Neutral };
    let ready = if good > 0 { Tone::Good } else { Tone::Neutral };
    view! {
        <StatRow>
            <Stat label="Can be sent" value=good.to_string() tone=ready />
            <Stat label="With a problem" value=bad.to_string() tone=tone />
            <Stat label="Seats free" value=seats hint="Waiting invitations hold a seat until they are accepted, withdrawn or expired." />
        </StatRow>
    }
    .into_any()
}

fn send(cx: &PageCx, place: &Place, draft: &Draft, report: &Report) -> AnyView {
    let (good, bad) = (report.good(), report.bad());
    let change = draft.from.clone();
    if good == 0 {
        return view! {
            <Notice tone=Tone::Bad title="Nothing can be sent">"Correct the rows above and check again."</Notice>
            <FormActions><LinkButton href=change>"Go back and correct"</LinkButton></FormActions>
        }
        .into_any();
    }
    let form = cx.form("send");
    let seen = report.fingerprint();
    let partner = place.field();
    let verb = if good == 1 {
        "Send 1 invitation".to_owned()
    } else {
        format!("Send {good} invitations")
    };
    // Made inside of the form: that is where a field finds what is wrong with it.
    let left_out = move || {
        (bad > 0).then(|| {
            let label = format!(
                "I have seen that {} left out.",
                actions::rows(bad, "with a problem is", "with a problem are")
            );
            view! { <Checkbox name="leave_out" label=label required=true hint="To send them too, go back and correct them first." /> }
        })
    };
    view! {
        <Form action="/do/send-invitations" form=form id="send">
            <Hidden name="partner" value=partner />
            <Hidden name="seen" value=seen />
            {left_out()}
            <FormActions>
                <SubmitButton icon="send">{verb}</SubmitButton>
                <LinkButton href=change kind=Kind::Secondary>"Go back and correct"</LinkButton>
            </FormActions>
        </Form>
    }
    .into_any()
}

fn table(report: Report) -> AnyView {
    let columns = vec![Column::number("Row"), Column::new("Person"), Column::new("What will happen")];
    let rows = report.rows.into_iter().map(row).collect_view();
    view! { <Table caption="Rows of the list" columns=columns>{rows}</Table> }.into_any()
}

fn row(report: RowReport) -> AnyView {
    let RowReport { row, outcome } = report;
    let email = if row.email.is_empty() {
        "(no address)".to_owned()
    } else {
        row.email.chars().take(254).collect()
    };
    let name: String = row.name.chars().take(200).collect();
    let (name, detail) = if name.is_empty() { (email, None) } else { (name, Some(email)) };
    let what = match outcome {
        Ok(plan) => {
            let role = plan.role.title();
            let apps = if plan.applications.is_empty() {
                "no application yet".to_owned()
            } else {
                plan.applications.join(", ")
            };
            let until = match plan.ends_at {
                Some(end) => view! { <TimeLeft end=end /> }.into_any(),
                None => view! { <Muted>"as long as the contract"</Muted> }.into_any(),
            };
            view! { <Stack gap=Gap::Small><Cluster><Badge tone=Tone::Good>"Will be invited"</Badge><span>{role}" · "{apps}</span></Cluster>{until}</Stack> }.into_any()
        }
        Err(problems) => {
            let list = problems
                .into_iter()
                .map(|problem| view! { <span>{problem.to_string()}</span> })
                .collect_view();
            view! { <Stack gap=Gap::Small><Badge tone=Tone::Bad>"Will not be sent"</Badge>{list}</Stack> }.into_any()
        }
    };
    view! {
        <Row>
            <NumberCell label="Row">{row.line}</NumberCell>
            <HeadCell label="Person"><Person name=name detail=detail /></HeadCell>
            <Cell label="What will happen">{what}</Cell>
        </Row>
    }
    .into_any()
}
