//! One connection: values to copy, the connection itself, what is read, who may come in, trial, rehearsal, switch-over.

use leptos::prelude::*;

use super::{
    super::{
        instructions::steps,
        queries::{self, Connection},
    },
    admission::admission_card,
    connection::{By, connection_card, mapping_card},
    list::badge,
    rehearsal::rehearsal_section,
    words::{belonging, company, company_sign_in, opened},
};
use crate::{
    federation::{IdentityProvider, Protocol, ProviderStatus, place::Place},
    kernel::ProviderId,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn provider() -> AnyView {
    page(|cx| async move {
        let place = Place::of(&cx).await?;
        let id: ProviderId = cx.param("provider")?;
        let connection = queries::connection(&cx.qx, &place, id).await?;
        Ok::<_, PageError>(content(&cx, &place, connection))
    })
}

/// What every form of this page says about the connection.
pub(super) fn about(place: &Place, provider: &IdentityProvider) -> AnyView {
    let (slug, id, version) = (place.slug(), provider.id.to_string(), provider.version.to_string());
    view! {
        <Hidden name="organization" value=slug />
        <Hidden name="provider" value=id />
        <Hidden name="version" value=version />
    }
    .into_any()
}

fn fields(place: &Place, provider: &IdentityProvider) -> Vec<(&'static str, String)> {
    vec![
        ("organization", place.slug()),
        ("provider", provider.id.to_string()),
        ("version", provider.version.to_string()),
    ]
}

fn content(cx: &PageCx, place: &Place, connection: Connection) -> Content {
    let provider = &connection.provider;
    let name = provider.name.clone();
    let crumbs = vec![Crumb::new(place.sign_in(), "Company sign-in"), Crumb::here(name.clone())];
    let mark = badge(provider);
    let notices = notices(cx, place, provider);
    let progress = progress_card(&connection, place);
    let values = values_card(cx, By::Role, place, provider);
    let connect = connection_card(cx, By::Role, place, provider);
    let mapping = mapping_card(cx, By::Role, place, provider);
    let admission = admission_card(cx, place, &connection);
    let trial = trial_card(cx, place, provider);
    let rehearsal = rehearsal_section(&connection);
    let switch = switch_card(cx, place, &connection);
    let end = end_card(place, provider);
    Content::new(
        name.clone(),
        view! {
            <PageHeader title=name purpose=provider.preset.title() crumbs=crumbs action=mark />
            {notices}
            <Stack gap=Gap::Large>
                {progress}
                {values}
                {connect}
                {mapping}
                {admission}
                {trial}
                {rehearsal}
                {switch}
                {end}
            </Stack>
        },
    )
}

/// How far the set-up is, and what is next.
fn progress_card(connection: &Connection, place: &Place) -> AnyView {
    let provider = &connection.provider;
    let at_risk = connection.rehearsed.iter().filter(|person| person.is_at_risk()).count();
    let reached = provider.published.is_some();
    let rehearsed = match at_risk {
        0 => "Every member would get in".to_owned(),
        count => format!("{count} of {} members would not get in", connection.rehearsed.len()),
    };
    let domain = !connection.domains.is_empty();
    let live = provider.is_live();
    let step = |done: bool, text: String| {
        let (tone, word) = if done { (Tone::Good, "Done") } else { (Tone::Neutral, "To do") };
        view! { <Cluster><Badge tone=tone>{word}</Badge><span>{text}</span></Cluster> }.into_any()
    };
    let tried = provider.tried_at.is_some();
    let mut items = vec![
        step(reached, "The connection is saved and the provider answers (2)".to_owned()),
        step(tried, "A trial since the last change would have let somebody in (5)".to_owned()),
        step(domain, "A proven domain leads to this connection".to_owned()),
        step(at_risk == 0, format!("{rehearsed} (6)")),
        step(live, "People sign in with it (7)".to_owned()),
    ];
    if !domain {
        let domains = place.domains();
        let prove = format!("Prove the domain of the addresses of {}", belonging(place, "people"));
        items.push(view! { <TextLink href=domains>{prove}</TextLink> }.into_any());
    }
    view! { <Card title="How far you are" level=2><BulletList items=items /></Card> }.into_any()
}

/// What is out of order.
fn notices(cx: &PageCx, place: &Place, provider: &IdentityProvider) -> AnyView {
    let fell_back = provider.fell_back_at.filter(|_| provider.is_live()).map(|at| {
        let fields = fields(place, provider);
        let sign_in = company_sign_in(place);
        view! {
            <Notice tone=Tone::Bad title="Too many sign-ins failed in a row">
                <Paragraph>"Since "<DateTimeText at=at />" people can use their passwords of this portal again, so that nobody is locked out. Find out what is wrong at "{sign_in}"; a sign-in that works ends this by itself."</Paragraph>
                <PostButton action="/do/end-fall-back" fields=fields kind=Kind::Secondary size=Size::Small>"Keep passwords out again"</PostButton>
            </Notice>
        }
    });
    let certificate = provider.certificate_ends_at.map(|at| {
        let days = (at - cx.qx.now).num_days();
        let tone = match days {
            ..=7 => Tone::Bad,
            8..=60 => Tone::Warn,
            _ => Tone::Info,
        };
        view! { <Notice tone=tone>"The certificate that the provider signs with ends on "<DateTimeText at=at date_only=true />"."</Notice> }
    });
    view! { {fell_back}{certificate} }.into_any()
}

pub(in super::super) fn values_card(cx: &PageCx, by: By, place: &Place, provider: &IdentityProvider) -> AnyView {
    let absolute = |path: &str| routes::absolute(&cx.qx.settings.public_url, path);
    let id = provider.id.to_string();
    let values = match &provider.protocol {
        Protocol::Oidc(_) => view! {
            <CopyField label="Redirect address" value=absolute(routes::OIDC_CALLBACK) />
            <CopyField label="Sign-out address" value=absolute(&routes::oidc_logged_out(&id)) />
            <CopyField label="Address for logout from behind (back-channel)" value=absolute(&routes::oidc(&id, "backchannel-logout")) />
            <CopyField label="Our public key (only for private_key_jwt)" value=absolute(&routes::oidc(&id, "jwks")) />
        }
        .into_any(),
        Protocol::Saml(_) => {
            let roll = (by == By::Role).then(|| roll(place, provider));
            view! {
                <CopyField label="Our metadata, and our entity id" value=absolute(&routes::saml(&id, "metadata")) />
                <CopyField label="Address for responses (ACS)" value=absolute(&routes::saml(&id, "acs")) />
                <CopyField label="Address for logout" value=absolute(&routes::saml(&id, "logout")) />
                {roll}
            }
            .into_any()
        }
    };
    let items = steps(provider.preset).iter().map(|step| view! { <li>{*step}</li> }).collect_view();
    let open = provider.status == ProviderStatus::Draft;
    view! {
        <Card title="1. At the provider" level=2>
            <Disclosure summary="What to do there, step by step" open=open><Prose><ol>{items}</ol></Prose></Disclosure>
            {values}
        </Card>
    }
    .into_any()
}

/// A new key of ours beside the old one, or the old one dropped.
fn roll(place: &Place, provider: &IdentityProvider) -> AnyView {
    let fields = fields(place, provider);
    view! {
        <Disclosure summary="Change our key">
            <Stack>
                <Paragraph>"Press once to publish a new key beside the old one, and let the provider read our metadata again. Press a second time to drop the old key."</Paragraph>
                <PostButton action="/do/change-provider-key" fields=fields kind=Kind::Secondary size=Size::Small>"Publish a new key, or drop the old one"</PostButton>
            </Stack>
        </Disclosure>
    }
    .into_any()
}

fn trial_card(cx: &PageCx, place: &Place, provider: &IdentityProvider) -> AnyView {
    let id = provider.id.to_string();
    let trial = routes::trial(&id);
    let fields = vec![("organization", place.slug()), ("provider", id)];
    let refused = cx.form("try");
    let refused = refused
        .has_errors()
        .then(|| view! { <Notice tone=Tone::Bad>{refused.summary.unwrap_or_default()}</Notice> });
    let state = match provider.tried_at {
        Some(at) => view! { <p>"Last trial that would have let somebody in: "<RelativeTime at=at />"."</p> }.into_any(),
        None => view! { <p>"Since the last change nobody has tried it with success."</p> }.into_any(),
    };
    let how = if place.is_own {
        "You sign in at your company as usual".to_owned()
    } else {
        format!("You sign in at {} with an account there", company(place))
    };
    view! {
        <Card title="5. Try it" level=2>
            <Paragraph>{how}" and see what we are told and what would come of it. Nobody is signed in here by it."</Paragraph>
            {refused}
            {state}
            <Cluster>
                <PostButton action="/do/try-provider" fields=fields kind=Kind::Secondary>"Try it now"</PostButton>
                <LinkButton href=trial kind=Kind::Ghost>"Show the last trial"</LinkButton>
            </Cluster>
        </Card>
    }
    .into_any()
}

fn switch_card(cx: &PageCx, place: &Place, connection: &Connection) -> AnyView {
    let provider = &connection.provider;
    let mut choices = vec![Choice::new("", "Nobody")];
    choices.extend(connection.exceptions.iter().map(|exception| {
        let label = if exception.ready {
            exception.name.clone()
        } else {
            format!("{} (needs a password and an authenticator app first)", exception.name)
        };
        Choice::new(exception.member.to_string(), label).disabled(!exception.ready)
    }));
    let selected = provider.break_glass.map(|member| member.to_string()).unwrap_or_default();
    let live = provider.is_live();
    let (title, verb) = if live {
        ("7. In use", "Save")
    } else {
        ("7. Switch over", "Switch over")
    };
    let exclusive = provider.exclusive;
    let sign_in = company_sign_in(place);
    let purpose = format!("From then on, whoever types an address of the proven domains is sent to {sign_in}.");
    let only = format!("Only {sign_in} lets {} in", belonging(place, "people"));
    let without = format!("Passwords of this portal no longer open {}. Without it, both work.", opened(place));
    let repair = format!("One partner admin who can get in and repair things when {sign_in} fails.");
    let hidden = about(place, provider);
    let form = cx.form("switch");
    view! {
        <FormCard title=title action="/do/switch-over" form=form id="switch" purpose=purpose>
            {hidden}
            <Checkbox name="exclusive" label=only checked=exclusive hint=without />
            <Select name="break_glass" label="Who can still use a password here" options=choices selected=selected hint=repair />
            <FormActions><SubmitButton>{verb}</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn end_card(place: &Place, provider: &IdentityProvider) -> AnyView {
    let fields = fields(place, provider);
    let name = provider.name.clone();
    if provider.is_live() {
        let (trigger, title, verb) = (
            format!("Switch {name} off…"),
            format!("Switch {name} off?"),
            format!("Switch {name} off"),
        );
        view! {
            <Card title="Switch it off" level=2>
                <Confirm id="pause" trigger=trigger title=title verb=verb action="/do/pause-provider" fields=fields kind=Kind::Danger>
                    <p>"Everybody who signed in with it is signed out. They use their passwords of this portal then; whoever has none asks for one by mail. You can switch over again at any time."</p>
                </Confirm>
            </Card>
        }
        .into_any()
    } else {
        let (trigger, title, verb) = (format!("Remove {name}…"), format!("Remove {name}?"), format!("Remove {name}"));
        view! {
            <Card title="Remove it" level=2>
                <Confirm id="remove" trigger=trigger title=title verb=verb action="/do/remove-provider" fields=fields kind=Kind::Danger>
                    <p>"Its settings and what it knows about who is who are deleted. People stay members. This cannot be undone."</p>
                </Confirm>
            </Card>
        }
        .into_any()
    }
}
