//! `/admin/policies`: policies of the operator, one decision tried by hand, and versions held against past decisions.

mod difference;
mod list;
mod new;
mod one;
mod replay;
mod trial;

#[cfg(test)]
pub(super) use difference::written;

use leptos::prelude::*;
use leptos_router::{any_nested_route::AnyNestedRoute, path};

use super::PolicyStatus;
use crate::{access::Verdict, ui::*, web::route};

/// The routes of this folder; fixed paths before those with parts.
#[must_use]
pub fn routes() -> Vec<AnyNestedRoute> {
    vec![
        route(path!("/admin/policies"), list::list),
        route(path!("/admin/policies/new"), new::new),
        route(path!("/admin/policies/try"), trial::trial),
        route(path!("/admin/policies/:policy/replay"), replay::replay),
        route(path!("/admin/policies/:policy"), one::one),
    ]
}

const TITLE: &str = "Policies";

fn status_badge(status: PolicyStatus) -> AnyView {
    match status {
        PolicyStatus::Draft => view! { <Badge tone=Tone::Info>"Draft"</Badge> }.into_any(),
        PolicyStatus::Active => view! { <Badge tone=Tone::Good>"In force"</Badge> }.into_any(),
        PolicyStatus::Retired => view! { <Badge>"Retired"</Badge> }.into_any(),
    }
}

fn verdict_badge(verdict: Verdict) -> AnyView {
    match verdict {
        Verdict::Allow => view! { <Badge tone=Tone::Good>"allowed"</Badge> }.into_any(),
        Verdict::StepUp => view! { <Badge tone=Tone::Warn>"second factor first"</Badge> }.into_any(),
        Verdict::Deny => view! { <Badge tone=Tone::Bad>"refused"</Badge> }.into_any(),
    }
}
