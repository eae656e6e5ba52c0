//! The list of policies.

use leptos::prelude::*;

use super::{
    super::{
        PolicyStatus,
        queries::{self, Listed, MOST},
    },
    TITLE, status_badge,
};
use crate::{
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let found = queries::policies(&cx.qx).await?;
        let create = || view! { <LinkButton href=routes::ADMIN_NEW_POLICY icon="plus">"New policy"</LinkButton> };
        let body = if found.policies.is_empty() {
            let action = found.may_manage.then(|| create().into_any());
            view! {
                <EmptyState icon="shield" title="No policies of your own yet"
                    text="Contracts, entitlements and assignments decide alone. A policy forbids more: at night, from elsewhere, without a second factor, for one partner or one application."
                    action=action />
            }
            .into_any()
        } else {
            let columns = vec![
                Column::new("Policy"),
                Column::new("Counts for"),
                Column::new("State"),
                Column::new("Written last by"),
                Column::new("Last change"),
            ];
            let rows = found.policies.iter().map(row).collect_view();
            let more = found
                .more
                .then(|| view! { <Paragraph><Muted>{format!("The first {MOST} are shown.")}</Muted></Paragraph> });
            view! { <Table caption=TITLE columns=columns>{rows}</Table>{more} }.into_any()
        };
        let may_manage = found.may_manage && !found.policies.is_empty();
        let action = view! {
            <Cluster>
                <LinkButton href=routes::ADMIN_TRY_POLICIES kind=Kind::Secondary>"Try a decision"</LinkButton>
                {may_manage.then(create)}
            </Cluster>
        }
        .into_any();
        Ok::<_, PageError>(Content::new(
            TITLE,
            view! {
                <PageHeader title=TITLE purpose="What is forbidden although it is granted: by time, place, second factor, partner or permission." action=action />
                {body}
            },
        ))
    })
}

fn row(listed: &Listed) -> AnyView {
    let policy = &listed.policy;
    let (name, href, scope) = (policy.name.clone(), routes::admin_policy(policy.id), listed.scope.words());
    let version = match policy.in_force {
        Some(number) if number == policy.latest => format!("version {number}"),
        Some(number) => format!("version {number}; version {} waits", policy.latest),
        None => format!("version {}", policy.latest),
    };
    let author = listed.latest.as_ref().map(|latest| latest.author_name.clone()).unwrap_or_default();
    let (ended, at) = (policy.status == PolicyStatus::Retired, policy.updated_at);
    let state = status_badge(policy.status);
    view! {
        <Row ended=ended>
            <HeadCell label="Policy"><TextLink href=href>{name}</TextLink></HeadCell>
            <Cell label="Counts for">{scope}</Cell>
            <Cell label="State"><Stack gap=Gap::Small><Cluster>{state}</Cluster><Muted>{version}</Muted></Stack></Cell>
            <Cell label="Written last by">{author}</Cell>
            <Cell label="Last change"><RelativeTime at=at /></Cell>
        </Row>
    }
    .into_any()
}
