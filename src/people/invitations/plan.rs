//! The draft of a list of invitations, and its review: per row what will happen, or what is wrong. Pure; the same review
//! runs for the page and again, with the organization locked, when the list is sent.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    InvitedGrant,
    facts::{Facts, Holding},
};
use crate::{
    kernel::{Day, EmailAddress, EntitlementId, OrganizationId, ScopeId, Timestamp, day_of, end_of_day, last_day, sha256},
    people::MemberRole,
};

/// How many rows a draft may have.
pub const MAX_ROWS: usize = 500;
/// How many bytes may be pasted or uploaded.
pub const MAX_BYTES: usize = 256 * 1024;
/// How long a name may be.
pub const MAX_NAME: usize = 200;

/// What was typed, pasted or uploaded, as it waits in the session for its review.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// For which organization.
    pub organization: OrganizationId,
    /// Where the draft came from, as the address of the form.
    pub from: String,
    /// Role of rows that name none.
    pub role: MemberRole,
    /// Applications of rows that name none.
    pub grants: Vec<(EntitlementId, Vec<ScopeId>)>,
    /// Last day of rows that name none.
    pub until: Option<Day>,
    /// The rows.
    pub rows: Vec<DraftRow>,
}

/// One row as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRow {
    /// Line of the file, or place in the list.
    #[serde(rename = "l")]
    pub line: u64,
    /// Address.
    #[serde(rename = "e")]
    pub email: String,
    /// Name.
    #[serde(rename = "n", default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Role; empty means the common one.
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Applications; empty means the common ones.
    #[serde(rename = "a", default, skip_serializing_if = "String::is_empty")]
    pub apps: String,
    /// Last day; empty means the common one.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// What made the row unreadable.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// What one good row becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Who.
    pub email: EmailAddress,
    /// Their name; may be empty.
    pub name: String,
    /// The role.
    pub role: MemberRole,
    /// What comes with it.
    pub grants: Vec<InvitedGrant>,
    /// Names of the applications that come with it.
    pub applications: Vec<String>,
    /// Exclusive end of the membership.
    pub ends_at: Option<Timestamp>,
}

/// What is wrong with a row, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowProblem {
    /// The file's row could not be read.
    #[error("{0}")]
    Broken(String),
    /// No address.
    #[error("There is no e-mail address.")]
    NoEmail,
    /// No address we can write to.
    #[error("This is not an e-mail address. It should look like name@example.com.")]
    Malformed,
    /// The name is too long or has characters that cannot be shown.
    #[error("The name must have at most {MAX_NAME} characters that can be shown.")]
    BadName,
    /// Twice in the list.
    #[error("The same address is already in row {0}.")]
    Duplicate(u64),
    /// Already there.
    #[error("This person is a member already.")]
    AlreadyMember,
    /// An invitation waits.
    #[error("This person has an invitation that still waits. You can send it again from the list of invitations.")]
    AlreadyInvited,
    /// No such role.
    #[error("There is no role “{0}”. Roles are member, auditor, user_manager and partner_admin.")]
    UnknownRole(String),
    /// Above one's own.
    #[error("You cannot give the role {0}: it is above your own.")]
    RoleAboveOwn(&'static str),
    /// Not held, or not in the catalogue: the same to a partner.
    #[error("Your organization does not hold “{0}”.")]
    NotHeld(String),
    /// Held, but over or not begun.
    #[error("Your organization cannot use {0} now.")]
    NotInForce(String),
    /// Only permissions that must be named.
    #[error("Name the permissions for {0}, for example {1}.")]
    NamePermission(String, String),
    /// Not a date.
    #[error("“{0}” is not a date. Write it as 2027-03-31.")]
    BadDate(String),
    /// Over already.
    #[error("The last day {0} is in the past.")]
    PastDay(Day),
    /// Nothing outlives the contract.
    #[error("The last day {0} is after the end of the contract on {1}.")]
    PastContract(Day, Day),
    /// No contract.
    #[error("There is no contract in force.")]
    NoContract,
    /// No seat for this row.
    #[error("No seat of the contract is left for this row.")]
    NoSeat,
    /// No seat of the application for this row.
    #[error("No seat for {0} is left for this row.")]
    NoApplicationSeat(String),
}

/// One row, and what will happen with it.
#[derive(Clone, Debug)]
pub struct RowReport {
    /// The row as typed.
    pub row: DraftRow,
    /// What it becomes, or everything that is wrong with it.
    pub outcome: Result<Plan, Vec<RowProblem>>,
}

/// The review of a draft.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every row, in order.
    pub rows: Vec<RowReport>,
    /// Seats left before anything is sent.
    pub seats_left: u64,
}

impl Draft {
    /// The addresses in normal form that parse, for look-ups.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let set: HashSet<String> = self
            .rows
            .iter()
            .filter_map(|row| row.email.parse::<EmailAddress>().ok())
            .map(|email| email.normalized().to_owned())
            .collect();
        set.into_iter().collect()
    }
}

