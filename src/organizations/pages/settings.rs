//! `/team/settings`: look and sign-in rules of the own organization. The branding form is shared with the partner's edit page.

use leptos::prelude::*;

use crate::{
    federation::pages::tabs::settings_tabs,
    kernel::AccentColor,
    organizations::{Organization, queries},
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn settings() -> AnyView {
    page(|cx| async move {
        let organization = queries::own_settings(&cx.qx).await?;
        let tried = cx.query("try").and_then(|typed| typed.parse::<AccentColor>().ok());
        let mut branding = cx.form("branding");
        if let (Some(tried), false) = (&tried, branding.is_returned()) {
            branding = branding.with_value("accent", tried.as_str());
        }
        let look = tried.as_ref().map(|tried| preview(tried, &organization));
        let accent = tried
            .as_ref()
            .map_or_else(|| organization.accent.as_str().to_owned(), |tried| tried.as_str().to_owned());
        let rules = rules_card(&organization, cx.form("rules"));
        Ok::<_, PageError>(Content::new(
            "Settings",
            view! {
                <PageHeader title="Settings" purpose="How the portal looks for your people, and how carefully it asks who they are." />
                {settings_tabs("settings")}
                <Stack gap=Gap::Large>
                    {look}
                    <Stack gap=Gap::Small>{branding_card(&organization, branding, false)}{try_colour(accent, tried.is_some())}</Stack>
                    {rules}
                </Stack>
            },
        ))
    })
}

/// The whole page in a colour that is not saved yet.
fn preview(tried: &AccentColor, organization: &Organization) -> AnyView {
    let href = format!("/branding/try.{}.css", tried.as_str().trim_start_matches('#'));
    let name = organization.name.clone();
    let logo = organization.has_logo.then(|| logo(organization));
    view! {
        <leptos_meta::Stylesheet href=href />
        <Notice tone=Tone::Info title="This page shows a colour that is not saved yet">
            <Paragraph>"Text on it is darkened or lightened where needed, so that it stays readable."</Paragraph>
            <Cluster>
                <OrganizationMark name=name logo=logo />
                <LinkButton href=routes::TEAM_SETTINGS>"A main button"</LinkButton>
                <TextLink href=routes::TEAM_SETTINGS>"A link: back to the saved colour"</TextLink>
            </Cluster>
        </Notice>
    }
    .into_any()
}

fn try_colour(accent: String, open: bool) -> AnyView {
    view! {
        <Disclosure summary="Try a colour before you save it" open=open>
            <Form action=routes::TEAM_SETTINGS method_get=true id="try">
                <Field name="try" label="Colour to try" kind="color" value=accent required=true width=Width::Short hint="Only you see it, on this page alone." />
                <FormActions><SubmitButton kind=Kind::Secondary>"Show the page in this colour"</SubmitButton></FormActions>
            </Form>
        </Disclosure>
    }
    .into_any()
}

/// The logo's address; the version makes a browser ask again after a change.
fn logo(organization: &Organization) -> String {
    format!("{}?v={}", routes::branding_logo(&organization.slug), organization.version)
}

/// Colour and logo; `named` when the form belongs to a partner's page.
pub(super) fn branding_card(organization: &Organization, form: FormState, named: bool) -> AnyView {
    let accent = organization.accent.as_str().to_owned();
    let version = organization.version.to_string();
    let (field, whose) = if named {
        ("organization", organization.slug.clone())
    } else {
        ("team", organization.id.to_string())
    };
    let (mark, logo) = (organization.name.clone(), organization.has_logo.then(|| logo(organization)));
    let has_logo = organization.has_logo;
    view! {
        <FormCard title="Branding" purpose="The colour of buttons and links, and the mark at the top left." action="/do/upload-branding" form=form
            id="branding" multipart=true>
            <Hidden name=field value=whose />
            <Hidden name="version" value=version />
            <Field name="accent" label="Accent colour" kind="color" value=accent required=true width=Width::Short />
            <Cluster><OrganizationMark name=mark logo=logo /><Muted>"The mark as it is now"</Muted></Cluster>
            <FileField name="logo" label="New logo" accept="image/png,image/jpeg,image/webp" hint="PNG, JPEG or WebP, square, at most 100 kB." />
            {has_logo.then(|| view! { <Checkbox name="remove_logo" label="Remove the logo" /> })}
            <FormActions><SubmitButton>"Save branding"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn rules_card(organization: &Organization, form: FormState) -> AnyView {
    let (team, version, step_up) = (
        organization.id.to_string(),
        organization.version.to_string(),
        organization.require_step_up,
    );
    view! {
        <FormCard title="Sign-in rules" action="/do/change-sign-in-rules" form=form id="rules">
            <Hidden name="team" value=team />
            <Hidden name="version" value=version />
            <Checkbox name="require_step_up" label="Changes need a fresh confirmation with an authenticator app" checked=step_up
                hint="Whoever invites, removes or assigns is asked for a code when they last gave one more than 15 minutes ago. You need an authenticator app yourself to turn this on." />
            <FormActions><SubmitButton>"Save sign-in rules"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}
