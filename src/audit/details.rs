//! The particulars of an event, turned from stored JSON into facts and changes that can be read.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::filter::capitalised;
use crate::kernel::Timestamp;

/// A value as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing was set.
    Nothing,
    /// Words.
    Words(String),
    /// A moment.
    Moment(Timestamp),
}

/// One particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: Shown,
}

/// One value that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub label: String,
    /// Before.
    pub before: Shown,
    /// After; none when only the value before was recorded.
    pub after: Shown,
}

/// The particulars: what was changed, and everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Values before and after.
    pub changes: Vec<Change>,
    /// Other facts.
    pub facts: Vec<Fact>,
}

/// Reads stored details. Changes are recognised as `x_before` beside `x`, as `from` and `to`, and as `changed: {x: {from, to}}`.
#[must_use]
pub fn particulars(details: &str) -> Particulars {
    let Ok(Value::Object(mut map)) = serde_json::from_str(details) else {
        return Particulars::default();
    };
    let mut read = Particulars::default();
    for (before, after) in [("from", "to"), ("before", "after")] {
        if let (Some(Value::Object(_)), Some(Value::Object(_))) = (map.get(before), map.get(after)) {
            if let (Some(Value::Object(left)), Some(Value::Object(right))) = (map.remove(before), map.remove(after)) {
                read.changes.extend(compare(&left, &right));
            }
        } else if let (Some(left), Some(right)) = (map.get(before), map.get(after)) {
            read.changes.push(Change {
                label: "Value".to_owned(),
                before: shown(left),
                after: shown(right),
            });
            map.remove(before);
            map.remove(after);
        }
    }
    if let Some(Value::Object(changed)) = map.get("changed")
        && changed.values().all(|value| sides(value).is_some())
    {
        read.changes.extend(changed.iter().filter_map(|(key, value)| {
            let (before, after) = sides(value)?;
            Some(Change {
                label: capitalised(key),
                before: shown(before),
                after: shown(after),
            })
        }));
        map.remove("changed");
    }
    let olds: Vec<String> = map.keys().filter(|key| key.ends_with("_before")).cloned().collect();
    for old in olds {
        let Some(key) = old.strip_suffix("_before") else { continue };
        let before = map.remove(&old).unwrap_or_default();
        let label = capitalised(key);
        match map.remove(key) {
            Some(after) if after == before => read.facts.push(Fact {
                label,
                value: shown(&after),
            }),
            Some(after) => read.changes.push(Change {
                label,
                before: shown(&before),
                after: shown(&after),
            }),
            None => read.facts.push(Fact {
                label: format!("{label} before"),
                value: shown(&before),
            }),
        }
    }
    read.facts.extend(map.iter().map(|(key, value)| Fact {
        label: capitalised(key),
        value: shown(value),
    }));
    read
}

fn sides(value: &Value) -> Option<(&Value, &Value)> {
    match value {
        Value::Object(map) if map.len() == 2 => map
            .get("from")
            .zip(map.get("to"))
            .or_else(|| map.get("before").zip(map.get("after"))),
        Value::Array(pair) => match pair.as_slice() {
            [before, after] => Some((before, after)),
            _ => None,
        },
        _ => None,
    }
}

fn compare(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let none = Value::Null;
    keys.into_iter()
        .map(|key| (key, before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none)))
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, after)| Change {
            label: capitalised(key),
            before: shown(before),
            after: shown(after),
        })
        .collect()
}

fn shown(value: &Value) -> Shown {
    match value {
        Value::Null => Shown::Nothing,
        Value::String(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(at) => Shown::Moment(at.to_utc()),
            Err(_) if text.is_empty() => Shown::Nothing,
            Err(_) => Shown::Words(text.clone()),
        },
        Value::Array(items) if items.is_empty() => Shown::Nothing,
        other => Shown::Words(words(other)),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{}: {}", capitalised(key), words(value)))
            .collect::<Vec<_>>()
            .join("; "),
    }
}
