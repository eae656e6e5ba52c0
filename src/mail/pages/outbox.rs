//! `/admin/outbox`: messages that wait, were given up, or were sent.

use leptos::prelude::*;

use super::message_badge;
use crate::{
    kernel::{Cursor, PageRequest},
    mail::queries::{OutboxCounts, OutboxFilter},
    mail::{Message, MessageStatus, queries},
    ui::*,
    web::{Content, PageError, page, routes},
};

/// The list.
pub fn outbox() -> AnyView {
    page(|cx| async move {
        let filter = OutboxFilter {
            status: cx.query("state").and_then(|word| word.parse().ok()),
            recipient: cx.query("recipient").map(|typed| typed.trim().to_lowercase()),
        };
        let (rows, counts) = queries::messages(&cx.qx, &filter, page_request(&cx)).await?;
        let shows_mail = cx.qx.settings.shows_mail();
        let form = cx.form("retry");
        let refused = form.summary.clone().map(|text| view! { <Notice tone=Tone::Warn>{text}</Notice> });
        let link = |position: Option<(&'static str, Cursor)>| link(&filter, position);
        let (newer, older) = (
            rows.newer.map(|cursor| link(Some(("newer", cursor)))),
            rows.older.map(|cursor| link(Some(("older", cursor)))),
        );
        let list = table(rows.rows, &filter);
        Ok::<_, PageError>(Content::new(
            "Messages",
            view! {
                <Stack>
                    <PageHeader title="Messages" purpose="Every mail the portal writes passes through here before it reaches the mail server." />
                    {refused}
                    {notice(shows_mail, cx.qx.settings.smtp_configured, &counts)}
                    {tabs(&filter, &counts)}
                    {filter_bar(&filter)}
                    {list}
                    <Pagination newer=newer older=older />
                </Stack>
            },
        ))
    })
}

fn page_request(cx: &crate::web::PageCx) -> PageRequest {
    let cursor = |name: &str| cx.query(name).and_then(|text| text.parse::<Cursor>().ok());
    match (cursor("older"), cursor("newer")) {
        (Some(cursor), _) => PageRequest::Older(cursor),
        (None, Some(cursor)) => PageRequest::Newer(cursor),
        (None, None) => PageRequest::Newest,
    }
}

fn link(filter: &OutboxFilter, position: Option<(&'static str, Cursor)>) -> String {
    let mut pairs = vec![
        ("state", filter.status.map(|status| status.to_string()).unwrap_or_default()),
        ("recipient", filter.recipient.clone().unwrap_or_default()),
    ];
    if let Some((direction, cursor)) = position {
        pairs.push((direction, cursor.to_string()));
    }
    routes::with_query(routes::ADMIN_OUTBOX, pairs)
}

fn notice(shows_mail: bool, smtp_configured: bool, counts: &OutboxCounts) -> AnyView {
    if shows_mail {
        return view! {
            <Notice tone=Tone::Info title="Demonstration">
                "Mails are not sent here. Open a message to read it and to follow its links."
            </Notice>
        }
        .into_any();
    }
    if !smtp_configured {
        return view! {
            <Notice tone=Tone::Warn title="No mail server is configured">
                "Messages wait here until portico.smtp.host is set and the portal is started again."
            </Notice>
        }
        .into_any();
    }
    if counts.dead > 0 {
        return view! {
            <Notice tone=Tone::Warn title="Some messages were not delivered">
                "They were tried eight times. Open one to see why, then retry it."
            </Notice>
        }
        .into_any();
    }
    ().into_any()
}

fn tabs(filter: &OutboxFilter, counts: &OutboxCounts) -> AnyView {
    let of = |status: Option<MessageStatus>| {
        link(
            &OutboxFilter {
                status,
                recipient: filter.recipient.clone(),
            },
            None,
        )
    };
    let tab = |status: MessageStatus, count: u64| {
        Tab::new(of(Some(status)), status.title())
            .count(count)
            .active(filter.status == Some(status))
    };
    let items = vec![
        Tab::new(of(None), "All").active(filter.status.is_none()),
        tab(MessageStatus::Waiting, counts.waiting),
        tab(MessageStatus::Dead, counts.dead),
        tab(MessageStatus::Sent, counts.sent),
    ];
    view! { <Tabs label="Messages by state" items=items /> }.into_any()
}

fn filter_bar(filter: &OutboxFilter) -> AnyView {
    let state = filter.status.map(|status| status.to_string()).unwrap_or_default();
    let recipient = filter.recipient.clone();
    view! {
        <FilterBar action=routes::ADMIN_OUTBOX reset=routes::ADMIN_OUTBOX>
            <Hidden name="state" value=state />
            <Field name="recipient" label="Recipient" inputmode="email" value=recipient placeholder="name@example.com" />
        </FilterBar>
    }
    .into_any()
}

fn table(messages: Vec<Message>, filter: &OutboxFilter) -> AnyView {
    if messages.is_empty() {
        let text = if filter.status.is_some() || filter.recipient.is_some() {
            "No message is in this state or went to this address. The recipient has to be the whole address."
        } else {
            "Invitations, password links and notices show up here as soon as they are written."
        };
        return view! { <EmptyState icon="mail" title="No messages" text=text /> }.into_any();
    }
    let rows = messages.into_iter().map(row).collect_view();
    view! {
        <Table caption="Messages, newest first" columns=vec![
            Column::new("Subject"), Column::new("Recipient"), Column::new("State"), Column::number("Attempts"), Column::new("Written"), Column::action("Actions"),
        ]>{rows}</Table>
    }
    .into_any()
}

fn row(message: Message) -> AnyView {
    let href = routes::admin_message(message.id);
    let open = href.clone();
    let retry = queries::can_retry(&message).then(|| {
        view! { <PostButton action="/do/retry-message" fields=vec![("message", message.id.to_string())] size=Size::Small>"Retry"</PostButton> }
    });
    let next = (message.status == MessageStatus::Waiting && message.attempts > 0).then(|| {
        view! { <Muted>"next " <RelativeTime at=message.next_attempt_at /></Muted> }
    });
    view! {
        <Row>
            <HeadCell label="Subject"><TextLink href=href>{message.subject}</TextLink></HeadCell>
            <Cell label="Recipient">{message.recipient}</Cell>
            <Cell label="State"><Cluster>{message_badge(message.status)}{next}</Cluster></Cell>
            <NumberCell label="Attempts">{message.attempts}</NumberCell>
            <Cell label="Written"><DateTimeText at=message.created_at /></Cell>
            <ActionCell>
                {retry}
                <LinkButton href=open size=Size::Small kind=Kind::Secondary>"Open"</LinkButton>
            </ActionCell>
        </Row>
    }
    .into_any()
}