impl Report {
    /// How many rows can be sent.
    #[must_use]
    pub fn good(&self) -> usize {
        self.rows.iter().filter(|row| row.outcome.is_ok()).count()
    }

    /// How many rows have a problem.
    #[must_use]
    pub fn bad(&self) -> usize {
        self.rows.len() - self.good()
    }

    /// Names exactly what would be sent, so that nothing else is sent than what was seen.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for RowReport { row, outcome } in &self.rows {
            let what = match outcome {
                Ok(plan) => format!("{:?}", (plan.email.normalized(), &plan.name, plan.role, &plan.grants, plan.ends_at)),
                Err(_) => String::new(),
            };
            text.push_str(&format!("{}:{what}\n", row.line));
        }
        sha256(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reviews a draft: which rows can be sent, and what is wrong with the others. Rows take seats in their order.
#[must_use]
pub fn review(draft: &Draft, facts: &Facts) -> Report {
    let mut reviewer = Reviewer {
        draft,
        facts,
        first_line: HashMap::new(),
        seats_left: facts.seats_left,
        app_seats: facts
            .holdings
            .iter()
            .filter_map(|holding| Some((holding.entitlement.id, holding.seats_left?)))
            .collect(),
    };
    let rows = draft
        .rows
        .iter()
        .map(|row| RowReport {
            outcome: reviewer.row(row),
            row: row.clone(),
        })
        .collect();
    Report {
        rows,
        seats_left: facts.seats_left,
    }
}

struct Reviewer<'a> {
    draft: &'a Draft,
    facts: &'a Facts,
    first_line: HashMap<String, u64>,
    seats_left: u64,
    app_seats: HashMap<EntitlementId, u64>,
}

