//! Claim rules (mission B7): a small language, one rule a line, that says what a provider's claims must hold for somebody to be in.
//!
//! ```text
//! contract_status is active | Your contract is not active in your company's system.
//! groups includes portal-users
//! department is one of sales, purchasing
//! suspended is not true
//! contract_end not before today
//! badge present
//! ```

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Claims;
use crate::kernel::Timestamp;

/// So many rules a connection may have.
pub const MAX_RULES: usize = 20;

/// What a claim must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// Has exactly one value, one of these.
    Is(Vec<String>),
    /// Has none of these values.
    IsNot(Vec<String>),
    /// Has this value among others.
    Includes(String),
    /// Does not have this value.
    Excludes(String),
    /// Has a value.
    Present,
    /// Has no value.
    Absent,
    /// Is a date (RFC 3339, or Unix seconds) that is today or later.
    NotBeforeToday,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    claim: String,
    test: Test,
    reason: Option<String>,
    line: String,
}

/// Why a line is no rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// Not understood.
    #[error(
        "Line {0} is not a rule. Write a claim, then one of: is, is not, is one of, includes, excludes, present, absent, not before today."
    )]
    Unknown(usize),
    /// A value is missing.
    #[error("Line {0} needs a value at its end.")]
    NoValue(usize),
    /// Too many.
    #[error("Use at most {MAX_RULES} rules.")]
    TooMany,
    /// Too long.
    #[error("Line {0} is longer than 500 characters.")]
    TooLong(usize),
}

/// All of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rules(Vec<Rule>);

impl TryFrom<String> for Rules {
    type Error = RuleError;
    fn try_from(text: String) -> Result<Self, RuleError> {
        Self::parse(&text)
    }
}

impl From<Rules> for String {
    fn from(rules: Rules) -> Self {
        rules.text()
    }
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line.
    pub rule: String,
    /// The sentence for the person.
    pub reason: String,
}

impl Rules {
    /// Reads the lines; empty ones and those that begin with `#` are left out.
    ///
    /// # Errors
    /// [`RuleError`] names the line.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.chars().count() > 500 {
                return Err(RuleError::TooLong(index + 1));
            }
            rules.push(rule(line, index + 1)?);
        }
        if rules.len() > MAX_RULES {
            return Err(RuleError::TooMany);
        }
        Ok(Self(rules))
    }

    /// The lines as typed.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|rule| rule.line.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every rule with whether it holds, in order: for the page that shows a trial.
    pub fn trace<'a>(&'a self, claims: &'a Claims, now: Timestamp) -> impl Iterator<Item = (&'a str, bool)> {
        self.0.iter().map(move |rule| (rule.line.as_str(), rule.holds(claims, now)))
    }

    /// The first rule that does not hold.
    #[must_use]
    pub fn broken(&self, claims: &Claims, now: Timestamp) -> Option<Broken> {
        self.0.iter().find(|rule| !rule.holds(claims, now)).map(Rule::broken)
    }

    /// Of the claims, those that the rules speak of; one that is not there is kept as one without values.
    #[must_use]
    pub fn spoken_of(&self, claims: &Claims) -> Claims {
        let kept = self.0.iter().map(|rule| (rule.claim.clone(), claims.all(&rule.claim).to_vec()));
        Claims(kept.collect())
    }

    /// The first rule that does not hold for claims that were kept at an earlier sign-in. What was not asked for then says nothing now.
    #[must_use]
    pub fn broken_since(&self, kept: &Claims, now: Timestamp) -> Option<Broken> {
        let mut known = self.0.iter().filter(|rule| kept.0.contains_key(&rule.claim));
        known.find(|rule| !rule.holds(kept, now)).map(Rule::broken)
    }
}

fn rule(line: &str, number: usize) -> Result<Rule, RuleError> {
    let (condition, reason) = match line.split_once('|') {
        Some((condition, reason)) => (condition.trim(), Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty())),
        None => (line, None),
    };
    let (claim, rest) = condition
        .split_once(char::is_whitespace)
        .map(|(claim, rest)| (claim, rest.trim()))
        .ok_or(RuleError::Unknown(number))?;
    let value = |text: &str| -> Result<String, RuleError> {
        let text = text.trim().trim_matches('"').trim();
        if text.is_empty() {
            Err(RuleError::NoValue(number))
        } else {
            Ok(text.to_owned())
        }
    };
    let list = |text: &str| -> Result<Vec<String>, RuleError> { text.split(',').map(value).collect() };
    let after = |words: &str| {
        let rest = rest.strip_prefix(words)?;
        (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
    };
    let test = if rest == "present" {
        Test::Present
    } else if rest == "absent" {
        Test::Absent
    } else if rest == "not before today" {
        Test::NotBeforeToday
    } else if let Some(text) = after("is not one of") {
        Test::IsNot(list(text)?)
    } else if let Some(text) = after("is one of") {
        Test::Is(list(text)?)
    } else if let Some(text) = after("is not") {
        Test::IsNot(vec![value(text)?])
    } else if let Some(text) = after("is") {
        Test::Is(vec![value(text)?])
    } else if let Some(text) = after("includes") {
        Test::Includes(value(text)?)
    } else if let Some(text) = after("excludes") {
        Test::Excludes(value(text)?)
    } else {
        return Err(RuleError::Unknown(number));
    };
    Ok(Rule {
        claim: claim.to_owned(),
        test,
        reason,
        line: line.to_owned(),
    })
}

impl Rule {
    fn broken(&self) -> Broken {
        Broken {
            rule: self.line.clone(),
            reason: self.reason.clone().unwrap_or_else(|| {
                format!(
                    "Your company's sign-in does not let you in here (rule about \u{201c}{}\u{201d}).",
                    self.claim
                )
            }),
        }
    }

    fn holds(&self, claims: &Claims, now: Timestamp) -> bool {
        let values = claims.all(&self.claim);
        match &self.test {
            // A claim with several values is no clear answer: refused.
            Test::Is(wanted) => matches!(values, [only] if wanted.contains(only)),
            Test::IsNot(unwanted) => !values.iter().any(|value| unwanted.contains(value)),
            Test::Includes(wanted) => values.contains(wanted),
            Test::Excludes(unwanted) => !values.contains(unwanted),
            Test::Present => claims.one(&self.claim).is_some(),
            Test::Absent => claims.one(&self.claim).is_none(),
            Test::NotBeforeToday => matches!(values, [only] if day(only).is_some_and(|day| day >= now.date_naive())),
        }
    }
}

/// A day as providers write it: a date, a moment, or seconds since 1970.
fn day(text: &str) -> Option<NaiveDate> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day);
    }
    if let Ok(moment) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(moment.naive_utc().date());
    }
    let seconds: i64 = text.parse().ok()?;
    Some(chrono::DateTime::from_timestamp(seconds, 0)?.date_naive())
}
