//! `/partners/{org}/certify`: the evidence, and the owner's yes or no.

use chrono::Months;
use leptos::prelude::*;

use super::history_view;
use crate::{
    certification::{
        Evidence, EvidencePerson,
        queries::{self, Dossier},
    },
    kernel::{Timestamp, day_of},
    organizations::{
        CERTIFICATION_MAX_DAYS, OrganizationStatus,
        pages::{counted, due, refused, status_badge},
    },
    people::MemberStatus,
    ui::*,
    web::{Content, page, routes},
};

/// People named on the page; the tab has all of them.
const SHOWN: usize = 100;

pub(super) fn certify() -> AnyView {
    page(|cx| async move {
        let dossier = queries::dossier(&cx.qx, &cx.param::<String>("org")?).await?;
        let organization = &dossier.organization;
        let title = format!("Certify {}", organization.name);
        let crumbs = vec![
            Crumb::new(routes::PARTNERS, "Partners"),
            Crumb::new(routes::partner(&organization.slug), organization.name.clone()),
            Crumb::here("Certification"),
        ];
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let badge = status_badge(organization.status);
        let next = due(organization.certification_due_at, routes::partner(&organization.slug), warn_days);
        let state = view! { <Cluster>{badge}{next}</Cluster> };
        let today = day_of(cx.qx.now, cx.qx.tenant.time_zone);
        let in_a_year = today.checked_add_months(Months::new(12)).unwrap_or(today);
        let latest = today + chrono::Duration::days(CERTIFICATION_MAX_DAYS - 1);
        let declined = refused(&cx.form("decline"));
        let decide = decide(
            &dossier,
            cx.form("certify"),
            in_a_year.to_string(),
            (today.to_string(), latest.to_string()),
        );
        let evidence = evidence(&dossier, cx.qx.now, warn_days);
        let history = history_view(&dossier.history).map(|list| view! { <Section title="Earlier decisions">{list}</Section> });
        let purpose = "Look at what this partner holds, then say whether it is still needed.";
        Ok(Content::new(
            title.clone(),
            view! {
                <Stack gap=Gap::Large>
                    <PageHeader title=title purpose=purpose crumbs=crumbs />
                    {state}
                    {declined}
                    {evidence}
                    {history}
                    {decide}
                </Stack>
            },
        ))
    })
}

fn evidence(dossier: &Dossier, now: Timestamp, warn_days: i64) -> AnyView {
    let evidence = &dossier.evidence;
    let used = match evidence.last_used_at() {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let contract = match &evidence.contract {
        Some(contract) => {
            let (reference, start, end) = (contract.reference.clone(), contract.starts_at, contract.ends_at);
            view! { <Stack gap=Gap::Small><span>{reference}</span><TimeLeft start=start end=end warn_days=warn_days /></Stack> }.into_any()
        }
        None => view! { <Badge tone=Tone::Warn>"None in force"</Badge> }.into_any(),
    };
    let seats = evidence
        .contract
        .as_ref()
        .map(|contract| format!("{} of {}", evidence.people_count, contract.seats));
    let seats = seats.map(|seats| view! { <Definition term="Seats">{seats}</Definition> });
    view! {
        <DefinitionList>
            <Definition term="Contract">{contract}</Definition>
            {seats}
            <Definition term="Last use of anything">{used}</Definition>
        </DefinitionList>
        {people(dossier, now, warn_days)}
        {applications(evidence, warn_days)}
    }
    .into_any()
}

fn people(dossier: &Dossier, now: Timestamp, warn_days: i64) -> AnyView {
    let evidence = &dossier.evidence;
    let title = counted(evidence.people_count, "person", "people");
    if evidence.people.is_empty() {
        return view! { <Section title="People"><EmptyState icon="users" title="Nobody" text="Nobody of this partner can sign in." /></Section> }.into_any();
    }
    let unseen = now - chrono::Duration::days(90);
    let columns = vec![
        Column::new("Person"),
        Column::new("Role"),
        Column::new("Last seen"),
        Column::new("Ends"),
    ];
    let rows = evidence
        .people
        .iter()
        .take(SHOWN)
        .map(|person| person_row(person, unseen, warn_days))
        .collect_view();
    let all = (evidence.people_count > SHOWN as u64).then(|| {
        let href = routes::partner_part(&dossier.organization.slug, "people");
        view! { <TextLink href=href>"See all of them"</TextLink> }
    });
    view! { <Section title=title><Table caption="People" columns=columns>{rows}</Table>{all}</Section> }.into_any()
}

fn person_row(person: &EvidencePerson, unseen: Timestamp, warn_days: i64) -> AnyView {
    let seen = match person.last_seen_at {
        Some(at) if at < unseen => {
            view! { <Cluster><RelativeTime at=at /><Badge tone=Tone::Warn>"Long unused"</Badge></Cluster> }.into_any()
        }
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Badge tone=Tone::Warn>"Never"</Badge> }.into_any(),
    };
    let paused = (person.status == MemberStatus::Suspended).then(|| view! { " "<Badge>"Paused"</Badge> });
    let ends = match person.ends_at {
        Some(end) => view! { <TimeLeft end=end warn_days=warn_days /> }.into_any(),
        None => view! { <Muted>"with the contract"</Muted> }.into_any(),
    };
    let (name, role) = (person.name.clone(), person.role.title());
    view! {
        <Row>
            <HeadCell label="Person">{name}{paused}</HeadCell>
            <Cell label="Role">{role}</Cell>
            <Cell label="Last seen">{seen}</Cell>
            <Cell label="Ends">{ends}</Cell>
        </Row>
    }
    .into_any()
}

