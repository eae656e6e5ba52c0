//! Where a person stands towards an application at this moment: everything a token says and depends on, decided anew for every token.

use chrono::Duration;
use serde_json::{Value, json};

use super::model::Grant;
use crate::{
    access::{Actor, Policies, STEP_UP_MINUTES, Verdict},
    apps::chain::{Circumstances, Judged, JudgedScope},
    federation::ProviderStatus,
    kernel::{ApplicationId, MemberId, OrganizationId, PersonId, ProviderId, Timestamp},
    organizations::Tenant,
    people::Person,
    signin::{Identified, identify},
    store::{
        self, Db, StoreError,
        holdings::Which,
        sessions::{SignedInAs, Through},
    },
};

/// Who asks, and how surely it is them.
#[derive(Clone, Debug)]
pub struct Who {
    /// The person.
    pub person: PersonId,
    /// As which member.
    pub member: MemberId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// The partner's provider that had signed them in.
    pub provider: Option<ProviderId>,
    /// When they had signed in.
    pub authenticated_at: Timestamp,
    /// When they last gave a second factor.
    pub second_factor_at: Option<Timestamp>,
}

impl From<&Grant> for Who {
    fn from(grant: &Grant) -> Self {
        Self {
            person: grant.person,
            member: grant.member,
            organization: grant.organization,
            provider: grant.provider,
            authenticated_at: grant.authenticated_at,
            second_factor_at: grant.second_factor_at,
        }
    }
}

/// What holds now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The person.
    pub person: Person,
    /// Organization, contract, membership.
    pub circumstances: Circumstances,
    /// The grants and what the policies say of them.
    pub judged: Judged,
    /// What counts for as long as the second factor is fresh.
    while_fresh: Option<WhileFresh>,
}

/// What a fresh second factor opens, and until when.
#[derive(Clone, Debug)]
struct WhileFresh {
    until: Timestamp,
    /// The application itself.
    launch: bool,
    /// Names of scopes.
    scopes: Vec<String>,
}

/// What keeps a token back.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The person is not in force: no account, no membership, no such application.
    Nobody(String),
    /// The policies refuse.
    Decided(Box<Judged>),
    /// The policies want a fresh second factor first.
    StepUp(Box<Judged>),
}

impl Refusal {
    /// Why, in a sentence.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Nobody(reason) => reason.clone(),
            Self::Decided(judged) | Self::StepUp(judged) => judged.decision.reason(),
        }
    }

    /// The ids of the determining policies.
    #[must_use]
    pub fn policies(&self) -> Vec<&str> {
        match self {
            Self::Nobody(_) => Vec::new(),
            Self::Decided(judged) | Self::StepUp(judged) => judged.decision.policies(),
        }
    }

    /// How it was asked, for the trail.
    #[must_use]
    pub fn circumstance(&self) -> Value {
        match self {
            Self::Nobody(_) => Value::Null,
            Self::Decided(judged) | Self::StepUp(judged) => json!(judged.circumstance),
        }
    }
}

impl Standing {
    /// Names of the application's scopes that count now.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.judged.scopes_that(Verdict::Allow).map(|judged| judged.scope.name.as_str())
    }

    /// Of the scopes that were asked for, those that would count after a fresh second factor.
    #[must_use]
    pub fn waiting(&self, asked: &[String]) -> Vec<&JudgedScope> {
        let waits = self.judged.scopes_that(Verdict::StepUp);
        waits.filter(|judged| asked.contains(&judged.scope.name)).collect()
    }

    /// What the policies said of the start and of these scopes: their ids.
    #[must_use]
    pub fn policies(&self, scopes: &[String]) -> Vec<&str> {
        let of_scopes = self.judged.scopes.iter().filter(|judged| scopes.contains(&judged.scope.name));
        let mut ids = self.judged.decision.policies();
        ids.extend(of_scopes.flat_map(|judged| judged.decision.policies()));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// When the first link of the chain ends: no token lives longer.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.judged.facts.ends_at()
    }

    /// When a token with these scopes ends at the latest: with the chain, or when the second factor is fresh no longer without which there
    /// would be no such token.
    #[must_use]
    pub fn token_ends_at(&self, scopes: &[String]) -> Option<Timestamp> {
        let fresh = self.while_fresh.as_ref();
        let needed = fresh.filter(|fresh| fresh.launch || fresh.scopes.iter().any(|name| scopes.contains(name)));
        self.ends_at().into_iter().chain(needed.map(|fresh| fresh.until)).min()
    }

    /// Of the scopes that were asked for, those that can be given now: OpenID's own, and the application's that the person holds.
    #[must_use]
    pub fn given(&self, asked: &[String]) -> Vec<String> {
        let held: Vec<&str> = self.scopes().collect();
        asked
            .iter()
            .filter(|scope| super::OPENID_SCOPES.contains(&scope.as_str()) || held.contains(&scope.as_str()))
            .cloned()
            .collect()
    }
}

