//! Believing an arrival: who it is here, whether the claim rules let them in, and the session they get.

use thiserror::Error;

use super::{
    membership::{self, JoinError},
    outcome::record_failure,
};
use crate::{
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::{Claims, IdentityProvider, Link, MappingError, Profile, arrival::Arrival, domains, rules::Broken},
    kernel::ExternalIdentityId,
    organizations::Organization,
    people::{Member, MemberStatus, Person, invitations::AcceptError},
    signin::identify,
    store::{
        self, Db, StoreError,
        federation::links,
        sessions::{SignedInAs, Through},
    },
};

/// Why somebody whom their company's provider vouches for does not get in. The text is for that person.
#[derive(Debug, Error)]
pub enum EnterError {
    /// The provider says too little.
    #[error("Your company's sign-in does not tell us who you are. {0} Tell the person who runs your team here.")]
    Mapping(#[from] MappingError),
    /// A claim rule.
    #[error("{}", .0.reason)]
    Rule(Broken),
    /// The address is in no domain that the organization has proven.
    #[error("Your address {0} does not belong to a domain of this organization, so its sign-in cannot let you in.")]
    NotTheirs(String),
    /// The provider itself doubts the address.
    #[error("Your company's sign-in says that your address is not confirmed yet. Confirm it there and try again.")]
    Unconfirmed,
    /// Unknown, and nobody waits for them.
    #[error(transparent)]
    Join(JoinError),
    /// The membership is over.
    #[error("Your access for {0} has ended. Ask the person who runs your team here.")]
    Over(String),
    /// Something else keeps them out.
    #[error("{0}")]
    Kept(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of an arrival, before anybody is let in. Also what a trial shows.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The person as mapped.
    pub profile: Profile,
    /// The first rule that does not hold.
    pub broken: Option<Broken>,
}

/// Maps the claims and asks the rules.
///
/// # Errors
/// [`MappingError`] names the claim that is missing.
pub fn judge(provider: &IdentityProvider, arrival: &Arrival, now: crate::kernel::Timestamp) -> Result<Judgement, MappingError> {
    Ok(Judgement {
        profile: provider.mapping.profile(&arrival.claims)?,
        broken: provider.rules.broken(&arrival.claims, now),
    })
}

impl From<JoinError> for EnterError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Store(error) | JoinError::Invitation(AcceptError::Store(error)) => Self::Store(error),
            other => Self::Join(other),
        }
    }
}

impl EnterError {
    /// Whether what was written is kept although nobody gets in: a rule that fails takes effect at once. Of everything else nothing
    /// may stay behind, neither half a membership nor an account.
    #[must_use]
    pub const fn takes_effect(&self) -> bool {
        matches!(self, Self::Rule(_))
    }
}

/// Records that somebody did not get in.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn note_refusal(cx: &mut Cx, provider: &IdentityProvider, error: &EnterError) -> Result<(), StoreError> {
    record_failure(cx, provider, &error.to_string()).await.map(|_| ())
}

/// Lets somebody in whom the provider vouches for.
///
/// # Errors
/// [`EnterError`]; commit when it [takes effect](EnterError::takes_effect), else roll back and [note it](note_refusal).
pub async fn enter(cx: &mut Cx, provider: &IdentityProvider, arrival: &Arrival) -> Result<SignedInAs, EnterError> {
    let organization = store::organizations::get_locked(&cx.tx, provider.organization)
        .await?
        .ok_or_else(|| EnterError::Kept("This organization is not here any more.".to_owned()))?;
    let outcome = entered(cx, &organization, provider, arrival).await;
    if let Err(error) = &outcome
        && error.takes_effect()
    {
        note_refusal(cx, provider, error).await?;
    }
    outcome
}

async fn entered(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    arrival: &Arrival,
) -> Result<SignedInAs, EnterError> {
    let Judgement { profile, broken } = judge(provider, arrival, cx.now)?;
    let known = links::find(&cx.tx, provider.id, &profile.subject).await?;
    if let Some(broken) = broken {
        if let Some(link) = known {
            keep_out(cx, organization, provider, link, &broken).await?;
        }
        return Err(EnterError::Rule(broken));
    }
    let ruled = provider.rules.spoken_of(&arrival.claims);
    let (member, person) = match known {
        Some(link) => returning(cx, organization, provider, link, &profile, &ruled).await?,
        None => newcomer(cx, organization, provider, &profile, &ruled, false).await?,
    };
    let member = follow_groups(cx, organization, provider, member, &person, &profile).await?;
    let_in(cx, organization, provider, arrival, &member, &person).await
}

