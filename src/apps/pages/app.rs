//! `/apps/{app}`: one application in the person's hands: what it is, scopes, until when and why, whom to ask, give it back.

use leptos::prelude::*;

use super::parts::{chain_view, ends_with, people_and_addresses, scope_list};
use crate::{
    access::Verdict,
    apps::queries::{self, MyApplication},
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn app() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("app")?;
        let mine = queries::my_application(&cx.qx, &slug).await?;
        Ok::<_, PageError>(content(&cx, &mine))
    })
}

fn content(cx: &PageCx, mine: &MyApplication) -> Content {
    let warn_days = i64::from(cx.qx.tenant.warning_days);
    let application = &mine.judged.held.application;
    let facts = &mine.judged.facts;
    let (name, slug) = (application.name.clone(), application.slug.clone());
    let launchable = mine.judged.decision.verdict != Verdict::Deny;
    let action = launchable.then(|| {
        let href = routes::launch(&slug);
        let verb = format!("Launch {name}");
        view! { <LinkButton href=href icon="external">{verb}</LinkButton> }.into_any()
    });
    let crumbs = vec![Crumb::new(routes::HOME, "My applications"), Crumb::here(name.clone())];
    let refused = cx.form("return");
    let refused = refused
        .has_errors()
        .then(|| view! { <ErrorSummary title=refused.summary.unwrap_or_default() /> });
    let notice = (!launchable).then(|| {
        let reason = mine.judged.decision.reason();
        view! { <Notice tone=Tone::Bad title="You cannot launch this now">{reason}</Notice> }
    });
    let end = facts.ends_at();
    let start = mine.judged.held.assignment.starts_at;
    let ends_with = ends_with(facts).map(|what| format!("Ends with {what}."));
    let last_used = match mine.judged.held.assignment.last_used_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let high_value = facts.scopes.iter().any(|scope| scope.high_value).then(|| {
        view! { <Notice tone=Tone::Info>"One of these permissions is of high value. Every launch with it is marked in the activity of your organization."</Notice> }
    });
    let kept_back = kept_back(mine);
    let category = application.category.clone();
    let scopes = scope_list(&facts.scopes);
    let chain = chain_view(facts, &mine.judged.decision, warn_days);
    let aside = view! { {ask(cx, mine)}{give_back(mine)} }.into_any();
    let body = view! {
        <PageHeader title=name.clone() purpose=application.description.clone() crumbs=crumbs action=action />
        {refused}
        {notice}
        <Columns aside=aside>
            <Section title="What you may do there">{scopes}{kept_back}{high_value}</Section>
            <Section title="Until when">
                <DefinitionList>
                    <Definition term="Until">
                        <Stack gap=Gap::Small>
                            <TimeLeft end=end start=start warn_days=warn_days />
                            {ends_with.map(|text| view! { <Muted>{text}</Muted> })}
                        </Stack>
                    </Definition>
                    <Definition term="Last launched">{last_used}</Definition>
                    <Definition term="Category">{category}</Definition>
                </DefinitionList>
            </Section>
            <Section title="Why" id="why" purpose="Everything that must hold for a launch, in order. The first end is the end of your access.">
                {chain}
            </Section>
        </Columns>
    };
    Content::new(name, body)
}

/// Permissions that are held and yet refused, or that wait for a second factor: each with the policies' sentence.
fn kept_back(mine: &MyApplication) -> Option<AnyView> {
    let words = |verdict, says: &'static str| {
        let judged = mine.judged.scopes_that(verdict);
        judged
            .map(move |it| view! { <span>{it.scope.name.clone()} " " {says} " " {it.decision.reason()}</span> }.into_any())
            .collect::<Vec<_>>()
    };
    let mut items = words(Verdict::Deny, "is not allowed now.");
    items.extend(words(Verdict::StepUp, "waits."));
    (!items.is_empty()).then(|| view! { <BulletList items=items /> }.into_any())
}

fn ask(cx: &PageCx, mine: &MyApplication) -> AnyView {
    let managers = people_and_addresses(&mine.managers);
    let managers =
        (!mine.managers.is_empty()).then(|| view! { <Paragraph>"To change what you may do, or for how long:"</Paragraph>{managers} });
    let owner = mine.owner.clone().map(|owner| {
        let href = format!("mailto:{}", owner.email);
        view! { <Paragraph>"About the application itself: " {owner.name} " " <TextLink href=href>{owner.email.clone()}</TextLink></Paragraph> }
    });
    let support = cx.qx.tenant.support_contact.clone().map(|contact| {
        let tenant = cx.qx.tenant.name.clone();
        view! { <Paragraph>"For anything else at " {tenant} ": " {contact}</Paragraph> }
    });
    view! { <Card title="Whom to ask" level=2><Prose>{managers}{owner}{support}</Prose></Card> }.into_any()
}

fn give_back(mine: &MyApplication) -> AnyView {
    let application = &mine.judged.held.application;
    let name = application.name.clone();
    let (trigger, title, verb) = (
        format!("Give {name} back…"),
        format!("Give {name} back?"),
        format!("Give {name} back"),
    );
    let fields = vec![("application", application.slug.clone())];
    let text = format!(
        "You can no longer launch {name} in the name of {}. Your data inside it is not touched. Only the people who run your team here can assign it again.",
        mine.organization.name
    );
    view! {
        <Card title="No longer needed?" level=2>
            <Paragraph><Muted>"What nobody uses should not stay open."</Muted></Paragraph>
            <Confirm id="give-back" trigger=trigger title=title verb=verb action="/do/return-application" fields=fields kind=Kind::Danger>{text}</Confirm>
        </Card>
    }
    .into_any()
}
