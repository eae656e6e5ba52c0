//! `/search?q=`: applications, people and partners, each as far as the person may see them.

use leptos::prelude::*;

use crate::{
    apps::queries::{self, SearchResults},
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn search() -> AnyView {
    page(|cx| async move {
        let text = cx.query("q").unwrap_or_default();
        let results = queries::search(&cx.qx, &text).await?;
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let nothing = results.applications.is_empty() && results.people.is_empty() && results.partners.is_empty();
        let purpose = if text.is_empty() {
            "Type what you are looking for in the field at the top.".to_owned()
        } else {
            format!("For “{}”.", text.trim())
        };
        let body = if text.is_empty() {
            ().into_any()
        } else if nothing {
            let hint = "Check the spelling, or try a part of the name. You find only what you may see.";
            view! { <EmptyState icon="search" title="Nothing found" text=hint /> }.into_any()
        } else {
            found(results, warn_days)
        };
        Ok::<_, PageError>(Content::new(
            "Search",
            view! { <PageHeader title="Search" purpose=purpose />{body} },
        ))
    })
}

fn found(results: SearchResults, warn_days: i64) -> AnyView {
    let applications = (!results.applications.is_empty()).then(|| {
        let columns = vec![Column::new("Application"), Column::new("Until"), Column::action("Actions")];
        let rows = results
            .applications
            .into_iter()
            .map(|judged| {
                let end = judged.facts.ends_at();
                let application = judged.held.application;
                let (details, launch) = (routes::app(&application.slug), routes::launch(&application.slug));
                let (icon, label) = (application.icon.clone(), application.name.clone());
                view! {
                    <Row>
                        <HeadCell label="Application"><AppName icon=icon name=application.name detail=application.category href=details /></HeadCell>
                        <Cell label="Until"><TimeLeft end=end warn_days=warn_days /></Cell>
                        <ActionCell><LinkButton href=launch kind=Kind::Secondary size=Size::Small>"Launch"<Aloud>" "{label}</Aloud></LinkButton></ActionCell>
                    </Row>
                }
                .into_any()
            })
            .collect_view();
        view! { <Section title="Applications"><Table caption="Applications found" columns=columns>{rows}</Table></Section> }
    });
    let people = (!results.people.is_empty()).then(|| {
        let columns = vec![Column::new("Person"), Column::new("Role")];
        let rows = results
            .people
            .into_iter()
            .map(|somebody| {
                let (href, role) = (routes::member(somebody.member.id), somebody.member.role.title());
                view! {
                    <Row>
                        <HeadCell label="Person"><Person name=somebody.name detail=somebody.email href=href /></HeadCell>
                        <Cell label="Role">{role}</Cell>
                    </Row>
                }
                .into_any()
            })
            .collect_view();
        view! { <Section title="People"><Table caption="People found" columns=columns>{rows}</Table></Section> }
    });
    let partners = (!results.partners.is_empty()).then(|| {
        let columns = vec![Column::new("Partner"), Column::new("Kind")];
        let rows = results
            .partners
            .into_iter()
            .map(|partner| {
                let href = routes::partner(&partner.slug);
                view! {
                    <Row>
                        <HeadCell label="Partner"><TextLink href=href>{partner.name}</TextLink></HeadCell>
                        <Cell label="Kind">{partner.kind}</Cell>
                    </Row>
                }
                .into_any()
            })
            .collect_view();
        view! { <Section title="Partners"><Table caption="Partners found" columns=columns>{rows}</Table></Section> }
    });
    view! { <Stack gap=Gap::Large>{applications}{people}{partners}</Stack> }.into_any()
}
