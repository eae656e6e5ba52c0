//! `/team/settings/sign-in/{provider}/trial`: what the provider said in the last trial of this browser, and what would come of it.

use leptos::prelude::*;

use crate::{
    access::Refused,
    federation::{Claims, arrival::Check, commands::Trial, http::TRIAL_KEY, place::connection_of, queries, setup::link},
    kernel::ProviderId,
    ui::*,
    web::{Content, PageCx, PageError, RequestCx, page, plain_page, routes},
};

pub(super) fn trial() -> AnyView {
    let signed_in = RequestCx::current().is_some_and(|request| request.actor.person().is_some());
    if !signed_in {
        // Whoever tries a connection with a set-up link comes back here too, and has a page of their own.
        return plain_page(|cx| async move {
            let id: ProviderId = cx.param("provider")?;
            Err(elsewhere(&cx, id, Refused::SignedOut.into()).await?)
        });
    }
    page(|cx| async move {
        let id: ProviderId = cx.param("provider")?;
        let (provider, organization) = match queries::managed(&cx.qx, id).await {
            Ok(found) => found,
            Err(error) => return Err(elsewhere(&cx, id, error).await?),
        };
        // Owners and operators come from the partner's page and go back there.
        let slug = if cx.qx.actor.organization().is_some() {
            String::new()
        } else {
            organization.slug
        };
        let last: Option<Trial> = cx.request.session.get(TRIAL_KEY).await.ok().flatten();
        let last = last.filter(|trial| trial.provider == id);
        Ok::<_, PageError>(content(&cx, &slug, &provider.name, id, last))
    })
}

/// Why this page is not shown: the trial is one of the set-up link that this browser has opened, else `error`.
async fn elsewhere(cx: &PageCx, id: ProviderId, error: PageError) -> Result<PageError, PageError> {
    let work = link::bearer::at_work(&cx.request).await?;
    let opened = work.is_some_and(|work| work.reach.connections.contains(&id));
    Ok(if opened {
        PageError::SeeOther(routes::set_up_trial(&id.to_string()))
    } else {
        error
    })
}

fn content(cx: &PageCx, slug: &str, name: &str, id: ProviderId, trial: Option<Trial>) -> Content {
    let back = connection_of(slug, &id.to_string());
    let crumbs = vec![Crumb::new(back.clone(), name.to_owned()), Crumb::here("Trial")];
    let fields = vec![("organization", slug.to_owned()), ("provider", id.to_string())];
    let again = view! { <PostButton action="/do/try-provider" fields=fields kind=Kind::Secondary>"Try again"</PostButton> };
    let flash = cx
        .form("try")
        .summary
        .map(|summary| view! { <Notice tone=Tone::Bad title="The trial did not begin">{summary}</Notice> });
    let body = match trial {
        None => view! {
            <EmptyState icon="log-in" title="Nothing was tried yet"
                text="Try the connection: you sign in at the company as its people do, and this page shows what we were told. Nobody is signed in here by it." />
        }
        .into_any(),
        Some(trial) => result(trial),
    };
    let title = "What the company's sign-in says";
    Content::new(
        title,
        view! {
            <PageHeader title=title purpose="The last trial in this browser. Nobody was signed in by it, and nothing was kept but this page."
                crumbs=crumbs action=again.into_any() />
            {flash}
            {body}
            <FormActions><LinkButton href=back kind=Kind::Secondary>"Back to the connection"</LinkButton></FormActions>
        },
    )
}

fn result(trial: Trial) -> AnyView {
    let (tone, title) = if trial.lets_in {
        (Tone::Good, "This would work")
    } else {
        (Tone::Bad, "This would not let anybody in")
    };
    let checks = checks(trial.checks);
    let read = trial.profile.map(|profile| {
        let role = profile.role.map_or("from the connection", crate::people::MemberRole::title);
        let attributes = profile
            .attributes
            .into_iter()
            .map(|(name, value)| view! { <Definition term=name>{value}</Definition> })
            .collect_view();
        view! {
            <Section title="What we read in it">
                <DefinitionList>
                    <Definition term="Name">{profile.name}</Definition>
                    <Definition term="E-mail address">{profile.email.as_str().to_owned()}</Definition>
                    <Definition term="Named there as"><Code>{profile.subject}</Code></Definition>
                    <Definition term="Role">{role}</Definition>
                    {attributes}
                </DefinitionList>
            </Section>
        }
    });
    let rules = (!trial.rules.is_empty()).then(|| {
        let items = trial
            .rules
            .into_iter()
            .map(|(rule, holds)| {
                let (tone, word) = verdict(holds);
                view! { <Cluster><Badge tone=tone>{word}</Badge><Code>{rule}</Code></Cluster> }.into_any()
            })
            .collect::<Vec<_>>();
        view! { <Section title="Rules" purpose="All of them must hold."><BulletList items=items /></Section> }
    });
    let claims = claims(trial.claims);
    let at = trial.at;
    view! {
        <Notice tone=tone title=title>{trial.outcome}</Notice>
        {read}
        {rules}
        {checks}
        {claims}
        <p><Muted>"Tried "<RelativeTime at=at /></Muted></p>
    }
    .into_any()
}

/// What was checked of the provider's answer.
pub(in super::super) fn checks(checks: Vec<Check>) -> AnyView {
    let rows = checks
        .into_iter()
        .map(|check| {
            let (tone, word) = verdict(check.passed);
            view! {
                <Row>
                    <HeadCell label="Check">{check.what}</HeadCell>
                    <Cell label="Result"><Badge tone=tone>{word}</Badge></Cell>
                    <Cell label="Found">{check.found}</Cell>
                </Row>
            }
        })
        .collect_view();
    view! {
        <Section title="What was checked">
            <Table caption="Checks" columns=vec![Column::new("Check"), Column::new("Result"), Column::new("Found")]>{rows}</Table>
        </Section>
    }
    .into_any()
}

/// Every claim that the provider sent.
pub(in super::super) fn claims(claims: Claims) -> AnyView {
    let rows = claims
        .0
        .into_iter()
        .map(|(name, values)| {
            let shown = values.join(", ");
            view! {
                <Row>
                    <HeadCell label="Name"><Code>{name}</Code></HeadCell>
                    <Cell label="Value">{shown}</Cell>
                </Row>
            }
        })
        .collect_view();
    view! {
        <Section title="Everything that was said" purpose="Use these names when you choose what is read.">
            <Table caption="Claims" columns=vec![Column::new("Name"), Column::new("Value")]>{rows}</Table>
        </Section>
    }
    .into_any()
}

const fn verdict(passed: bool) -> (Tone, &'static str) {
    if passed { (Tone::Good, "right") } else { (Tone::Bad, "wrong") }
}
