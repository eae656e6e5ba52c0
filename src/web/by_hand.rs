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

/// A page of ours that says one thing, looking as the pages around the sign-in do. `title` is text, `inner` is HTML.
#[must_use]
pub fn plain_page_by_hand(title: &str, inner: &str) -> String {
    let heading = escaped(title);
    let body = format!(
        "<main class=\"plain\"><p class=\"plain-brand\"><span aria-hidden=\"true\" class=\"mark\">P</span><span>Portico</span></p>\
         <div class=\"card\"><h1>{heading}</h1>{inner}</div></main>"
    );
    page_by_hand(title, &body)
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
