//! Fields that are chosen from: select, checkboxes, radio buttons.

use leptos::prelude::*;

use super::Text;
use super::fields::{Width, Wiring};
use super::form::Surrounding;

/// One thing to choose.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    value: String,
    label: String,
    hint: Text,
    disabled: bool,
}

impl Choice {
    /// The value that is sent and the words that are shown.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            ..Self::default()
        }
    }

    /// Explains the choice (not in a select).
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Shows the choice but does not offer it.
    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }
}

/// One of a list. `auto_submit` sends the form on a change where there is JavaScript; keep a button beside it.
#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    options: Vec<Choice>,
    #[prop(optional, into)] selected: Text,
    #[prop(optional, into)] hint: Text,
    #[prop(optional)] required: bool,
    #[prop(optional)] auto_submit: bool,
    #[prop(optional)] width: Width,
) -> impl IntoView {
    let around = Surrounding::current();
    let wiring = Wiring::new(&around, &name, hint);
    let selected = around.value(&name, selected).unwrap_or_default();
    let options = options
        .into_iter()
        .map(
            |Choice {
                 value, label, disabled, ..
             }| {
                let chosen = value == selected;
                view! { <option value=value selected=chosen disabled=disabled>{label}</option> }.into_any()
            },
        )
        .collect::<Vec<_>>();
    let control = view! {
        <select class="input" id=wiring.id.clone() name=name required=required
            data-auto-submit=auto_submit.then_some("")
            aria-describedby=wiring.described_by.clone() aria-invalid=wiring.invalid>
            {options}
        </select>
    }
    .into_any();
    wiring.field(label, true, width, control)
}

/// Yes or no.
#[component]
pub fn Checkbox(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(default = "yes".into(), into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] hint: Text,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let around = Surrounding::current();
    let mut wiring = Wiring::new(&around, &name, hint);
    let initial = if checked { vec![value.clone()] } else { Vec::new() };
    let checked = around.chosen(&name, initial).contains(&value);
    view! {
        <div class="field">
            <div class="check">
                <input type="checkbox" id=wiring.id.clone() name=name value=value checked=checked required=required
                    aria-describedby=wiring.described_by.clone() aria-invalid=wiring.invalid />
                <div><label for=wiring.id.clone()>{label}</label>{wiring.hint_view()}</div>
            </div>
            {wiring.error_view()}
        </div>
    }
}

/// Any of a few.
#[component]
pub fn CheckboxGroup(
    #[prop(into)] name: String,
    #[prop(into)] legend: String,
    options: Vec<Choice>,
    #[prop(optional)] selected: Vec<String>,
    #[prop(optional, into)] hint: Text,
) -> impl IntoView {
    group("checkbox", &name, legend, options, selected, hint, false)
}

/// Exactly one of a few.
#[component]
pub fn RadioGroup(
    #[prop(into)] name: String,
    #[prop(into)] legend: String,
    options: Vec<Choice>,
    #[prop(optional, into)] selected: Text,
    #[prop(optional, into)] hint: Text,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let selected = selected.given().into_iter().collect();
    group("radio", &name, legend, options, selected, hint, required)
}

fn group(
    kind: &'static str,
    name: &str,
    legend: String,
    options: Vec<Choice>,
    selected: Vec<String>,
    hint: Text,
    required: bool,
) -> AnyView {
    let around = Surrounding::current();
    let mut wiring = Wiring::new(&around, name, hint);
    let selected = around.chosen(name, selected);
    let invalid = wiring.invalid;
    let options = options
        .into_iter()
        .enumerate()
        .map(
            |(
                place,
                Choice {
                    value,
                    label,
                    hint,
                    disabled,
                },
            )| {
                // The error summary links to the id of the field: that is its first choice.
                let id = if place == 0 {
                    wiring.id.clone()
                } else {
                    format!("{}-{place}", wiring.id)
                };
                let hint = hint.given().map(|hint| (format!("{id}-about"), hint));
                let about = hint.as_ref().map(|(id, _)| id.clone());
                let hint = hint.map(|(id, hint)| view! { <p class="hint" id=id>{hint}</p> });
                let checked = selected.contains(&value);
                view! {
                    <div class="check">
                        <input type=kind id=id.clone() name=name.to_owned() value=value checked=checked
                            disabled=disabled required=required aria-describedby=about aria-invalid=invalid />
                        <div><label for=id>{label}</label>{hint}</div>
                    </div>
                }
                .into_any()
            },
        )
        .collect::<Vec<_>>();
    view! {
        <fieldset class="field group" aria-describedby=wiring.described_by.clone()>
            <legend>{legend}</legend>
            {wiring.hint_view()}
            {options}
            {wiring.error_view()}
        </fieldset>
    }
    .into_any()
}
