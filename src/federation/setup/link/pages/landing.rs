//! `GET /set-up/link/{token}`: what the mailed link shows. Looking changes nothing: mail scanners follow links too. The button opens.

use leptos::prelude::*;
use leptos_meta::Stylesheet;

use super::{
    super::OPEN_HOURS,
    queries::{self, Landing},
};
use crate::{
    ui::*,
    web::{Content, plain_page, routes},
};

pub(super) fn landing() -> AnyView {
    let response = use_context::<leptos_axum::ResponseOptions>();
    plain_page(|cx| async move {
        let token: String = cx.param("token")?;
        let Some(landing) = queries::landing(&cx.qx, &token).await? else {
            if let Some(response) = response {
                response.set_status(http::StatusCode::NOT_FOUND);
            }
            return Ok(unusable(&cx.qx.tenant.name));
        };
        Ok(shown(
            cx.form("open"),
            &cx.qx.tenant.name,
            cx.qx.settings.session_idle_minutes,
            landing,
            token,
        ))
    })
}

fn shown(form: FormState, tenant: &str, idle_minutes: i64, landing: Landing, token: String) -> Content {
    let Landing {
        link,
        organization,
        sender,
    } = landing;
    let title = format!("Set up the sign-in of {}", organization.name);
    let logo = organization.has_logo.then(|| routes::branding_logo(&organization.slug));
    let purpose = format!(
        "People of {} are to sign in to the partner portal of {tenant} with their company account.",
        organization.name
    );
    let hours = format!(
        "The link opens once, in this browser. From then on you have {OPEN_HOURS} hours; after {idle_minutes} minutes without doing anything here it closes earlier. If the time is not enough, {sender} can send it again, and what you saved is kept."
    );
    let email = link.email.as_str().to_owned();
    let (name, heading) = (organization.name.clone(), title.clone());
    let page = view! {
        <Stylesheet href=routes::branding_css(&organization.slug) />
        <Plain brand=name title=heading logo=logo purpose=purpose>
            <Stack>
                <DefinitionList>
                    <Definition term="Sent by">{sender}</Definition>
                    <Definition term="For">{email}</Definition>
                    <Definition term="Link valid"><TimeLeft end=link.expires_at warn_days=1 /></Definition>
                </DefinitionList>
                <p>{hours}</p>
                <p><Muted>"You need to be allowed to change your company's identity provider, but no account here. If you did not expect this, close the page: nothing happens."</Muted></p>
                <Form action="/do/open-setup-link" form=form id="open">
                    <Hidden name="token" value=token />
                    <FormActions><SubmitButton>"Open the set-up"</SubmitButton></FormActions>
                </Form>
            </Stack>
        </Plain>
    };
    Content::new(title, page)
}

/// Expired, withdrawn, opened before, sent again, unknown: one page, because to whoever asks they are the same.
fn unusable(tenant: &str) -> Content {
    let title = "This link cannot be used";
    let page = view! {
        <Plain brand=tenant.to_owned() title=title>
            <Stack>
                <p>"It was opened already, was withdrawn, was sent again since (then only the newest mail counts), has expired, or the address is not complete."</p>
                <p><Strong>"What you can do"</Strong></p>
                <ul>
                    <li>"If you opened it in this browser, "<TextLink href=routes::SET_UP>"go on with the set-up"</TextLink>"."</li>
                    <li>"Otherwise ask the person who sent it to send it again. That takes them one click, and what you saved is kept."</li>
                </ul>
            </Stack>
        </Plain>
    };
    Content::new(title, page)
}

/// Where no set-up is open.
pub(super) fn not_open(tenant: &str) -> Content {
    let title = "The set-up is not open in this browser";
    let page = view! {
        <Plain brand=tenant.to_owned() title=title>
            <Stack>
                <p>"The time is over, the link was withdrawn or sent again, somebody has said that the set-up is finished, or the link was opened in another browser."</p>
                <p>"What was saved is kept. Ask the person who sent the link to send it again if there is more to do."</p>
            </Stack>
        </Plain>
    };
    Content::new(title, page)
}

pub(super) fn done() -> AnyView {
    plain_page(|cx| async move {
        let title = "Thank you, you are finished";
        let brand = cx.qx.tenant.name.clone();
        let page = view! {
            <Plain brand=brand title=title>
                <Stack>
                    <p>"The people who answer for this were told. They look at the connection and switch over; nobody signs in with it before that."</p>
                    <p><Muted>"The link does not work any more. You can close this page."</Muted></p>
                </Stack>
            </Plain>
        };
        Ok(Content::new(title, page))
    })
}
