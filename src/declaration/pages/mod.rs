//! The page that stands in for an application of the demonstration.

use leptos::{prelude::*, reactive::owner::Owner};

use crate::{
    ui::{LinkButton, Muted, Plain, Stack},
    web::page_by_hand,
};

/// "This is where Order desk would open."
#[must_use]
pub fn demo_app(name: &str, description: &str, tenant: &str) -> String {
    let title = format!("This is where {name} would open");
    let (heading, description, tenant) = (title.clone(), description.to_owned(), tenant.to_owned());
    let body = Owner::new().with(|| {
        view! {
            <Plain brand=tenant title=heading flash=None>
                <Stack>
                    <p>{description}</p>
                    <p><Muted>"You got here because the portal decided that you may, and noted it in the trail. In production it leads to the application's own address; in the demonstration this page stands in for it."</Muted></p>
                    <p><LinkButton href="/">"Back to the portal"</LinkButton></p>
                </Stack>
            </Plain>
        }
        .to_html()
    });
    page_by_hand(&title, &body)
}