/// Somebody who was here before.
async fn returning(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    mut link: Link,
    profile: &Profile,
    ruled: &Claims,
) -> Result<(Member, Person), EnterError> {
    let over = || EnterError::Over(organization.name.clone());
    let found = store::members::get(&cx.tx, organization.id, link.member).await?;
    let Some(mut member) = found.filter(|member| !is_over(member, cx.now)) else {
        return invited_again(cx, organization, provider, link, profile, ruled).await;
    };
    let person = store::people::get(&cx.tx, member.person).await?.ok_or_else(over)?;
    if link.disabled_by_rule.take().is_some() && member.status == MemberStatus::Suspended {
        member = member.reinstate(cx.now).map_err(|_| over())?;
        store::members::update(&cx.tx, &member).await?;
        member.version += 1;
        let event = Event::new(EventKind::MemberReinstated)
            .organization(organization.id, organization.name.clone())
            .subject(Subject::new("member", member.id, person.name.clone()))
            .reason("The rules of the organization's sign-in let them in again.");
        audit::record(cx, event).await?;
    }
    link.attributes.clone_from(&profile.attributes);
    link.ruled.clone_from(ruled);
    links::note_use(&cx.tx, &link, cx.now).await?;
    Ok((member, person))
}

/// Whether nothing of a membership is left.
pub(super) fn is_over(member: &Member, now: crate::kernel::Timestamp) -> bool {
    member.status == MemberStatus::Removed || member.has_ended_at(now)
}

/// Somebody whose membership is over: a new one begins by an invitation alone, accepted here or before.
async fn invited_again(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    link: Link,
    profile: &Profile,
    ruled: &Claims,
) -> Result<(Member, Person), EnterError> {
    if profile.email_unverified || !vouches_for(&cx.tx, provider, profile).await? {
        return Err(EnterError::Over(organization.name.clone()));
    }
    // Gone for good only when somebody gets in: a refusal is rolled back.
    links::delete(&cx.tx, &link).await?;
    newcomer(cx, organization, provider, profile, ruled, true).await
}

/// Somebody whom the provider names for the first time: never by address alone, only when the organization has proven its domain.
async fn newcomer(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    profile: &Profile,
    ruled: &Claims,
    was_here: bool,
) -> Result<(Member, Person), EnterError> {
    if profile.email_unverified {
        return Err(EnterError::Unconfirmed);
    }
    if !vouches_for(&cx.tx, provider, profile).await? {
        return Err(EnterError::NotTheirs(profile.email.as_str().to_owned()));
    }
    let person = store::people::find_by_email(&cx.tx, &profile.email).await?;
    let (present, former) = match &person {
        Some(person) => (
            store::members::find(&cx.tx, organization.id, person.id)
                .await?
                .filter(|member| !member.has_ended_at(cx.now)),
            was_here || store::members::was_member(&cx.tx, organization.id, person.id).await?,
        ),
        None => (None, was_here),
    };
    let (member, person) = match (present, person) {
        (Some(member), Some(person)) => (member, person),
        (_, person) => membership::join(cx, organization, provider, profile, person, former).await?,
    };
    join_to(cx, organization, provider, profile, ruled, member, person).await
}

/// From now on this name at the provider is this member here.
async fn join_to(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    profile: &Profile,
    ruled: &Claims,
    member: Member,
    person: Person,
) -> Result<(Member, Person), EnterError> {
    let link = Link {
        id: ExternalIdentityId::new(cx.now, &mut cx.rng),
        provider: provider.id,
        member: member.id,
        subject: profile.subject.clone(),
        attributes: profile.attributes.clone(),
        ruled: ruled.clone(),
        disabled_by_rule: None,
        created_at: cx.now,
        last_used_at: cx.now,
    };
    if !links::insert(&cx.tx, &link).await? {
        // The same person in two windows at the same moment: the other one made it.
        return Err(EnterError::Kept("You signed in twice at the same moment. Try again.".to_owned()));
    }
    let event = Event::new(EventKind::IdentityLinked)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("member", member.id, person.name.clone()))
        .detail("identity_provider", provider.name.clone());
    audit::record(cx, event).await?;
    Ok((member, person))
}

/// Whether the organization has proven that the address is in its domain, and that domain signs in through this provider.
pub(super) async fn vouches_for(db: &impl Db, provider: &IdentityProvider, profile: &Profile) -> Result<bool, StoreError> {
    let owned = store::federation::domains::owned(db, &domains::names_above(&profile.email)).await?;
    Ok(domains::most_specific(&profile.email, &owned).is_some_and(|domain| {
        domain.organization == provider.organization
            && domain.status == domains::DomainStatus::Proven
            && domain.provider.is_none_or(|bound| bound == provider.id)
    }))
}

