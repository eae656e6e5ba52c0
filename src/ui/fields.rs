//! Fields that are typed into. Each takes its value and its error from the surrounding `Form` by its name.

use leptos::prelude::*;

use super::form::Surrounding;
use super::{Icon, Text, escape_html};

/// How wide a field is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Width {
    /// As wide as the form.
    #[default]
    Full,
    /// For codes, dates and numbers.
    Short,
}

/// What every field carries around its control: label, hint, error, and the ids that tie them together.
pub(super) struct Wiring {
    pub(super) id: String,
    pub(super) described_by: Option<String>,
    pub(super) invalid: Option<&'static str>,
    hint: Option<(String, String)>,
    error: Option<(String, String)>,
}

impl Wiring {
    pub(super) fn new(around: &Surrounding, name: &str, hint: Text) -> Self {
        let id = around.field_id(name);
        let hint = hint.given().map(|hint| (format!("{id}-hint"), hint));
        let error = around.error(name).map(|error| (format!("{id}-error"), error));
        let described = [&hint, &error]
            .into_iter()
            .flatten()
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            id,
            described_by: (!described.is_empty()).then_some(described),
            invalid: error.is_some().then_some("true"),
            hint,
            error,
        }
    }

    pub(super) fn hint_view(&mut self) -> Option<AnyView> {
        self.hint
            .take()
            .map(|(id, hint)| view! { <p class="hint" id=id>{hint}</p> }.into_any())
    }

    pub(super) fn error_view(&mut self) -> Option<AnyView> {
        self.error
            .take()
            .map(|(id, error)| view! { <p class="field-error" id=id><Icon name="x-circle" /><span>{error}</span></p> }.into_any())
    }

    pub(super) fn field(mut self, label: String, required: bool, width: Width, control: AnyView) -> AnyView {
        let optional = (!required).then(|| view! { <span class="optional">" (optional)"</span> });
        view! {
            <div class=if width == Width::Short { "field short" } else { "field" }>
                <label for=self.id.clone()>{label}{optional}</label>
                {self.hint_view()}
                {control}
                {self.error_view()}
            </div>
        }
        .into_any()
    }
}

/// A one-line field. `kind` is the input type; a password or one-time code is never echoed back.
#[component]
pub fn Field(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(default = "text".into(), into)] kind: String,
    #[prop(optional, into)] hint: Text,
    #[prop(optional, into)] value: Text,
    #[prop(optional, into)] placeholder: Text,
    #[prop(optional, into)] autocomplete: Text,
    #[prop(optional, into)] inputmode: Text,
    #[prop(optional, into)] pattern: Text,
    #[prop(optional, into)] maxlength: Text,
    #[prop(optional, into)] minlength: Text,
    #[prop(optional, into)] min: Text,
    #[prop(optional, into)] max: Text,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] width: Width,
) -> impl IntoView {
    let around = Surrounding::current();
    let wiring = Wiring::new(&around, &name, hint);
    let autocomplete = autocomplete.given();
    let secret = kind == "password" || autocomplete.as_deref() == Some("one-time-code");
    let value = if secret { None } else { around.value(&name, value) };
    let control = view! {
        <input class="input" id=wiring.id.clone() name=name type=kind value=value placeholder=placeholder.given()
            autocomplete=autocomplete inputmode=inputmode.given() pattern=pattern.given()
            maxlength=maxlength.given() minlength=minlength.given() min=min.given() max=max.given()
            required=required autofocus=autofocus readonly=readonly
            aria-describedby=wiring.described_by.clone() aria-invalid=wiring.invalid />
    }
    .into_any();
    wiring.field(label, required || readonly, width, control)
}

/// A field of several lines. Escapes its content itself, because Leptos 0.8 does not inside `<textarea>`.
#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(default = 4)] rows: u16,
    #[prop(optional, into)] hint: Text,
    #[prop(optional, into)] value: Text,
    #[prop(optional, into)] placeholder: Text,
    #[prop(optional, into)] maxlength: Text,
    #[prop(optional)] required: bool,
    #[prop(optional)] monospace: bool,
) -> impl IntoView {
    let around = Surrounding::current();
    let wiring = Wiring::new(&around, &name, hint);
    // The parser drops one line break after the tag; ours is the one it drops.
    let content = format!("\n{}", escape_html(&around.value(&name, value).unwrap_or_default()));
    let control = view! {
        <textarea class=if monospace { "input code" } else { "input" } id=wiring.id.clone() name=name
            rows=rows.to_string() placeholder=placeholder.given() maxlength=maxlength.given() required=required
            aria-describedby=wiring.described_by.clone() aria-invalid=wiring.invalid inner_html=content></textarea>
    }
    .into_any();
    wiring.field(label, required, Width::Full, control)
}

/// A day, written `2027-03-31`.
#[component]
pub fn DateField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Text,
    #[prop(optional, into)] value: Text,
    #[prop(optional, into)] min: Text,
    #[prop(optional, into)] max: Text,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    view! {
        <Field name=name label=label kind="date" hint=hint value=value min=min max=max required=required
            width=Width::Short />
    }
}

/// A file to send; the form around it must be `multipart`.
#[component]
pub fn FileField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Text,
    #[prop(optional, into)] accept: Text,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let wiring = Wiring::new(&Surrounding::current(), &name, hint);
    let control = view! {
        <input class="input file" id=wiring.id.clone() name=name type="file" accept=accept.given() required=required
            aria-describedby=wiring.described_by.clone() aria-invalid=wiring.invalid />
    }
    .into_any();
    wiring.field(label, required, Width::Full, control)
}

/// A value the form carries along unseen.
#[component]
pub fn Hidden(#[prop(into)] name: String, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value /> }
}
