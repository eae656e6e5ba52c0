//! Buttons and links that look like buttons, and a form that is only a button.

use leptos::prelude::*;

use super::{Icon, Text};

/// How loud a button is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one main action of a page or form.
    #[default]
    Primary,
    /// Any other action.
    Secondary,
    /// Ends something for somebody.
    Danger,
    /// Quiet: cancel, reset.
    Ghost,
}

/// How large a button is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Size {
    /// In forms and page headers.
    #[default]
    Normal,
    /// In table rows and cards.
    Small,
}

pub(super) fn button_class(kind: Kind, size: Size) -> &'static str {
    match (kind, size) {
        (Kind::Primary, Size::Normal) => "button primary",
        (Kind::Primary, Size::Small) => "button primary small",
        (Kind::Secondary, Size::Normal) => "button",
        (Kind::Secondary, Size::Small) => "button small",
        (Kind::Danger, Size::Normal) => "button danger",
        (Kind::Danger, Size::Small) => "button danger small",
        (Kind::Ghost, Size::Normal) => "button ghost",
        (Kind::Ghost, Size::Small) => "button ghost small",
    }
}

pub(super) fn icon_view(icon: Text) -> Option<AnyView> {
    icon.given().map(|name| view! { <Icon name=name /> }.into_any())
}

/// Submits the form around it, or the one named by `form`.
#[component]
pub fn SubmitButton(
    #[prop(optional)] kind: Kind,
    #[prop(optional)] size: Size,
    #[prop(optional, into)] name: Text,
    #[prop(optional, into)] value: Text,
    #[prop(optional, into)] icon: Text,
    #[prop(optional, into)] form: Text,
    #[prop(optional)] disabled: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <button type="submit" class=button_class(kind, size) name=name.given() value=value.given()
            form=form.given() disabled=disabled>
            {icon_view(icon)}
            {children()}
        </button>
    }
}

/// A link that looks like a button: goes somewhere, changes nothing.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] size: Size,
    #[prop(optional, into)] icon: Text,
    #[prop(optional)] download: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <a class=button_class(kind, size) href=href download=download.then_some("")>
            {icon_view(icon)}
            {children()}
        </a>
    }
}

pub(super) fn hidden_fields(fields: Vec<(&'static str, String)>) -> AnyView {
    fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.into_any())
        .collect_view()
        .into_any()
}

/// A POST form that is only a button, with its hidden fields.
#[component]
pub fn PostButton(
    #[prop(into)] action: String,
    #[prop(optional)] fields: Vec<(&'static str, String)>,
    #[prop(default = Kind::Secondary)] kind: Kind,
    #[prop(optional)] size: Size,
    #[prop(optional, into)] icon: Text,
    children: Children,
) -> impl IntoView {
    view! {
        <form method="post" action=action class="inline">
            {hidden_fields(fields)}
            <button type="submit" class=button_class(kind, size)>{icon_view(icon)}{children()}</button>
        </form>
    }
}
