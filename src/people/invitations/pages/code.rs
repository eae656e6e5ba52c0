//! `GET /invitation`: the code from the mail is typed by hand, where links cannot be clicked or are rewritten.

use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Content, plain_page, routes},
};

pub(super) fn page_view() -> AnyView {
    plain_page(|cx| async move {
        let form = cx.form("code");
        let brand = cx.qx.tenant.name.clone();
        let body = view! {
            <Plain brand=brand title="Type the code from your invitation" purpose="The mail that invited you has a link and a code. Use the code here if the link does not work for you.">
                <Stack>
                    <Form action="/do/check-invitation-code" form=form id="code">
                        <Field name="email" label="E-mail" kind="email" required=true autocomplete="email" hint="The address the invitation was sent to." />
                        <Field name="code" label="Code" required=true autocomplete="one-time-code" maxlength="40" width=Width::Short
                            hint="Eight letters and digits, for example 7K3F-9QXM. Capitals and dashes do not matter." />
                        <FormActions><SubmitButton>"Open the invitation"</SubmitButton></FormActions>
                    </Form>
                    <p><Muted>"Already a member? "</Muted><TextLink href=routes::SIGN_IN>"Sign in"</TextLink></p>
                </Stack>
            </Plain>
        };
        Ok(Content::new("Invitation", body))
    })
}
