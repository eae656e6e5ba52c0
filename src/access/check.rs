//! Whether a text can be a policy of the operator: it parses, fits the schema, forbids and nothing else, and speaks of access alone.

use std::str::FromStr as _;

use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator, ffi::DetailedError};

/// So many statements one text may have.
pub const MAX_STATEMENTS: usize = 20;

/// Something that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1; none when it is about the whole text.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// What, in a sentence.
    pub says: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "Line {line}, column {column}: {}", self.says),
            _ => f.write_str(&self.says),
        }
    }
}

/// A text that can be a policy.
#[derive(Clone, Debug)]
pub struct Checked {
    pub(super) statements: Vec<Policy>,
}

impl Checked {
    /// The `@id`s, in order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.statements.iter().map(|policy| policy.id().to_string()).collect()
    }
}

fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn whole(says: impl Into<String>) -> Fault {
    Fault {
        line: None,
        column: None,
        says: says.into(),
    }
}

/// An error of Cedar as a sentence with its place. It names statements by their position; people know them by their text.
fn fault(text: &str, error: &DetailedError) -> Fault {
    let at = error.source_locations.first().map(|label| place(text, label.loc.start));
    let mut says = error.message.trim().to_owned();
    if let Some((_, rest)) = says.split_once("`, ").filter(|(start, _)| start.starts_with("for policy `")) {
        says = rest.to_owned();
    }
    if let Some(help) = error.help.as_deref().filter(|help| !help.is_empty()) {
        says = format!("{says} ({help})");
    }
    let mut letters = says.chars();
    let says = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str());
    Fault {
        line: at.map(|(line, _)| line),
        column: at.map(|(_, column)| column),
        says: format!("{}.", says.trim_end_matches('.')),
    }
}

/// Where a statement begins, by its number.
fn begins(policy: &Policy, text: &str) -> (usize, usize) {
    // Cedar keeps the text of a statement, annotations and all.
    let own = policy.to_string();
    place(text, text.find(own.trim()).unwrap_or_default())
}

/// Reads a text. `taken` are the ids that other policies have.
///
/// # Errors
/// Every [`Fault`] that is found.
pub(super) fn check(schema: &Schema, access: &[cedar_policy::EntityUid], text: &str, taken: &[String]) -> Result<Checked, Vec<Fault>> {
    if text.trim().is_empty() {
        return Err(vec![whole("Write at least one statement.")]);
    }
    let parsed = PolicySet::from_str(text).map_err(|errors| {
        let mut faults: Vec<Fault> = errors.iter().map(|error| fault(text, &error.into())).collect();
        faults.dedup();
        faults
    })?;
    if parsed.templates().next().is_some() {
        return Err(vec![whole("Templates with ?principal or ?resource cannot be used here.")]);
    }
    let mut statements: Vec<Policy> = parsed.policies().cloned().collect();
    // In the order of the text: Cedar numbers them.
    statements.sort_by_key(|policy| {
        policy
            .id()
            .to_string()
            .trim_start_matches("policy")
            .parse::<usize>()
            .unwrap_or_default()
    });
    if statements.is_empty() {
        return Err(vec![whole("Write at least one statement.")]);
    }
    if statements.len() > MAX_STATEMENTS {
        return Err(vec![whole(format!("Write at most {MAX_STATEMENTS} statements in one policy."))]);
    }
    let mut faults = Vec::new();
    let mut named = PolicySet::new();
    let mut ids: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for (number, policy) in statements.iter().enumerate() {
        let (line, column) = begins(policy, text);
        let mut wrong = |says: String| {
            faults.push(Fault {
                line: Some(line),
                column: Some(column),
                says,
            });
        };
        let id = policy.annotation("id").unwrap_or_default().to_owned();
        let fits = !id.is_empty()
            && id.len() <= 80
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits {
            wrong(format!(
                "Statement {} needs an @id(\"…\") of small letters, digits and hyphens; decisions are explained with it.",
                number + 1
            ));
        } else if ids.contains(&id) || taken.contains(&id) {
            wrong(format!("There is a statement with the @id {id} already; choose another."));
        }
        if policy.annotation("reason").is_none_or(|reason| reason.trim().is_empty()) {
            wrong(format!(
                "Statement {} needs a @reason(\"…\"): the sentence that people read when it refuses them.",
                number + 1
            ));
        }
        if policy.annotation("advice").is_some_and(|advice| advice != "step_up") {
            wrong("The only @advice there is, is \"step_up\".".to_owned());
        }
        if policy.effect() == Effect::Permit {
            wrong(
                "Write forbid, with when or unless. What is granted is permitted already, so a permit of yours would change nothing."
                    .to_owned(),
            );
        }
        let speaks_of = match policy.action_constraint() {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(action) => Some(vec![action]),
            ActionConstraint::In(actions) => Some(actions),
        };
        if !speaks_of.is_some_and(|actions| !actions.is_empty() && actions.iter().all(|action| access.contains(action))) {
            wrong("Say what is refused: action == Action::\"UseScope\", action == Action::\"Launch\", or action in both. Nothing else is yours to decide here.".to_owned());
        }
        let policy = policy.new_id(PolicyId::new(if fits { id.clone() } else { format!("statement {}", number + 1) }));
        ids.push(id);
        if named.add(policy.clone()).is_ok() {
            kept.push(policy);
        }
    }
    if faults.is_empty() {
        let result = Validator::new(schema.clone()).validate(&named, ValidationMode::default());
        faults.extend(result.validation_errors().map(|error| fault(text, &error.into())));
        faults.extend(result.validation_warnings().map(|warning| fault(text, &warning.into())));
    }
    if faults.is_empty() {
        Ok(Checked { statements: kept })
    } else {
        Err(faults)
    }
}
