//! The tables of the ledger.

use leptos::prelude::*;

use super::super::queries::{ActingSystem, Allowed, Declared, GivenDelegation, Holder, Somebody};
use crate::{
    issuer::{ActingKind, Client},
    kernel::Timestamp,
    ui::*,
    web::{PageCx, routes},
};

fn of(team: bool) -> (&'static str, String) {
    ("of", if team { "team" } else { "me" }.to_owned())
}

fn columns(team: bool, more: &[&'static str], action: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    if team {
        columns.push(Column::new("For"));
    }
    columns.extend(more.iter().map(|title| Column::new(*title)));
    if action {
        columns.push(Column::action("Actions"));
    }
    columns
}

/// The first cell of a row: whom it is about, on the page of the team.
fn first(person: &Somebody, team: bool) -> Option<AnyView> {
    team.then(|| {
        let (name, href) = (person.name.clone(), routes::member(person.member));
        view! { <HeadCell label="For"><TextLink href=href>{name}</TextLink></HeadCell> }.into_any()
    })
}

fn system(name: String, application: String) -> AnyView {
    view! { <Stack gap=Gap::Small><Strong>{name}</Strong><Muted>{format!("at {application}")}</Muted></Stack> }.into_any()
}

fn scopes(scopes: &[String]) -> AnyView {
    let codes = scopes.iter().cloned().map(|scope| view! { <Code>{scope}</Code> }).collect_view();
    view! { <Cluster>{codes}</Cluster> }.into_any()
}

fn used(at: Option<Timestamp>) -> AnyView {
    match at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    }
}

/// What people let systems do while they are away.
pub fn delegations(rows: Vec<GivenDelegation>, team: bool, may_give: bool, may_end: bool) -> AnyView {
    let title = "While away";
    let purpose = if team {
        "Systems that may act for somebody who is not there, until a date."
    } else {
        "Systems that may act for you while you are not there, until a date."
    };
    if rows.is_empty() {
        let text = if may_give {
            "When a system has to do something for you at night or on your day off, let it, for one purpose and until a date."
        } else {
            "No system may act for anybody who is away."
        };
        let text = if team { "No system may act for anybody who is away." } else { text };
        return view! {
            <Section title=title purpose=purpose id="delegations"><EmptyState icon="clock" title="No system acts while you are away" text=text /></Section>
        }
        .into_any();
    }
    let rows = rows.into_iter().map(|row| delegation(row, team, may_end)).collect_view();
    let columns = columns(team, &["System", "What for", "Until", "Last used"], may_end);
    view! {
        <Section title=title purpose=purpose id="delegations">
            <Table caption="Systems that may act while somebody is away" columns=columns>{rows}</Table>
        </Section>
    }
    .into_any()
}

fn delegation(row: GivenDelegation, team: bool, may_end: bool) -> AnyView {
    let GivenDelegation {
        delegation,
        person,
        system: name,
        application,
        given_by,
    } = row;
    let id = delegation.id.to_string();
    let object = delegation.object.as_ref().map(|object| {
        let actions = if object.actions.is_empty() {
            String::new()
        } else {
            format!(": {}", object.actions.join(", "))
        };
        let text = format!("Only {} {}{actions}", object.kind, object.identifier);
        view! { <Muted>{text}</Muted> }
    });
    let by = format!("Given by {given_by}");
    let end = may_end.then(|| {
        let (dialog, title) = (format!("end-{id}"), format!("Stop {name}?"));
        let whom = if team { person.name.clone() } else { "you".to_owned() };
        let text = format!(
            "{name} stops acting for {whom} at {application} at once. What it holds is worth nothing from then on. This cannot be undone, but it can be let again."
        );
        let fields = vec![of(team), ("delegation", id.clone())];
        view! {
            <ActionCell>
                <Confirm id=dialog trigger="Stop it…" title=title verb="Stop it" action="/do/end-delegation" fields=fields kind=Kind::Danger size=Size::Small>
                    {text}
                </Confirm>
            </ActionCell>
        }
    });
    let first = first(&person, team);
    let system = system(name, application);
    let system = if team {
        view! { <Cell label="System">{system}</Cell> }.into_any()
    } else {
        view! { <HeadCell label="System">{system}</HeadCell> }.into_any()
    };
    let (purpose, scopes) = (delegation.purpose.clone(), scopes(&delegation.scopes));
    let (starts_at, ends_at) = (delegation.created_at, delegation.ends_at);
    view! {
        <Row>
            {first}
            {system}
            <Cell label="What for"><Stack gap=Gap::Small><span>{purpose}</span>{scopes}{object}<Muted>{by}</Muted></Stack></Cell>
            <Cell label="Until"><TimeLeft end=ends_at start=starts_at /></Cell>
            <Cell label="Last used">{used(delegation.last_used_at)}</Cell>
            {end}
        </Row>
    }
    .into_any()
}

