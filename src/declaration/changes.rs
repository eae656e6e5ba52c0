//! What an application changes, told so that a person can read it: `+` created, `~` changed, `-` ended.

use std::fmt;

use serde_json::{Map, Value, json};

/// What becomes of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is new.
    Create,
    /// It becomes different.
    Change,
    /// It is taken away.
    End,
}

impl Mark {
    const fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change => '~',
            Self::End => '-',
        }
    }
}

/// A field before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The key in the file.
    pub name: &'static str,
    /// As it was; secrets only as "(set)" or "(other)".
    pub old: String,
    /// As it becomes.
    pub new: String,
}

/// A thing that is created, changed or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What becomes of it.
    pub mark: Mark,
    /// What kind of thing.
    pub kind: &'static str,
    /// Which.
    pub name: String,
    /// Its fields, when it is changed.
    pub fields: Vec<FieldChange>,
}

/// Everything one application changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which it is done.
    pub changes: Vec<Change>,
    /// What was left as it is although the file says something else, and why.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether the portal already is as declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many things have this mark.
    #[must_use]
    pub fn count(&self, mark: Mark) -> usize {
        self.changes.iter().filter(|change| change.mark == mark).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{} {} {}", change.mark.sign(), change.kind, change.name)?;
            for field in &change.fields {
                writeln!(f, "    {}: {} → {}", field.name, field.old, field.new)?;
            }
        }
        for note in &self.notes {
            writeln!(f, "! {note}")?;
        }
        if self.is_empty() {
            return writeln!(f, "Nothing to do: everything is as declared.");
        }
        let (created, changed, ended) = (self.count(Mark::Create), self.count(Mark::Change), self.count(Mark::End));
        writeln!(f, "{created} created, {changed} changed, {ended} ended.")
    }
}

/// Brings fields to what is declared and remembers what was different.
#[derive(Debug, Default)]
pub(super) struct Fields(pub Vec<FieldChange>);

impl Fields {
    /// Sets a field that the file names; answers whether it was different.
    pub fn set<T: PartialEq>(&mut self, name: &'static str, slot: &mut T, wanted: Option<T>, show: impl Fn(&T) -> String) -> bool {
        let Some(wanted) = wanted.filter(|wanted| wanted != slot) else {
            return false;
        };
        self.note(name, show(slot), show(&wanted));
        *slot = wanted;
        true
    }

    /// Notes a difference.
    pub fn note(&mut self, name: &'static str, old: impl Into<String>, new: impl Into<String>) {
        self.0.push(FieldChange {
            name,
            old: old.into(),
            new: new.into(),
        });
    }

    /// Whether nothing was different.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this field was different.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.name == name)
    }

    /// The differences as the trail keeps them.
    pub fn detail(&self) -> Value {
        let fields: Map<String, Value> = self
            .0
            .iter()
            .map(|field| (field.name.to_owned(), json!({ "from": field.old, "to": field.new })))
            .collect();
        Value::Object(fields)
    }
}

/// A text in quotation marks, a dash when there is none.
pub(super) fn text(text: &str) -> String {
    if text.is_empty() { "—".to_owned() } else { format!("{text:?}") }
}

/// A text that may be missing.
pub(super) fn optional(value: &Option<String>) -> String {
    value.as_deref().map_or_else(|| "—".to_owned(), text)
}

/// A value as it prints.
pub(super) fn plain<T: fmt::Display>(value: &T) -> String {
    value.to_string()
}

/// Yes or no.
pub(super) fn yes(value: &bool) -> String {
    if *value { "yes" } else { "no" }.to_owned()
}
