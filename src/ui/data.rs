//! Facts: badges, definitions, numbers, code, timelines.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{DateTimeText, Icon, Text, slug};

/// What a colour says; never shown without a word or an icon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Needs attention soon.
    Warn,
    /// Wrong or over.
    Bad,
    /// Something to know.
    Info,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }

    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Neutral | Self::Info => "info",
            Self::Good => "check-circle",
            Self::Warn => "alert",
            Self::Bad => "x-circle",
        }
    }
}

/// A state in one word; the neutral one has no icon unless `icon` names one.
#[component]
pub fn Badge(#[prop(optional)] tone: Tone, #[prop(optional, into)] icon: Text, children: Children) -> impl IntoView {
    let icon = icon.given().or_else(|| (tone != Tone::Neutral).then(|| tone.icon().to_owned()));
    let icon = icon.map(|name| view! { <Icon name=name /> });
    view! { <span class=format!("badge {}", tone.class())>{icon}{children()}</span> }
}

/// Terms and what they are.
#[component]
pub fn DefinitionList(children: Children) -> impl IntoView {
    view! { <dl class="definitions">{children()}</dl> }
}

/// One term of a `DefinitionList`.
#[component]
pub fn Definition(#[prop(into)] term: String, children: Children) -> impl IntoView {
    view! { <div><dt>{term}</dt><dd>{children()}</dd></div> }
}

/// A row of numbers.
#[component]
pub fn StatRow(children: Children) -> impl IntoView {
    view! { <dl class="stats">{children()}</dl> }
}

/// One number of a `StatRow`, with what it counts.
#[component]
pub fn Stat(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] hint: Text,
    #[prop(optional, into)] href: Text,
    #[prop(optional)] tone: Tone,
) -> impl IntoView {
    let value = match href.given() {
        Some(href) => view! { <a href=href>{value}</a> }.into_any(),
        None => value.into_any(),
    };
    let icon = (tone != Tone::Neutral).then(|| view! { <Icon name=tone.icon() /> });
    let hint = hint.given().map(|hint| view! { <dd class="hint">{hint}</dd> });
    view! {
        <div class=format!("stat {}", tone.class())><dt>{label}</dt><dd class="stat-value">{icon}{value}</dd>{hint}</div>
    }
}

/// How much of something is used; `label` says it in words.
#[component]
pub fn Meter(value: u64, max: u64, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <div class="meter">
            <span>{label.clone()}</span>
            <meter min="0" max=max.max(1).to_string() value=value.to_string() aria-label=label></meter>
        </div>
    }
}

/// A short piece of something exact.
#[component]
pub fn Code(children: Children) -> impl IntoView {
    view! { <code>{children()}</code> }
}

/// Lines of something exact; scrolls sideways, also by keyboard.
#[component]
pub fn CodeBlock(#[prop(default = "Code".into(), into)] label: String, children: Children) -> impl IntoView {
    view! { <pre class="code" tabindex="0" role="region" aria-label=label><code>{children()}</code></pre> }
}

/// A value to copy: shown in full, with a button where there is JavaScript.
#[component]
pub fn CopyField(#[prop(into)] label: String, #[prop(into)] value: String, #[prop(optional, into)] id: Text) -> impl IntoView {
    let id = id.or(&format!("copy-{}", slug(&label)));
    let button = format!("Copy {}", label.to_lowercase());
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="copy-field">
                <input class="input code" id=id.clone() readonly=true value=value />
                <CopyButton target=id label=button />
            </div>
        </div>
    }
}

/// Copies the value or the text of the element with the id `target`; hidden without JavaScript.
#[component]
pub fn CopyButton(#[prop(into)] target: String, #[prop(default = "Copy".into(), into)] label: String) -> impl IntoView {
    view! {
        <button type="button" class="button" data-copy=target aria-label=label>
            <Icon name="copy" />
            <span role="status" data-copy-status="">"Copy"</span>
        </button>
    }
}

/// More, for those who ask.
#[component]
pub fn Disclosure(#[prop(into)] summary: String, #[prop(optional)] open: bool, children: Children) -> impl IntoView {
    view! {
        <details class="disclosure" open=open>
            <summary><Icon name="chevron-right" />{summary}</summary>
            <div>{children()}</div>
        </details>
    }
}

/// What happened, in order.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// One thing that happened.
#[component]
pub fn TimelineItem(
    #[prop(default = "activity".into(), into)] icon: String,
    #[prop(into)] title: String,
    #[prop(optional_no_strip, into)] at: Option<DateTime<Utc>>,
    #[prop(optional)] tone: Tone,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let at = at.map(|at| view! { <span class="muted"><DateTimeText at=at /></span> });
    let more = children.map(|children| view! { <div>{children()}</div> });
    view! {
        <li>
            <span class=format!("timeline-icon {}", tone.class())><Icon name=icon /></span>
            <div class="two-lines"><span><strong>{title}</strong>" "{at}</span>{more}</div>
        </li>
    }
}
