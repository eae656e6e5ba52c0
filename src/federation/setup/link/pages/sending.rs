//! The part of a partner's sign-in page that sends links, and shows where those stand that were sent.

use leptos::prelude::*;

use super::{
    super::{LINK_DAYS, OPEN_HOURS, Standing},
    queries::Listed,
};
use crate::{
    federation::{ProviderStatus, place::Place, setup::queries::Overview},
    ui::*,
    web::PageCx,
};

/// Links of this partner, and the form to send one.
pub(in super::super::super) fn links_section(cx: &PageCx, place: &Place, overview: &Overview, links: Vec<Listed>) -> AnyView {
    let table = (!links.is_empty()).then(|| {
        let rows = links.into_iter().map(|listed| row(cx, place, listed)).collect_view();
        view! {
            <Table caption="Set-up links" columns=vec![Column::new("Sent to"), Column::new("State"), Column::new("When"), Column::new("By"), Column::action("What can be done")]>
                {rows}
            </Table>
        }
    });
    let refused = cx
        .form("setup-links")
        .summary
        .map(|summary| view! { <Notice tone=Tone::Bad>{summary}</Notice> });
    let form = send_form(cx, place, overview);
    view! {
        <Section title="Let somebody there set it up"
            purpose="Somebody who knows their identity provider can set up and try a connection without an account here. They see no people, and switching over stays with you and the partner admins.">
            {refused}
            {table}
            {form}
        </Section>
    }
    .into_any()
}

fn send_form(cx: &PageCx, place: &Place, overview: &Overview) -> AnyView {
    let mut choices = vec![Choice::new("", "A new connection")];
    choices.extend(
        overview
            .providers
            .iter()
            .filter(|provider| provider.status == ProviderStatus::Draft)
            .map(|provider| Choice::new(provider.id.to_string(), format!("{} (being set up)", provider.name))),
    );
    let what = choices.len() > 1;
    let slug = place.slug();
    let purpose = format!("The link opens once, within {LINK_DAYS} days, in one browser, and for {OPEN_HOURS} hours from then on.");
    let form = cx.form("setup-link");
    view! {
        <FormCard title="Send a set-up link" action="/do/send-setup-link" form=form id="setup-link" purpose=purpose>
            <Hidden name="organization" value=slug />
            <Field name="email" label="E-mail" kind="email" required=true autocomplete="off" maxlength="254" hint="Somebody who may change the identity provider of this partner." />
            {what.then(|| view! {
                <Select name="connection" label="What they set up" options=choices selected=""
                    hint="Choose a draft if somebody has begun already." />
            })}
            <FormActions><SubmitButton kind=Kind::Secondary>"Send the link"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn row(cx: &PageCx, place: &Place, listed: Listed) -> AnyView {
    let Listed { link, sender } = listed;
    let standing = link.standing_at(cx.qx.now);
    let tone = match standing {
        Standing::Sent | Standing::Open => Tone::Info,
        Standing::Finished => Tone::Good,
        Standing::RunOut | Standing::Expired => Tone::Warn,
        Standing::Withdrawn => Tone::Neutral,
    };
    let when = match standing {
        Standing::Sent => view! { <TimeLeft end=link.expires_at warn_days=1 /> }.into_any(),
        Standing::Open | Standing::RunOut => view! { "opened "{link.opened_at.map(|at| view! { <RelativeTime at=at /> })} }.into_any(),
        Standing::Finished => view! { {link.finished_at.map(|at| view! { <RelativeTime at=at /> })} }.into_any(),
        Standing::Withdrawn => view! { {link.revoked_at.map(|at| view! { <RelativeTime at=at /> })} }.into_any(),
        Standing::Expired => view! { <RelativeTime at=link.expires_at /> }.into_any(),
    };
    let email = link.email.as_str().to_owned();
    let fields = vec![
        ("organization", place.slug()),
        ("link", link.id.to_string()),
        ("version", link.version.to_string()),
    ];
    let actions = standing.can_be_sent_again().then(|| {
        let withdrawn = fields.clone();
        let id = format!("withdraw-{}", link.id);
        let title = format!("Withdraw the link to {email}?");
        view! {
            <Cluster>
                <PostButton action="/do/resend-setup-link" fields=fields size=Size::Small>"Send again"</PostButton>
                <Confirm id=id trigger="Withdraw…" title=title verb="Withdraw it" action="/do/withdraw-setup-link" fields=withdrawn kind=Kind::Danger size=Size::Small>
                    <p>"The link stops working, also where somebody has opened it. What they saved is kept."</p>
                </Confirm>
            </Cluster>
        }
    });
    view! {
        <Row>
            <HeadCell label="Sent to">{email}</HeadCell>
            <Cell label="State"><Badge tone=tone>{standing.title()}</Badge></Cell>
            <Cell label="When">{when}</Cell>
            <Cell label="By">{sender}</Cell>
            <ActionCell>{actions}</ActionCell>
        </Row>
    }
    .into_any()
}
