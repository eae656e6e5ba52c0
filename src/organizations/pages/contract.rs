//! `/partners/{org}/contracts/{contract}`: changes a contract; with `preview` it shows what would end and asks again.

use leptos::prelude::*;

use super::counted;
use crate::{
    kernel::{ContractId, Day, Timestamp, day_of, end_of_day, last_day, start_of_day},
    organizations::{
        Contract,
        commands::{ChangeContract, ContractEnd, changed},
        ends_if::EndsIf,
        queries::{self, OneContract},
    },
    ui::*,
    web::{Content, FieldErrors, PageCx, PageError, fields, page, routes},
};

pub(super) fn contract() -> AnyView {
    page(|cx| async move {
        let found = queries::contract(&cx.qx, &cx.param::<String>("org")?, cx.param::<ContractId>("contract")?).await?;
        let title = format!("Contract {}", found.contract.reference);
        let slug = &found.organization.slug;
        let crumbs = vec![
            Crumb::new(routes::PARTNERS, "Partners"),
            Crumb::new(routes::partner(slug), found.organization.name.clone()),
            Crumb::new(routes::partner_part(slug, "contracts"), "Contracts"),
            Crumb::here(found.contract.reference.clone()),
        ];
        let form = cx.form("contract");
        let body = if found.contract.ends_at <= cx.qx.now {
            ended()
        } else if let (Some(wanted), false) = (wanted(&cx, &found), form.has_errors()) {
            let ends = queries::what_ends(&cx.qx, &found, &wanted.changed).await?;
            preview(&found, &wanted, ends, cx.qx.now)
        } else {
            edit(&found, form, &cx)
        };
        Ok::<_, PageError>(Content::new(
            title.clone(),
            view! { <PageHeader title=title crumbs=crumbs />{body} },
        ))
    })
}

fn ended() -> AnyView {
    view! { <Notice tone=Tone::Info title="This contract has ended">"It stays as it was. Add a new contract instead."</Notice> }.into_any()
}

fn edit(found: &OneContract, form: FormState, cx: &PageCx) -> AnyView {
    let zone = cx.qx.tenant.time_zone;
    let contract = &found.contract;
    let begun = contract.starts_at <= cx.qx.now;
    let starts = day_of(contract.starts_at, zone);
    let ends = last_day(contract.ends_at, zone).to_string();
    let slug = found.organization.slug.clone();
    let page = routes::partner_contract(&slug, contract.id);
    let now = [
        ("reference", contract.reference.clone()),
        ("ends", "now".to_owned()),
        ("notice_days", contract.notice_days.to_string()),
        ("seats", contract.seats.to_string()),
        ("preview", "yes".to_owned()),
    ];
    let end_now = begun.then(|| {
        let href = routes::with_query(&page, now);
        view! {
            <Section title="End it now" purpose="Shows first what ends, and for whom.">
                <LinkButton href=href kind=Kind::Danger>"What ends if it ends now?"</LinkButton>
            </Section>
        }
    });
    let back = routes::partner_part(&slug, "contracts");
    let (id, version, reference) = (contract.id.to_string(), contract.version.to_string(), contract.reference.clone());
    let (notice_days, seats) = (contract.notice_days.to_string(), contract.seats.to_string());
    view! {
        <Stack gap=Gap::Large>
            <Card>
                <Form action="/do/change-contract" form=form>
                    <Hidden name="organization" value=slug />
                    <Hidden name="contract" value=id />
                    <Hidden name="version" value=version />
                    <Field name="reference" label="Number or name" required=true maxlength="80" value=reference width=Width::Short />
                    {first_day(starts, begun)}
                    <DateField name="ends" label="Last day" required=true value=ends
                        hint="A later day holds at once. For an earlier one the next page shows what ends, before anything is changed." />
                    <Field name="notice_days" label="Notice in days" kind="number" inputmode="numeric" min="0" required=true width=Width::Short
                        value=notice_days />
                    <Field name="seats" label="Seats" kind="number" inputmode="numeric" min="1" required=true width=Width::Short
                        value=seats />
                    <FormActions>
                        <SubmitButton>"Save contract"</SubmitButton>
                        <LinkButton href=back kind=Kind::Ghost>"Cancel"</LinkButton>
                    </FormActions>
                </Form>
            </Card>
            {end_now}
        </Stack>
    }
    .into_any()
}

fn first_day(starts: Day, begun: bool) -> AnyView {
    if begun {
        let starts = starts.format("%-d %b %Y").to_string();
        return view! { <Paragraph>"First day: " {starts} ". It has begun, so this stays."</Paragraph> }.into_any();
    }
    view! { <DateField name="starts" label="First day" required=true value=starts.to_string() /> }.into_any()
}

