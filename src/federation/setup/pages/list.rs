//! The connections of an organization, and the choice of a new one.

use leptos::prelude::*;

use super::{
    super::{
        link::{self, pages::links_section},
        queries::{self, Overview},
    },
    words::{beginning, belonging, company, company_sign_in, opened},
};
use crate::{
    federation::{
        IdentityProvider, Preset, ProviderStatus,
        domains::{DomainStatus, ways_of},
        pages::tabs::heading,
        place::Place,
    },
    ui::*,
    web::{Content, PageCx, PageError, page},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let place = Place::of(&cx).await?;
        let overview = queries::overview(&cx.qx, &place).await?;
        let links = if place.is_own {
            None
        } else {
            link::queries::listed(&cx.qx, &place).await?
        };
        let links = links.map(|links| links_section(&cx, &place, &overview, links));
        Ok::<_, PageError>(content(&place, overview, links))
    })
}

/// Where a connection stands, in a word and a colour.
pub(super) fn badge(provider: &IdentityProvider) -> AnyView {
    match (provider.status, provider.fell_back_at) {
        (ProviderStatus::Draft, _) => view! { <Badge tone=Tone::Info>"Being set up"</Badge> }.into_any(),
        (ProviderStatus::Paused, _) => view! { <Badge tone=Tone::Neutral>"Switched off"</Badge> }.into_any(),
        (ProviderStatus::Live, None) => view! { <Badge tone=Tone::Good>"In use"</Badge> }.into_any(),
        (ProviderStatus::Live, Some(_)) => view! { <Badge tone=Tone::Bad>"Failing"</Badge> }.into_any(),
    }
}

fn content(place: &Place, overview: Overview, links: Option<AnyView>) -> Content {
    let new = format!("{}/new", place.sign_in());
    let proven = overview
        .domains
        .iter()
        .filter(|domain| domain.status == DomainStatus::Proven)
        .count();
    let domains = place.domains();
    let purpose = format!(
        "{} can sign in with the account they have at {}, instead of a password of this portal.",
        beginning(place, "people"),
        company(place)
    );
    let before = format!("Before {} can sign in at {}, ", belonging(place, "people"), company(place));
    let hint = match proven {
        0 => view! {
            <Notice tone=Tone::Info title="No domain is proven yet">
                {before}<TextLink href=domains>"prove the domain of their addresses"</TextLink>"."
            </Notice>
        }
        .into_any(),
        _ => ().into_any(),
    };
    let rows = if overview.providers.is_empty() {
        let title = format!("{} sign in with passwords of this portal", beginning(place, "people"));
        let text = format!(
            "Connect {}: you set it up, try it, see who would be affected, and then switch over. Nothing changes before that.",
            company_sign_in(place)
        );
        let verb = format!("Connect {}", company_sign_in(place));
        view! {
            <EmptyState icon="log-in" title=title text=text
                action=view! { <LinkButton href=new.clone()>{verb}</LinkButton> }.into_any() />
        }
        .into_any()
    } else {
        let rows = overview.providers.iter().map(|provider| row(place, provider)).collect_view();
        view! {
            <Table caption="Connections" columns=vec![Column::new("Name"), Column::new("Kind"), Column::new("State"), Column::new("Last trial"), Column::action("Open")]>
                {rows}
            </Table>
            <Cluster><LinkButton href=new kind=Kind::Secondary icon="plus">"Connect another sign-in"</LinkButton></Cluster>
        }
        .into_any()
    };
    let now = now_section(place, &overview);
    Content::new(
        "Company sign-in",
        view! {
            {heading(place, "sign-in", "Company sign-in", purpose)}
            {hint}
            {now}
            {rows}
            {links}
        },
    )
}

