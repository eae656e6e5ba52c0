//! What would become of an arrival, without letting anybody in: what a trial shows (mission B6).

use serde::{Deserialize, Serialize};

use super::enter::{is_over, judge, vouches_for};
use crate::{
    federation::{
        Claims, IdentityProvider, JoinPolicy, Profile,
        arrival::{Arrival, Check, Disbelief},
    },
    kernel::{ProviderId, Timestamp, readable_domain},
    people::MemberStatus,
    store::{self, Db, StoreError, federation::links},
};

/// The result of a trial, as the browser's session keeps it for its page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trial {
    /// Of which connection.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
    /// What was checked, in order.
    pub checks: Vec<Check>,
    /// What the provider said.
    pub claims: Claims,
    /// What we read in it.
    pub profile: Option<Profile>,
    /// Each claim rule and whether it holds.
    pub rules: Vec<(String, bool)>,
    /// What would happen at a sign-in, in a sentence.
    pub outcome: String,
    /// Whether somebody would get in.
    pub lets_in: bool,
}

impl Trial {
    /// A trial that the provider or the protocol ended.
    #[must_use]
    pub fn refused(provider: ProviderId, at: Timestamp, disbelief: Disbelief) -> Self {
        let mut checks = disbelief.checks;
        checks.push(Check::failed("The provider's answer", disbelief.reason.clone()));
        Self {
            provider,
            at,
            checks,
            claims: Claims::default(),
            profile: None,
            rules: Vec::new(),
            outcome: disbelief.reason,
            lets_in: false,
        }
    }
}

/// Looks at an arrival as a sign-in would, and writes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn foresee(db: &impl Db, provider: &IdentityProvider, arrival: &Arrival, now: Timestamp) -> Result<Trial, StoreError> {
    let mut trial = Trial {
        provider: provider.id,
        at: now,
        checks: arrival.checks.clone(),
        claims: arrival.claims.clone(),
        profile: None,
        rules: provider
            .rules
            .trace(&arrival.claims, now)
            .map(|(rule, holds)| (rule.to_owned(), holds))
            .collect(),
        outcome: String::new(),
        lets_in: false,
    };
    let judgement = match judge(provider, arrival, now) {
        Ok(judgement) => judgement,
        Err(error) => {
            trial.outcome = format!("Nobody would get in. {error}");
            return Ok(trial);
        }
    };
    let (outcome, lets_in) = match &judgement.broken {
        Some(broken) => (format!("They would be turned away: {}", broken.reason), false),
        None => who(db, provider, &judgement.profile, now).await?,
    };
    trial.profile = Some(judgement.profile);
    trial.outcome = outcome;
    trial.lets_in = lets_in;
    Ok(trial)
}

async fn who(db: &impl Db, provider: &IdentityProvider, profile: &Profile, now: Timestamp) -> Result<(String, bool), StoreError> {
    let name = &profile.name;
    let invited = store::invitations::pending_in(db, provider.organization, &profile.email)
        .await?
        .is_some_and(|invitation| invitation.is_usable_at(now));
    let invited = invited && provider.joining.policy != JoinPolicy::Off;
    let person = store::people::find_by_email(db, &profile.email).await?;
    let present = match &person {
        Some(person) => store::members::find(db, provider.organization, person.id)
            .await?
            .filter(|member| !member.has_ended_at(now)),
        None => None,
    };
    let over = || (format!("{name} is known here, but their access has ended or is paused."), false);
    if let Some(link) = links::find(db, provider.id, &profile.subject).await? {
        let member = store::members::get(db, provider.organization, link.member).await?;
        match member {
            Some(member) if member.is_in_force_at(now) => return Ok((format!("{name} is known here and would be signed in."), true)),
            Some(member) if member.status == MemberStatus::Suspended && link.disabled_by_rule.is_some() => {
                return Ok((format!("{name} is known here and would be let in again."), true));
            }
            Some(member) if !is_over(&member, now) => return Ok(over()),
            _ if !invited && present.is_none() => return Ok(over()),
            // Invited again, or back already: like somebody new from here on.
            _ => {}
        }
    }
    if profile.email_unverified {
        return Ok((
            "They would be turned away: the provider says that the address is not confirmed.".to_owned(),
            false,
        ));
    }
    if !vouches_for(db, provider, profile).await? {
        let domain = readable_domain(profile.email.domain());
        return Ok((
            format!("They would be turned away: {domain} is not a proven domain of this connection."),
            false,
        ));
    }
    if let Some(person) = person {
        if let Some(member) = present {
            if !member.is_in_force_at(now) {
                return Ok(over());
            }
            return Ok((
                format!(
                    "{} is a member with this address. This sign-in would be joined to them.",
                    person.name
                ),
                true,
            ));
        }
        if !invited && store::members::was_member(db, provider.organization, person.id).await? {
            return Ok(over());
        }
    }
    Ok(match provider.joining.policy {
        JoinPolicy::Off => (
            format!("{name} would be turned away: unknown people do not join by signing in."),
            false,
        ),
        _ if invited => (
            format!("{name} has an open invitation, which would be accepted by signing in."),
            true,
        ),
        JoinPolicy::Invited => (format!("{name} would be turned away: nobody has invited this address."), false),
        JoinPolicy::Open => (
            format!(
                "{name} would become a new {}, if a seat is free.",
                provider.joining.role.title().to_lowercase()
            ),
            true,
        ),
    })
}
