//! Pages of the forgotten password.

use leptos::prelude::*;

use super::{actions::is_token, commands::link_works};
use crate::{
    ui::*,
    web::{Content, PageCx, PageError, plain_page, routes},
};

/// `GET /forgot`.
pub fn forgot() -> AnyView {
    plain_page(|cx| async move {
        if cx.query("sent").is_some() {
            return Ok(sent(&cx));
        }
        let form = cx.form("forgot");
        let autofocus = !form.has_errors();
        let email: Option<String> = cx.request.session.get(super::super::pending::EMAIL_KEY).await.ok().flatten();
        Ok::<_, PageError>(Content::new(
            "Forgotten password",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Get a new password"
                    purpose="We mail you a link with which you set a new one." flash=cx.flash()>
                    <Form action="/do/request-reset" form=form>
                        <Field name="email" label="E-mail address" kind="email" autocomplete="username" required=true
                            autofocus=autofocus value=email hint="The one you sign in with." />
                        <FormActions>
                            <SubmitButton>"Send the link"</SubmitButton>
                            <LinkButton href=routes::SIGN_IN kind=Kind::Ghost>"Back to sign-in"</LinkButton>
                        </FormActions>
                    </Form>
                </Plain>
            },
        ))
    })
}

fn sent(cx: &PageCx) -> Content {
    let minutes = cx.qx.settings.reset_minutes;
    Content::new(
        "Check your mail",
        view! {
            <Plain brand=cx.qx.tenant.name.clone() title="Check your mail" flash=cx.flash()>
                <Stack>
                    <p>
                        {format!("If the address belongs to an account, a link is on its way. It works once, for {minutes} minutes; a link sent earlier no longer works.")}
                    </p>
                    <p>"Nothing arrived? Look into the spam folder, and check that you typed the address your invitation was sent to."</p>
                    <Cluster>
                        <LinkButton href=routes::SIGN_IN>"Back to sign-in"</LinkButton>
                        <LinkButton href=routes::FORGOT kind=Kind::Ghost>"Send another link"</LinkButton>
                    </Cluster>
                </Stack>
            </Plain>
        },
    )
}

/// `GET /reset/{token}`: the form, as long as the link works. Opening it changes nothing, so a mail scanner does not use it up.
pub fn reset() -> AnyView {
    plain_page(|cx| async move {
        let token: String = cx.param("token")?;
        if !is_token(&token) || !link_works(&cx.qx, &token).await? {
            return Ok(dead(&cx));
        }
        let form = cx.form("reset");
        let autofocus = !form.has_errors();
        Ok(Content::new(
            "New password",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Set a new password"
                    purpose="Afterwards you are signed out everywhere and sign in with the new one." flash=cx.flash()>
                    <Form action="/do/reset-password" form=form>
                        <Hidden name="token" value=token />
                        <NewPassword autofocus=autofocus />
                        <FormActions><SubmitButton>"Set password"</SubmitButton></FormActions>
                    </Form>
                </Plain>
            },
        ))
    })
}

fn dead(cx: &PageCx) -> Content {
    Content::new(
        "Link no longer works",
        view! {
            <Plain brand=cx.qx.tenant.name.clone() title="This link no longer works" flash=cx.flash()>
                <Stack>
                    <p>"It was used already, a newer one was sent, or it is too old. Your password is as it was."</p>
                    <Cluster>
                        <LinkButton href=routes::FORGOT>"Send a new link"</LinkButton>
                        <LinkButton href=routes::SIGN_IN kind=Kind::Ghost>"Back to sign-in"</LinkButton>
                    </Cluster>
                </Stack>
            </Plain>
        },
    )
}

/// The field for a new password, with the rules said before they are broken.
#[component]
pub fn NewPassword(#[prop(optional)] autofocus: bool) -> impl IntoView {
    view! {
        <Field name="password" label="New password" kind="password" autocomplete="new-password" required=true autofocus=autofocus
            minlength="12" maxlength="256"
            hint="At least 12 characters, for example three or four unrelated words. No need for digits or signs." />
    }
}
