//! `/admin/outbox/{message}`: one message, and in demonstrations its text and links.

use leptos::prelude::*;

use super::message_badge;
use crate::{
    kernel::OutboxId,
    mail::{MAX_ATTEMPTS, Message, MessageStatus, queries},
    ui::*,
    web::{Content, PageError, page, routes},
};

/// The page.
pub fn message() -> AnyView {
    page(|cx| async move {
        let message = queries::message(&cx.qx, cx.param::<OutboxId>("message")?).await?;
        let shows_mail = cx.qx.settings.shows_mail();
        let retry = queries::can_retry(&message).then(|| {
            view! { <PostButton action="/do/retry-message" fields=vec![("message", message.id.to_string())] icon="refresh">"Retry"</PostButton> }.into_any()
        });
        let body = if shows_mail {
            parts(message.clone(), &cx.qx.settings.public_url)
        } else {
            withheld(message.status)
        };
        let title = message.subject.clone();
        let crumbs = vec![Crumb::new(routes::ADMIN_OUTBOX, "Messages")];
        Ok::<_, PageError>(Content::new(
            title.clone(),
            view! {
                <Stack>
                    <PageHeader title=title crumbs=crumbs action=retry />
                    {facts(message, shows_mail)}
                    {body}
                </Stack>
            },
        ))
    })
}

fn facts(message: Message, shows_mail: bool) -> AnyView {
    let next = (message.status == MessageStatus::Waiting && !shows_mail).then(|| {
        view! { <Definition term="Next attempt"><DateTimeText at=message.next_attempt_at /></Definition> }
    });
    let sent = message
        .sent_at
        .map(|at| view! { <Definition term="Accepted by the mail server"><DateTimeText at=at /></Definition> });
    let error = message
        .last_error
        .map(|error| view! { <Definition term="Last error">{error}</Definition> });
    let attempts = format!("{} of {MAX_ATTEMPTS}", message.attempts);
    view! {
        <Card>
            <DefinitionList>
                <Definition term="To">{message.recipient}</Definition>
                <Definition term="State">{message_badge(message.status)}</Definition>
                <Definition term="Attempts">{attempts}</Definition>
                {error}
                {next}
                {sent}
                <Definition term="Written"><DateTimeText at=message.created_at /></Definition>
                <Definition term="Message id"><Code>{message.id.to_string()}</Code></Definition>
            </DefinitionList>
        </Card>
    }
    .into_any()
}

fn withheld(status: MessageStatus) -> AnyView {
    let text = if status == MessageStatus::Sent {
        "The text was deleted when the mail server accepted the message: a link in it could let someone in."
    } else {
        "The text is shown to nobody but its recipient: a link in it could let someone in."
    };
    view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any()
}

fn parts(message: Message, public_url: &str) -> AnyView {
    let links = queries::links_in(&message.text, public_url)
        .into_iter()
        .map(|path| {
            let shown = format!("{public_url}{path}");
            view! { <TextLink href=path>{shown}</TextLink> }.into_any()
        })
        .collect::<Vec<_>>();
    let follow = (!links.is_empty()).then(|| {
        view! {
            <Section title="Links in this mail" purpose="In another browser or a private window you follow them as the recipient would.">
                <BulletList items=links />
            </Section>
        }
    });
    view! {
        {follow}
        <Section title="Text"><CodeBlock label="Text of the mail">{message.text}</CodeBlock></Section>
        <Section title="HTML"><Disclosure summary="Show the HTML part"><CodeBlock label="HTML of the mail">{message.html}</CodeBlock></Disclosure></Section>
    }
    .into_any()
}
