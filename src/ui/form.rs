//! Forms: their state after a refusal, the frame around fields, and the summary of errors on top.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::context::Provider;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Card, Text, slug};

/// What was typed into a form and what was wrong with it; kept in the session between refusal and redirect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    /// Values by field name, several for checkboxes.
    pub values: BTreeMap<String, Vec<String>>,
    /// One sentence per field name.
    pub errors: BTreeMap<String, String>,
    /// What went wrong as a whole.
    pub summary: Option<String>,
}

impl FormState {
    /// Takes over what a browser sent.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut state = Self::default();
        for (name, value) in pairs {
            state.values.entry(name).or_default().push(value);
        }
        state
    }

    /// Adds a value to a field.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.entry(name.to_owned()).or_default().push(value.into());
        self
    }

    /// Says what is wrong with a field.
    #[must_use]
    pub fn with_error(mut self, name: &str, sentence: impl Into<String>) -> Self {
        self.errors.insert(name.to_owned(), sentence.into());
        self
    }

    /// Says what went wrong as a whole.
    #[must_use]
    pub fn with_summary(mut self, sentence: impl Into<String>) -> Self {
        self.summary = Some(sentence.into());
        self
    }

    /// The first value of a field, empty when there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values(name).first().map_or("", String::as_str)
    }

    /// All values of a field.
    #[must_use]
    pub fn values(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.get(name).map(String::as_str)
    }

    /// Whether anything was refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.summary.is_some()
    }

    /// Whether the form comes back with what was typed, so that initial values must not show through.
    #[must_use]
    pub fn is_returned(&self) -> bool {
        !self.values.is_empty()
    }
}

/// The form that surrounds a field: what fields look up by their name.
#[derive(Debug, Clone, Default)]
pub(super) struct Surrounding {
    pub(super) state: Arc<FormState>,
    pub(super) prefix: String,
}

impl Surrounding {
    pub(super) fn current() -> Self {
        use_context::<Self>().unwrap_or_default()
    }

    pub(super) fn field_id(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => slug(name),
            prefix => format!("{prefix}-{}", slug(name)),
        }
    }

    pub(super) fn value(&self, name: &str, initial: Text) -> Option<String> {
        match self.state.values.get(name).and_then(|values| values.first()) {
            Some(value) => Some(value.clone()),
            None => initial.given(),
        }
    }

    pub(super) fn chosen(&self, name: &str, initial: Vec<String>) -> Vec<String> {
        if self.state.is_returned() {
            self.state.values(name).to_vec()
        } else {
            initial
        }
    }

    pub(super) fn error(&self, name: &str) -> Option<String> {
        self.state.error(name).map(str::to_owned)
    }
}

/// A form. Fields inside find their values and errors in `form` by name; errors are summed up on top.
#[component]
pub fn Form(
    #[prop(into)] action: String,
    #[prop(optional)] form: FormState,
    /// Also the prefix of the ids of the fields; needed when a page has two forms with a field of the same name.
    #[prop(optional, into)]
    id: Text,
    #[prop(optional)] multipart: bool,
    #[prop(optional)] method_get: bool,
    children: Children,
) -> impl IntoView {
    let id = id.given();
    let around = Surrounding {
        state: Arc::new(form),
        prefix: id.clone().unwrap_or_default(),
    };
    let summary = around.state.has_errors().then(|| error_summary(&around));
    view! {
        <form class="form" id=id action=action method=if method_get { "get" } else { "post" }
            enctype=multipart.then_some("multipart/form-data")>
            {summary}
            <Provider value=around>{children()}</Provider>
        </form>
    }
}

fn error_summary(around: &Surrounding) -> AnyView {
    let title = around
        .state
        .summary
        .clone()
        .unwrap_or_else(|| "Please correct what is marked below.".to_owned());
    let errors = around
        .state
        .errors
        .iter()
        .map(|(name, sentence)| (around.field_id(name), sentence.clone()))
        .collect::<Vec<_>>();
    view! { <ErrorSummary title=title errors=errors /> }.into_any()
}

/// What was refused, as links to the fields; takes the focus when the page opens.
#[component]
pub fn ErrorSummary(
    #[prop(into)] title: String,
    /// Pairs of field id and sentence.
    #[prop(optional)]
    errors: Vec<(String, String)>,
) -> impl IntoView {
    let items = errors
        .into_iter()
        .map(|(id, sentence)| view! { <li><a href=format!("#{id}")>{sentence}</a></li> }.into_any())
        .collect::<Vec<_>>();
    let list = (!items.is_empty()).then(|| view! { <ul>{items}</ul> });
    view! {
        <div class="notice bad" role="alert" tabindex="-1" autofocus=true data-error-summary="">
            <super::Icon name="x-circle" />
            <div><p class="notice-title">{title}</p>{list}</div>
        </div>
    }
}

/// A `Form` in a card of its own, with a title.
#[component]
pub fn FormCard(
    #[prop(into)] title: String,
    #[prop(optional, into)] purpose: Text,
    #[prop(into)] action: String,
    #[prop(optional)] form: FormState,
    #[prop(optional, into)] id: Text,
    #[prop(optional)] multipart: bool,
    children: Children,
) -> impl IntoView {
    let purpose = purpose.given().map(|purpose| view! { <p class="muted">{purpose}</p> });
    view! {
        <Card title=title level=2>
            {purpose}
            <Form action=action form=form id=id multipart=multipart>{children()}</Form>
        </Card>
    }
}

/// Related fields under one legend.
#[component]
pub fn Fieldset(#[prop(into)] legend: String, children: Children) -> impl IntoView {
    view! { <fieldset class="fieldset"><legend>{legend}</legend>{children()}</fieldset> }
}

/// The row of buttons at the end of a form.
#[component]
pub fn FormActions(children: Children) -> impl IntoView {
    view! { <div class="form-actions">{children()}</div> }
}
