//! `GET /set-up`: what is set up so far and what is left to do, for whoever has opened a set-up link; and the choice of a kind.

use leptos::prelude::*;

use super::{
    bearer::AtWork,
    dressed, open_page, place_of,
    queries::{self, Opened},
};
use crate::{
    federation::{
        IdentityProvider, Preset,
        setup::{commands::MAX_BY_LINK, pages::list::choice},
    },
    ui::*,
    web::{Content, PageCx, PageError, routes},
};

pub(super) fn home() -> AnyView {
    open_page(|cx, work| async move {
        let opened = queries::opened(&work).await?;
        Ok::<_, PageError>(content(&cx, &work, opened))
    })
}

/// How long the set-up stays open.
pub(super) fn time_left(cx: &PageCx, work: &AtWork) -> AnyView {
    let minutes = work
        .reach
        .link
        .open_until
        .map_or(0, |until| (until - cx.qx.now).num_minutes().max(0));
    let left = match minutes {
        0..=1 => "1 minute".to_owned(),
        2..=119 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes / 60),
    };
    view! { <p><Muted>{format!("The set-up stays open in this browser for another {left}. What you save is kept.")}</Muted></p> }.into_any()
}

fn content(cx: &PageCx, work: &AtWork, opened: Opened) -> Content {
    let name = work.organization.name.clone();
    let title = format!("Set up the sign-in of {name}");
    let tenant = &cx.qx.tenant.name;
    let purpose = format!("You connect your identity provider with the partner portal of {tenant} and try it. Others switch over later.");
    let rows = if opened.connections.is_empty() {
        view! {
            <EmptyState icon="log-in" title="Nothing is begun yet"
                text="Choose what your company uses. You see what to enter there, enter what it shows, and try it as often as you like."
                action=view! { <LinkButton href=routes::SET_UP_NEW>"Begin"</LinkButton> }.into_any() />
        }
        .into_any()
    } else {
        let rows = opened.connections.iter().map(row).collect_view();
        let another = (work.reach.connections.len() < MAX_BY_LINK).then(|| {
            view! { <Cluster><LinkButton href=routes::SET_UP_NEW kind=Kind::Secondary icon="plus">"Begin with another kind"</LinkButton></Cluster> }
        });
        view! {
            <Table caption="Connections" columns=vec![Column::new("Name"), Column::new("Kind"), Column::new("State"), Column::action("Open")]>{rows}</Table>
            {another}
        }
        .into_any()
    };
    let names = opened
        .domains
        .into_iter()
        .map(|domain| view! { <Code>{domain.name}</Code> }.into_any())
        .collect::<Vec<_>>();
    let domains = if names.is_empty() {
        view! { <Paragraph>{format!("{name} has not proven a domain yet. That is done by others, and does not keep you from setting up.")}</Paragraph> }.into_any()
    } else {
        view! { <BulletList items=names /> }.into_any()
    };
    let finish = finish_card(cx, &opened.connections);
    let left = time_left(cx, work);
    let body = view! {
        {rows}
        <Section title="Domains" purpose="People with addresses of these domains will sign in with it.">{domains}</Section>
        {finish}
        {left}
    };
    dressed(&work.organization, &title, purpose, cx.flash(), body.into_any())
}

fn row(provider: &IdentityProvider) -> AnyView {
    let href = routes::set_up_connection(&provider.id.to_string());
    let open = href.clone();
    let (name, kind) = (provider.name.clone(), provider.preset.title());
    let state = if provider.published.is_some() {
        view! { <Badge tone=Tone::Good>"The provider answers"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Info>"Begun"</Badge> }.into_any()
    };
    view! {
        <Row>
            <HeadCell label="Name"><TextLink href=href>{name}</TextLink></HeadCell>
            <Cell label="Kind">{kind}</Cell>
            <Cell label="State">{state}</Cell>
            <ActionCell><LinkButton href=open kind=Kind::Secondary size=Size::Small>"Open"</LinkButton></ActionCell>
        </Row>
    }
    .into_any()
}

fn finish_card(cx: &PageCx, connections: &[IdentityProvider]) -> AnyView {
    let form = cx.form("finish");
    let refused = form.summary.map(|summary| view! { <Notice tone=Tone::Bad>{summary}</Notice> });
    let ready = connections.iter().any(|provider| provider.published.is_some());
    if !ready {
        return refused.into_any();
    }
    view! {
        <Card title="When you are finished" level=2>
            {refused}
            <Paragraph>"The people who answer for this are told that they can switch over. The link and this set-up close."</Paragraph>
            <PostButton action="/do/finish-set-up" kind=Kind::Primary>"I am finished"</PostButton>
        </Card>
    }
    .into_any()
}

pub(super) fn new() -> AnyView {
    open_page(|cx, work| async move {
        let place = place_of(&work);
        let cards = Preset::ALL
            .iter()
            .map(|preset| choice(&cx, "/do/set-up-begin", &place, *preset))
            .collect_view();
        let title = "What your company uses";
        let purpose =
            "Choose the identity provider of your company. You can set it up and try it as often as you like; nobody is affected by that.";
        let left = time_left(&cx, &work);
        let body = view! {
            <p><TextLink href=routes::SET_UP>"Back to the overview"</TextLink></p>
            <Grid>{cards}</Grid>
            {left}
        };
        Ok::<_, PageError>(dressed(&work.organization, title, purpose.to_owned(), cx.flash(), body.into_any()))
    })
}
