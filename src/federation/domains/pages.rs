//! `/team/settings/domains` and `/partners/{org}/domains`: which domains are theirs, and the record that shows it.

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::{Domain, DomainStatus, left_without};
use crate::{
    federation::{IdentityProvider, pages::tabs::heading, place::Place, queries},
    ui::*,
    web::{Content, PageCx, PageError, page, route},
};

/// The routes of this folder.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/team/settings/domains"), domains),
        route(path!("/partners/:org/domains"), domains),
    ]
}

fn domains() -> AnyView {
    page(|cx| async move {
        let place = Place::of(&cx).await?;
        let (domains, providers) = queries::domains(&cx.qx, &place).await?;
        Ok::<_, PageError>(content(&cx, &place, domains, &providers))
    })
}

fn content(cx: &PageCx, place: &Place, domains: Vec<Domain>, providers: &[IdentityProvider]) -> Content {
    let purpose = "Whoever has an address in a proven domain can sign in at the company that it belongs to, and join by it.";
    let list = if domains.is_empty() {
        view! {
            <EmptyState icon="globe" title="No domain yet"
                text="Add the domain of the company's e-mail addresses. You get a line to set at its DNS provider, which shows whose it is." />
        }
        .into_any()
    } else {
        let cards = domains.iter().map(|domain| {
            let stranded = left_without(domain, &domains, providers).map(|provider| provider.name.clone());
            card(cx, place, domain.clone(), providers, stranded)
        });
        cards.collect_view().into_any()
    };
    let (slug, team) = (place.slug(), place.team());
    let form = cx.form("claim");
    Content::new(
        "Domains",
        view! {
            {heading(place, "domains", "Domains", purpose)}
            {list}
            <FormCard title="Add a domain" action="/do/claim-domain" form=form id="claim">
                <Hidden name="organization" value=slug />
                <Hidden name="team" value=team />
                <Field name="name" label="Domain" placeholder="example.com" required=true autocomplete="off" inputmode="url"
                    hint="Write *.example.com if names below it count too, like people.example.com." />
                <FormActions><SubmitButton>"Add domain"</SubmitButton></FormActions>
            </FormCard>
        },
    )
}

fn badge(domain: &Domain) -> AnyView {
    match (domain.status, domain.missing_since) {
        (DomainStatus::Pending, _) => view! { <Badge tone=Tone::Info>"To be proven"</Badge> }.into_any(),
        (DomainStatus::Proven, None) => view! { <Badge tone=Tone::Good>"Proven"</Badge> }.into_any(),
        (DomainStatus::Proven, Some(_)) => view! { <Badge tone=Tone::Warn>"Record missing"</Badge> }.into_any(),
        (DomainStatus::Lost, _) => view! { <Badge tone=Tone::Bad>"Lost"</Badge> }.into_any(),
    }
}

fn card(cx: &PageCx, place: &Place, domain: Domain, providers: &[IdentityProvider], stranded: Option<String>) -> AnyView {
    let slug = place.slug();
    let id = domain.id.to_string();
    let title = if domain.subdomains {
        format!("{} and names below it", domain.readable())
    } else {
        domain.readable()
    };
    let in_the_dns = (domain.readable() != domain.name).then(|| {
        let name = domain.name.clone();
        view! { <p><Muted>"In the DNS: "</Muted><Code>{name}</Code></p> }
    });
    let mark = badge(&domain);
    let checked = domain
        .checked_at
        .map(|at| view! { <p><Muted>"Last looked for "<RelativeTime at=at />"."</Muted></p> });
    let missing = domain
        .missing_since
        .map(|at| view! { <p><Muted>"Missing since "<DateTimeText at=at />"."</Muted></p> });
    let declared = domain.is_declared();
    let proof = if declared {
        view! { <Paragraph>"The company that runs this portal vouches for this domain; there is no record to set."</Paragraph> }.into_any()
    } else {
        let [name, _] = domain.record_names();
        let value = domain.proof.clone();
        let (name_id, value_id) = (format!("name-{id}"), format!("value-{id}"));
        let text = match domain.status {
            DomainStatus::Proven => "Keep this TXT record at your DNS provider. It is looked for once a day.",
            _ => "Set this TXT record at your DNS provider, then check it here.",
        };
        view! {
            <Paragraph>{text}</Paragraph>
            <CopyField label="Name of the record" value=name id=name_id />
            <CopyField label="Value" value=value id=value_id />
        }
        .into_any()
    };
    let refused = [format!("check-{id}"), format!("give-up-{id}")].map(|form| {
        let form = cx.form(&form);
        form.has_errors()
            .then(|| view! { <Notice tone=Tone::Warn>{form.summary.unwrap_or_default()}</Notice> })
    });
    let [unseen, kept] = refused;
    let stranded = stranded.map(|name| {
        let text = format!("{name} keeps local passwords out, and no other domain leads to it.");
        view! {
            <p>{text}</p>
            <Checkbox name="stranding" label="Its people will need a password here" required=true />
        }
    });
    let check = (!declared).then(|| {
        let fields = vec![("organization", slug.clone()), ("domain", id.clone())];
        view! { <PostButton action="/do/check-domain" fields=fields kind=Kind::Secondary>"Check now"</PostButton> }
    });
    let dialog = format!("give-up-{id}");
    let readable = domain.readable();
    let (trigger, question) = (format!("Give {readable} up…"), format!("Give {readable} up?"));
    let verb = format!("Give {readable} up");
    let fields = vec![("organization", slug.clone()), ("domain", id.clone())];
    let assign = (providers.len() > 1).then(|| {
        let mut choices = vec![Choice::new("", "Any connection in use; they choose when there are several")];
        choices.extend(
            providers
                .iter()
                .map(|provider| Choice::new(provider.id.to_string(), provider.name.clone())),
        );
        let selected = domain.provider.map(|id| id.to_string()).unwrap_or_default();
        let form = cx.form(&format!("assign-{id}"));
        let form_id = format!("assign-{id}");
        let (slug, id, version) = (slug.clone(), id.clone(), domain.version.to_string());
        view! {
            <Form action="/do/assign-domain" form=form id=form_id>
                <Hidden name="organization" value=slug />
                <Hidden name="domain" value=id />
                <Hidden name="version" value=version />
                <Select name="provider" label="Its people sign in with" options=choices selected=selected />
                <FormActions><SubmitButton kind=Kind::Secondary>"Save"</SubmitButton></FormActions>
            </Form>
        }
    });
    view! {
        <Card title=title level=2>
            <Cluster>{mark}{in_the_dns}{checked}{missing}</Cluster>
            {unseen}
            {kept}
            {proof}
            {assign}
            <Cluster>
                {check}
                <Confirm id=dialog trigger=trigger title=question verb=verb action="/do/give-up-domain" fields=fields kind=Kind::Danger>
                    <p>"Nobody new can join by signing in with an address of this domain, and its addresses are no longer led to the company's sign-in. To have it back, it is proven again."</p>
                    {stranded}
                </Confirm>
            </Cluster>
        </Card>
    }
    .into_any()
}
