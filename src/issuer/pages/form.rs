//! The fields of a client, and the page where one is changed.

use leptos::prelude::*;

use super::super::{ActingKind, Client, ClientAuthentication, ClientTerms, SigningAlgorithm, SubjectKind, queries, typed::names_as_text};
use crate::{
    apps::Scope,
    kernel::ClientId,
    ui::*,
    web::{Content, PageError, page, routes},
};

/// `GET /admin/apps/{app}/clients/{client}`.
pub(super) fn client() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let id: ClientId = cx.param("client")?;
        let found = queries::clients(&cx.qx, &slug).await?;
        let client: Client = found
            .clients
            .into_iter()
            .find(|client| client.id == id)
            .ok_or(PageError::NotFound)?;
        let crumbs = vec![
            Crumb::new(routes::ADMIN_APPS, "Applications"),
            Crumb::new(routes::admin_app(&found.application.slug), found.application.name.clone()),
            Crumb::new(routes::admin_app_clients(&found.application.slug), "Sign-in"),
            Crumb::here(client.terms.name.clone()),
        ];
        let title = format!("Change {}", client.terms.name);
        let purpose = format!(
            "What {} is told and given from now on. Tokens that it has stay as they are.",
            client.terms.client_id
        );
        let form = cx.form("client");
        let (slug, version) = (found.application.slug.clone(), client.version.to_string());
        let back = routes::admin_app_clients(&slug);
        Ok(Content::new(
            title.clone(),
            view! {
                <PageHeader title=title purpose=purpose crumbs=crumbs />
                <Card>
                    <Form action="/do/change-client" form=form id="client">
                        <Hidden name="application" value=slug />
                        <Hidden name="client" value=client.id.to_string() />
                        <Hidden name="version" value=version />
                        {fields(&found.scopes, &client.terms)}
                        <FormActions>
                            <SubmitButton>"Save the client"</SubmitButton>
                            <LinkButton href=back kind=Kind::Ghost>"Cancel"</LinkButton>
                        </FormActions>
                    </Form>
                </Card>
            },
        ))
    })
}

/// Every field but the client id.
pub(super) fn fields(scopes: &[Scope], terms: &ClientTerms) -> AnyView {
    let choices = scopes
        .iter()
        .map(|scope| Choice::new(scope.name.clone(), scope.name.clone()).hint(scope.description.clone()))
        .collect::<Vec<_>>();
    let own = (!choices.is_empty()).then(|| {
        let selected = terms.own_scopes.clone();
        view! { <CheckboxGroup name="own_scopes[]" legend="Permissions of its own (when nobody is signed in)" options=choices selected=selected /> }
    });
    let terms = terms.clone();
    let seconds = |value: Option<i32>| value.map(|seconds| seconds.to_string());
    let (access, id, refresh) = (
        seconds(terms.access_seconds),
        seconds(terms.id_seconds),
        seconds(terms.refresh_seconds),
    );
    view! {
        <Field name="name" label="Name" hint="What people know it as." required=true maxlength="100" value=terms.name />
        <Select name="authentication" label="Proves itself by" options=authentications() selected=terms.authentication.as_str() />
        <TextArea name="key_set" label="Its public keys" rows=3 monospace=true hint="As JSON (RFC 7517), when it proves itself by a key."
            value=terms.key_set />
        <Fieldset legend="People sign in to it">
            <TextArea name="redirect_uris" label="Addresses to go back to" rows=3 monospace=true
                hint="One per line, compared letter by letter: https://…" value=terms.redirect_uris.join("\n") />
            <Checkbox name="first_party" label="It is our own application" checked=terms.first_party
                hint="Without this, people are asked whether it may know what it asks for." />
            <Field name="initiate_login_uri" label="Address where a launch begins the sign-in" kind="url"
                hint="When left empty, a launch opens the application's address." value=terms.initiate_login_uri />
            <TextArea name="post_logout_redirect_uris" label="Addresses to go to after signing out" rows=2 monospace=true hint="One per line."
                value=terms.post_logout_redirect_uris.join("\n") />
            <Field name="backchannel_logout_uri" label="Address that is told of a sign-out" kind="url"
                hint="The portal posts to it when somebody signs out or loses access (OpenID Connect Back-Channel Logout)."
                value=terms.backchannel_logout_uri />
        </Fieldset>
        {own}
        <Select name="may_act_for" label="Acts for people who are not there" options=acting_kinds() selected=terms.may_act_for.as_str() />
        <Fieldset legend="Its tokens">
            <Field name="audience" label="Audience" hint="The application's address when left empty." value=terms.audience />
            <Select name="signing" label="Signature of its tokens" options=signings() selected=terms.signing.as_str() />
            <Select name="subjects" label="Knows people by" options=subjects() selected=terms.subjects.as_str() />
            <Checkbox name="sender_constrained" label="Only with a proof of its key (DPoP)" checked=terms.sender_constrained
                hint="A token that was stolen is then worth nothing. The application has to support it (RFC 9449)." />
            <TextArea name="claim_names" label="Its names for claims" rows=3 monospace=true
                hint="One per line: organization_id = partner. Nothing after the equals sign leaves a claim out; metadata.key = name gives it a value of the partner's metadata."
                value=names_as_text(&terms.claim_names) />
            <Field name="access_seconds" label="Life of access tokens, in seconds" inputmode="numeric" width=Width::Short
                hint="600 when left empty. Never longer than the access behind it." value=access />
            <Field name="id_seconds" label="Life of id tokens, in seconds" inputmode="numeric" width=Width::Short
                hint="As long as access tokens when left empty." value=id />
            <Field name="refresh_seconds" label="Life of refresh tokens, in seconds" inputmode="numeric" width=Width::Short
                hint="14 days when left empty." value=refresh />
        </Fieldset>
    }
    .into_any()
}

/// How a client proves itself, in words.
pub(super) fn authentication_words(way: ClientAuthentication) -> &'static str {
    match way {
        ClientAuthentication::Basic => "A secret in the header",
        ClientAuthentication::Post => "A secret in the form",
        ClientAuthentication::PrivateKeyJwt => "A key of its own",
        ClientAuthentication::None => "Nothing: it runs on people's own devices",
    }
}

fn authentications() -> Vec<Choice> {
    let choice = |way: &ClientAuthentication| Choice::new(way.as_str(), format!("{} ({way})", authentication_words(*way)));
    ClientAuthentication::ALL.iter().map(choice).collect()
}

fn signings() -> Vec<Choice> {
    SigningAlgorithm::ALL
        .iter()
        .map(|way| Choice::new(way.as_str(), way.as_str()))
        .collect()
}

fn subjects() -> Vec<Choice> {
    vec![
        Choice::new(SubjectKind::Public.as_str(), "A name that is the same for every application"),
        Choice::new(SubjectKind::Pairwise.as_str(), "A name of this application's own"),
    ]
}

fn acting_kinds() -> Vec<Choice> {
    let words = |kind: &ActingKind| match kind {
        ActingKind::None => "Never",
        ActingKind::Delegation => "Yes, and its tokens name both",
        ActingKind::Impersonation => "Yes, as if it were them",
    };
    ActingKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), words(kind))).collect()
}
