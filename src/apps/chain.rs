//! From rows to the chain of a launch: loads what every launch of a member depends on once, and judges any number of
//! holdings against it in memory.

use crate::{
    access::{AccessFacts, Actor, Circumstance, Decision, LaunchFacts, LinkKind, Policies, Verdict},
    apps::Scope,
    kernel::{MemberId, OrganizationId, Timestamp},
    organizations::{Contract, Organization},
    people::Member,
    store::{self, Db, StoreError, holdings::Held, identity::Membership},
};

/// What all launches of one member depend on.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// The organization.
    pub organization: Organization,
    /// The contract in force that ends last; when there is none, the one that ended (or begins) last.
    pub contract: Option<Contract>,
    /// The membership.
    pub member: Member,
    grace_days: i32,
    now: Timestamp,
}

/// A holding with what was decided about it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The grants.
    pub held: Held,
    /// The chain; the scopes that the policies refuse are not in it.
    pub facts: LaunchFacts,
    /// What the policies say.
    pub decision: Decision,
    /// What they say of each scope that is held.
    pub scopes: Vec<JudgedScope>,
    /// How it was asked, for the trail.
    pub circumstance: Option<Circumstance>,
}

/// A scope that is held, with what was decided about it.
#[derive(Clone, Debug)]
pub struct JudgedScope {
    /// The scope.
    pub scope: Scope,
    /// What the policies say.
    pub decision: Decision,
}

impl Judged {
    /// The scopes that came out so.
    pub fn scopes_that(&self, verdict: Verdict) -> impl Iterator<Item = &JudgedScope> {
        self.scopes.iter().filter(move |judged| judged.decision.verdict == verdict)
    }

    /// The names of scopes that are refused or wait for a second factor, for the trail: each with its policies.
    #[must_use]
    pub fn kept_back(&self) -> serde_json::Map<String, serde_json::Value> {
        self.scopes
            .iter()
            .filter(|judged| judged.decision.verdict != Verdict::Allow)
            .map(|judged| (judged.scope.name.clone(), judged.decision.policies().into()))
            .collect()
    }
}

impl Circumstances {
    /// Loads them: three queries.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn load(
        db: &impl Db,
        organization: OrganizationId,
        member: MemberId,
        grace_days: i32,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(member) = store::members::get(db, organization, member).await? else {
            return Ok(None);
        };
        let Some(organization) = store::organizations::get(db, organization).await? else {
            return Ok(None);
        };
        let contracts = store::contracts::of_organization(db, organization.id).await?;
        Ok(Some(Self {
            contract: governing(contracts, now),
            organization,
            member,
            grace_days,
            now,
        }))
    }

    /// Those of a membership in force that was loaded already.
    #[must_use]
    pub fn of(membership: Membership, grace_days: i32, now: Timestamp) -> Self {
        Self {
            organization: membership.organization,
            contract: membership.contract,
            member: membership.member,
            grace_days,
            now,
        }
    }

    /// The chain of one holding.
    #[must_use]
    pub fn facts(&self, held: &Held) -> LaunchFacts {
        LaunchFacts::new(
            &self.organization,
            self.contract.as_ref(),
            &self.member,
            &held.application,
            Some(&held.entitlement),
            Some(&held.assignment),
            &held.scopes,
            self.grace_days,
            self.now,
        )
    }

    /// Decides one holding: its start, and each scope of it. Whoever asks, this is the one decision.
    #[must_use]
    pub fn judge(&self, policies: &Policies, actor: &Actor, held: Held) -> Judged {
        let facts = self.facts(&held);
        let decided = policies.decide_access(actor, &facts, self.now);
        let circumstance = AccessFacts::of(actor, &facts, policies.asking(), self.now).map(|facts| facts.circumstance);
        let scopes: Vec<JudgedScope> = facts
            .scopes
            .iter()
            .cloned()
            .zip(decided.scopes)
            .map(|(scope, decision)| JudgedScope { scope, decision })
            .collect();
        let refused = |scope: &Scope| {
            scopes
                .iter()
                .any(|judged| judged.scope.id == scope.id && judged.decision.verdict == Verdict::Deny)
        };
        Judged {
            facts: facts.narrowed_to(|scope| !refused(scope)),
            held,
            decision: decided.launch,
            scopes,
            circumstance,
        }
    }
}

/// The contract that counts at `now` out of those of an organization (the one that ends last first).
#[must_use]
pub fn governing(contracts: Vec<Contract>, now: Timestamp) -> Option<Contract> {
    let position = contracts.iter().position(|contract| contract.is_in_force_at(now)).unwrap_or(0);
    contracts.into_iter().nth(position)
}

/// A link's name in the trail.
#[must_use]
pub const fn link_word(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Contract => "contract",
        LinkKind::Organization => "organization",
        LinkKind::Membership => "membership",
        LinkKind::Entitlement => "entitlement",
        LinkKind::Assignment => "assignment",
        LinkKind::Scope => "scope",
    }
}
