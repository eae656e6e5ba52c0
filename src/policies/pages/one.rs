//! One policy: what is in force, what waits, its text, and its history.

use leptos::prelude::*;

use super::{
    super::{
        PolicyStatus, PolicyVersion,
        queries::{self, PolicyPage},
    },
    TITLE,
    difference::written,
    new::vocabulary,
    status_badge,
};
use crate::{
    kernel::PolicyId,
    organizations::pages::refused,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn one() -> AnyView {
    page(|cx| async move {
        let id = cx.param::<PolicyId>("policy")?;
        let found = queries::policy(&cx.qx, id).await?;
        Ok::<_, PageError>(content(&cx, &found))
    })
}

fn content(cx: &PageCx, found: &PolicyPage) -> Content {
    let name = found.policy.name.clone();
    let crumbs = vec![Crumb::new(routes::ADMIN_POLICIES, TITLE), Crumb::here(name.clone())];
    let refused = refused(&cx.form("standing"));
    let open = found.may_manage && found.policy.status != PolicyStatus::Retired;
    let facts = facts(found);
    let next = open.then(|| next(cx, found));
    let text = if open { editor(cx, found) } else { text(found) };
    let history = history(cx, found, open);
    Content::new(
        name.clone(),
        view! {
            <PageHeader title=name crumbs=crumbs />
            {refused}
            <Stack gap=Gap::Large>
                {facts}
                {next}
                {text}
                {history}
            </Stack>
        },
    )
}

fn facts(found: &PolicyPage) -> AnyView {
    let policy = &found.policy;
    let (state, scope) = (status_badge(policy.status), found.scope.words());
    let in_force = match policy.in_force {
        Some(number) => format!("version {number}"),
        None => "none".to_owned(),
    };
    let at = policy.updated_at;
    view! {
        <Card>
            <DefinitionList>
                <Definition term="State">{state}</Definition>
                <Definition term="Counts for">{scope}</Definition>
                <Definition term="In force">{in_force}</Definition>
                <Definition term="Last change"><DateTimeText at=at /></Definition>
            </DefinitionList>
        </Card>
    }
    .into_any()
}

fn reason_field(label: &'static str) -> AnyView {
    view! { <Field name="reason" label=label required=true maxlength="500" /> }.into_any()
}

/// What to do with the version written last.
fn next(cx: &PageCx, found: &PolicyPage) -> AnyView {
    let policy = &found.policy;
    let number = policy.latest;
    let fields = || {
        vec![
            ("policy", policy.id.to_string()),
            ("version", policy.version.to_string()),
            ("number", number.to_string()),
        ]
    };
    let scope = found.scope.words().to_lowercase();
    let waits = policy.in_force != Some(number);
    let activate = waits.then(|| {
        let says = format!("From the next launch and token on it decides for: {scope}.");
        let instead = policy
            .in_force
            .map(|old| format!(" It takes the place of version {old}, which you can bring back at any time."));
        view! {
            <Confirm id="activate" trigger=format!("Put version {number} in force…") title=format!("Put version {number} in force?")
                verb="Put in force" action="/do/activate-policy" fields=fields() kind=Kind::Primary form=cx.form("standing")>
                <Paragraph>{says}{instead}</Paragraph>
                {reason_field("Why now")}
            </Confirm>
        }
    });
    let retire = {
        let fields = fields().into_iter().take(2).collect();
        view! {
            <Confirm id="retire" trigger="Retire…" title="Retire this policy?" verb="Retire" action="/do/retire-policy" fields=fields kind=Kind::Danger form=cx.form("standing")>
                <Paragraph>"It forbids nothing any more, and it cannot be brought back. Its history stays readable."</Paragraph>
                {reason_field("Why")}
            </Confirm>
        }
    };
    let replay = routes::admin_policy_replay(policy.id);
    let try_it = routes::with_query(routes::ADMIN_TRY_POLICIES, [("with", policy.id.to_string())]);
    let purpose = if waits {
        format!("Version {number} is written and waits. Replay it before you put it in force: you see whom it would refuse.")
    } else {
        format!("Version {number} is in force.")
    };
    view! {
        <Section title="What next" purpose=purpose>
            <Cluster>
                {activate}
                <LinkButton href=replay kind=Kind::Secondary icon="history">"Replay the last 30 days"</LinkButton>
                <LinkButton href=try_it kind=Kind::Secondary>"Try a decision"</LinkButton>
                {retire}
            </Cluster>
        </Section>
    }
    .into_any()
}

fn editor(cx: &PageCx, found: &PolicyPage) -> AnyView {
    let policy = &found.policy;
    let (id, version) = (policy.id.to_string(), policy.version.to_string());
    let text = found.latest().map(|latest| latest.text.clone());
    let form = cx.form("rewrite");
    view! {
        <FormCard title="Text" purpose="Saving writes a new version. What is in force stays in force until you say so."
            action="/do/rewrite-policy" form=form id="rewrite">
            <Hidden name="policy" value=id />
            <Hidden name="version" value=version />
            <TextArea name="text" label="Policy" rows=14 monospace=true required=true value=text />
            <Field name="reason" label="Why it changes" required=true maxlength="500" />
            <FormActions><SubmitButton>"Save as a new version"</SubmitButton></FormActions>
        </FormCard>
        {vocabulary()}
    }
    .into_any()
}

fn text(found: &PolicyPage) -> AnyView {
    let text = found.latest().map(|latest| latest.text.clone()).unwrap_or_default();
    view! { <Section title="Text"><CodeBlock>{text}</CodeBlock></Section> }.into_any()
}

fn history(cx: &PageCx, found: &PolicyPage, open: bool) -> AnyView {
    let items = found.versions.iter().map(|version| item(cx, found, version, open)).collect_view();
    view! { <Section title="History" purpose="Every text it ever had, the newest first."><Timeline>{items}</Timeline></Section> }.into_any()
}

fn item(cx: &PageCx, found: &PolicyPage, version: &PolicyVersion, open: bool) -> AnyView {
    let number = version.number;
    let in_force = found.policy.in_force == Some(number);
    let title = match version.rolled_back_to {
        Some(to) => format!("Version {number}, back to version {to}"),
        None => format!("Version {number}"),
    };
    let (author, reason, at) = (version.author_name.clone(), version.reason.clone(), version.created_at);
    let badge = in_force.then(|| view! { <Badge tone=Tone::Good>"In force"</Badge> });
    let (summary, shown) = match found.version(number - 1) {
        Some(before) => (
            format!("What changed from version {}", before.number),
            written(&before.text, &version.text),
        ),
        None => ("Its text".to_owned(), version.text.clone()),
    };
    let label = format!("Text of version {number}");
    let back = (open && !in_force && number != found.policy.latest && found.policy.in_force.is_some()).then(|| {
        let fields = vec![
            ("policy", found.policy.id.to_string()),
            ("version", found.policy.version.to_string()),
            ("number", number.to_string()),
        ];
        view! {
            <Confirm id=format!("back-{number}") trigger=format!("Roll back to version {number}…") title=format!("Roll back to version {number}?")
                verb="Roll back" action="/do/roll-back-policy" fields=fields kind=Kind::Secondary size=Size::Small form=cx.form("standing")>
                <Paragraph>"Its text becomes the newest version and decides from the next launch and token on."</Paragraph>
                {reason_field("Why")}
            </Confirm>
        }
    });
    let icon = if in_force { "check" } else { "history" };
    view! {
        <TimelineItem icon=icon title=title at=at>
            <Stack gap=Gap::Small>
                <Cluster>{badge}<Muted>{author}</Muted></Cluster>
                <Paragraph>{reason}</Paragraph>
                <Disclosure summary=summary><CodeBlock label=label>{shown}</CodeBlock></Disclosure>
                {back}
            </Stack>
        </TimelineItem>
    }
    .into_any()
}
