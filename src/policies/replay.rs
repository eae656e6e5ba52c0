//! A version of a policy held against what was decided lately (mission C5): who would be refused, and who allowed anew. The trail says how
//! each decision was asked for; both answers are made now, with the policies in force and with the version, so that a difference is the
//! version's own. Nothing is recorded and nothing changes.

use std::collections::{BTreeMap, HashMap};

use chrono::Duration;
use serde_json::Value;

use super::{queries, trial::with_draft};
use crate::{
    access::{AccessFacts, ApplicationFacts, Asking, Circumstance, Device, PartnerFacts, Policies, ScopeFacts, Verdict},
    apps::Scope,
    audit::EventKind,
    cx::Qx,
    kernel::{ApplicationId, MemberId, OrganizationId, PageRequest, PersonId, PolicyId, Timestamp},
    store::{
        self, StoreError,
        audit_events::{AuditRow, TrailFilter, TrailScope},
    },
    web::PageError,
};

/// So far back.
pub const DAYS: i64 = 30;
/// At most so many decisions, the newest first.
pub const MOST_DECISIONS: usize = 20_000;
/// At most so many rows of the trail: what clients ask for themselves is among them.
const MOST_ROWS: usize = 100_000;
const BATCH: usize = 500;

/// What would be decided otherwise for one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Who.
    pub member: String,
    /// In whose name.
    pub partner: String,
    /// What.
    pub application: String,
    /// The scope; none is the application as a whole.
    pub scope: Option<String>,
    /// With the policies in force.
    pub before: Verdict,
    /// With the version.
    pub after: Verdict,
    /// Why then.
    pub reason: String,
    /// How many decisions.
    pub count: u64,
    /// The last one.
    pub last: Timestamp,
}

/// What a replay came to.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The version's number.
    pub number: i32,
    /// Decisions that were made again.
    pub decisions: usize,
    /// Decisions of which the trail does not say enough.
    pub skipped: usize,
    /// There were more than are looked at.
    pub capped: bool,
    /// What differs, the most frequent first.
    pub differences: Vec<Difference>,
}

/// A decision as the trail tells it.
struct Recorded {
    at: Timestamp,
    person: Option<PersonId>,
    member: MemberId,
    organization: OrganizationId,
    application: ApplicationId,
    address: Option<String>,
    circumstance: Circumstance,
    asked: Vec<String>,
    names: [String; 3],
}

fn words(details: &Value, key: &str) -> Option<Vec<String>> {
    let list = details.get(key)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn recorded(row: AuditRow) -> Option<Recorded> {
    let details: Value = serde_json::from_str(&row.details).ok()?;
    let circumstance: Circumstance = serde_json::from_value(details.get("circumstances")?.clone()).ok()?;
    // A launch is about everything held; a request and its tokens about what was asked for.
    let asked = if row.action == EventKind::Launched.as_str() {
        None
    } else {
        // Whoever asks for nothing in particular gets all there is.
        let asked = words(&details, "scopes_asked").filter(|asked| !asked.is_empty());
        asked.or_else(|| words(&details, "scopes"))
    };
    Some(Recorded {
        at: row.at,
        person: row.actor,
        member: row.subject?.into(),
        organization: row.organization?,
        application: row.application?,
        address: row.address,
        asked: asked.unwrap_or_else(|| circumstance.held.clone()),
        circumstance,
        names: [
            row.subject_label.unwrap_or_default(),
            row.organization_label.unwrap_or_default(),
            row.application_label.unwrap_or_default(),
        ],
    })
}

/// What decisions are made on today: partners, applications and scopes as they are now.
#[derive(Default)]
struct Known {
    partners: HashMap<OrganizationId, PartnerFacts>,
    applications: HashMap<ApplicationId, (ApplicationFacts, Vec<Scope>)>,
    people: HashMap<MemberId, PersonId>,
}

impl Known {
    async fn learn(&mut self, qx: &Qx, decisions: &[Recorded]) -> Result<(), StoreError> {
        let organizations: Vec<_> = decisions
            .iter()
            .map(|it| it.organization)
            .filter(|id| !self.partners.contains_key(id))
            .collect();
        for organization in store::organizations::get_many(&qx.db, &organizations).await? {
            self.partners.insert(organization.id, (&organization).into());
        }
        let ids: Vec<_> = decisions
            .iter()
            .map(|it| it.application)
            .filter(|id| !self.applications.contains_key(id))
            .collect();
        if !ids.is_empty() {
            let mut scopes = store::applications::scopes_of(&qx.db, &ids).await?;
            for application in store::applications::get_many(&qx.db, &ids).await? {
                let own = scopes.extract_if(.., |scope| scope.application == application.id).collect();
                self.applications.insert(application.id, ((&application).into(), own));
            }
        }
        let members: Vec<_> = decisions
            .iter()
            .filter(|it| it.person.is_none() && !self.people.contains_key(&it.member))
            .map(|it| it.member)
            .collect();
        self.people.extend(store::policies::people_of_members(&qx.db, &members).await?);
        Ok(())
    }

    /// None when the partner, the application or the member is gone.
    fn facts(&self, qx: &Qx, decision: &Recorded) -> Option<AccessFacts> {
        let (application, scopes) = self.applications.get(&decision.application)?;
        let held = &decision.circumstance.held;
        let scopes: Vec<ScopeFacts> = scopes.iter().filter(|scope| held.contains(&scope.name)).map(Into::into).collect();
        let device = decision.circumstance.device;
        Some(AccessFacts {
            person: decision.person.or_else(|| self.people.get(&decision.member).copied())?,
            partner: self.partners.get(&decision.organization)?.clone(),
            application: application.clone(),
            scopes,
            now: decision.at,
            asking: Asking {
                device,
                address: decision
                    .address
                    .as_deref()
                    .filter(|_| device == Device::Browser)
                    .and_then(|text| text.parse().ok()),
                zone: qx.tenant.time_zone,
            },
            circumstance: decision.circumstance.clone(),
        })
    }
}

/// What was asked for, each with the answer and why; none is the application as a whole.
fn answers(policies: &Policies, facts: &AccessFacts, asked: &[String]) -> BTreeMap<Option<String>, (Verdict, String)> {
    let decided = policies.judge(facts);
    let mut answers = BTreeMap::from([(None, (decided.launch.verdict, decided.launch.reason()))]);
    for (scope, decision) in facts.scopes.iter().zip(decided.scopes) {
        if asked.contains(&scope.name) {
            answers.insert(Some(scope.name.clone()), (decision.verdict, decision.reason()));
        }
    }
    answers
}

type Key = (MemberId, ApplicationId, Option<String>, &'static str, &'static str);

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::StepUp => "step-up",
        Verdict::Deny => "deny",
    }
}

