//! The frame of pages that are made by hand, where the renderer of pages is not at work: head, stylesheet, body.

/// A whole page of ours. `title` is text, `body` is HTML.
#[must_use]
pub fn page_by_hand(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"/favicon.svg\"><link rel=\"stylesheet\" href=\"/portico.css\"></head>\
         <body>{body}</body></html>"
    )
}

/// Text as it stands in HTML and in the values of attributes.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
