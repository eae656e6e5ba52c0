//! `/admin/apps/{app}/clients`: how an application signs people in.

mod form;

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::{
    ClientTerms,
    actions::{SECRET_KEY, opened},
    model::Client,
    queries::{self, Clients},
};
use form::{authentication_words, fields};

use crate::{
    ui::*,
    web::{Content, PageCx, PageError, page, route, routes},
};

/// The pages of this domain.
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/admin/apps/:app/clients"), clients),
        route(path!("/admin/apps/:app/clients/:client"), form::client),
        route(path!("/consent"), super::consent::pages::consent),
        route(path!("/me/acting"), super::acting::pages::own),
        route(path!("/me/acting/new"), super::acting::pages::new_for_oneself),
        route(path!("/team/acting"), super::acting::pages::of_team),
        route(path!("/team/acting/new"), super::acting::pages::new_for_team),
    ]
}

fn clients() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let found = queries::clients(&cx.qx, &slug).await?;
        let secret = new_secret(&cx).await;
        let acting = super::acting::pages::section(&cx, &found.application.slug, &found.clients).await?;
        Ok::<_, PageError>(content(&cx, found, secret, acting))
    })
}

/// A secret that was made by the form before; shown this once.
async fn new_secret(cx: &PageCx) -> Option<AnyView> {
    let sealed: Vec<u8> = cx.request.session.remove(SECRET_KEY).await.ok().flatten()?;
    let new = opened(&cx.request.portal.master_key, &sealed).ok()?;
    let (title, secret) = (format!("The secret of {}", new.client_id), new.secret);
    Some(
        view! {
            <Card title=title>
                <CopyField label="Client secret" value=secret />
                <p><Muted>"It is shown this once. Put it into the application now; here only a fingerprint of it is kept."</Muted></p>
            </Card>
        }
        .into_any(),
    )
}

fn content(cx: &PageCx, found: Clients, secret: Option<AnyView>, acting: Option<AnyView>) -> Content {
    let Clients {
        application,
        scopes,
        clients,
        hosts,
    } = found;
    let behind = super::forward::pages::section(
        application.slug.clone(),
        application.version,
        &hosts,
        cx.form("hosts"),
        &cx.qx.settings.public_url,
    );
    let crumbs = vec![
        Crumb::new(routes::ADMIN_APPS, "Applications"),
        Crumb::new(routes::admin_app(&application.slug), application.name.clone()),
        Crumb::here("Sign-in"),
    ];
    let public_url = cx.qx.settings.public_url.clone();
    let title = format!("Sign-in of {}", application.name);
    let purpose = "With OpenID Connect the application asks this portal who somebody is, and what they may do there now.";
    let refused = cx
        .form("client-change")
        .summary
        .map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> });
    let list = if clients.is_empty() {
        let text = "Register one below when the application can speak OpenID Connect. Without one a launch opens its address, and no more.";
        view! { <EmptyState icon="key" title="No client yet" text=text /> }.into_any()
    } else {
        let rows = clients.iter().map(|client| row(&application.slug, client)).collect_view();
        let columns = vec![
            Column::new("Client"),
            Column::new("Proves itself by"),
            Column::new("Goes back to"),
            Column::new("Status"),
            Column::action("Actions"),
        ];
        view! { <Table caption="Clients" columns=columns>{rows}</Table> }.into_any()
    };
    let form = cx.form("client");
    let open = form.has_errors() || clients.is_empty();
    let slug = application.slug;
    Content::new(
        title.clone(),
        view! {
            <PageHeader title=title purpose=purpose crumbs=crumbs />
            {refused}
            <Stack gap=Gap::Large>
                {secret}
                <Section title="Clients" id="clients">{list}</Section>
                {acting}
                <Section title="What the application has to know">
                    <Card>
                        <CopyField label="Issuer" value=public_url.clone() />
                        <CopyField label="Metadata" value=format!("{public_url}/.well-known/openid-configuration") />
                    </Card>
                </Section>
                <Disclosure summary="Register a client" open=open>
                    <Form action="/do/register-client" form=form id="client">
                        <Hidden name="application" value=slug />
                        <Field name="client_id" label="Client id" hint="What it calls itself, for example orders-web. It cannot be changed later."
                            required=true maxlength="100" width=Width::Short />
                        {fields(&scopes, &ClientTerms::new("", ""))}
                        <FormActions><SubmitButton>"Register the client"</SubmitButton></FormActions>
                    </Form>
                </Disclosure>
                {behind}
            </Stack>
        },
    )
}

fn row(slug: &str, client: &Client) -> AnyView {
    let off = client.disabled_at.is_some();
    let fields = |more: &[(&'static str, &str)]| {
        let mut fields = vec![
            ("application", slug.to_owned()),
            ("client", client.id.to_string()),
            ("version", client.version.to_string()),
        ];
        fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        fields
    };
    let short = client.id.to_string();
    let renew = (client.secret_hash.is_some() && !off).then(|| {
        let (id, title) = (format!("renew-{short}"), format!("Make a new secret for {}?", client.terms.name));
        view! {
            <Confirm id=id trigger="New secret…" title=title verb="Make a new secret" action="/do/renew-client-secret" fields=fields(&[])
                kind=Kind::Secondary size=Size::Small>
                "The present secret stops working at once. Tokens that were given stay as they are."
            </Confirm>
        }
    });
    let switch = if off {
        view! {
            <PostButton action="/do/switch-client" fields=fields(&[("on", "yes")]) kind=Kind::Secondary size=Size::Small>"Switch on"</PostButton>
        }
        .into_any()
    } else {
        let (id, title) = (format!("off-{short}"), format!("Switch {} off?", client.terms.name));
        view! {
            <Confirm id=id trigger="Switch off…" title=title verb="Switch it off" action="/do/switch-client" fields=fields(&[("on", "no")])
                kind=Kind::Danger size=Size::Small>
                "Nobody signs in to it any more, and the tokens it has count for nothing until it is switched on again."
            </Confirm>
        }
        .into_any()
    };
    let status = if off {
        view! { <Badge tone=Tone::Warn>"Off"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Good>"In use"</Badge> }.into_any()
    };
    let (name, id, way) = (
        client.terms.name.clone(),
        client.terms.client_id.clone(),
        authentication_words(client.terms.authentication),
    );
    let change = routes::admin_app_client(slug, client.id);
    let back = match places(&client.terms.redirect_uris) {
        Some(places) => places.into_any(),
        None => view! { <Muted>"nowhere: no people sign in"</Muted> }.into_any(),
    };
    view! {
        <Row ended=off>
            <HeadCell label="Client"><Stack gap=Gap::Small><span>{name}</span><Code>{id}</Code></Stack></HeadCell>
            <Cell label="Proves itself by">{way}</Cell>
            <Cell label="Goes back to">{back}</Cell>
            <Cell label="Status">{status}</Cell>
            <ActionCell>
                <LinkButton href=change kind=Kind::Secondary size=Size::Small>"Change"</LinkButton>
                {renew}{switch}
            </ActionCell>
        </Row>
    }
    .into_any()
}

/// Where a client goes back to, short enough for a row: the host of the first address, and how many there are beside it.
fn places(uris: &[String]) -> Option<String> {
    let first = uris.first()?;
    let host = url::Url::parse(first).ok().and_then(|url| url.host_str().map(str::to_owned));
    let place = host.unwrap_or_else(|| first.clone());
    Some(match uris.len() {
        1 => place,
        more => format!("{place} and {} more", more - 1),
    })
}
