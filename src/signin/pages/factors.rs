//! The second factor: while signing in, by recovery code, and afresh before administrative actions.

use leptos::prelude::*;

use super::{
    super::{actions::pending, commands::is_fresh},
    only_signed_out, typed_address,
};
use crate::{
    ui::*,
    web::{Content, PageCx, PageError, plain_page, routes, take_wanted},
};

/// Without a right password there is no second step.
async fn needs_password(cx: &PageCx) -> Result<String, PageError> {
    only_signed_out(cx)?;
    let open = pending(&cx.request).await.is_some_and(|pending| pending.is_open_at(cx.qx.now));
    let email = typed_address(cx).await;
    email
        .filter(|_| open)
        .ok_or_else(|| PageError::SeeOther(routes::SIGN_IN.to_owned()))
}

/// `GET /sign-in/code`.
pub fn code() -> AnyView {
    plain_page(|cx| async move {
        let email = needs_password(&cx).await?;
        let form = cx.form("code");
        let purpose = format!("Your authenticator app shows six digits for {email}.");
        Ok(Content::new(
            "Sign in",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Enter your code" flash=cx.flash() purpose=purpose>
                    <Form action="/do/check-code" form=form.clone()>
                        {code_field(&form)}
                        <FormActions>
                            <SubmitButton>"Sign in"</SubmitButton>
                            <LinkButton href=routes::SIGN_IN kind=Kind::Ghost>"Start over"</LinkButton>
                        </FormActions>
                    </Form>
                    <p><TextLink href=routes::SIGN_IN_RECOVERY>"No phone at hand? Use a recovery code"</TextLink></p>
                </Plain>
            },
        ))
    })
}

fn code_field(form: &FormState) -> AnyView {
    let autofocus = !form.has_errors();
    view! {
        <Field name="code" label="Code" autocomplete="one-time-code" inputmode="numeric" maxlength="7" required=true
            autofocus=autofocus width=Width::Short />
    }
    .into_any()
}

/// `GET /sign-in/recovery`.
pub fn recovery() -> AnyView {
    plain_page(|cx| async move {
        needs_password(&cx).await?;
        let form = cx.form("recovery");
        let autofocus = !form.has_errors();
        let support = cx.qx.tenant.support_contact.clone();
        Ok(Content::new(
            "Sign in",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Use a recovery code" flash=cx.flash()
                    purpose="One of the codes you kept when you set up your authenticator app. Each works once.">
                    <Form action="/do/use-recovery-code" form=form>
                        <Field name="code" label="Recovery code" autocomplete="off" required=true autofocus=autofocus maxlength="40"
                            hint="Like K7QM-92XB-TC4N-HF0R; capitals and dashes do not matter." />
                        <FormActions>
                            <SubmitButton>"Sign in"</SubmitButton>
                            <LinkButton href=routes::SIGN_IN_CODE kind=Kind::Ghost>"Back to the code"</LinkButton>
                        </FormActions>
                    </Form>
                    <p><Muted>"No codes left? " {whom_to_ask(support)}</Muted></p>
                </Plain>
            },
        ))
    })
}

/// Whom to ask, in a sentence.
pub fn whom_to_ask(support: Option<String>) -> String {
    support.map_or_else(
        || "Ask whoever runs your team here.".to_owned(),
        |support| format!("Ask {support}."),
    )
}

/// `GET /sign-in/step-up`.
pub fn step_up() -> AnyView {
    plain_page(|cx| async move {
        let Some(me) = cx.qx.actor.person() else {
            return Err(PageError::SeeOther(routes::SIGN_IN.to_owned()));
        };
        if is_fresh(me, cx.qx.now) {
            let wanted = take_wanted(&cx.request).await;
            return Err(PageError::SeeOther(wanted.unwrap_or_else(|| routes::HOME.to_owned())));
        }
        if me.through.is_some() {
            return Ok(at_the_company(&cx));
        }
        if !me.has_second_factor {
            return Ok(set_up_first(&cx));
        }
        let form = cx.form("step-up");
        Ok(Content::new(
            "Confirm it is you",
            view! {
                <Plain brand=cx.qx.tenant.name.clone() title="Confirm it is you" flash=cx.flash()
                    purpose="What you are about to do needs a fresh code from your authenticator app. It counts for 15 minutes.">
                    <Form action="/do/step-up" form=form.clone()>
                        {code_field(&form)}
                        <FormActions>
                            <SubmitButton>"Confirm"</SubmitButton>
                            <LinkButton href=routes::HOME kind=Kind::Ghost>"Cancel"</LinkButton>
                        </FormActions>
                    </Form>
                    <p><Muted>"No phone at hand? Sign out and sign in again with a recovery code; that counts as well."</Muted></p>
                </Plain>
            },
        ))
    })
}

/// Whoever was signed in by their company confirms there, or with the authenticator they have here.
fn at_the_company(cx: &PageCx) -> Content {
    let refused = cx.form("confirm-away");
    let code = cx.qx.actor.person().is_some_and(|me| me.has_second_factor).then(|| {
        let form = cx.form("step-up");
        view! {
            <Form action="/do/step-up" form=form.clone()>
                {code_field(&form)}
                <FormActions><SubmitButton kind=Kind::Secondary>"Confirm with a code"</SubmitButton></FormActions>
            </Form>
        }
    });
    Content::new(
        "Confirm it is you",
        view! {
            <Plain brand=cx.qx.tenant.name.clone() title="Confirm it is you" flash=cx.flash()
                purpose="What you are about to do needs a fresh confirmation. It counts for 15 minutes.">
                <Form action="/do/confirm-away" form=refused>
                    <FormActions>
                        <SubmitButton>"Confirm with your company's sign-in"</SubmitButton>
                        <LinkButton href=routes::HOME kind=Kind::Ghost>"Cancel"</LinkButton>
                    </FormActions>
                </Form>
                {code}
            </Plain>
        },
    )
}

fn set_up_first(cx: &PageCx) -> Content {
    Content::new(
        "Set up a second factor",
        view! {
            <Plain brand=cx.qx.tenant.name.clone() title="Set up an authenticator app first" flash=cx.flash()
                purpose="What you are about to do needs a second factor, and you have none yet.">
                <Stack>
                    <p>"It takes two minutes with your phone. Afterwards you go on where you were."</p>
                    <Cluster>
                        <LinkButton href=routes::MY_SECURITY>"Set up an authenticator app"</LinkButton>
                        <LinkButton href=routes::HOME kind=Kind::Ghost>"Not now"</LinkButton>
                    </Cluster>
                </Stack>
            </Plain>
        },
    )
}
