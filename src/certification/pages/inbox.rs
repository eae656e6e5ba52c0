//! `/inbox`: what waits for the person.

use leptos::prelude::*;

use crate::{
    certification::inbox::{self, Inbox},
    organizations::pages::due,
    ui::*,
    web::{Content, page, routes},
};

pub(super) fn inbox() -> AnyView {
    page(|cx| async move {
        let found = inbox::inbox(&cx.qx).await?;
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let body = if found.is_empty() {
            view! { <EmptyState icon="inbox" title="Nothing waits for you" text="Certifications that are due and access that ends soon show up here." /> }.into_any()
        } else {
            let parts = [
                certifications(&found, warn_days),
                contracts(&found, warn_days),
                without_owner(&found),
                people(&found, warn_days),
                invitations(&found, warn_days),
            ];
            view! { <Stack gap=Gap::Large>{parts.into_iter().flatten().collect_view()}</Stack> }.into_any()
        };
        Ok(Content::new(
            "Inbox",
            view! { <PageHeader title="Inbox" purpose="What waits for you, the most urgent first." />{body} },
        ))
    })
}

fn certifications(found: &Inbox, warn_days: i64) -> Option<AnyView> {
    if found.certifications.is_empty() {
        return None;
    }
    let columns = vec![Column::new("Partner"), Column::new("Due"), Column::action("Certify")];
    let rows = found
        .certifications
        .iter()
        .map(|organization| {
            let href = routes::partner_part(&organization.slug, "certify");
            let paused = organization
                .suspended_by_certification
                .then(|| view! { " "<Badge tone=Tone::Bad>"Paused"</Badge> });
            let due = due(organization.certification_due_at, href.clone(), warn_days);
            let (page, name, verb) = (
                routes::partner(&organization.slug),
                organization.name.clone(),
                format!("Certify {}", organization.name),
            );
            view! {
                <Row>
                    <HeadCell label="Partner"><TextLink href=page>{name}</TextLink>{paused}</HeadCell>
                    <Cell label="Due">{due}</Cell>
                    <ActionCell><LinkButton href=href size=Size::Small>{verb}</LinkButton></ActionCell>
                </Row>
            }
        })
        .collect_view();
    Some(
        view! { <Section title="Partners to certify"><Table caption="Partners to certify" columns=columns>{rows}</Table></Section> }
            .into_any(),
    )
}

fn contracts(found: &Inbox, warn_days: i64) -> Option<AnyView> {
    if found.contracts.is_empty() {
        return None;
    }
    let columns = vec![
        Column::new("Partner"),
        Column::new("Contract"),
        Column::new("Ends"),
        Column::action("Open"),
    ];
    let rows = found
        .contracts
        .iter()
        .map(|(contract, organization)| {
            let href = routes::partner_contract(&organization.slug, contract.id);
            let (page, name) = (routes::partner(&organization.slug), organization.name.clone());
            let (reference, ends_at, verb) = (
                contract.reference.clone(),
                contract.ends_at,
                format!("Extend {}", contract.reference),
            );
            view! {
                <Row>
                    <HeadCell label="Partner"><TextLink href=page>{name}</TextLink></HeadCell>
                    <Cell label="Contract">{reference}</Cell>
                    <Cell label="Ends"><TimeLeft end=ends_at warn_days=warn_days /></Cell>
                    <ActionCell><LinkButton href=href kind=Kind::Secondary size=Size::Small>{verb}</LinkButton></ActionCell>
                </Row>
            }
        })
        .collect_view();
    let purpose = "Everything these partners hold ends with them.";
    Some(view! { <Section title="Contracts that end soon" purpose=purpose><Table caption="Contracts that end soon" columns=columns>{rows}</Table></Section> }.into_any())
}

fn without_owner(found: &Inbox) -> Option<AnyView> {
    if found.without_owner.is_empty() {
        return None;
    }
    let items = found
        .without_owner
        .iter()
        .map(|organization| {
            let (href, name) = (routes::partner_part(&organization.slug, "edit"), organization.name.clone());
            view! { <TextLink href=href>{name}</TextLink> }.into_any()
        })
        .collect::<Vec<_>>();
    let purpose = "Nobody can certify these partners. Name an owner for each.";
    Some(view! { <Section title="Partners without an owner" purpose=purpose><BulletList items=items /></Section> }.into_any())
}

fn people(found: &Inbox, warn_days: i64) -> Option<AnyView> {
    if found.people.is_empty() {
        return None;
    }
    let columns = vec![Column::new("Person"), Column::new("Ends"), Column::action("Open")];
    let rows = found
        .people
        .iter()
        .map(|member| {
            let (href, name, ends_at, verb) = (
                routes::member(member.id),
                member.name.clone(),
                member.ends_at,
                format!("Open {}", member.name),
            );
            let open = href.clone();
            view! {
                <Row>
                    <HeadCell label="Person"><TextLink href=href>{name}</TextLink></HeadCell>
                    <Cell label="Ends"><TimeLeft end=ends_at warn_days=warn_days /></Cell>
                    <ActionCell><LinkButton href=open kind=Kind::Secondary size=Size::Small>{verb}</LinkButton></ActionCell>
                </Row>
            }
        })
        .collect_view();
    Some(view! { <Section title="People whose access ends soon"><Table caption="People whose access ends soon" columns=columns>{rows}</Table></Section> }.into_any())
}

fn invitations(found: &Inbox, warn_days: i64) -> Option<AnyView> {
    if found.invitations.is_empty() {
        return None;
    }
    let columns = vec![Column::new("Invitation"), Column::new("Ends")];
    let rows = found
        .invitations
        .iter()
        .map(|invitation| {
            let (email, expires_at) = (invitation.email.clone(), invitation.expires_at);
            view! {
                <Row>
                    <HeadCell label="Invitation">{email}</HeadCell>
                    <Cell label="Ends"><TimeLeft end=expires_at warn_days=warn_days /></Cell>
                </Row>
            }
        })
        .collect_view();
    let action =
        view! { <LinkButton href=routes::TEAM_INVITATIONS kind=Kind::Secondary size=Size::Small>"All invitations"</LinkButton> }.into_any();
    Some(
        view! {
            <Section title="Unanswered invitations that end soon" action=action><Table caption="Invitations" columns=columns>{rows}</Table></Section>
        }
        .into_any(),
    )
}
