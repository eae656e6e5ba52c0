//! Pages that belong to no domain: nothing found, gallery.

use leptos::prelude::*;

use super::{Content, PageError, page, plain_page};
use crate::ui::Gallery;

/// An address that names no page.
pub fn not_found() -> AnyView {
    page(|_| async { Err(PageError::NotFound) })
}

/// `GET /gallery`: every component in every state, in demo mode alone.
pub fn gallery() -> AnyView {
    plain_page(|cx| async move {
        if !cx.qx.settings.demo {
            return Err(PageError::NotFound);
        }
        Ok(Content::new("Gallery", view! { <Gallery /> }))
    })
}
