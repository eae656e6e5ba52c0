//! A template for new partners. A partner gets copies: changing a template changes no partner.

use chrono::{Days, Months};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    federation::Joining,
    kernel::{ApplicationId, Day, ScopeId, TemplateId, Timestamp},
    organizations::Lifetimes,
};

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Identifier.
    pub id: TemplateId,
    /// As it is offered when a partner is created; unique.
    pub name: String,
    /// What partners made from it begin with.
    pub content: TemplateContent,
    /// When it was made.
    pub created_at: Timestamp,
    /// Optimistic lock.
    pub version: i32,
}

/// What a partner made from a template begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateContent {
    /// Kind of partner.
    pub kind: String,
    /// Administrative actions need a fresh second factor.
    pub require_step_up: bool,
    /// How long tokens in its name live at most.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// Months until the first certification is due.
    pub certification_months: u16,
    /// The first contract; none when it is added by hand.
    pub contract: Option<ContractTerms>,
    /// How people join through the partner's own sign-in. The applications are among [`Self::applications`].
    pub joining: Joining,
    /// What the partner holds.
    pub applications: Vec<TemplateApplication>,
}

/// What is the same in the first contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractTerms {
    /// For how many months.
    pub months: u16,
    /// Days of notice.
    pub notice_days: i32,
    /// Seats.
    pub seats: i32,
}

/// An application that partners hold from the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateApplication {
    /// Which.
    pub application: ApplicationId,
    /// With which scopes.
    pub scopes: Vec<ScopeId>,
    /// For how many days; none is as long as the contract.
    pub days: Option<u16>,
}

/// Why a template cannot be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TemplateRefused {
    /// Nothing of the application would be usable.
    #[error("Choose at least one permission.")]
    NoScopes,
    /// It is not in the template.
    #[error("The template does not give this application any more.")]
    NotGiven,
}

impl ContractTerms {
    /// The last day of a contract that begins `today`.
    #[must_use]
    pub fn last_day(&self, today: Day) -> Day {
        today
            .checked_add_months(Months::new(self.months.into()))
            .and_then(|end| end.pred_opt())
            .unwrap_or(today)
    }
}

impl TemplateApplication {
    /// The last day, for a partner made `today`; none is as long as the contract.
    #[must_use]
    pub fn last_day(&self, today: Day) -> Option<Day> {
        let days = u64::from(self.days?).saturating_sub(1);
        today.checked_add_days(Days::new(days))
    }
}

impl Template {
    /// What it gives of an application.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> Option<&TemplateApplication> {
        self.content.applications.iter().find(|given| given.application == id)
    }

    /// Whether people who join through the partner's sign-in get the application.
    #[must_use]
    pub fn gives_at_joining(&self, id: ApplicationId) -> bool {
        self.content.joining.applications.contains(&id)
    }

    /// Gives an application, in place of what it gave of it before.
    ///
    /// # Errors
    /// [`TemplateRefused::NoScopes`].
    pub fn give(mut self, given: TemplateApplication, at_joining: bool) -> Result<Self, TemplateRefused> {
        if given.scopes.is_empty() {
            return Err(TemplateRefused::NoScopes);
        }
        let id = given.application;
        match self.content.applications.iter_mut().find(|before| before.application == id) {
            Some(before) => *before = given,
            None => self.content.applications.push(given),
        }
        self.content.joining.applications.retain(|joined| *joined != id);
        if at_joining {
            self.content.joining.applications.push(id);
        }
        Ok(self)
    }

    /// Gives an application no more.
    ///
    /// # Errors
    /// [`TemplateRefused::NotGiven`] when it did not.
    pub fn withhold(mut self, id: ApplicationId) -> Result<Self, TemplateRefused> {
        if self.application(id).is_none() {
            return Err(TemplateRefused::NotGiven);
        }
        self.content.applications.retain(|given| given.application != id);
        self.content.joining.applications.retain(|joined| *joined != id);
        Ok(self)
    }
}
