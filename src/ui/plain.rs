//! The frame of pages without a signed-in person: sign-in, invitations, errors. A card in the middle.

use leptos::prelude::*;

use super::frame::{Flash, flash_view};
use super::{OrganizationMark, Text};
use crate::islands::Sharpen;

/// A centred card with the brand on top; `title` is the page's `h1`.
#[component]
pub fn Plain(
    #[prop(into)] title: String,
    #[prop(default = "Portico".into(), into)] brand: Text,
    #[prop(optional, into)] logo: Text,
    #[prop(optional, into)] purpose: Text,
    #[prop(optional_no_strip, into)] flash: Option<Flash>,
    /// For work that takes several cards: the page is as wide as a form needs, and its parts stand beside the heading, not in one card.
    #[prop(optional)]
    wide: bool,
    children: Children,
) -> impl IntoView {
    let brand = brand.or("Portico");
    let purpose = purpose.given().map(|purpose| view! { <p class="muted">{purpose}</p> });
    let heading = view! { <h1>{title}</h1>{purpose} };
    let heading = if wide {
        view! { <div>{heading}</div> }.into_any()
    } else {
        heading.into_any()
    };
    view! {
        <main class=if wide { "plain plain-wide" } else { "plain" } id="main">
            <p class="plain-brand"><OrganizationMark name=brand.clone() logo=logo /><span>{brand}</span></p>
            <div class=(!wide).then_some("card")>
                {flash.map(flash_view)}
                {heading}
                {children()}
            </div>
        </main>
        <Sharpen />
    }
}