#[derive(Default)]
struct Found(HashMap<Key, Difference>);

impl Found {
    fn compare(&mut self, decision: &Recorded, facts: &AccessFacts, now: &Policies, then: &Policies) {
        let (before, mut after) = (answers(now, facts, &decision.asked), answers(then, facts, &decision.asked));
        let whole = (before.get(&None).map(|it| it.0), after.get(&None).map(|it| it.0));
        let all_at_once = whole.0 != whole.1;
        for (scope, (was, _)) in before {
            let Some((is, reason)) = after.remove(&scope) else { continue };
            // When the application as a whole is decided otherwise, its scopes go without saying.
            if was == is || (all_at_once && scope.is_some()) {
                continue;
            }
            let key = (decision.member, decision.application, scope.clone(), word(was), word(is));
            let [member, partner, application] = decision.names.clone();
            let difference = self.0.entry(key).or_insert_with(|| Difference {
                member,
                partner,
                application,
                scope,
                before: was,
                after: is,
                reason,
                count: 0,
                last: decision.at,
            });
            difference.count += 1;
            difference.last = difference.last.max(decision.at);
        }
    }
}

/// How far a replay goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Decisions.
    pub decisions: usize,
    /// Rows of the trail, those about no person too.
    pub rows: usize,
    /// Rows at a time.
    pub batch: usize,
}

/// Replays the latest version of a policy.
///
/// # Errors
/// [`PageError::NotFound`] when there is no such policy.
pub async fn replay(qx: &Qx, id: PolicyId) -> Result<Replay, PageError> {
    let limits = Limits {
        decisions: MOST_DECISIONS,
        rows: MOST_ROWS,
        batch: BATCH,
    };
    replay_within(qx, id, limits).await
}

pub(super) async fn replay_within(qx: &Qx, id: PolicyId, limits: Limits) -> Result<Replay, PageError> {
    queries::may_view(qx)?;
    let policy = store::policies::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    let (then, version) = with_draft(qx, id).await?.ok_or(PageError::NotFound)?;
    let filter = TrailFilter {
        from: Some(qx.now - Duration::days(DAYS)),
        actions: vec![
            EventKind::Launched.as_str(),
            EventKind::Authorized.as_str(),
            EventKind::TokenIssued.as_str(),
            EventKind::TokenExchanged.as_str(),
        ],
        // What it does not count for it cannot change.
        organizations: policy.scope.organization.map(|only| vec![only]),
        application: policy.scope.application,
        ..TrailFilter::default()
    };
    let mut replay = Replay {
        number: version.number,
        ..Replay::default()
    };
    let (mut known, mut found) = (Known::default(), Found::default());
    let (mut page, mut read) = (PageRequest::Newest, 0);
    loop {
        let rows = store::audit_events::list(&qx.db, TrailScope::Everything, &filter, page, limits.batch).await?;
        read += rows.rows.len();
        // What a client asks for itself is nobody's decision.
        let persons = rows.rows.into_iter().filter(|row| row.subject_kind.as_deref() == Some("member"));
        let persons: Vec<AuditRow> = persons.collect();
        let of_persons = persons.len();
        let decisions: Vec<Recorded> = persons.into_iter().filter_map(recorded).collect();
        replay.skipped += of_persons - decisions.len();
        known.learn(qx, &decisions).await?;
        for decision in &decisions {
            match known.facts(qx, decision) {
                Some(facts) => {
                    found.compare(decision, &facts, &qx.policies, &then);
                    replay.decisions += 1;
                }
                None => replay.skipped += 1,
            }
        }
        let Some(older) = rows.older else { break };
        if replay.decisions + replay.skipped >= limits.decisions || read >= limits.rows {
            replay.capped = true;
            break;
        }
        page = PageRequest::Older(older);
        // Others get their turn between batches.
        tokio::task::yield_now().await;
    }
    replay.differences = found.0.into_values().collect();
    replay.differences.sort_by(|a, b| {
        (b.count, &a.partner, &a.member, &a.application, &a.scope).cmp(&(a.count, &b.partner, &b.member, &b.application, &b.scope))
    });
    Ok(replay)
}
