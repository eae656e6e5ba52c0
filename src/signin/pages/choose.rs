//! Between the address and the company: which of its several sign-ins.

use leptos::prelude::*;

use super::{only_signed_out, typed_address};
use crate::{
    federation::{
        discovery::{Choice, Route},
        queries,
    },
    kernel::EmailAddress,
    ui::*,
    web::{Content, PageCx, PageError, plain_page, routes},
};

/// `GET /sign-in/choose`. The address's domain alone says what is offered, so known and unknown addresses see the same page.
pub fn choose() -> AnyView {
    plain_page(|cx| async move {
        only_signed_out(&cx)?;
        let start = || PageError::SeeOther(routes::SIGN_IN.to_owned());
        let email = typed_address(&cx).await.and_then(|text| text.parse::<EmailAddress>().ok());
        let email = email.ok_or_else(start)?;
        match queries::way_in(&cx.qx, &email).await? {
            Route::Choice(choice) => Ok(content(&cx, &choice, email.to_string())),
            Route::Local | Route::Provider { .. } => Err(start()),
        }
    })
}

fn content(cx: &PageCx, choice: &Choice, email: String) -> Content {
    let title = format!("How do you sign in at {}?", choice.organization.name);
    let buttons: Vec<AnyView> = choice
        .providers
        .iter()
        .map(|provider| {
            let (id, name) = (provider.id.to_string(), provider.name.clone());
            view! { <SubmitButton name="provider" value=id kind=Kind::Secondary>{name}</SubmitButton> }.into_any()
        })
        .collect();
    let form = cx.form("choose");
    Content::new(
        title.clone(),
        view! {
            <Plain brand=cx.qx.tenant.name.clone() title=title flash=cx.flash()
                purpose="This browser remembers what you choose, and goes straight there next time.">
                <Form action="/do/choose-sign-in" form=form>
                    <Stack>{buttons}</Stack>
                </Form>
                <p><Muted>"You typed "{email}"."</Muted></p>
                <Cluster>
                    <TextLink href=routes::SIGN_IN>"Use another address"</TextLink>
                    <TextLink href=routes::SIGN_IN_PASSWORD>"Use a password for this portal instead"</TextLink>
                </Cluster>
            </Plain>
        },
    )
}
