//! `GET /me/acting` and `GET /team/acting`: what acts for people, and how to stop it; and the form to let a system act.

mod given;
mod table;

pub use given::{new_for_oneself, new_for_team};
use leptos::prelude::*;

use self::table::{allowed, declared, delegations, holders, systems};
use super::queries::{self, Ledger};
use crate::{
    access::{Action, OrganizationFacts, Resource},
    issuer::Client,
    signin::account::pages::account_tabs,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

/// The ledger of whoever asks.
pub fn own() -> AnyView {
    page(|cx| async move {
        let ledger = queries::own(&cx.qx).await?;
        let may_give = may(&cx, Action::DelegateOneself);
        let title = "Acting for me";
        let action =
            may_give.then(|| view! { <LinkButton href=routes::MY_ACTING_NEW icon="plus">"Let a system act"</LinkButton> }.into_any());
        let tabs = account_tabs(routes::MY_ACTING, cx.qx.actor.person());
        let body = body(&cx, ledger, false, may_give, true);
        Ok(Content::new(
            title,
            view! {
                <PageHeader title=title purpose="Systems that do something in your name, and applications that stay signed in for you. Stop what you do not want."
                    action=action />
                {tabs}
                {body}
            },
        ))
    })
}

/// The ledger of the organization.
pub fn of_team() -> AnyView {
    page(|cx| async move {
        let (organization, ledger) = queries::of_team(&cx.qx).await?;
        let may_give = cx.qx.may(Action::GiveDelegation, &organization);
        let may_end = cx.qx.may(Action::EndDelegation, &organization);
        let title = "Acting for people";
        let purpose = format!(
            "Systems that do something in the name of people of {}, and applications that stay signed in for them.",
            organization.name
        );
        let action =
            may_give.then(|| view! { <LinkButton href=routes::TEAM_ACTING_NEW icon="plus">"Let a system act"</LinkButton> }.into_any());
        let body = body(&cx, ledger, true, may_give, may_end);
        Ok(Content::new(
            title,
            view! { <PageHeader title=title purpose=purpose action=action />{body} },
        ))
    })
}

/// Where the clients of an application act for people, as a section of the operator's page; none when none of them does.
///
/// # Errors
/// [`PageError`].
pub async fn section(cx: &PageCx, slug: &str, clients: &[Client]) -> Result<Option<AnyView>, PageError> {
    let found = queries::declared(&cx.qx, clients).await?;
    Ok(declared(cx, slug, clients, found))
}

/// Whether the actor may do this in their own organization.
fn may(cx: &PageCx, action: Action) -> bool {
    let own = cx.qx.actor.organization().map(OrganizationFacts::worn);
    own.is_some_and(|facts| cx.qx.may(action, Resource::Organization(facts)))
}

fn body(cx: &PageCx, ledger: Ledger, team: bool, may_give: bool, may_end: bool) -> AnyView {
    let refused = cx
        .form("acting")
        .summary
        .map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> });
    let cut = ledger.cut.then(|| {
        view! { <Notice>"There is more than fits on this page: what was used last is shown. Stop what nobody needs, then the rest comes up."</Notice> }
    });
    let own_allowed = (!team && !ledger.allowed.is_empty()).then(|| allowed(ledger.allowed));
    let delegations = delegations(ledger.delegations, team, may_give, may_end);
    let systems = (!ledger.acting.is_empty()).then(|| systems(ledger.acting, team, may_end));
    let holders = holders(ledger.holders, team, may_end);
    view! {
        {refused}
        <Stack gap=Gap::Large>
            {cut}
            {delegations}
            {systems}
            {holders}
            {own_allowed}
        </Stack>
    }
    .into_any()
}
