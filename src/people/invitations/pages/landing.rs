//! `GET /invitation/{token}`: what the mailed link shows. Looking changes nothing: mail scanners follow links too. The button opens.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Stylesheet;

use crate::{
    people::invitations::queries::{self, Shown},
    ui::*,
    web::{Content, plain_page, routes},
};

pub(super) fn page_view() -> AnyView {
    let response = use_context::<ResponseOptions>();
    plain_page(|cx| async move {
        let token: String = cx.param("token")?;
        let Some(shown) = queries::landing(&cx.qx, &token).await? else {
            return Ok(unusable(response, &cx.qx.tenant.name));
        };
        let title = format!("Join {}", shown.organization.name);
        let body = view! {
            {about(&shown)}
            <p><Muted>"You will choose how to sign in on the next page. If you did not expect this, close the page: nothing happens."</Muted></p>
            <Form action="/do/open-invitation" id="open">
                <Hidden name="token" value=token />
                <FormActions><SubmitButton>"Open the invitation"</SubmitButton></FormActions>
            </Form>
        };
        Ok(Content::new(
            title.clone(),
            dressed(&shown, &cx.qx.tenant.name, &title, None, body.into_any()),
        ))
    })
}

/// The card in the organization's colours.
pub(super) fn dressed(shown: &Shown, tenant: &str, title: &str, flash: Option<Flash>, body: AnyView) -> AnyView {
    let organization = &shown.organization;
    let logo = organization.has_logo.then(|| routes::branding_logo(&organization.slug));
    let purpose = format!(
        "{} opens some of its applications to people of {} in this portal.",
        tenant, organization.name
    );
    view! {
        <Stylesheet href=routes::branding_css(&organization.slug) />
        <Plain brand=organization.name.clone() title=title.to_owned() logo=logo purpose=purpose flash=flash>
            <Stack>{body}</Stack>
        </Plain>
    }
    .into_any()
}

/// Who invites whom to what.
pub(super) fn about(shown: &Shown) -> AnyView {
    let inviter = shown
        .inviter
        .clone()
        .map(|name| view! { <Definition term="Invited by">{name}</Definition> });
    let names = shown.applications.join(", ");
    let apps = (!names.is_empty()).then(|| view! { <Definition term="Applications">{names}</Definition> });
    let hand_over = shown
        .hand_over
        .then(|| view! { <Definition term="Why">"You take over from a colleague."</Definition> });
    let until = shown
        .ends_at
        .map(|end| view! { <Definition term="Your access"><TimeLeft end=end /></Definition> });
    let (email, role, expires_at) = (shown.email.as_str().to_owned(), shown.role.title(), shown.expires_at);
    view! {
        <DefinitionList>
            {inviter}
            <Definition term="For">{email}</Definition>
            <Definition term="Role">{role}</Definition>
            {hand_over}
            {apps}
            {until}
            <Definition term="Invitation valid"><TimeLeft end=expires_at warn_days=1 /></Definition>
        </DefinitionList>
    }
    .into_any()
}

/// Expired, withdrawn, used, sent again, unknown: one page, because to whoever asks they are the same.
pub(super) fn unusable(response: Option<ResponseOptions>, tenant: &str) -> Content {
    if let Some(response) = response {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    let title = "This invitation cannot be used";
    let body = view! {
        <Plain brand=tenant.to_owned() title=title flash=None>
            <Stack>
                <p>
                    "It was accepted already, was withdrawn, was sent again since (then only the newest mail counts), has expired, or the \
                     address is not complete."
                </p>
                <p><Strong>"What you can do"</Strong></p>
                <ul>
                    <li>"If you accepted it before, "<TextLink href=routes::SIGN_IN>"sign in"</TextLink>"."</li>
                    <li>"Look for a newer mail, and use its link, or "<TextLink href=routes::INVITATION>"type the code from it"</TextLink>"."</li>
                    <li>"Otherwise ask the person who invited you to send the invitation again. That takes them one click."</li>
                </ul>
            </Stack>
        </Plain>
    };
    Content::new(title, body)
}
