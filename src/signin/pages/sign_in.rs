//! The first two steps of signing in: address, then password. They look the same for every address.

use leptos::prelude::*;

use super::{only_signed_out, typed_address};
use crate::{
    federation,
    ui::*,
    web::{Content, PageError, plain_page, routes},
};

/// `GET /sign-in`.
pub fn address() -> AnyView {
    plain_page(|cx| async move {
        only_signed_out(&cx)?;
        let form = cx.form("sign-in");
        let autofocus = !form.has_errors();
        let email = typed_address(&cx).await;
        let another = federation::actions::remembers_a_choice(&cx.request).then(|| {
            view! { <SubmitButton name="another" value="1" kind=Kind::Ghost>"Use another sign-in"</SubmitButton> }
        });
        Ok::<_, PageError>(Content::new(
            "Sign in",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Sign in" flash=cx.flash()
                    purpose="Begin with the address your invitation was sent to.">
                    <Form action="/do/begin-sign-in" form=form>
                        <Field name="email" label="E-mail address" kind="email" autocomplete="username" inputmode="email" required=true
                            autofocus=autofocus value=email />
                        <FormActions><SubmitButton>"Continue"</SubmitButton>{another}</FormActions>
                    </Form>
                    <p><Muted>"No account yet? You need an invitation from whoever runs your team here."</Muted></p>
                </Plain>
            },
        ))
    })
}

/// `GET /sign-in/password`.
pub fn password() -> AnyView {
    plain_page(|cx| async move {
        only_signed_out(&cx)?;
        let Some(email) = typed_address(&cx).await else {
            return Err(PageError::SeeOther(routes::SIGN_IN.to_owned()));
        };
        let form = cx.form("password");
        let autofocus = !form.has_errors();
        Ok(Content::new(
            "Sign in",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Enter your password" flash=cx.flash()>
                    <Form action="/do/check-password" form=form>
                        <Field name="email" label="E-mail address" kind="email" autocomplete="username" value=email readonly=true />
                        <Field name="password" label="Password" kind="password" autocomplete="current-password" required=true
                            autofocus=autofocus />
                        <FormActions>
                            <SubmitButton>"Sign in"</SubmitButton>
                            <LinkButton href=routes::SIGN_IN kind=Kind::Ghost>"Use another address"</LinkButton>
                        </FormActions>
                    </Form>
                    <p><TextLink href=routes::FORGOT>"Forgot your password?"</TextLink></p>
                </Plain>
            },
        ))
    })
}
