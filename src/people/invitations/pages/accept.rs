//! `GET /invitation/accept`: the invitation this browser opened. A new person chooses name and password; one with an account signs
//! in first; the link alone never joins an account that has a password.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::landing::{about, dressed, unusable};
use crate::{
    people::invitations::{
        acceptance::OPENED_KEY,
        actions,
        queries::{self, Next, Shown},
    },
    ui::*,
    web::{Content, PageCx, navigation::SIGN_OUT, plain_page},
};

pub(super) fn page_view() -> AnyView {
    let response = use_context::<ResponseOptions>();
    plain_page(|cx| async move {
        let opened = actions::kept(&cx.request, OPENED_KEY).await;
        let Some((shown, next)) = queries::opened(&cx.qx, opened.as_ref()).await? else {
            return Ok(unusable(response, &cx.qx.tenant.name));
        };
        let title = format!("Join {}", shown.organization.name);
        let body = next_step(&cx, &shown, next);
        Ok(Content::new(title.clone(), dressed(&shown, &cx.qx.tenant.name, &title, None, body)))
    })
}

fn next_step(cx: &PageCx, shown: &Shown, next: Next) -> AnyView {
    let email = shown.email.as_str().to_owned();
    match next {
        Next::SetUp => set_up(cx, shown),
        Next::SignIn => view! {
            {about(shown)}
            <p>"There is an account for "<Strong>{email}</Strong>" already. Sign in with it, and you come back here to accept."</p>
            <Form action="/do/join-organization" form=cx.form("accept") id="join">
                <FormActions><SubmitButton>"Sign in to accept"</SubmitButton></FormActions>
            </Form>
        }
        .into_any(),
        Next::Accept => {
            let verb = format!("Join {}", shown.organization.name);
            view! {
                {about(shown)}
                <p>"You are signed in as "<Strong>{email}</Strong>". Your other memberships stay as they are; you can switch between them at the top of the page."</p>
                <Form action="/do/join-organization" form=cx.form("join") id="join">
                    <FormActions><SubmitButton>{verb}</SubmitButton></FormActions>
                </Form>
            }
            .into_any()
        }
        Next::OtherAccount(current) => view! {
            <Notice tone=Tone::Warn title="This invitation is for somebody else">
                {format!("It was sent to {email}, but you are signed in as {current}. Sign out, then open the invitation again with the link or the code.")}
            </Notice>
            <PostButton action=SIGN_OUT kind=Kind::Primary>"Sign out"</PostButton>
        }
        .into_any(),
    }
}

fn set_up(cx: &PageCx, shown: &Shown) -> AnyView {
    let email = shown.email.as_str().to_owned();
    let name = shown.name.clone();
    view! {
        {about(shown)}
        <Form action="/do/accept-invitation" form=cx.form("accept") id="accept">
            <Field name="email" label="E-mail" kind="email" value=email readonly=true autocomplete="username" hint="You sign in with this." />
            <Field name="name" label="Your name" value=name required=true autocomplete="name" maxlength="200" />
            <Field name="password" label="Password" kind="password" required=true autocomplete="new-password" minlength="12" maxlength="256"
                hint="At least 12 characters. Three or four unrelated words are easy to remember." />
            <FormActions><SubmitButton>"Create account and join"</SubmitButton></FormActions>
        </Form>
    }
    .into_any()
}