/// Finds out where somebody stands: loads everything and decides. The same whether the person asks, or a token of theirs is used.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn stand(
    db: &impl Db,
    policies: &Policies,
    tenant: &Tenant,
    who: &Who,
    application: ApplicationId,
    now: Timestamp,
) -> Result<Result<Standing, Refusal>, StoreError> {
    let nobody = |reason: &str| Ok(Err(Refusal::Nobody(reason.to_owned())));
    if let Some(provider) = who.provider {
        let found = store::federation::providers::get(db, who.organization, provider).await?;
        // What a connection opened ends when it is switched off.
        if found.is_none_or(|provider| provider.status != ProviderStatus::Live) {
            return nobody("The sign-in of the person's company is switched off.");
        }
    }
    let signed_in = SignedInAs {
        person: who.person,
        member: Some(who.member),
        at: who.authenticated_at,
        second_factor_at: who.second_factor_at,
        through: who.provider.map(|provider| Through {
            provider,
            organization: who.organization,
            session: None,
            ends_at: None,
            logout_name: None,
            authenticated_at: None,
        }),
    };
    let Some(Identified {
        actor,
        trouble,
        person,
        worn,
    }) = identify(db, &signed_in, Vec::new(), tenant, now).await?
    else {
        return nobody("The account is switched off.");
    };
    // The very membership: a person's other hats do not stand in for it.
    let Some(worn) = worn.filter(|worn| worn.member.id == who.member) else {
        let reason = trouble.first().map(|trouble| trouble.reason.as_str());
        return nobody(reason.unwrap_or("The membership has ended."));
    };
    let circumstances = Circumstances::of(worn, tenant.certification_grace_days, now);
    let held = store::holdings::held_by_member(db, who.member, Which::Only(application)).await?;
    let judged = held
        .into_iter()
        .map(|held| circumstances.judge(policies, &actor, held))
        .max_by_key(|judged| (judged.decision.verdict == Verdict::Allow, judged.held.assignment.id));
    let Some(judged) = judged else {
        return nobody("The application is not assigned to this person.");
    };
    Ok(match judged.decision.verdict {
        Verdict::Allow => Ok(Standing {
            person,
            while_fresh: while_fresh(policies, &circumstances, actor, who, &judged, now),
            circumstances,
            judged,
        }),
        Verdict::StepUp => Err(Refusal::StepUp(Box::new(judged))),
        Verdict::Deny => Err(Refusal::Decided(Box::new(judged))),
    })
}

/// Decides once more as if the second factor were old, to know what hangs on it.
fn while_fresh(
    policies: &Policies,
    circumstances: &Circumstances,
    mut actor: Actor,
    who: &Who,
    judged: &Judged,
    now: Timestamp,
) -> Option<WhileFresh> {
    let until = who.second_factor_at? + Duration::minutes(STEP_UP_MINUTES);
    if until <= now {
        return None;
    }
    if let Actor::Person(person) = &mut actor {
        person.second_factor_at = None;
    }
    let later = circumstances.judge(policies, &actor, judged.held.clone());
    let opened = |judged: &&JudgedScope| {
        let name = &judged.scope.name;
        let then = later.scopes.iter().find(|then| then.scope.name == *name);
        judged.decision.verdict == Verdict::Allow && then.is_none_or(|then| then.decision.verdict != Verdict::Allow)
    };
    let found = WhileFresh {
        until,
        launch: later.decision.verdict != Verdict::Allow,
        scopes: judged
            .scopes
            .iter()
            .filter(opened)
            .map(|judged| judged.scope.name.clone())
            .collect(),
    };
    (found.launch || !found.scopes.is_empty()).then_some(found)
}