impl Reviewer<'_> {
    fn row(&mut self, row: &DraftRow) -> Result<Plan, Vec<RowProblem>> {
        if let Some(broken) = &row.broken {
            return Err(vec![RowProblem::Broken(broken.clone())]);
        }
        let mut problems = Vec::new();
        let email = self.email(row, &mut problems);
        let name = row.name.trim();
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            problems.push(RowProblem::BadName);
        }
        let role = self.role(row, &mut problems);
        let ends_at = self.ends_at(row, &mut problems);
        let (grants, applications) = self.grants(row, ends_at.flatten(), &mut problems);
        let (Some(email), Some(role), Some(ends_at), true) = (email, role, ends_at, problems.is_empty()) else {
            return Err(problems);
        };
        self.take_seats(&grants)?;
        Ok(Plan {
            email,
            name: name.to_owned(),
            role,
            grants,
            applications,
            ends_at,
        })
    }

    fn email(&mut self, row: &DraftRow, problems: &mut Vec<RowProblem>) -> Option<EmailAddress> {
        if row.email.trim().is_empty() {
            problems.push(RowProblem::NoEmail);
            return None;
        }
        let Ok(email) = row.email.parse::<EmailAddress>() else {
            problems.push(RowProblem::Malformed);
            return None;
        };
        let known = email.normalized().to_owned();
        if let Some(line) = self.first_line.get(&known) {
            problems.push(RowProblem::Duplicate(*line));
            return None;
        }
        self.first_line.insert(known, row.line);
        if self.facts.members.contains(email.normalized()) {
            problems.push(RowProblem::AlreadyMember);
        } else if self.facts.invited.contains(email.normalized()) {
            problems.push(RowProblem::AlreadyInvited);
        }
        Some(email)
    }

    fn role(&self, row: &DraftRow, problems: &mut Vec<RowProblem>) -> Option<MemberRole> {
        let typed = row.role.trim();
        let role = if typed.is_empty() {
            Some(self.draft.role)
        } else {
            let word = typed.to_lowercase().replace([' ', '-'], "_");
            word.parse().ok()
        };
        match role {
            None => problems.push(RowProblem::UnknownRole(typed.chars().take(40).collect())),
            Some(role) if !self.facts.roles.contains(&role) => problems.push(RowProblem::RoleAboveOwn(role.title())),
            Some(_) => {}
        }
        role
    }

    /// The outer option is none when the date is wrong, the inner when there is no date.
    fn ends_at(&self, row: &DraftRow, problems: &mut Vec<RowProblem>) -> Option<Option<Timestamp>> {
        let Some(contract) = &self.facts.contract else {
            problems.push(RowProblem::NoContract);
            return None;
        };
        let typed = row.until.trim();
        let day = if typed.is_empty() {
            self.draft.until
        } else if let Ok(day) = Day::parse_from_str(typed, "%Y-%m-%d") {
            Some(day)
        } else {
            problems.push(RowProblem::BadDate(typed.chars().take(40).collect()));
            return None;
        };
        let Some(day) = day else { return Some(None) };
        let contract_day = last_day(contract.ends_at, self.facts.zone);
        if day < day_of(self.facts.now, self.facts.zone) {
            problems.push(RowProblem::PastDay(day));
            return None;
        }
        if day > contract_day {
            problems.push(RowProblem::PastContract(day, contract_day));
            return None;
        }
        Some(Some(end_of_day(day, self.facts.zone).min(contract.ends_at)))
    }

    fn grants(&self, row: &DraftRow, ends_at: Option<Timestamp>, problems: &mut Vec<RowProblem>) -> (Vec<InvitedGrant>, Vec<String>) {
        let chosen = match row.apps.trim() {
            "" => self.common_grants(problems),
            typed => self.typed_grants(typed, problems),
        };
        let mut grants = Vec::with_capacity(chosen.len());
        let mut names = Vec::with_capacity(chosen.len());
        for (holding, scopes) in chosen {
            if !holding.in_force {
                problems.push(RowProblem::NotInForce(holding.application.name.clone()));
            }
            let end = [ends_at, holding.entitlement.ends_at]
                .into_iter()
                .flatten()
                .min()
                .filter(|_| ends_at.is_some());
            grants.push(InvitedGrant {
                entitlement: holding.entitlement.id,
                scopes,
                ends_at: end,
            });
            names.push(holding.application.name.clone());
        }
        (grants, names)
    }

    fn common_grants(&self, problems: &mut Vec<RowProblem>) -> Vec<(&Holding, Vec<ScopeId>)> {
        let mut chosen = Vec::new();
        for (id, scopes) in &self.draft.grants {
            let Some(holding) = self.facts.holdings.iter().find(|holding| holding.entitlement.id == *id) else {
                problems.push(RowProblem::NotHeld("an application chosen for all rows".to_owned()));
                continue;
            };
            if scopes.iter().any(|scope| !holding.entitlement.scopes.contains(scope)) {
                problems.push(RowProblem::NotHeld(format!("a permission chosen for {}", holding.application.name)));
            }
            chosen.push((holding, scopes.clone()));
        }
        chosen
    }

    /// `orders; tracking:read`: an application by its name in addresses (its permissions except those of high value), or one permission.
    fn typed_grants(&self, typed: &str, problems: &mut Vec<RowProblem>) -> Vec<(&Holding, Vec<ScopeId>)> {
        let mut chosen: Vec<(&Holding, Vec<ScopeId>)> = Vec::new();
        if typed.eq_ignore_ascii_case("none") {
            return chosen;
        }
        for item in typed.split([';', ',', '|', ' ']).map(str::trim).filter(|item| !item.is_empty()) {
            let by_slug = self
                .facts
                .holdings
                .iter()
                .find(|holding| holding.application.slug.eq_ignore_ascii_case(item));
            let found = match by_slug {
                Some(holding) => {
                    let scopes: Vec<ScopeId> = holding
                        .scopes
                        .iter()
                        .filter(|scope| !scope.high_value)
                        .map(|scope| scope.id)
                        .collect();
                    if scopes.is_empty() {
                        let example = holding.scopes.first().map(|scope| scope.name.clone()).unwrap_or_default();
                        problems.push(RowProblem::NamePermission(holding.application.name.clone(), example));
                        continue;
                    }
                    (holding, scopes)
                }
                None => {
                    let permission = self.facts.holdings.iter().find_map(|holding| {
                        let scope = holding.scopes.iter().find(|scope| scope.name == item)?;
                        Some((holding, vec![scope.id]))
                    });
                    let Some(permission) = permission else {
                        problems.push(RowProblem::NotHeld(item.chars().take(60).collect()));
                        continue;
                    };
                    permission
                }
            };
            match chosen
                .iter_mut()
                .find(|(holding, _)| holding.entitlement.id == found.0.entitlement.id)
            {
                Some((_, scopes)) => scopes.extend(found.1.into_iter().filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>()),
                None => chosen.push(found),
            }
        }
        chosen
    }

    fn take_seats(&mut self, grants: &[InvitedGrant]) -> Result<(), Vec<RowProblem>> {
        let mut problems = Vec::new();
        if self.seats_left == 0 {
            problems.push(RowProblem::NoSeat);
        }
        for grant in grants {
            if self.app_seats.get(&grant.entitlement) == Some(&0) {
                let name = self
                    .facts
                    .holdings
                    .iter()
                    .find(|holding| holding.entitlement.id == grant.entitlement);
                problems.push(RowProblem::NoApplicationSeat(
                    name.map(|holding| holding.application.name.clone()).unwrap_or_default(),
                ));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        self.seats_left -= 1;
        for grant in grants {
            if let Some(left) = self.app_seats.get_mut(&grant.entitlement) {
                *left -= 1;
            }
        }
        Ok(())
    }
}
