//! `GET /me/sessions`: where one is signed in, and ending it.

use leptos::prelude::*;

use super::{
    super::queries::{self, OwnSession},
    account_tabs,
};
use crate::{
    ui::*,
    web::{Content, page, routes},
};

/// The page.
pub fn sessions() -> AnyView {
    page(|cx| async move {
        let sessions = queries::sessions(&cx.qx).await?;
        let others = sessions.len().saturating_sub(1);
        let end_others = (others > 0).then(|| {
            let what = if others == 1 { "the other session".to_owned() } else { format!("the {others} other sessions") };
            view! {
                <Confirm id="end-others" trigger="Sign out everywhere else…" title="Sign out everywhere else?" verb="Sign out everywhere else"
                    action="/do/end-other-sessions">
                    {format!("Ends {what} of yours at once; what was not saved there is lost. This one stays. Whoever knows your password can sign in again, so change it if you fear someone does.")}
                </Confirm>
            }
            .into_any()
        });
        let rows = sessions.into_iter().map(row).collect_view();
        Ok(Content::new(
            "Your sessions",
            view! {
                <PageHeader title="Your sessions" purpose="Every browser in which you are signed in. End what you do not recognise, then change your password."
                    action=end_others />
                {account_tabs(routes::MY_SESSIONS, cx.qx.actor.person())}
                <Table caption="Browsers in which you are signed in" columns=vec![
                    Column::new("Browser"), Column::new("Address"), Column::new("Last used"), Column::new("Signed in"), Column::new("Ends"),
                    Column::action("Actions")]>
                    {rows}
                </Table>
            },
        ))
    })
}

fn row(session: OwnSession) -> AnyView {
    let this_one = session
        .is_this_one
        .then(|| view! { " " <Badge tone=Tone::Info>"This browser"</Badge> });
    let address = if session.address.is_empty() {
        "unknown".to_owned()
    } else {
        session.address
    };
    let last_used = if session.is_this_one {
        "now".into_any()
    } else {
        view! { <RelativeTime at=session.last_seen_at /> }.into_any()
    };
    let verb = if session.is_this_one { "Sign out" } else { "End session" };
    view! {
        <Row>
            <HeadCell label="Browser">{session.browser}{this_one}</HeadCell>
            <Cell label="Address">{address}</Cell>
            <Cell label="Last used">{last_used}</Cell>
            <Cell label="Signed in"><DateTimeText at=session.created_at /></Cell>
            <Cell label="Ends"><DateTimeText at=session.ends_at /></Cell>
            <ActionCell>
                <PostButton action="/do/end-session" fields=vec![("session", session.key)] size=Size::Small>{verb}</PostButton>
            </ActionCell>
        </Row>
    }
    .into_any()
}