/// A rule fails for somebody we know: they are out at once (mission B7). Whoever must be able to get in when the provider fails, the
/// last partner admin and the break-glass one, stays a member: this sign-in is refused to them, and so is every session it opened before.
pub(super) async fn keep_out(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    mut link: Link,
    broken: &Broken,
) -> Result<(), StoreError> {
    let Some(member) = store::members::get(&cx.tx, organization.id, link.member).await? else {
        return Ok(());
    };
    if provider.break_glass == Some(member.id) || is_last_admin(cx, &member).await? {
        store::sessions::end_through(&cx.tx, provider.id, Some(member.id), None, cx.now).await?;
        store::issuer::ending::revoke_of_provider(&cx.tx, provider.id, Some(member.id), &broken.reason, cx.now).await?;
        return Ok(());
    }
    let person = store::people::get(&cx.tx, member.person).await?;
    let reason = format!("Their company's sign-in: {}", broken.reason);
    if let Ok(suspended) = member.clone().suspend(Some(reason.clone())) {
        store::members::update(&cx.tx, &suspended).await?;
        link.disabled_by_rule = Some(broken.rule.clone());
        let used = link.last_used_at;
        links::note_use(&cx.tx, &link, used).await?;
        let ended = store::sessions::end_of_member(&cx.tx, member.id, cx.now).await?;
        let name = person.map(|person| person.name).unwrap_or_default();
        let event = Event::new(EventKind::MemberSuspended)
            .organization(organization.id, organization.name.clone())
            .subject(Subject::new("member", member.id, name))
            .reason(reason)
            .detail("rule", broken.rule.clone())
            .ended(ended);
        audit::record(cx, event).await?;
    }
    Ok(())
}

/// Whether nobody else could run the organization.
async fn is_last_admin(cx: &Cx, member: &Member) -> Result<bool, StoreError> {
    Ok(member.runs_organization_at(cx.now) && store::members::other_admins(&cx.tx, member.organization, member.id, cx.now).await? == 0)
}

/// The role that the groups give, when the connection maps any. The last partner admin and the break-glass one keep theirs.
async fn follow_groups(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    member: Member,
    person: &Person,
    profile: &Profile,
) -> Result<Member, EnterError> {
    let wanted = profile.role.filter(|role| *role != member.role);
    let Some(wanted) = wanted.filter(|_| provider.break_glass != Some(member.id)) else {
        return Ok(member);
    };
    if is_last_admin(cx, &member).await? {
        return Ok(member);
    }
    let before = member.role;
    let Ok(mut changed) = member.clone().change_role(wanted) else {
        return Ok(member);
    };
    store::members::update(&cx.tx, &changed).await?;
    changed.version += 1;
    let event = Event::new(EventKind::RoleChanged)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("member", changed.id, person.name.clone()))
        .reason("The groups in their company's sign-in give this role.")
        .detail("from", before.as_str())
        .detail("to", wanted.as_str());
    audit::record(cx, event).await?;
    Ok(changed)
}

async fn let_in(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    arrival: &Arrival,
    member: &Member,
    person: &Person,
) -> Result<SignedInAs, EnterError> {
    let who = SignedInAs {
        person: person.id,
        member: Some(member.id),
        at: cx.now,
        second_factor_at: arrival.second_factor_at.filter(|_| provider.trusts_second_factor),
        through: Some(Through {
            provider: provider.id,
            organization: organization.id,
            session: arrival.session.clone(),
            ends_at: arrival.session_ends_at,
            logout_name: arrival.logout_name.clone(),
            authenticated_at: arrival.authenticated_at,
        }),
    };
    let kept = |reason: String| EnterError::Kept(reason);
    let Some(found) = identify(&cx.tx, &who, Vec::new(), &cx.tenant, cx.now).await? else {
        return Err(kept(
            "This account is switched off. Ask the person who runs your team here.".to_owned(),
        ));
    };
    if found.actor.member().is_none() {
        let reason = found.trouble.first().map(|trouble| trouble.reason.clone());
        return Err(kept(
            reason.unwrap_or_else(|| format!("Your access for {} has ended.", organization.name)),
        ));
    }
    cx.actor = found.actor;
    store::federation::providers::note_success(&cx.tx, provider.id).await?;
    let event = Event::new(EventKind::SignedIn)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("person", person.id, person.name.clone()))
        .detail("identity_provider", provider.name.clone())
        .detail(
            "second_factor",
            if who.second_factor_at.is_some() {
                "at the identity provider"
            } else {
                "none"
            },
        );
    audit::record(cx, event).await?;
    Ok(who)
}
