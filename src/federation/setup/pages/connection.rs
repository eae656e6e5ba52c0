//! The forms of a connection: how the provider is reached, and which claims become what.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::provider::about;
use crate::{
    federation::{
        ClientAuth, IdentityProvider, Mapping, OidcSettings, Protocol, SamlSettings,
        mapping::{GroupApplication, GroupRole},
        place::Place,
    },
    ui::*,
    web::PageCx,
};

/// Whose forms the cards hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum By {
    /// People with a role.
    Role,
    /// Somebody with a set-up link: nothing about groups, nothing of people.
    Link,
}

impl By {
    const fn action(self, of_role: &'static str, of_link: &'static str) -> &'static str {
        match self {
            Self::Role => of_role,
            Self::Link => of_link,
        }
    }
}

pub(in super::super) fn connection_card(cx: &PageCx, by: By, place: &Place, provider: &IdentityProvider) -> AnyView {
    match &provider.protocol {
        Protocol::Oidc(settings) => oidc_card(cx, by, place, provider, settings),
        Protocol::Saml(settings) => saml_card(cx, by, place, provider, settings),
    }
}

fn oidc_card(cx: &PageCx, by: By, place: &Place, provider: &IdentityProvider, settings: &OidcSettings) -> AnyView {
    let auth = [
        (ClientAuth::Basic, "Secret in the header (client_secret_basic)"),
        (ClientAuth::Post, "Secret in the body (client_secret_post)"),
        (ClientAuth::PrivateKeyJwt, "Our key instead of a secret (private_key_jwt)"),
    ]
    .into_iter()
    .map(|(auth, label)| Choice::new(auth.as_str(), label))
    .collect::<Vec<_>>();
    let selected = settings.client_auth.as_str();
    let (issuer, client, scopes) = (settings.issuer.clone(), settings.client_id.clone(), settings.scopes.join(" "));
    let hint = if provider.published.is_some() {
        "Leave it empty to keep the one that is saved. It is never shown again."
    } else {
        "It is stored sealed and never shown again."
    };
    let userinfo = settings.userinfo;
    let hidden = about(place, provider);
    let form = cx.form("connection");
    view! {
        <FormCard title="2. The connection" action=by.action("/do/change-oidc", "/do/set-up-oidc") form=form id="connection"
            purpose="The portal reads the provider's configuration when you save.">
            {hidden}
            <Field name="issuer" label="Issuer" value=issuer required=true inputmode="url" autocomplete="off" hint="For example https://login.example.com" />
            <Field name="client_id" label="Client id" value=client required=true autocomplete="off" />
            <Field name="client_secret" label="Client secret" kind="password" autocomplete="off" hint=hint />
            <Select name="client_auth" label="How the portal proves who it is" options=auth selected=selected />
            <Field name="scopes" label="Scopes beside openid" value=scopes autocomplete="off" />
            <Checkbox name="userinfo" label="Also ask the userinfo address for claims" checked=userinfo />
            <FormActions><SubmitButton>"Save the connection"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn saml_card(cx: &PageCx, by: By, place: &Place, provider: &IdentityProvider, settings: &SamlSettings) -> AnyView {
    let address = settings.metadata_url.clone().unwrap_or_default();
    let pasted = if address.is_empty() {
        provider.published.clone().unwrap_or_default()
    } else {
        String::new()
    };
    let known = (!settings.entity_id.is_empty()).then(|| {
        let entity = settings.entity_id.clone();
        view! { <DefinitionList><Definition term="Provider">{entity}</Definition></DefinitionList> }
    });
    let (post, whole) = (settings.post_binding, settings.accept_signed_response);
    let hidden = about(place, provider);
    let form = cx.form("connection");
    view! {
        <FormCard title="2. The connection" action=by.action("/do/change-saml", "/do/set-up-saml") form=form id="connection"
            purpose="The metadata of the provider tells where it is and what it signs with.">
            {hidden}
            {known}
            <Field name="metadata_url" label="Address of the metadata" value=address inputmode="url" autocomplete="off"
                hint="It is read again twice a day, so that new certificates are known in time." />
            <TextArea name="metadata" label="Or the metadata itself" rows=6 monospace=true value=pasted />
            <Checkbox name="post_binding" label="Send requests by POST" checked=post hint="Only if the provider takes no redirects." />
            <Checkbox name="accept_signed_response" label="Accept a signature over the whole response" checked=whole
                hint="Only if the provider cannot sign the assertion itself." />
            <FormActions><SubmitButton>"Save the connection"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

pub(in super::super) fn mapping_card(cx: &PageCx, by: By, place: &Place, provider: &IdentityProvider) -> AnyView {
    let Mapping {
        subject,
        email,
        given_name,
        family_name,
        groups,
        group_roles,
        group_applications,
        attributes,
    } = provider.mapping.clone();
    let more = (by == By::Role).then_some((groups, group_roles, group_applications, attributes));
    let hidden = about(place, provider);
    let form = cx.form("mapping");
    view! {
        <FormCard title="3. What is read" action=by.action("/do/change-mapping", "/do/set-up-mapping") form=form id="mapping"
            purpose="The usual names are filled in. The trial shows everything the provider says, so that you can correct them.">
            {hidden}
            <Field name="subject" label="Names the person for good" value=subject required=true autocomplete="off" hint="Something that never changes and is never given to somebody else." />
            <Field name="email" label="E-mail address" value=email required=true autocomplete="off" />
            <Field name="given_name" label="Given name" value=given_name autocomplete="off" />
            <Field name="family_name" label="Family name" value=family_name autocomplete="off" />
            {more.map(groups_and_attributes)}
            <FormActions><SubmitButton>"Save what is read"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn groups_and_attributes(
    (groups, group_roles, group_applications, attributes): (String, Vec<GroupRole>, Vec<GroupApplication>, BTreeMap<String, String>),
) -> AnyView {
    let roles = group_roles
        .iter()
        .map(|rule| format!("{} = {}", rule.group, rule.role))
        .collect::<Vec<_>>()
        .join("\n");
    let applications = group_applications
        .iter()
        .map(|rule| format!("{} = {}", rule.group, rule.application))
        .collect::<Vec<_>>()
        .join("\n");
    let attributes = attributes
        .iter()
        .map(|(name, claim)| format!("{name} = {claim}"))
        .collect::<Vec<_>>()
        .join("\n");
    view! {
        <Disclosure summary="Groups and attributes">
            <Stack>
                <Field name="groups" label="Groups" value=groups autocomplete="off" />
                <TextArea name="group_roles" label="Roles by group" rows=3 monospace=true value=roles
                    hint="One on each line, for example portal-admins = user_manager. Roles: member, auditor, user_manager, partner_admin." />
                <TextArea name="group_applications" label="Applications by group" rows=3 monospace=true value=applications
                    hint="One on each line: the group, then the application's short name, for example engineers = drawings." />
                <TextArea name="attributes" label="Kept with the person" rows=3 monospace=true value=attributes
                    hint="One on each line: the name here, then the claim, for example cost_centre = cc." />
            </Stack>
        </Disclosure>
    }
    .into_any()
}
