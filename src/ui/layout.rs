//! Arrangement without classes: stacks, rows, grids, and small pieces of text.

use leptos::prelude::*;

/// The space between things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gap {
    /// 8 px.
    Small,
    /// 16 px.
    #[default]
    Normal,
    /// 32 px.
    Large,
}

impl Gap {
    fn class(self) -> &'static str {
        match self {
            Self::Small => "gap-2",
            Self::Normal => "gap-4",
            Self::Large => "gap-8",
        }
    }
}

/// Things below each other.
#[component]
pub fn Stack(#[prop(optional)] gap: Gap, children: Children) -> impl IntoView {
    view! { <div class=format!("flex flex-col {}", gap.class())>{children()}</div> }
}

/// Things beside each other that wrap.
#[component]
pub fn Cluster(#[prop(default = Gap::Small)] gap: Gap, children: Children) -> impl IntoView {
    view! { <div class=format!("flex flex-wrap items-center {}", gap.class())>{children()}</div> }
}

/// The first thing at the left, the last at the right.
#[component]
pub fn Spread(children: Children) -> impl IntoView {
    view! { <div class="flex flex-wrap items-center justify-between gap-4">{children()}</div> }
}

/// Tiles of equal width, as many in a row as fit.
#[component]
pub fn Grid(#[prop(optional)] gap: Gap, children: Children) -> impl IntoView {
    view! { <div class=format!("tiles {}", gap.class())>{children()}</div> }
}

/// The main thing, with an aside at the right where there is room.
#[component]
pub fn Columns(aside: AnyView, children: Children) -> impl IntoView {
    view! { <div class="columns"><div class="flex flex-col gap-8">{children()}</div><div class="flex flex-col gap-4">{aside}</div></div> }
}

/// Running text: paragraphs, lists, headings.
#[component]
pub fn Prose(children: Children) -> impl IntoView {
    view! { <div class="prose">{children()}</div> }
}

/// Quiet words.
#[component]
pub fn Muted(children: Children) -> impl IntoView {
    view! { <span class="muted">{children()}</span> }
}

/// Words for those who listen: what a reader sees from the row they stand in.
#[component]
pub fn Aloud(children: Children) -> impl IntoView {
    view! { <span class="sr-only">{children()}</span> }
}

/// Words that matter.
#[component]
pub fn Strong(children: Children) -> impl IntoView {
    view! { <strong>{children()}</strong> }
}

/// A link within text.
#[component]
pub fn TextLink(#[prop(into)] href: String, children: Children) -> impl IntoView {
    view! { <a href=href>{children()}</a> }
}

/// A paragraph.
#[component]
pub fn Paragraph(children: Children) -> impl IntoView {
    view! { <p>{children()}</p> }
}

/// A bulleted list of views.
#[component]
pub fn BulletList(items: Vec<AnyView>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|item| view! { <li>{item}</li> }.into_any())
        .collect::<Vec<_>>();
    view! { <ul class="prose">{items}</ul> }
}
