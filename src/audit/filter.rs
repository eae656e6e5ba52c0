//! What somebody narrows the trail to: read from an address, written back into addresses, and explained when it cannot be used.

use chrono_tz::Tz;
use uuid::Uuid;

use super::{EventKind, Outcome};
use crate::kernel::{ApplicationId, Day, Timestamp, end_of_day, start_of_day};

/// The filter as typed, and as far as it could be understood.
#[derive(Clone, Debug, Default)]
pub struct TrailQuery {
    /// First day, in the reader's zone.
    pub from: Option<Day>,
    /// Last day, in the reader's zone.
    pub to: Option<Day>,
    /// Name, address or identifier of who did it.
    pub actor: Option<String>,
    /// What was done: one action, or a family of them written `member.*`.
    pub action: Option<String>,
    /// Name or identifier of what it is about.
    pub subject: Option<String>,
    /// The application concerned.
    pub application: Option<ApplicationId>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Name or short name of the organization; only for those who see several.
    pub organization: Option<String>,
    /// Why a value could not be used.
    pub problems: Vec<&'static str>,
}

/// The longest text that is searched for.
const LONGEST: usize = 200;

impl TrailQuery {
    /// Reads a filter; `value` gives the value of a name in the query string. What cannot be used is noted, never dropped silently.
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Self {
        let mut problems = Vec::new();
        let text = |name: &str| value(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut short = |name: &str, problem: &'static str| {
            let text = text(name)?;
            if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
                problems.push(problem);
                return None;
            }
            Some(text)
        };
        let actor = short("actor", "The name of who did it is too long.");
        let subject = short("subject", "The name of what it is about is too long.");
        let organization = short("organization", "The organization's name is too long.");
        let action = short("action", "The action is not known.").and_then(|action| {
            if actions_of(&action).is_empty() {
                problems.push("The action is not known.");
                return None;
            }
            Some(action)
        });
        let parsed = |name: &str| text(name).map(|text| Day::parse_from_str(&text, "%Y-%m-%d"));
        let mut day = |name: &str, problem: &'static str| match parsed(name)? {
            Ok(day) if (2000..=2200).contains(&chrono::Datelike::year(&day)) => Some(day),
            _ => {
                problems.push(problem);
                None
            }
        };
        let from = day("from", "The first day is not a date. Write it like 2027-03-31.");
        let to = day("to", "The last day is not a date. Write it like 2027-03-31.");
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            problems.push("The last day is before the first day, so nothing can be found.");
        }
        let application =
            text("application").and_then(|text| text.parse().map_err(|_| problems.push("The application is not known.")).ok());
        let outcome = text("outcome").and_then(|text| text.parse().map_err(|()| problems.push("The outcome is not known.")).ok());
        Self {
            from,
            to,
            actor,
            action,
            subject,
            application,
            outcome,
            organization,
            problems,
        }
    }

    /// The pairs of the query string that stand for this filter.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            ("from", self.from.map(|day| day.to_string()).unwrap_or_default()),
            ("to", self.to.map(|day| day.to_string()).unwrap_or_default()),
            ("actor", text(&self.actor)),
            ("action", text(&self.action)),
            ("subject", text(&self.subject)),
            ("application", self.application.map(|id| id.to_string()).unwrap_or_default()),
            ("outcome", self.outcome.map(|outcome| outcome.to_string()).unwrap_or_default()),
            ("organization", text(&self.organization)),
        ]
    }

    /// Whether anything is narrowed at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }

    /// The first instant that counts.
    #[must_use]
    pub fn from_instant(&self, zone: Tz) -> Option<Timestamp> {
        self.from.map(|day| start_of_day(day, zone))
    }

    /// The first instant that does not count any more.
    #[must_use]
    pub fn until_instant(&self, zone: Tz) -> Option<Timestamp> {
        self.to.map(|day| end_of_day(day, zone))
    }

    /// The identifier that the actor field holds, when it is one.
    #[must_use]
    pub fn actor_id(&self) -> Option<Uuid> {
        self.actor.as_deref().and_then(|text| Uuid::try_parse(text).ok())
    }

    /// The identifier that the subject field holds, when it is one.
    #[must_use]
    pub fn subject_id(&self) -> Option<Uuid> {
        self.subject.as_deref().and_then(|text| Uuid::try_parse(text).ok())
    }

    /// The actions that are wanted; empty means any.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.action.as_deref().map(actions_of).unwrap_or_default()
    }
}

/// The actions that a word stands for: itself, or all of a family (`member.*`).
fn actions_of(word: &str) -> Vec<&'static str> {
    let all = EventKind::ALL.iter().map(|kind| kind.as_str());
    match word.strip_suffix('*') {
        Some(family) if family.ends_with('.') => all.filter(|action| action.starts_with(family)).collect(),
        Some(_) => Vec::new(),
        None => all.filter(|action| *action == word).collect(),
    }
}

/// The choices of the action filter: each family with more than one action as a whole, then its actions.
#[must_use]
pub fn action_choices() -> Vec<(String, String)> {
    let family = |kind: &EventKind| kind.as_str().split('.').next().unwrap_or_default();
    let mut families: Vec<&str> = EventKind::ALL.iter().map(family).collect();
    families.sort_unstable();
    families.dedup();
    let mut choices = Vec::new();
    for name in families {
        let kinds: Vec<&EventKind> = EventKind::ALL.iter().filter(|kind| family(kind) == name).collect();
        if kinds.len() > 1 {
            choices.push((format!("{name}.*"), format!("{}: everything", capitalised(name))));
        }
        choices.extend(kinds.into_iter().map(|kind| {
            (
                kind.as_str().to_owned(),
                format!("{}: {}", capitalised(name), kind.title().to_lowercase()),
            )
        }));
    }
    choices
}

/// `second_factor` as "Second factor".
#[must_use]
pub fn capitalised(word: &str) -> String {
    let words = word.replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