/// A change that waits for confirmation, as typed and as it would be.
struct Wanted {
    changed: Contract,
    typed: Vec<(&'static str, String)>,
}

/// The change in the address, when it makes sense; anything else shows the form again.
fn wanted(cx: &PageCx, found: &OneContract) -> Option<Wanted> {
    cx.query("preview")?;
    let zone = cx.qx.tenant.time_zone;
    let mut errors = FieldErrors::default();
    let value = |name: &str| cx.query(name).unwrap_or_default();
    let ends = match value("ends").as_str() {
        "now" => ContractEnd::Now,
        typed => ContractEnd::At(end_of_day(fields::required_day(&mut errors, "ends", typed)?, zone)),
    };
    let input = ChangeContract {
        organization: found.organization.slug.clone(),
        contract: found.contract.id,
        version: found.contract.version,
        reference: fields::required_text(&mut errors, "reference", &value("reference"), 80, "")?,
        starts_at: fields::optional_day(&mut errors, "starts", &value("starts")).map(|day| start_of_day(day, zone)),
        ends,
        notice_days: fields::number(&mut errors, "notice_days", &value("notice_days"), 0..=3650)?,
        seats: fields::number(&mut errors, "seats", &value("seats"), 1..=1_000_000)?,
        confirmed: false,
    };
    let changed = changed(&found.contract, &input, cx.qx.now).ok()?;
    let typed = ["reference", "starts", "ends", "notice_days", "seats"]
        .into_iter()
        .map(|name| (name, value(name)))
        .collect();
    Some(Wanted { changed, typed })
}

fn preview(found: &OneContract, wanted: &Wanted, ends: EndsIf, now: Timestamp) -> AnyView {
    let at_once = wanted.changed.ends_at <= now;
    let hidden = wanted
        .typed
        .iter()
        .map(|(name, value)| view! { <Hidden name=*name value=value.clone() /> })
        .collect_view();
    let slug = found.organization.slug.clone();
    let back = routes::partner_contract(&slug, found.contract.id);
    let verb = if at_once { "End the contract now" } else { "Shorten the contract" };
    let (old_end, new_end) = (found.contract.ends_at, wanted.changed.ends_at);
    let (id, version) = (found.contract.id.to_string(), found.contract.version.to_string());
    let consequences = consequences(&ends, at_once, &found.organization.name);
    let first_ends = first_ends(&ends, new_end, at_once);
    view! {
        <Stack gap=Gap::Large>
            <Section title="What ends if" purpose="Nothing was changed yet.">
                <DefinitionList>
                    <Definition term="Holds so far"><TimeLeft end=old_end /></Definition>
                    <Definition term="Would hold">{new_end_view(new_end, at_once)}</Definition>
                </DefinitionList>
                {consequences}
            </Section>
            {first_ends}
            <Card>
                <Form action="/do/change-contract">
                    <Hidden name="organization" value=slug />
                    <Hidden name="contract" value=id />
                    <Hidden name="version" value=version />
                    <Hidden name="confirmed" value="yes" />
                    {hidden}
                    <FormActions>
                        <SubmitButton kind=Kind::Danger>{verb}</SubmitButton>
                        <LinkButton href=back kind=Kind::Ghost>"Change nothing"</LinkButton>
                    </FormActions>
                </Form>
            </Card>
        </Stack>
    }
    .into_any()
}

fn consequences(ends: &EndsIf, at_once: bool, name: &str) -> AnyView {
    if !ends.ends_anything() {
        return view! { <Notice tone=Tone::Good title="Nothing ends earlier">"Another contract covers this time, or none of it has begun."</Notice> }.into_any();
    }
    let counts = ends.counts;
    let undo = if at_once {
        format!(
            "Everyone of {name} is signed out at once. An ended contract cannot be opened again: add a new one to give access back; assignments that have not ended by then count again."
        )
    } else {
        "Until the new last day nothing changes, and the day can be moved again. After it, add a new contract to give access back."
            .to_owned()
    };
    view! {
        <StatRow>
            <Stat label="People who lose access" value=counts.people.to_string() />
            <Stat label="Assignments that end" value=counts.assignments.to_string() />
            <Stat label="Sessions open now that end" value=counts.sessions.to_string() />
            <Stat label="Invitations that lapse" value=counts.invitations.to_string() />
        </StatRow>
        <Notice tone=Tone::Warn>{undo}</Notice>
    }
    .into_any()
}

/// An end that is not there yet is never shown as over.
fn new_end_view(new_end: Timestamp, at_once: bool) -> AnyView {
    if at_once {
        view! { <Strong>"ends at once"</Strong> }.into_any()
    } else {
        view! { <TimeLeft end=new_end /> }.into_any()
    }
}

fn first_ends(ends: &EndsIf, new_end: Timestamp, at_once: bool) -> Option<AnyView> {
    if ends.first.is_empty() {
        return None;
    }
    let old_end = ends.old_end;
    let columns = vec![
        Column::new("Person"),
        Column::new("Role"),
        Column::new("Last seen"),
        Column::new("Would have ended"),
        Column::new("Ends then"),
    ];
    let rows = ends
        .first
        .iter()
        .map(|member| {
            let seen = match member.last_seen_at {
                Some(at) => view! { <RelativeTime at=at /> }.into_any(),
                None => view! { <Muted>"never"</Muted> }.into_any(),
            };
            let end = member.ends_at.into_iter().chain(old_end).min();
            let (name, role) = (member.name.clone(), member.role.title());
            view! {
                <Row>
                    <HeadCell label="Person">{name}</HeadCell>
                    <Cell label="Role">{role}</Cell>
                    <Cell label="Last seen">{seen}</Cell>
                    <Cell label="Would have ended"><TimeLeft end=end /></Cell>
                    <Cell label="Ends then">{new_end_view(new_end, at_once)}</Cell>
                </Row>
            }
        })
        .collect_view();
    let title = if u64::try_from(ends.first.len()).unwrap_or_default() < ends.counts.people {
        format!(
            "The first {} of {}",
            ends.first.len(),
            counted(ends.counts.people, "person", "people")
        )
    } else {
        "Who loses access".to_owned()
    };
    Some(view! { <Section title=title><Table caption="People who lose access" columns=columns>{rows}</Table></Section> }.into_any())
}
