//! What every document's `<head>` needs from the design system: the theme script and the icon.

use leptos::nonce::use_nonce;
use leptos::prelude::*;

/// The theme script, applied before the first paint, and the icon. Put it before the stylesheets.
#[component]
pub fn Assets() -> impl IntoView {
    view! {
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <script src="/theme.js" nonce=use_nonce()></script>
    }
}