fn applications(evidence: &Evidence, warn_days: i64) -> AnyView {
    if evidence.applications.is_empty() {
        return view! { <Section title="Applications"><EmptyState icon="package" title="None" text="This partner holds no application." /></Section> }.into_any();
    }
    let columns = vec![
        Column::new("Application"),
        Column::new("Permissions"),
        Column::number("People"),
        Column::new("Last use"),
        Column::new("Ends"),
    ];
    let rows = evidence
        .applications
        .iter()
        .map(|application| {
            let used = match application.last_used_at {
                Some(at) => view! { <RelativeTime at=at /> }.into_any(),
                None => view! { <Badge tone=Tone::Warn>"Never"</Badge> }.into_any(),
            };
            let ends = match application.ends_at {
                Some(end) => view! { <TimeLeft end=end warn_days=warn_days /> }.into_any(),
                None => view! { <Muted>"with the contract"</Muted> }.into_any(),
            };
            let scopes = application
                .scopes
                .iter()
                .cloned()
                .map(|scope| view! { <Code>{scope}</Code> }.into_any())
                .collect_view();
            let (name, people) = (application.name.clone(), application.people);
            view! {
                <Row>
                    <HeadCell label="Application">{name}</HeadCell>
                    <Cell label="Permissions"><Cluster>{scopes}</Cluster></Cell>
                    <NumberCell label="People">{people}</NumberCell>
                    <Cell label="Last use">{used}</Cell>
                    <Cell label="Ends">{ends}</Cell>
                </Row>
            }
        })
        .collect_view();
    let title = counted(evidence.applications.len() as u64, "application", "applications");
    view! { <Section title=title><Table caption="Applications" columns=columns>{rows}</Table></Section> }.into_any()
}

fn decide(dossier: &Dossier, form: FormState, in_a_year: String, bounds: (String, String)) -> AnyView {
    let organization = &dossier.organization;
    if organization.status == OrganizationStatus::Offboarded {
        return view! { <Notice tone=Tone::Info title="This relationship is over">"There is nothing left to certify."</Notice> }.into_any();
    }
    if !dossier.may_certify {
        let who = if dossier.owners.is_empty() {
            "Nobody answers for this partner yet. An operator can name an owner.".to_owned()
        } else {
            format!("That is up to {}. Nobody can certify in their place.", dossier.owners.join(" or "))
        };
        return view! { <Notice tone=Tone::Info title="Only owner and deputy certify">{who}</Notice> }.into_any();
    }
    let (slug, version) = (organization.slug.clone(), organization.version.to_string());
    let lifts = organization.suspended_by_certification.then(|| {
        view! { <Notice tone=Tone::Info>"The partner is paused because of its certification. Certifying it gives everything back that has not ended meanwhile."</Notice> }
    });
    let verb = format!("Certify {}", organization.name);
    let decline = decline(dossier);
    view! {
        <FormCard title="Certify" purpose="The evidence above is kept with your decision." action="/do/certify-partner" form=form id="certify">
            {lifts}
            <Hidden name="organization" value=slug />
            <Hidden name="version" value=version />
            <TextArea name="reason" label="Why it is still needed" rows=3 required=true maxlength="1000"
                placeholder="The project runs until summer; the team still needs orders and tracking." />
            <DateField name="next_due" label="Next certification due by" required=true value=in_a_year min=bounds.0 max=bounds.1 hint="Within two years." />
            <FormActions><SubmitButton icon="badge">{verb}</SubmitButton></FormActions>
        </FormCard>
        {decline}
    }
    .into_any()
}

fn decline(dossier: &Dossier) -> Option<AnyView> {
    let organization = &dossier.organization;
    if organization.status != OrganizationStatus::Active {
        return None;
    }
    let name = organization.name.clone();
    let ends = format!(
        "{} of {name} lose access at once and {} end. Owner, deputy and the audit trail are told why.",
        counted(dossier.evidence.people_count, "person", "people"),
        counted(dossier.open_sessions, "open session", "open sessions"),
    );
    let fields = vec![
        ("organization", organization.slug.clone()),
        ("version", organization.version.to_string()),
    ];
    Some(
        view! {
            <Section title="Not needed any more?" purpose="Declining pauses the partner until somebody certifies it again.">
                <Cluster><Confirm id="decline" trigger=format!("Decline {name}…") title=format!("Decline to certify {name}?") verb=format!("Decline {name}")
                    action="/do/decline-partner" fields=fields kind=Kind::Danger>
                    <Paragraph>{ends}</Paragraph>
                    <Paragraph>"It can be undone at any time: certify the partner, and everything that has not ended by then counts again."</Paragraph>
                    <TextArea name="reason" label="Reason" rows=2 required=true maxlength="1000" />
                </Confirm></Cluster>
            </Section>
        }
        .into_any(),
    )
}
