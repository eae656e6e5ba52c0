//! Pieces that several pages about applications share: scopes in words, the chain of a launch, why something ends.

use leptos::prelude::*;

use crate::{
    access::{Decision, LaunchFacts, LinkKind, Verdict},
    apps::queries::Somebody,
    apps::{Scope, ScopeAccess},
    ui::*,
};

/// What a scope allows, in words; its name when nobody wrote any.
pub(super) fn scope_words(scope: &Scope) -> String {
    if scope.description.is_empty() {
        scope.name.clone()
    } else {
        scope.description.clone()
    }
}

/// What looks before what changes, what is of high value last.
fn in_order(scopes: &[Scope]) -> Vec<&Scope> {
    let mut scopes: Vec<&Scope> = scopes.iter().collect();
    scopes.sort_by_key(|scope| (scope.high_value, scope.access, scope.name.clone()));
    scopes
}

/// Scopes as a list in words, the ones of high value marked.
pub(super) fn scope_list(scopes: &[Scope]) -> AnyView {
    if scopes.is_empty() {
        return view! { <Muted>"No permission is left."</Muted> }.into_any();
    }
    let items = in_order(scopes)
        .into_iter()
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
    let names = in_order(scopes)
        .into_iter()
        .map(|scope| scope.name.clone())
        .map(|name| view! { <Code>{name}</Code> })
        .collect_view();
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
    in_order(scopes)
        .into_iter()
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

/// A link of the chain in a few words.
pub(crate) const fn link_title(kind: LinkKind, holds: bool) -> &'static str {
    match (kind, holds) {
        (LinkKind::Contract, true) => "The contract is in force",
        (LinkKind::Contract, false) => "No contract is in force",
        (LinkKind::Organization, true) => "The organization is open",
        (LinkKind::Organization, false) => "The organization is not open",
        (LinkKind::Membership, true) => "The membership is in force",
        (LinkKind::Membership, false) => "The membership is not in force",
        (LinkKind::Entitlement, true) => "The organization holds it",
        (LinkKind::Entitlement, false) => "The organization does not hold it",
        (LinkKind::Assignment, true) => "It is assigned",
        (LinkKind::Assignment, false) => "It is not assigned",
        (LinkKind::Scope, true) => "Permissions are left",
        (LinkKind::Scope, false) => "No permission is left",
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
            let (icon, tone) = if link.holds { ("check", Tone::Good) } else { ("x", Tone::Bad) };
            let (title, says) = (link_title(link.kind, link.holds), link.says.clone());
            let end = link.ends_at.map(|end| view! { <TimeLeft end=end warn_days=warn_days /> });
            view! { <TimelineItem icon=icon tone=tone title=title><Stack gap=Gap::Small><span>{says}</span>{end}</Stack></TimelineItem> }
                .into_any()
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
    if count == 1 {
        "1 person".to_owned()
    } else {
        format!("{count} people")
    }
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
    if items.is_empty() {
        ().into_any()
    } else {
        view! { <BulletList items=items /> }.into_any()
    }
}
