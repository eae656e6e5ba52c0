//! The parts of a page: header, sections, cards, tabs, paging, and what stands where there is nothing.

use leptos::prelude::*;

use super::{Icon, Text, Tone, slug};

/// One step of the way to a page.
#[derive(Debug, Clone)]
pub struct Crumb {
    href: Option<String>,
    label: String,
}

impl Crumb {
    /// A step that can be gone back to.
    pub fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            href: Some(href.into()),
            label: label.into(),
        }
    }

    /// The page itself.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            href: None,
            label: label.into(),
        }
    }
}

/// The way to a page.
#[component]
pub fn Breadcrumbs(items: Vec<Crumb>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|Crumb { href, label }| match href {
            Some(href) => view! { <li><a href=href>{label}</a></li> }.into_any(),
            None => view! { <li aria-current="page">{label}</li> }.into_any(),
        })
        .collect::<Vec<_>>();
    view! { <nav class="crumbs" aria-label="Breadcrumb"><ol>{items}</ol></nav> }
}

/// Title, one sentence of purpose, and the primary action at the right.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional, into)] purpose: Text,
    #[prop(optional_no_strip, into)] action: Option<AnyView>,
    #[prop(optional)] crumbs: Vec<Crumb>,
) -> impl IntoView {
    let crumbs = (!crumbs.is_empty()).then(|| view! { <Breadcrumbs items=crumbs /> });
    let purpose = purpose.given().map(|purpose| view! { <p class="muted">{purpose}</p> });
    let action = action.map(|action| view! { <div class="actions">{action}</div> });
    view! {
        {crumbs}
        <div class="page-header"><div><h1>{title}</h1>{purpose}</div>{action}</div>
    }
}

/// A titled part of a page (`h2`).
#[component]
pub fn Section(
    #[prop(into)] title: String,
    #[prop(optional, into)] purpose: Text,
    #[prop(optional, into)] id: Text,
    #[prop(optional_no_strip, into)] action: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let id = id.or(&slug(&title));
    let heading = format!("{id}-heading");
    let label = heading.clone();
    let purpose = purpose.given().map(|purpose| view! { <p class="muted">{purpose}</p> });
    let action = action.map(|action| view! { <div class="actions">{action}</div> });
    view! {
        <section class="section" id=id aria-labelledby=label>
            <div class="page-header"><div><h2 id=heading>{title}</h2>{purpose}</div>{action}</div>
            {children()}
        </section>
    }
}

/// A box around what belongs together. `level` is the level of its title's heading, 2 or 3 (default).
#[component]
pub fn Card(
    #[prop(optional, into)] title: Text,
    #[prop(default = 3)] level: u8,
    #[prop(optional_no_strip, into)] action: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let title = title.given().map(|title| match level {
        2 => view! { <h2 class="card-title">{title}</h2> }.into_any(),
        _ => view! { <h3 class="card-title">{title}</h3> }.into_any(),
    });
    let head = (title.is_some() || action.is_some()).then(|| view! { <div class="card-head">{title}{action}</div> });
    view! { <div class="card">{head}{children()}</div> }
}

/// What stands where there is nothing yet: what this is for, and the first action.
#[component]
pub fn EmptyState(
    #[prop(into)] icon: String,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: Text,
    #[prop(optional_no_strip, into)] action: Option<AnyView>,
) -> impl IntoView {
    let text = text.given().map(|text| view! { <p class="muted">{text}</p> });
    view! {
        <div class="empty">
            <Icon name=icon />
            <p class="empty-title">{title}</p>
            {text}
            {action}
        </div>
    }
}

/// A message in the page, with the word for its tone as an icon.
#[component]
pub fn Notice(#[prop(optional)] tone: Tone, #[prop(optional, into)] title: Text, children: Children) -> impl IntoView {
    let title = title.given().map(|title| view! { <p class="notice-title">{title}</p> });
    view! {
        <div class=format!("notice {}", tone.class())>
            <Icon name=tone.icon() />
            <div>{title}{children()}</div>
        </div>
    }
}

/// A page beside this one.
#[derive(Debug, Clone)]
pub struct Tab {
    href: String,
    label: String,
    active: bool,
    count: Option<u64>,
}

impl Tab {
    /// A link to a page beside this one.
    pub fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            label: label.into(),
            active: false,
            count: None,
        }
    }

    /// Marks the page that is open.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Shows how many things are there.
    #[must_use]
    pub fn count(mut self, count: impl Into<u64>) -> Self {
        self.count = Some(count.into());
        self
    }
}

/// Links between pages about the same thing.
#[component]
pub fn Tabs(#[prop(into)] label: String, items: Vec<Tab>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|tab| {
            let count = tab.count.map(|count| view! { <span class="count">{count}</span> });
            view! {
                <li><a href=tab.href aria-current=tab.active.then_some("page")>{tab.label}{count}</a></li>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! { <nav class="tabs" aria-label=label><ul>{items}</ul></nav> }
}

/// Links to newer and older rows; nothing when there is neither.
#[component]
pub fn Pagination(
    newer: Option<String>,
    older: Option<String>,
    #[prop(optional, into)] shown: Text,
    /// The words for `newer` where the rows are not in order of time.
    #[prop(default = "Newer".into(), into)]
    newer_label: String,
    /// The words for `older` where the rows are not in order of time.
    #[prop(default = "Older".into(), into)]
    older_label: String,
) -> impl IntoView {
    let shown = shown.given().map(|shown| view! { <span class="muted">{shown}</span> });
    if newer.is_none() && older.is_none() && shown.is_none() {
        return ().into_any();
    }
    let newer = newer.map(|href| {
        view! { <a class="button small" rel="prev" href=href><Icon name="chevron-left" />{newer_label}</a> }
    });
    let older = older.map(|href| {
        view! { <a class="button small" rel="next" href=href>{older_label}<Icon name="chevron-right" /></a> }
    });
    view! { <nav class="pagination" aria-label="Pages">{shown}{newer}{older}</nav> }.into_any()
}
