//! `GET /set-up/connection/{provider}`: one connection, for whoever has opened a set-up link. Who may come in, whom it affects and the
//! switch stand on no page of theirs.

use leptos::prelude::*;

use super::{bearer::AtWork, dressed, home::time_left, open_page, place_of, queries};
use crate::{
    federation::{
        IdentityProvider,
        setup::pages::{
            connection::{By, connection_card, mapping_card},
            provider::values_card,
        },
    },
    kernel::ProviderId,
    ui::*,
    web::{Content, PageCx, PageError, routes},
};

pub(super) fn connection() -> AnyView {
    open_page(|cx, work| async move {
        let id: ProviderId = cx.param("provider")?;
        let provider = queries::connection(&work, id).await?;
        Ok::<_, PageError>(content(&cx, &work, &provider))
    })
}

fn content(cx: &PageCx, work: &AtWork, provider: &IdentityProvider) -> Content {
    let place = place_of(work);
    let values = values_card(cx, By::Link, &place, provider);
    let connect = connection_card(cx, By::Link, &place, provider);
    let mapping = mapping_card(cx, By::Link, &place, provider);
    let trial = trial_card(cx, provider);
    let left = time_left(cx, work);
    let body = view! {
        <p><TextLink href=routes::SET_UP>"Back to the overview"</TextLink></p>
        {values}
        {connect}
        {mapping}
        {trial}
        {left}
    };
    let purpose = provider.preset.title().to_owned();
    dressed(&work.organization, &provider.name, purpose, cx.flash(), body.into_any())
}

fn trial_card(cx: &PageCx, provider: &IdentityProvider) -> AnyView {
    let id = provider.id.to_string();
    let last = routes::set_up_trial(&id);
    let fields = vec![("provider", id)];
    let refused = cx
        .form("try")
        .summary
        .map(|summary| view! { <Notice tone=Tone::Bad>{summary}</Notice> });
    let overview = routes::SET_UP;
    view! {
        <Card title="4. Try it" level=2>
            <Paragraph>"You sign in at your company as usual and see what the portal is told. Nobody is signed in here by it. When it reads what it should, go back to the overview and say that you are finished."</Paragraph>
            {refused}
            <Cluster>
                <PostButton action="/do/set-up-try" fields=fields kind=Kind::Secondary>"Try it now"</PostButton>
                <LinkButton href=last kind=Kind::Ghost>"Show the last trial"</LinkButton>
                <LinkButton href=overview kind=Kind::Ghost>"Back to the overview"</LinkButton>
            </Cluster>
        </Card>
    }
    .into_any()
}
