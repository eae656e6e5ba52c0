//! A version of a policy held against the decisions of the last days.

use leptos::prelude::*;

use super::{
    super::{
        queries,
        replay::{self, DAYS, Difference, MOST_DECISIONS, Replay},
    },
    TITLE, verdict_badge,
};
use crate::{
    kernel::PolicyId,
    organizations::pages::counted,
    ui::*,
    web::{Content, PageError, page, routes},
};

/// So many differences are listed.
const MOST_ROWS: usize = 200;

pub(super) fn replay() -> AnyView {
    page(|cx| async move {
        let id = cx.param::<PolicyId>("policy")?;
        let policy = queries::policy(&cx.qx, id).await?;
        let replayed = replay::replay(&cx.qx, id).await?;
        let name = policy.policy.name.clone();
        let title = format!("Replay of {name}");
        let crumbs = vec![
            Crumb::new(routes::ADMIN_POLICIES, TITLE),
            Crumb::new(routes::admin_policy(id), name),
            Crumb::here("Replay"),
        ];
        let purpose = format!(
            "Version {} held against the launches, sign-ins and tokens of the last {DAYS} days, beside what is in force now. Nothing is changed by it.",
            replayed.number
        );
        let body = result(&replayed);
        Ok::<_, PageError>(Content::new(
            title.clone(),
            view! { <PageHeader title=title purpose=purpose crumbs=crumbs />{body} },
        ))
    })
}

fn times(count: usize, one: &str, many: &str) -> String {
    counted(u64::try_from(count).unwrap_or_default(), one, many)
}

fn result(replay: &Replay) -> AnyView {
    let mut notes = Vec::new();
    if replay.capped {
        notes.push(format!(
            "There are more decisions than are looked at (at most {MOST_DECISIONS}); the newest were replayed."
        ));
    }
    if replay.skipped > 0 {
        let skipped = times(replay.skipped, "decision is", "decisions are");
        notes.push(format!(
            "{skipped} left out, because the trail does not say how they were asked for."
        ));
    }
    let notes = notes
        .into_iter()
        .map(|note| view! { <Notice tone=Tone::Warn>{note}</Notice> })
        .collect_view();
    let decisions = times(replay.decisions, "decision", "decisions");
    let differ = replay.differences.len();
    let body = if replay.differences.is_empty() {
        let text = format!("{decisions} replayed, and each comes out as it would without this version.");
        view! { <EmptyState icon="check-circle" title="Nobody would notice" text=text /> }.into_any()
    } else {
        let columns = vec![
            Column::new("Person"),
            Column::new("Application"),
            Column::new("Now"),
            Column::new("Then"),
            Column::number("Decisions"),
            Column::new("Last"),
        ];
        let rows = replay.differences.iter().take(MOST_ROWS).map(row).collect_view();
        let more = (differ > MOST_ROWS)
            .then(|| view! { <Paragraph><Muted>{format!("The {MOST_ROWS} most frequent of {differ} are shown.")}</Muted></Paragraph> });
        let says = format!(
            "{decisions} replayed. {} would be decided otherwise.",
            times(
                differ,
                "combination of person, application and permission",
                "combinations of person, application and permission"
            )
        );
        view! {
            <Paragraph>{says}</Paragraph>
            <Table caption="What would be decided otherwise" columns=columns>{rows}</Table>
            {more}
        }
        .into_any()
    };
    view! { <Stack>{notes}{body}</Stack> }.into_any()
}

fn row(difference: &Difference) -> AnyView {
    let difference = difference.clone();
    let scope = difference.scope.unwrap_or_else(|| "the application as a whole".to_owned());
    let (before, after) = (verdict_badge(difference.before), verdict_badge(difference.after));
    let (count, last, reason) = (difference.count, difference.last, difference.reason);
    view! {
        <Row>
            <HeadCell label="Person"><Person name=difference.member detail=difference.partner /></HeadCell>
            <Cell label="Application"><Stack gap=Gap::Small><span>{difference.application}</span><Muted>{scope}</Muted></Stack></Cell>
            <Cell label="Now">{before}</Cell>
            <Cell label="Then"><Stack gap=Gap::Small><Cluster>{after}</Cluster><Muted>{reason}</Muted></Stack></Cell>
            <NumberCell label="Decisions">{count}</NumberCell>
            <Cell label="Last"><RelativeTime at=last /></Cell>
        </Row>
    }
    .into_any()
}
