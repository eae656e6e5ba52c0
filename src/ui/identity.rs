//! Marks of people, organizations and applications.

use leptos::prelude::*;

use super::{Icon, Text};

/// Up to two initials of a name.
#[must_use]
pub fn initials(name: &str) -> String {
    let words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let letters = words.collect::<Vec<_>>();
    match letters.as_slice() {
        [] => "?".to_owned(),
        [only] => only.to_uppercase().to_string(),
        [first, .., last] => first.to_uppercase().chain(last.to_uppercase()).collect(),
    }
}

/// One of six tile colours, always the same for the same name.
fn hue(name: &str) -> &'static str {
    let sum = name
        .bytes()
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    ["h0", "h1", "h2", "h3", "h4", "h5"][(sum % 6) as usize]
}

/// The initials of a person; the name itself stands beside it.
#[component]
pub fn Avatar(#[prop(into)] name: String) -> impl IntoView {
    view! { <span class=format!("avatar {}", hue(&name)) aria-hidden="true">{initials(&name)}</span> }
}

/// An organization's logo, or its initials on the accent.
#[component]
pub fn OrganizationMark(#[prop(into)] name: String, #[prop(optional, into)] logo: Text) -> impl IntoView {
    match logo.given() {
        Some(url) => view! { <img class="mark" src=url alt="" width="28" height="28" /> }.into_any(),
        None => view! { <span class="mark" aria-hidden="true">{initials(&name)}</span> }.into_any(),
    }
}

/// An application's icon on a coloured tile; the name chooses the colour.
#[component]
pub fn AppIcon(#[prop(into)] icon: String, #[prop(into)] name: String) -> impl IntoView {
    view! { <span class=format!("app-icon {}", hue(&name)) aria-hidden="true"><Icon name=icon /></span> }
}

/// A name, as a link or not, with one more line below it.
#[component]
pub fn Name(#[prop(into)] name: String, #[prop(optional, into)] detail: Text, #[prop(optional, into)] href: Text) -> impl IntoView {
    view! { <span class="two-lines">{named(name, href)}{second_line(detail)}</span> }
}

/// An application with its icon, name and one more line, such as its category.
#[component]
pub fn AppName(
    #[prop(into)] icon: String,
    #[prop(into)] name: String,
    #[prop(optional, into)] detail: Text,
    #[prop(optional, into)] href: Text,
) -> impl IntoView {
    view! { <span class="person"><AppIcon icon=icon name=name.clone() /><Name name=name detail=detail href=href /></span> }
}

/// A person with avatar, name and one more line.
#[component]
pub fn Person(#[prop(into)] name: String, #[prop(optional, into)] detail: Text, #[prop(optional, into)] href: Text) -> impl IntoView {
    view! { <span class="person"><Avatar name=name.clone() /><Name name=name detail=detail href=href /></span> }
}

fn named(name: String, href: Text) -> AnyView {
    match href.given() {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    }
}

fn second_line(detail: Text) -> Option<AnyView> {
    detail
        .given()
        .map(|detail| view! { <span class="muted">{detail}</span> }.into_any())
}
