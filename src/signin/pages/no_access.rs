//! `GET /no-access`: signed in, but nothing is open now. Says why for each organization, and what to do.

use leptos::prelude::*;

use super::factors::whom_to_ask;
use crate::{
    access::Refused,
    ui::*,
    web::{Content, PageError, navigation::SIGN_OUT, plain_page, routes},
};

/// The page.
pub fn no_access() -> AnyView {
    plain_page(|cx| async move {
        let Some(me) = cx.qx.actor.person() else {
            return Err(Refused::SignedOut.into());
        };
        if !me.hats.is_empty() {
            return Err(PageError::SeeOther(routes::HOME.to_owned()));
        }
        let reasons: Vec<AnyView> = cx.request.trouble.iter().map(|trouble| trouble.reason.clone().into_any()).collect();
        let why = if reasons.is_empty() {
            view! { <p>"You do not belong to any organization here, or no longer."</p> }.into_any()
        } else {
            view! { <BulletList items=reasons /> }.into_any()
        };
        let purpose = format!("You are signed in as {}, but nothing is open to you now.", me.email);
        let support = whom_to_ask(cx.qx.tenant.support_contact.clone());
        Ok(Content::new(
            "No access",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="You have no access at the moment" purpose=purpose flash=cx.flash()>
                    <Stack>
                        {why}
                        <p>"Your account and what was assigned to you are kept. If this is not right: " {support}</p>
                        <Cluster>
                            <LinkButton href=routes::HOME>"Try again"</LinkButton>
                            <LinkButton href=routes::ME kind=Kind::Secondary>"Your account"</LinkButton>
                            <PostButton action=SIGN_OUT kind=Kind::Ghost>"Sign out"</PostButton>
                        </Cluster>
                    </Stack>
                </Plain>
            },
        ))
    })
}