/// Clients that act by what the operator declared, while people use an application.
pub fn systems(rows: Vec<ActingSystem>, team: bool, may_end: bool) -> AnyView {
    let purpose = if team {
        "Systems of the company that go on to another application in somebody's name, while that person uses the first one."
    } else {
        "Systems that go on to another application in your name while you use the first one. Stopped, they need your leave to do it again."
    };
    let rows = rows
        .into_iter()
        .map(|row| {
            let fields = vec![
                of(team),
                ("member", row.person.member.to_string()),
                ("client", row.client.to_string()),
                ("application", row.application_id.to_string()),
            ];
            let end = may_end.then(|| {
                let dialog = format!("stop-{}-{}-{}", row.person.member, row.client, row.application_id);
                let title = format!("Stop {}?", row.system);
                let whom = if team { row.person.name.clone() } else { "you".to_owned() };
                let text = format!(
                    "{} stops acting for {whom} at {} at once, and gets nothing new until it is let to act again with “Let a system act”.",
                    row.system, row.application
                );
                view! {
                    <ActionCell>
                        <Confirm id=dialog trigger="Stop it…" title=title verb="Stop it" action="/do/stop-acting" fields=fields kind=Kind::Danger
                            size=Size::Small>
                            {text}
                        </Confirm>
                    </ActionCell>
                }
            });
            let first = first(&row.person, team);
            let cell = system(row.system.clone(), row.application.clone());
            let cell = if team {
                view! { <Cell label="System">{cell}</Cell> }.into_any()
            } else {
                view! { <HeadCell label="System">{cell}</HeadCell> }.into_any()
            };
            view! {
                <Row>
                    {first}
                    {cell}
                    <Cell label="Permissions">{scopes(&row.scopes)}</Cell>
                    <Cell label="Since"><DateTimeText at=row.since date_only=true /></Cell>
                    <Cell label="Last used">{used(row.last_used_at)}</Cell>
                    {end}
                </Row>
            }
        })
        .collect_view();
    let columns = columns(team, &["System", "Permissions", "Since", "Last used"], may_end);
    view! {
        <Section title="While in use" purpose=purpose id="acting">
            <Table caption="Systems that act while somebody uses an application" columns=columns>{rows}</Table>
        </Section>
    }
    .into_any()
}

/// Applications that stay signed in.
pub fn holders(rows: Vec<Holder>, team: bool, may_end: bool) -> AnyView {
    let purpose = if team {
        "They hold a token with which they come back without the person."
    } else {
        "They hold a token with which they come back without you."
    };
    if rows.is_empty() {
        let text = "An application that stays signed in shows up here as soon as it does.";
        return view! {
            <Section title="Stays signed in" purpose=purpose id="holders"><EmptyState icon="key" title="No application stays signed in" text=text /></Section>
        }
        .into_any();
    }
    let rows = rows
        .into_iter()
        .map(|row| {
            let fields = vec![of(team), ("grant", row.grant.to_string())];
            let end = may_end.then(|| {
                let (dialog, title) = (format!("sign-out-{}", row.grant), format!("Sign {} out?", row.system));
                let text = format!(
                    "Everything that {} holds is worth nothing from then on, also what other systems got for it. Signing in there again gives it new access.",
                    row.system
                );
                view! {
                    <ActionCell>
                        <Confirm id=dialog trigger="Stop it…" title=title verb="Stop it" action="/do/stop-application" fields=fields
                            kind=Kind::Danger size=Size::Small>
                            {text}
                        </Confirm>
                    </ActionCell>
                }
            });
            let first = first(&row.person, team);
            let cell = system(row.system.clone(), row.application.clone());
            let cell = if team {
                view! { <Cell label="Application">{cell}</Cell> }.into_any()
            } else {
                view! { <HeadCell label="Application">{cell}</HeadCell> }.into_any()
            };
            view! {
                <Row>
                    {first}
                    {cell}
                    <Cell label="Permissions">{scopes(&row.scopes)}</Cell>
                    <Cell label="Since"><DateTimeText at=row.since date_only=true /></Cell>
                    <Cell label="Last used">{used(row.last_used_at)}</Cell>
                    {end}
                </Row>
            }
        })
        .collect_view();
    let columns = columns(team, &["Application", "Permissions", "Since", "Last used"], may_end);
    view! {
        <Section title="Stays signed in" purpose=purpose id="holders">
            <Table caption="Applications that stay signed in" columns=columns>{rows}</Table>
        </Section>
    }
    .into_any()
}

