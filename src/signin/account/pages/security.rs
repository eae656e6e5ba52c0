//! `GET /me/security`: password, authenticator app, recovery codes.

use leptos::prelude::*;

use super::{
    super::{
        super::{
            commands::is_fresh,
            pending::{CODES_KEY, SETUP_KEY, TotpSetup},
            reset::pages::NewPassword,
            totp::TotpSecret,
        },
        actions::remembered,
        queries::{self, Account},
    },
    account_tabs, authenticator,
};
use crate::{
    ui::*,
    web::{CONTINUE_KEY, Content, PageCx, page, routes},
};

/// The page.
pub fn security() -> AnyView {
    page(|cx| async move {
        if cx.qx.actor.person().is_some_and(|me| me.through.is_some()) {
            return Ok(at_the_company(&cx));
        }
        let account = queries::account(&cx.qx).await?;
        let second_factor = second_factor(&cx, &account).await;
        let form = cx.form("password");
        let email = account.person.email.as_str().to_owned();
        Ok(Content::new(
            "Your security",
            view! {
                <PageHeader title="Your security" purpose="What it takes to sign in as you." />
                {account_tabs(routes::MY_SECURITY, cx.qx.actor.person())}
                <Section title="Second factor" id="second-factor">{second_factor}</Section>
                <Section title="Password">
                    <Card>
                        <Form action="/do/change-password" form=form id="password">
                            <Field name="username" label="E-mail address" kind="email" value=email autocomplete="username" readonly=true />
                            <Field name="current" label="Present password" kind="password" autocomplete="current-password" required=true />
                            <NewPassword />
                            <p><Muted>"Every other browser in which you are signed in is signed out."</Muted></p>
                            <FormActions><SubmitButton>"Change password"</SubmitButton></FormActions>
                        </Form>
                    </Card>
                </Section>
            },
        ))
    })
}

/// Whoever was signed in by their company changes nothing of the account.
fn at_the_company(cx: &PageCx) -> Content {
    Content::new(
        "Your security",
        view! {
            <PageHeader title="Your security" purpose="What it takes to sign in as you." />
            {account_tabs(routes::MY_SECURITY, cx.qx.actor.person())}
            <Section title="How you signed in">
                <Card>
                    <p>"You signed in through your company. Its own sign-in asks for your password and your second factor, and you change them there."</p>
                    <p><Muted>"If you have a password here as well, sign in with it to change it or to set up an authenticator app."</Muted></p>
                </Card>
            </Section>
        },
    )
}

async fn second_factor(cx: &PageCx, account: &Account) -> AnyView {
    let request = &cx.request;
    if account.person.totp_confirmed_at.is_some() {
        let codes: Option<Vec<String>> = remembered(request, CODES_KEY).await;
        let shown = match codes {
            Some(codes) => {
                let _ = request.session.remove_value(CODES_KEY).await;
                // Somebody who was led here by a step-up goes back to what they wanted to do.
                let waits = request.session.get_value(CONTINUE_KEY).await.ok().flatten().is_some();
                let fresh = request.actor.person().is_some_and(|me| is_fresh(me, cx.qx.now));
                Some(authenticator::new_codes(&codes, (waits && fresh).then_some(routes::STEP_UP)))
            }
            None => None,
        };
        let in_use = authenticator::in_use(account);
        return view! { <Stack>{shown}{in_use}</Stack> }.into_any();
    }
    let setup: Option<TotpSetup> = remembered(request, SETUP_KEY).await;
    match setup.filter(|setup| setup.is_open_for(account.person.id, cx.qx.now)) {
        Some(setup) => {
            let secret = TotpSecret::new(setup.secret);
            authenticator::confirming(cx.form("confirm-totp"), &secret, &cx.qx.tenant.name, account.person.email.as_str())
        }
        None => {
            let form = cx.form("begin-totp");
            let returned = cx.form("confirm-totp");
            let late = returned.summary.map(|text| view! { <Notice tone=Tone::Warn>{text}</Notice> });
            view! { <Stack>{late}{authenticator::none_yet(form)}</Stack> }.into_any()
        }
    }
}
