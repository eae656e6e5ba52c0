//! `/partners/{org}`: one partner at a glance, what needs attention, and what can be done about its state.

use leptos::prelude::*;

use super::{counted, list::due, partner_header, refused};
use crate::{
    certification::pages::history_view,
    kernel::Timestamp,
    organizations::{
        Organization, OrganizationStatus, Tenant,
        queries::{self, Overview, Responsible},
    },
    ui::*,
    web::{Content, page, routes},
};

pub(super) fn overview() -> AnyView {
    page(|cx| async move {
        let found = queries::overview(&cx.qx, &cx.param::<String>("org")?).await?;
        let edit = (found.may_edit && found.organization.status != OrganizationStatus::Offboarded).then(|| {
            let href = routes::partner_part(&found.organization.slug, "edit");
            view! { <LinkButton href=href icon="pencil" kind=Kind::Secondary>"Edit"</LinkButton> }.into_any()
        });
        let header = partner_header(&found.organization, "overview", "What this partner is, holds and needs.", edit);
        let attention = attention(&found, &cx.qx.tenant, cx.qx.now);
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let refused = refused(&cx.form("status"));
        let (profile, relations, numbers) = (profile(&found.organization), relations(&found), numbers(&found, warn_days));
        let aside = view! { {profile}{relations} }.into_any();
        let main = [Some(responsibility(&found)), Some(certification(&found, warn_days)), status(&found)]
            .into_iter()
            .flatten()
            .collect_view();
        Ok(Content::new(
            found.organization.name.clone(),
            view! {
                <Stack gap=Gap::Large>
                    {header}
                    {refused}
                    {attention}
                    {numbers}
                    <Columns aside=aside>{main}</Columns>
                </Stack>
            },
        ))
    })
}

fn attention(found: &Overview, tenant: &Tenant, now: Timestamp) -> AnyView {
    let organization = &found.organization;
    let mut notices: Vec<AnyView> = Vec::new();
    let mut add =
        |tone: Tone, title: &'static str, text: String| notices.push(view! { <Notice tone=tone title=title>{text}</Notice> }.into_any());
    let warning = chrono::Duration::days(tenant.warning_days.into());
    if organization.status == OrganizationStatus::Offboarded {
        add(
            Tone::Info,
            "This relationship is over",
            organization.status_reason.clone().unwrap_or_default(),
        );
        return notices.into_any();
    }
    match (organization.status, organization.suspended_by_certification) {
        (OrganizationStatus::Onboarding, _) => {
            add(
                Tone::Info,
                "Still being set up",
                "Add a contract, name an owner and entitle it to applications; then activate it below.".to_owned(),
            );
        }
        (OrganizationStatus::Suspended, true) => {
            let reason = organization.status_reason.clone().unwrap_or_default();
            add(
                Tone::Bad,
                "Paused because of its certification",
                format!("{reason} Only a certification by its owner or deputy lifts this."),
            );
        }
        (OrganizationStatus::Suspended, false) => {
            add(Tone::Bad, "Paused", organization.status_reason.clone().unwrap_or_default());
        }
        _ => {}
    }
    match &found.owner {
        None => add(
            Tone::Warn,
            "Nobody answers for this partner",
            "Without an owner nobody can certify it. An operator can name one.".to_owned(),
        ),
        Some(owner) if !owner.may_act => {
            add(
                Tone::Warn,
                "The owner can no longer act",
                format!(
                    "{} does not have the role of a partner owner any more. An operator can name somebody else.",
                    owner.name
                ),
            );
        }
        Some(_) => {}
    }
    if organization.certification_lapsed_at(now, tenant.certification_grace_days) && organization.status == OrganizationStatus::Active {
        add(
            Tone::Bad,
            "The certification has lapsed",
            "Nobody of this partner can start anything until its owner certifies it.".to_owned(),
        );
    } else if organization.certification_due_at.is_some_and(|due| due <= now) && !organization.suspended_by_certification {
        let days = tenant.certification_grace_days;
        add(
            Tone::Warn,
            "The certification is overdue",
            format!("After {days} days of grace the partner is paused. Its owner or deputy can certify it."),
        );
    } else if organization
        .certification_due_at
        .is_some_and(|due| due > now && due - now <= warning)
    {
        add(
            Tone::Info,
            "The certification is due soon",
            "Its owner or deputy confirms that the relationship is still needed.".to_owned(),
        );
    }
    match (&found.contract, found.covered_until) {
        (None, _) => add(
            Tone::Warn,
            "No contract is in force",
            "Nobody of this partner gets in until there is one.".to_owned(),
        ),
        (Some(_), Some(until)) if until - now <= warning => {
            add(
                Tone::Warn,
                "The contract ends soon",
                "Everything this partner holds ends with it. Extend it or add the next one.".to_owned(),
            );
        }
        _ => {}
    }
    if found
        .contract
        .as_ref()
        .is_some_and(|contract| u64::try_from(contract.seats).unwrap_or_default() <= found.people)
    {
        add(
            Tone::Info,
            "All seats are taken",
            "Nobody else can be invited until somebody leaves or the contract gets more seats.".to_owned(),
        );
    }
    notices.into_any()
}

