//! `/signed-out`: signed out here, while the company's own sign-in may go on.

use leptos::prelude::*;

use crate::{
    federation::http::{Away, FURTHER_KEY},
    ui::*,
    web::{Content, PageError, plain_page, routes},
};

pub(super) fn signed_out() -> AnyView {
    plain_page(|cx| async move {
        let further: Option<Away> = cx.request.session.get(FURTHER_KEY).await.ok().flatten();
        let Some(further) = further.filter(|_| cx.qx.actor.person().is_none()) else {
            return Err(PageError::SeeOther(routes::SIGN_IN.to_owned()));
        };
        let purpose = format!(
            "You are signed out of this portal. You may still be signed in with {}.",
            further.name
        );
        let verb = format!("Sign out of {} too", further.name);
        let url = further.url;
        Ok(Content::new(
            "Signed out",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="You are signed out" flash=cx.flash() purpose=purpose>
                    <FormActions>
                        <LinkButton href=url kind=Kind::Secondary>{verb}</LinkButton>
                        <LinkButton href=routes::SIGN_IN kind=Kind::Ghost>"Sign in again"</LinkButton>
                    </FormActions>
                </Plain>
            },
        ))
    })
}
