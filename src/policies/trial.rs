//! One decision tried by hand: "may Ana get orders:write now, and why" (mission C4). Nothing is recorded and nothing changes.

use std::net::IpAddr;

use super::{PolicyVersion, queries};
use crate::{
    access::{Asking, Device, Policies, RuleText},
    apps::{
        Scope,
        chain::{Circumstances, Judged},
    },
    cx::Qx,
    kernel::{MemberId, PolicyId, ProviderId, Timestamp},
    organizations::Organization,
    signin::{Identified, identify},
    store::{
        self, StoreError,
        holdings::Which,
        lookup::Somebody,
        sessions::{SignedInAs, Through},
    },
    web::PageError,
};

/// So many people are offered at a time.
const PEOPLE: u64 = 300;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Short name of the partner.
    pub partner: String,
    /// Short name of the application.
    pub application: String,
    /// Who.
    pub member: MemberId,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: Option<IpAddr>,
    /// Who is at the other end.
    pub device: Device,
    /// A second factor was given a moment ago.
    pub fresh: bool,
    /// With the latest version of this policy in force.
    pub with: Option<PolicyId>,
}

/// What the form offers once partner and application are known.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The partner.
    pub organization: Organization,
    /// Its people, by name.
    pub people: Vec<Somebody>,
    /// There are more than shown.
    pub more: bool,
    /// The application's scopes.
    pub scopes: Vec<Scope>,
    /// Drafts and newer versions that can be tried: policy and name.
    pub drafts: Vec<(PolicyId, String)>,
}

/// The answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The person could not be in the portal at that moment at all.
    Nobody(String),
    /// What the policies say.
    Judged(Box<Judged>),
}

/// What the form offers.
///
/// # Errors
/// [`PageError`]; none when partner or application are not known.
pub async fn offered(qx: &Qx, partner: &str, application: &str) -> Result<Option<Offered>, PageError> {
    queries::may_view(qx)?;
    let organization = store::organizations::find_by_slug(&qx.db, partner).await?;
    let application = store::applications::find_by_slug(&qx.db, application).await?;
    let (Some(organization), Some(application)) = (organization, application) else {
        return Ok(None);
    };
    let mut people = store::lookup::find_members(&qx.db, organization.id, "", qx.now, PEOPLE + 1).await?;
    let more = people.len() as u64 > PEOPLE;
    people.truncate(usize::try_from(PEOPLE).unwrap_or(usize::MAX));
    let scopes = store::applications::scopes_of(&qx.db, &[application.id]).await?;
    let drafts = store::policies::all(&qx.db, queries::MOST)
        .await?
        .into_iter()
        .filter(|policy| policy.status != super::PolicyStatus::Retired && policy.in_force != Some(policy.latest))
        .map(|policy| (policy.id, format!("{} (version {})", policy.name, policy.latest)))
        .collect();
    Ok(Some(Offered {
        organization,
        people,
        more,
        scopes,
        drafts,
    }))
}

/// The policies as they would be with the latest version of one in force.
///
/// # Errors
/// [`StoreError`] when the database does not answer; none when there is no such policy.
pub(super) async fn with_draft(qx: &Qx, id: PolicyId) -> Result<Option<(Policies, PolicyVersion)>, StoreError> {
    let Some(draft) = store::policies::get(&qx.db, id).await? else {
        return Ok(None);
    };
    let Some(version) = store::policies::version(&qx.db, id, draft.latest).await? else {
        return Ok(None);
    };
    let in_force = store::policies::in_force(&qx.db).await?;
    let mut texts: Vec<RuleText> = in_force
        .into_iter()
        .filter(|(policy, _)| policy.id != id)
        .map(|(policy, text)| RuleText {
            organization: policy.scope.organization,
            application: policy.scope.application,
            text,
        })
        .collect();
    texts.push(RuleText {
        organization: draft.scope.organization,
        application: draft.scope.application,
        text: version.text.clone(),
    });
    Ok(Some((qx.policies.with_rules(texts), version)))
}

/// Decides as if it were asked so.
///
/// # Errors
/// [`PageError::NotFound`] when partner, application or member are not known.
pub async fn answer(qx: &Qx, question: &Question) -> Result<Answer, PageError> {
    queries::may_view(qx)?;
    let organization = store::organizations::find_by_slug(&qx.db, &question.partner)
        .await?
        .ok_or(PageError::NotFound)?;
    let member = store::members::get(&qx.db, organization.id, question.member)
        .await?
        .ok_or(PageError::NotFound)?;
    let who = SignedInAs {
        person: member.person,
        member: Some(member.id),
        at: question.at,
        second_factor_at: question.fresh.then_some(question.at),
        // However this partner's people sign in, it is this membership that is asked about.
        through: Some(Through {
            provider: ProviderId(uuid::Uuid::nil()),
            organization: organization.id,
            session: None,
            ends_at: None,
            logout_name: None,
            authenticated_at: None,
        }),
    };
    let nobody = |reason: &str| Ok(Answer::Nobody(reason.to_owned()));
    let found = identify(&qx.db, &who, Vec::new(), &qx.tenant, question.at).await?;
    let Some(Identified { actor, trouble, worn, .. }) = found else {
        return nobody("The account is switched off.");
    };
    let Some(worn) = worn.filter(|worn| worn.member.id == member.id) else {
        let reason = trouble.first().map(|trouble| trouble.reason.as_str());
        return nobody(reason.unwrap_or("The membership is not in force then."));
    };
    let circumstances = Circumstances::of(worn, qx.tenant.certification_grace_days, question.at);
    let policies = match question.with {
        Some(id) => with_draft(qx, id).await?.ok_or(PageError::NotFound)?.0,
        None => (*qx.policies).clone(),
    };
    let policies = policies.asked_from(Asking {
        device: question.device,
        address: question.address.filter(|_| question.device == Device::Browser),
        zone: qx.tenant.time_zone,
    });
    let held = store::holdings::held_by_member(&qx.db, member.id, Which::Named(&question.application)).await?;
    let judged = held
        .into_iter()
        .map(|held| circumstances.judge(&policies, &actor, held))
        .max_by_key(|judged| (judged.decision.verdict == crate::access::Verdict::Allow, judged.held.assignment.id));
    judged.map_or_else(
        || nobody("The application is not assigned to this person."),
        |judged| Ok(Answer::Judged(Box::new(judged))),
    )
}