fn numbers(found: &Overview, warn_days: i64) -> AnyView {
    let slug = &found.organization.slug;
    let seats = found.contract.as_ref().map_or_else(
        || found.people.to_string(),
        |contract| format!("{} of {}", found.people, contract.seats),
    );
    let people = routes::partner_part(slug, "people");
    let apps = routes::partner_part(slug, "apps");
    let contracts = routes::partner_part(slug, "contracts");
    let used = match found.last_used_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let contract = match (&found.contract, &found.next_contract) {
        (Some(contract), _) => {
            let (reference, start, end) = (contract.reference.clone(), contract.starts_at, contract.ends_at);
            view! { <Stack gap=Gap::Small><span>{reference}</span><TimeLeft start=start end=end href=contracts warn_days=warn_days /></Stack> }
                .into_any()
        }
        (None, Some(next)) => {
            let (reference, starts_at) = (next.reference.clone(), next.starts_at);
            view! { <TextLink href=contracts>{reference}</TextLink>" begins "<DateTimeText at=starts_at date_only=true /> }.into_any()
        }
        (None, None) => view! { <TextLink href=contracts>"none"</TextLink> }.into_any(),
    };
    let (applications, sessions) = (found.applications.to_string(), found.held.sessions.to_string());
    view! {
        <StatRow>
            <Stat label="Seats used" value=seats href=people />
            <Stat label="Applications" value=applications href=apps />
            <Stat label="Sessions open now" value=sessions />
        </StatRow>
        <DefinitionList>
            <Definition term="Contract">{contract}</Definition>
            <Definition term="Last use">{used}</Definition>
        </DefinitionList>
    }
    .into_any()
}

fn profile(organization: &Organization) -> AnyView {
    let (slug, kind) = (organization.slug.clone(), organization.kind.clone());
    let description = Some(organization.description.clone()).filter(|text| !text.is_empty());
    let description = description.map(|text| view! { <Definition term="About">{text}</Definition> });
    let metadata = organization
        .metadata
        .clone()
        .into_iter()
        .map(|(key, value)| view! { <Definition term=words(&key)>{value}</Definition> })
        .collect_view();
    let step_up = if organization.require_step_up {
        "needed for changes"
    } else {
        "not needed"
    };
    let created = organization.created_at;
    view! {
        <Card title="Profile" level=2>
            <DefinitionList>
                <Definition term="Short name"><Code>{slug}</Code></Definition>
                <Definition term="Kind">{kind}</Definition>
                {description}
                {metadata}
                <Definition term="Fresh confirmation">{step_up}</Definition>
                <Definition term="Since"><DateTimeText at=created date_only=true /></Definition>
            </DefinitionList>
        </Card>
    }
    .into_any()
}

