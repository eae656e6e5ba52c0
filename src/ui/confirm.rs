//! Confirmation of what ends something. A popover without JavaScript; the `Sharpen` island makes it a modal dialog.

use std::sync::Arc;

use leptos::context::Provider;
use leptos::prelude::*;

use super::buttons::{button_class, hidden_fields};
use super::form::Surrounding;
use super::{FormState, Kind, Size};

/// A button that asks first. `verb` repeats what happens ("Remove Bo Lind"); the children say what ends, for whom,
/// and until when it can be undone, and may hold fields.
#[component]
pub fn Confirm(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The words on the button that asks.
    #[prop(into)]
    trigger: String,
    #[prop(into)] title: String,
    #[prop(into)] verb: String,
    #[prop(into)] action: String,
    #[prop(optional)] fields: Vec<(&'static str, String)>,
    #[prop(default = Kind::Danger)] kind: Kind,
    #[prop(optional)] size: Size,
    /// What came back when it was refused: fields inside find their values and errors in it. The page shows the summary.
    #[prop(optional)]
    form: FormState,
    children: Children,
) -> impl IntoView {
    let around = Surrounding {
        state: Arc::new(form),
        prefix: id.clone(),
    };
    // In the dialog its verb is the main action, however quiet the button that asked.
    let answer = if kind == Kind::Danger { Kind::Danger } else { Kind::Primary };
    let heading = format!("{id}-title");
    let (named, hide, label) = (id.clone(), id.clone(), heading.clone());
    view! {
        <button type="button" class=button_class(kind, size) popovertarget=id.clone() data-confirm=id>
            {trigger}
        </button>
        <dialog id=named class="confirm" popover="auto" aria-labelledby=label>
            <form method="post" action=action>
                {hidden_fields(fields)}
                <p class="confirm-title" id=heading>{title}</p>
                <div class="confirm-text"><Provider value=around>{children()}</Provider></div>
                <div class="form-actions">
                    <button type="submit" class=button_class(answer, Size::Normal)>{verb}</button>
                    <button type="button" class="button ghost" popovertarget=hide popovertargetaction="hide"
                        data-close="" autofocus=true>
                        "Cancel"
                    </button>
                </div>
            </form>
        </dialog>
    }
}