/// What somebody allowed applications once and for all.
pub fn allowed(rows: Vec<Allowed>) -> AnyView {
    let rows = rows
        .into_iter()
        .map(|row| {
            let id = row.consent.id.to_string();
            let (dialog, title) = (format!("withdraw-{id}"), format!("Take back what {} was allowed?", row.system));
            let text = format!("{} is signed out everywhere, and asks you again when you go there.", row.system);
            let (name, since) = (row.system.clone(), row.consent.created_at);
            view! {
                <Row>
                    <HeadCell label="Application">{name}</HeadCell>
                    <Cell label="Allowed">{scopes(&row.consent.scopes)}</Cell>
                    <Cell label="Since"><DateTimeText at=since date_only=true /></Cell>
                    <ActionCell>
                        <Confirm id=dialog trigger="Take back…" title=title verb="Take it back" action="/do/withdraw-consent"
                            fields=vec![("consent", id)] kind=Kind::Danger size=Size::Small>
                            {text}
                        </Confirm>
                    </ActionCell>
                </Row>
            }
        })
        .collect_view();
    let columns = columns(false, &["Application", "Allowed", "Since"], true);
    view! {
        <Section title="Allowed once" purpose="Applications of others that you said yes to. They do not ask again until you take it back." id="allowed">
            <Table caption="Applications that you allowed something" columns=columns>{rows}</Table>
        </Section>
    }
    .into_any()
}

/// Where the clients of an application may act for people, for the operator; none when none of them may at all.
pub fn declared(cx: &PageCx, slug: &str, clients: &[Client], found: Declared) -> Option<AnyView> {
    let Declared { said, targets } = found;
    let acting: Vec<&Client> = clients
        .iter()
        .filter(|client| client.terms.may_act_for != ActingKind::None)
        .collect();
    if acting.is_empty() && said.is_empty() {
        return None;
    }
    let rows = said
        .into_iter()
        .map(|(said, client, application)| {
            let fields = vec![
                ("application", slug.to_owned()),
                ("client", said.client.to_string()),
                ("acting", said.id.to_string()),
            ];
            let (dialog, title) = (format!("withdraw-{}", said.id), format!("Stop {client} at {application}?"));
            view! {
                <Row>
                    <HeadCell label="Client">{client}</HeadCell>
                    <Cell label="At">{application}</Cell>
                    <Cell label="Permissions">{scopes(&said.scopes)}</Cell>
                    <ActionCell>
                        <Confirm id=dialog trigger="Take back…" title=title verb="Take it back" action="/do/withdraw-acting" fields=fields
                            kind=Kind::Danger size=Size::Small>
                            "It acts for nobody there any more, and the tokens it has for that count for nothing. What people let it do themselves stays."
                        </Confirm>
                    </ActionCell>
                </Row>
            }
        })
        .collect_view();
    let columns = columns(false, &["Client", "At", "Permissions"], true);
    let form = cx.form("declare-acting");
    let clients: Vec<Choice> = acting
        .iter()
        .map(|client| Choice::new(client.id.to_string(), client.terms.name.clone()))
        .collect();
    let targets: Vec<Choice> = targets.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect();
    let slug = slug.to_owned();
    let add = (!clients.is_empty()).then(|| {
        view! {
            <Form action="/do/declare-acting" form=form id="declare-acting">
                <Hidden name="application" value=slug />
                <Select name="client" label="Client" options=clients selected="" />
                <Select name="target" label="May act at" options=targets selected="" />
                <Field name="acting_scopes" label="With these permissions at most" hint="Names, with spaces between them: orders:read orders:write" />
                <FormActions><SubmitButton kind=Kind::Secondary>"Let it act there"</SubmitButton></FormActions>
            </Form>
        }
    });
    Some(
        view! {
            <Section title="Acts for people" id="acting"
                purpose="Where these clients may go on in the name of whoever brings them a token (token exchange). People see it, and can stop it.">
                <Table caption="Where clients act for people" columns=columns>{rows}</Table>
                {add}
            </Section>
        }
        .into_any(),
    )
}
