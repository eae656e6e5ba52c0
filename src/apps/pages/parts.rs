//! Pieces that several pages about applications share: scopes in words, the chain of a launch, why something ends.

use leptos::prelude::*;

use crate::{
    access::{Decision, LaunchFacts, LinkKind, Verdict},
    apps::{Scope, ScopeAccess},
    store::holdings::Somebody,
    ui::*,
};

/// What a scope allows, in words; its name when nobody wrote any.
pub(super) fn scope_words(scope: &Scope) -> String {
    if scope.description.is_empty() { scope.name.clone() } else { scope.description.clone() }
}

/// Scopes as a list in words, the ones of high value marked.
pub(super) fn scope_list(scopes: &[Scope]) -> AnyView {
    if scopes.is_empty() {
        return view! { <Muted>"No permission is left."</Muted> }.into_any();
    }
    let items = scopes
        .iter()
        .map(|scope| {
            let (words, name) = (scope_words(scope), scope.name.clone());
            let name = (words != name).then(|| view! { " " <Code>{name}</Code> });
            view! { {words} {name} " " {access_badge(scope.access)} " " {high_value_badge(scope.high_value)} }.into_any()
        })
        .collect::<Vec<_>>();
    view! { <BulletList items=items /> }.into_any()
}

/// Scopes in a table cell: their names, the ones of high value marked.
pub(super) fn scope_names(scopes: &[Scope]) -> AnyView {
    if scopes.is_empty() {
        return view! { <Muted>"none"</Muted> }.into_any();
    }
    let high_value = scopes.iter().any(|scope| scope.high_value);
    let names = scopes.iter().map(|scope| scope.name.clone()).map(|name| view! { <Code>{name}</Code> }).collect_view();
    view! { <Cluster>{names}{high_value_badge(high_value)}</Cluster> }.into_any()
}

fn access_badge(access: ScopeAccess) -> AnyView {
    match access {
        ScopeAccess::Read => view! { <Badge>"read"</Badge> }.into_any(),
        ScopeAccess::Write => view! { <Badge>"change"</Badge> }.into_any(),
    }
}

/// Marks what is of high value.
pub(super) fn high_value_badge(high_value: bool) -> Option<AnyView> {
    high_value.then(|| view! { <Badge tone=Tone::Warn icon="shield">"high value"</Badge> }.into_any())
}

/// Scopes to tick.
pub(super) fn scope_choices(scopes: &[Scope]) -> Vec<Choice> {
    scopes
        .iter()
        .map(|scope| {
            let kind = match (scope.access, scope.high_value) {
                (ScopeAccess::Read, false) => "read",
                (ScopeAccess::Read, true) => "read, high value",
                (ScopeAccess::Write, false) => "change",
                (ScopeAccess::Write, true) => "change, high value",
            };
            Choice::new(scope.id.to_string(), scope_words(scope)).hint(format!("{} ({kind})", scope.name))
        })
        .collect()
}

/// The title of a link of the chain.
pub(super) const fn link_title(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Contract => "Contract",
        LinkKind::Organization => "Organization",
        LinkKind::Membership => "Membership",
        LinkKind::Entitlement => "What the organization holds",
        LinkKind::Assignment => "Assignment",
        LinkKind::Scope => "Permissions",
    }
}

/// What ends first, as the end of "ends with …".
pub(super) fn ends_with(facts: &LaunchFacts) -> Option<&'static str> {
    let end = facts.ends_at()?;
    let first = facts.chain.iter().find(|link| link.ends_at == Some(end))?;
    Some(match first.kind {
        LinkKind::Contract => "the contract",
        LinkKind::Organization => "the partnership",
        LinkKind::Membership => "the membership",
        LinkKind::Entitlement => "what the organization holds",
        LinkKind::Assignment | LinkKind::Scope => "the assignment",
    })
}

/// The chain of a launch, link by link, and what was decided (mission C4).
pub(super) fn chain_view(facts: &LaunchFacts, decision: &Decision, warn_days: i64) -> AnyView {
    let links = facts
        .chain
        .iter()
        .map(|link| {
            let (icon, tone, state) = if link.holds { ("check", Tone::Good, "holds") } else { ("x", Tone::Bad, "does not hold") };
            let title = format!("{} {state}", link_title(link.kind));
            let says = link.says.clone();
            let end = link.ends_at.map(|end| view! { " " <TimeLeft end=end warn_days=warn_days /> });
            view! { <TimelineItem icon=icon tone=tone title=title>{says}{end}</TimelineItem> }.into_any()
        })
        .collect_view();
    let (icon, tone, title) = match decision.verdict {
        Verdict::Allow => ("check-circle", Tone::Good, "Decision: it can be launched"),
        Verdict::StepUp => ("key", Tone::Warn, "Decision: it can be launched after a fresh second factor"),
        Verdict::Deny => ("x-circle", Tone::Bad, "Decision: it cannot be launched"),
    };
    let reason = decision.reason();
    let policies = decision
        .why
        .iter()
        .cloned()
        .map(|why| view! { <Definition term=why.policy>{why.reason}</Definition> }.into_any())
        .collect_view();
    view! {
        <Timeline>{links}<TimelineItem icon=icon tone=tone title=title>{reason}</TimelineItem></Timeline>
        <Disclosure summary="Which policies decided this"><DefinitionList>{policies}</DefinitionList></Disclosure>
    }
    .into_any()
}

/// Whether what someone holds counts now; when it does not, the first reason.
pub(super) fn standing(facts: &LaunchFacts, starts_later: bool) -> AnyView {
    match facts.chain.iter().find(|link| !link.holds).map(|link| link.kind) {
        None => view! { <Badge tone=Tone::Good>"In force"</Badge> }.into_any(),
        Some(LinkKind::Assignment) if starts_later => view! { <Badge tone=Tone::Info>"Not begun"</Badge> }.into_any(),
        Some(LinkKind::Assignment) => view! { <Badge>"Ended"</Badge> }.into_any(),
        Some(LinkKind::Scope) => view! { <Badge tone=Tone::Bad>"No permission left"</Badge> }.into_any(),
        Some(LinkKind::Entitlement) => view! { <Badge>"Ended for everyone"</Badge> }.into_any(),
        Some(LinkKind::Membership) => view! { <Badge tone=Tone::Warn>"Person is paused or gone"</Badge> }.into_any(),
        Some(LinkKind::Contract) => view! { <Badge tone=Tone::Bad>"No contract"</Badge> }.into_any(),
        Some(LinkKind::Organization) => view! { <Badge tone=Tone::Bad>"Partner is paused"</Badge> }.into_any(),
    }
}

/// Seats in words: "3 of 5", or just how many people have it.
pub(super) fn seats_words(taken: u64, seats: Option<i32>) -> String {
    match seats {
        Some(seats) => format!("{taken} of {seats}"),
        None => taken.to_string(),
    }
}

/// People in words.
pub(super) fn people_words(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// People to ask, with their addresses.
pub(super) fn people_and_addresses(people: &[Somebody]) -> AnyView {
    let items = people
        .iter()
        .map(|somebody| {
            let (name, email) = (somebody.name.clone(), somebody.email.clone());
            let role = somebody.member.role.title().to_lowercase();
            view! { {name} ", " {role} " " <TextLink href=format!("mailto:{email}")>{email.clone()}</TextLink> }.into_any()
        })
        .collect::<Vec<_>>();
    if items.is_empty() { ().into_any() } else { view! { <BulletList items=items /> }.into_any() }
}
