//! The keys of the configuration, read off its type: path, variable, kind, default and description. One list for the variables,
//! for `portico config check` and for the README's table.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use figment::value::{Dict, Value};
use schemars::generate::SchemaSettings;

use super::config::Config;

/// Where a value was set; a later one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nowhere.
    Default,
    /// In this file.
    File(PathBuf),
    /// By a variable.
    Environment,
}

impl Source {
    /// The key as it is spelled there.
    #[must_use]
    pub fn naming(&self, key: &str) -> String {
        match self {
            Self::Default => format!("portico.{key}"),
            Self::File(file) => format!("{}: portico.{key}", file.display()),
            Self::Environment => format!("the variable {}", variable(key)),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Environment => f.write_str("environment"),
        }
    }
}

/// How a variable's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
}

impl Kind {
    /// The typed value; what does not parse stays a text, so that the refusal names the key and what is expected.
    #[must_use]
    pub fn value(self, text: &str) -> Value {
        match self {
            Self::Number => text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
            Self::Flag => text.trim().parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
            Self::Text => Value::from(text),
        }
    }
}

/// One key of the `[portico]` table.
#[derive(Clone, Debug)]
pub struct Key {
    /// As in the file, e.g. `smtp.port`.
    pub path: String,
    /// The variable that overrides it, e.g. `PORTICO_SMTP_PORT`.
    pub variable: String,
    /// How it is read.
    pub kind: Kind,
    /// Its default as shown to people; empty when there is none.
    pub default: String,
    /// What it is for.
    pub description: String,
}

/// The variable of a key.
#[must_use]
pub fn variable(path: &str) -> String {
    format!("PORTICO_{}", path.replace('.', "_").to_uppercase())
}

/// Every key, in alphabetical order, tables last or where their name falls.
#[must_use]
pub fn keys() -> Vec<Key> {
    let settings = SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<Config>();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut keys = Vec::new();
    walk(schema.as_value(), &defaults, "", &mut keys);
    keys
}

fn walk(schema: &serde_json::Value, defaults: &serde_json::Value, prefix: &str, keys: &mut Vec<Key>) {
    let Some(properties) = schema.get("properties").and_then(serde_json::Value::as_object) else {
        return;
    };
    for (name, property) in properties {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        let default = &defaults[name];
        if property.get("properties").is_some() {
            walk(property, default, &path, keys);
            continue;
        }
        let kinds = property["type"].to_string();
        let kind = match () {
            () if kinds.contains("integer") => Kind::Number,
            () if kinds.contains("boolean") => Kind::Flag,
            () => Kind::Text,
        };
        keys.push(Key {
            variable: variable(&path),
            kind,
            default: shown(default),
            description: property["description"].as_str().unwrap_or_default().replace('\n', " "),
            path,
        });
    }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Every key with its effective value and where it was set, one a line; secrets as `(set)`.
#[must_use]
pub fn effective(config: &Config) -> String {
    let values = serde_json::to_value(config).unwrap_or_default();
    let rows: Vec<(String, String, String)> = keys()
        .into_iter()
        .map(|key| {
            let value = key.path.split('.').fold(&values, |value, part| &value[part]);
            let value = match shown(value) {
                text if text.is_empty() => "(not set)".to_owned(),
                text => text,
            };
            let source = match config.source(&key.path) {
                Source::Environment => key.variable,
                other => other.to_string(),
            };
            (format!("portico.{}", key.path), value, source)
        })
        .collect();
    let width =
        |column: fn(&(String, String, String)) -> &String| rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default();
    let (first, second) = (width(|row| &row.0), width(|row| &row.1));
    rows.iter()
        .map(|(key, value, source)| format!("{key:first$}  {value:second$}  {source}\n"))
        .collect()
}

/// Puts a value at a dotted path.
pub fn put(dict: &mut Dict, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            dict.insert(path.to_owned(), value);
        }
        Some((table, rest)) => {
            let inner = dict.entry(table.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Notes every path that a table sets.
pub fn set_in(dict: &Dict, prefix: &str, source: &Source, sources: &mut BTreeMap<String, Source>) {
    for (name, value) in dict {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Dict(_, inner) => set_in(inner, &path, source, sources),
            _ => {
                sources.insert(path, source.clone());
            }
        }
    }
}

/// A relative path that a file names counts from its folder.
#[must_use]
pub fn beside(file: &Path, path: &str) -> String {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && Path::new(path).is_relative() => folder.join(path).display().to_string(),
        _ => path.to_owned(),
    }
}

/// What figment found wrong: file or variable, key, what stands there and what is expected.
#[must_use]
pub fn explain(error: &figment::Error) -> String {
    let path = error.path.join(".");
    let unknown = match &error.kind {
        figment::error::Kind::UnknownField(name, expected) => Some((name, expected)),
        _ => None,
    };
    let path = match unknown {
        Some((name, _)) if path.is_empty() => name.clone(),
        Some((name, _)) if !path.ends_with(name.as_str()) => format!("{path}.{name}"),
        _ => path,
    };
    let what = match (&unknown, &error.kind) {
        (Some((_, expected)), _) => format!("is no key of the configuration; expected one of {}", expected.join(", ")),
        (_, figment::error::Kind::InvalidType(found, expected)) => format!("is {found}; expected {expected}"),
        (_, figment::error::Kind::InvalidValue(found, expected)) => format!("is {found}; expected {expected}"),
        (_, figment::error::Kind::UnknownVariant(found, expected)) => format!("is {found:?}; expected {}", expected.join(" or ")),
        (_, kind) => kind.to_string(),
    };
    match error.metadata.as_ref().map(|metadata| metadata.name.as_ref()) {
        Some("") => format!("the variable {} {what}", variable(&path)),
        Some(file) => format!("{file}: portico.{path} {what}"),
        None => format!("portico.{path} {what}"),
    }
}
