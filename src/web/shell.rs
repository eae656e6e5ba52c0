//! The document around every page: head, stylesheets, scripts with the nonce.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags};

use super::{RequestCx, routes};
use crate::ui::Assets;

/// The HTML document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let branding = RequestCx::current()
        .map(|request| {
            request
                .actor
                .member()
                .map_or_else(|| "tenant".to_owned(), |member| member.organization_slug.clone())
        })
        .map(|slug| routes::branding_css(&slug));
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <Assets />
                <HashedStylesheet options=options.clone() id="portico" />
                {branding.map(|href| view! { <link rel="stylesheet" href=href /> })}
                <HydrationScripts options=options islands=true />
                <MetaTags />
            </head>
            <body>
                <super::App />
            </body>
        </html>
    }
}