/// "cost_centre" as "Cost centre".
fn words(key: &str) -> String {
    let text = key.replace(['_', '-'], " ");
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn relations(found: &Overview) -> Option<AnyView> {
    if found.parent.is_none() && found.children.is_empty() {
        return None;
    }
    let link = |organization: &Organization| {
        let (href, name) = (routes::partner(&organization.slug), organization.name.clone());
        view! { <TextLink href=href>{name}</TextLink> }.into_any()
    };
    let parent = found
        .parent
        .as_ref()
        .map(link)
        .map(|parent| view! { <Paragraph>"Part of " {parent}</Paragraph> });
    let below: Vec<AnyView> = found.children.iter().map(link).collect();
    let children = (!below.is_empty()).then(|| view! { <Paragraph>"Below it:"</Paragraph><BulletList items=below /> });
    Some(view! { <Card title="Related partners" level=2>{parent}{children}</Card> }.into_any())
}

fn responsibility(found: &Overview) -> AnyView {
    let person = |responsible: &Option<Responsible>, nobody: &'static str| match responsible {
        Some(responsible) if responsible.may_act => view! { <Person name=responsible.name.clone() /> }.into_any(),
        Some(responsible) => view! { <Person name=responsible.name.clone() detail="has no owner role any more" /> }.into_any(),
        None => view! { <Muted>{nobody}</Muted> }.into_any(),
    };
    let (owner, deputy) = (person(&found.owner, "nobody yet"), person(&found.deputy, "nobody"));
    view! {
        <Section title="Responsibility">
            <DefinitionList>
                <Definition term="Owner">{owner}</Definition>
                <Definition term="Deputy">{deputy}</Definition>
            </DefinitionList>
        </Section>
    }
    .into_any()
}

fn certification(found: &Overview, warn_days: i64) -> AnyView {
    let organization = &found.organization;
    let href = routes::partner_part(&organization.slug, "certify");
    let open = href.clone();
    let verb = if found.may_certify {
        "Review and certify"
    } else {
        "See the evidence"
    };
    let over = organization.status == OrganizationStatus::Offboarded;
    let action = (!over).then(|| view! { <LinkButton href=open kind=Kind::Secondary>{verb}</LinkButton> }.into_any());
    let last = match organization.certified_at {
        Some(at) => view! { <DateTimeText at=at date_only=true /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let next = due(organization.certification_due_at.filter(|_| !over), href, warn_days);
    let history = history_view(&found.history);
    view! {
        <Section title="Certification" purpose="The owner confirms on schedule that the relationship is still needed." action=action>
            <DefinitionList>
                <Definition term="Next">{next}</Definition>
                <Definition term="Last certified">{last}</Definition>
            </DefinitionList>
            {history}
        </Section>
    }
    .into_any()
}

fn status(found: &Overview) -> Option<AnyView> {
    use OrganizationStatus as S;
    let organization = &found.organization;
    if !found.may_change_status || organization.status == S::Offboarded {
        return None;
    }
    let fields = || {
        vec![
            ("organization", organization.slug.clone()),
            ("version", organization.version.to_string()),
        ]
    };
    let activate = (matches!(organization.status, S::Onboarding | S::Suspended) && !organization.suspended_by_certification).then(|| {
        let verb = format!("Activate {}", organization.name);
        view! { <PostButton action="/do/activate-partner" fields=fields() kind=Kind::Primary>{verb}</PostButton> }
    });
    let suspend = matches!(organization.status, S::Active | S::Onboarding).then(|| confirm(found, false, fields()));
    let offboard = confirm(found, true, fields());
    Some(
        view! {
            <Section title="Status" purpose="Takes effect with the next click of everyone concerned.">
                <Cluster>{activate}{suspend}{offboard}</Cluster>
            </Section>
        }
        .into_any(),
    )
}

fn confirm(found: &Overview, for_good: bool, fields: Vec<(&'static str, String)>) -> AnyView {
    let name = found.organization.name.clone();
    let held = found.held;
    let (id, action, word) = if for_good {
        ("offboard", "/do/offboard-partner", "Offboard")
    } else {
        ("suspend", "/do/suspend-partner", "Pause")
    };
    let ends = format!(
        "{} with {} lose access at once, and {} end.",
        counted(held.people, "person", "people"),
        counted(held.assignments, "assignment", "assignments"),
        counted(held.sessions, "open session", "open sessions"),
    );
    let undo = if for_good {
        "This cannot be undone: the partner stays visible, but it cannot be activated again."
    } else {
        "It can be undone at any time: activate the partner, and everything that has not ended by then counts again."
    };
    view! {
        <Confirm id=id trigger=format!("{word} {name}…") title=format!("{word} {name}?") verb=format!("{word} {name}") action=action fields=fields
            kind=Kind::Danger>
            <Paragraph>{ends}</Paragraph>
            <Paragraph>{undo}</Paragraph>
            <TextArea name="reason" label="Reason" rows=2 required=true maxlength="500" hint="Kept in the audit trail and told to owner and deputy." />
        </Confirm>
    }
    .into_any()
}