/// What happens today when somebody of the organization signs in: for each domain, and for everybody else.
fn now_section(place: &Place, overview: &Overview) -> AnyView {
    if !overview.providers.iter().any(IdentityProvider::is_live) {
        return ().into_any();
    }
    let mut items: Vec<AnyView> = overview
        .domains
        .iter()
        .filter(|domain| domain.status != DomainStatus::Pending)
        .map(|domain| {
            let ways: Vec<&IdentityProvider> = ways_of(domain, &overview.providers).collect();
            let text = match ways.as_slice() {
                [] => "sign in with their passwords here.".to_owned(),
                [provider] if provider.fell_back_at.is_some() => {
                    format!("sign in with their passwords here, because {} is failing.", provider.name)
                }
                [provider] => format!("are sent to {}.", provider.name),
                several => {
                    let names: Vec<&str> = several.iter().map(|provider| provider.name.as_str()).collect();
                    format!("choose how they sign in: {}.", names.join(", "))
                }
            };
            let below = if domain.subdomains { " and the domains below it " } else { " " };
            let name = domain.readable();
            view! { <p>"Addresses of "<Strong>{name}</Strong>{below}{text}</p> }.into_any()
        })
        .collect();
    let keeps_out = overview.providers.iter().find(|provider| provider.keeps_out_passwords());
    let others = match keeps_out {
        Some(provider) => format!(
            "Passwords of this portal do not open {}, because {} alone lets people in{}.",
            opened(place),
            provider.name,
            if provider.break_glass.is_some() {
                "; one partner admin is the exception"
            } else {
                ""
            }
        ),
        None => "Everybody can still sign in with a password of this portal.".to_owned(),
    };
    items.push(view! { <p>{others}</p> }.into_any());
    view! { <Section title="What happens at sign-in now"><BulletList items=items /></Section> }.into_any()
}

fn row(place: &Place, provider: &IdentityProvider) -> AnyView {
    let href = format!("{}/{}", place.sign_in(), provider.id);
    let open = href.clone();
    let name = provider.name.clone();
    let tried = match provider.tried_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"not since the last change"</Muted> }.into_any(),
    };
    let mark = badge(provider);
    let kind = provider.preset.title();
    view! {
        <Row>
            <HeadCell label="Name"><TextLink href=href>{name}</TextLink></HeadCell>
            <Cell label="Kind">{kind}</Cell>
            <Cell label="State">{mark}</Cell>
            <Cell label="Last trial">{tried}</Cell>
            <ActionCell><LinkButton href=open kind=Kind::Secondary size=Size::Small>"Open"</LinkButton></ActionCell>
        </Row>
    }
    .into_any()
}

pub(super) fn new() -> AnyView {
    page(|cx| async move {
        let place = Place::of(&cx).await?;
        let title = format!("Connect {}", company_sign_in(&place));
        let purpose = format!(
            "Choose what {} uses. You can set it up and try it as often as you like; nobody is affected before you switch over.",
            company(&place)
        );
        let cards = Preset::ALL
            .iter()
            .map(|preset| choice(&cx, "/do/create-provider", &place, *preset))
            .collect_view();
        Ok::<_, PageError>(Content::new(
            "Connect a sign-in",
            view! {
                {heading(&place, "sign-in", title, purpose)}
                <Grid>{cards}</Grid>
            },
        ))
    })
}

/// The card to begin a connection of a kind.
pub(in super::super) fn choice(cx: &PageCx, action: &'static str, place: &Place, preset: Preset) -> AnyView {
    let text = match preset {
        Preset::Entra => "Also known as Azure AD: accounts of Microsoft 365.",
        Preset::Okta => "Okta Workforce Identity.",
        Preset::Google => "Accounts of Google Workspace.",
        Preset::Keycloak => "Keycloak or Red Hat build of Keycloak.",
        Preset::Oidc => "Whatever speaks OpenID Connect and publishes its configuration.",
        Preset::Saml => "AD FS, Shibboleth, and whatever else speaks SAML 2.0.",
    };
    let id = format!("create-{}", preset.as_str());
    let form = cx.form(&id);
    let (slug, team) = (place.slug(), place.team());
    let label = format!(
        "Connect {}",
        if matches!(preset, Preset::Oidc | Preset::Saml) {
            "it"
        } else {
            preset.title()
        }
    );
    let asked = format!("What {} call it", belonging(place, "people"));
    let suggested = format!("{} account", place.organization.name);
    view! {
        <Card title=preset.title() level=2>
            <Paragraph>{text}</Paragraph>
            <Form action=action form=form id=id>
                <Hidden name="organization" value=slug />
                <Hidden name="team" value=team />
                <Hidden name="preset" value=preset.as_str() />
                <Field name="name" label=asked value=suggested required=true maxlength="60" />
                <FormActions><SubmitButton kind=Kind::Secondary>{label}</SubmitButton></FormActions>
            </Form>
        </Card>
    }
    .into_any()
}
