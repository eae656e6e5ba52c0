//! Just-in-time membership (mission B4): somebody unknown becomes a member at their first sign-in, within seats, contract and policy.

use chrono::Duration;
use thiserror::Error;

use crate::{
    apps::commands::{AssignError, grant_assignment},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    federation::{IdentityProvider, JoinPolicy, Profile},
    kernel::{ApplicationId, MemberId, PersonId},
    organizations::Organization,
    people::{
        Member, MemberStatus, Person,
        invitations::{AcceptError, accept_vouched},
    },
    store::{self, StoreError},
};

/// Why an unknown person does not become a member. The text is for that person.
#[derive(Debug, Error)]
pub enum JoinError {
    /// Nobody invited them.
    #[error("You are not a member of {0} here yet. Ask the person who runs your team to invite you.")]
    NotInvited(String),
    /// They were a member once.
    #[error("Your access for {0} has ended. Ask the person who runs your team here.")]
    Over(String),
    /// All seats are taken.
    #[error("All seats of {0} are taken, so you cannot join right now. Ask the person who runs your team to free a seat.")]
    NoSeat(String),
    /// No contract in force, or the organization is closed.
    #[error("{0} cannot take anybody in right now, because its access is paused or its contract is not in force.")]
    Closed(String),
    /// The account is switched off.
    #[error("This account is switched off. Ask the person who runs your team here.")]
    AccountOff,
    /// The invitation.
    #[error(transparent)]
    Invitation(#[from] AcceptError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a member of somebody whose address the organization has proven to be theirs. Whoever was a member before comes back by an
/// invitation alone.
///
/// # Errors
/// [`JoinError`] says what is in the way.
pub(super) async fn join(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    profile: &Profile,
    person: Option<Person>,
    former: bool,
) -> Result<(Member, Person), JoinError> {
    let not_invited = || {
        let name = organization.name.clone();
        if former {
            JoinError::Over(name)
        } else {
            JoinError::NotInvited(name)
        }
    };
    if person.as_ref().is_some_and(|person| person.disabled_at.is_some()) {
        return Err(JoinError::AccountOff);
    }
    if provider.joining.policy == JoinPolicy::Off {
        return Err(not_invited());
    }
    // An invitation that waits says more exactly what they get than the connection's own rules.
    let invitation = store::invitations::pending_in(&cx.tx, organization.id, &profile.email)
        .await?
        .filter(|invitation| invitation.is_usable_at(cx.now));
    if let Some(invitation) = invitation {
        let accepted = accept_vouched(cx, organization, &invitation, &profile.name).await?;
        let member = store::members::get(&cx.tx, organization.id, accepted.member).await?;
        let person = store::people::get(&cx.tx, accepted.person).await?;
        return member.zip(person).ok_or_else(not_invited);
    }
    if former || provider.joining.policy == JoinPolicy::Invited {
        return Err(not_invited());
    }
    open_joining(cx, organization, provider, profile, person).await
}

async fn open_joining(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    profile: &Profile,
    person: Option<Person>,
) -> Result<(Member, Person), JoinError> {
    let contract = store::contracts::in_force(&cx.tx, organization.id, cx.now).await?;
    let open = organization.takes_changes_at(cx.now, cx.tenant.certification_grace_days);
    let contract = contract
        .filter(|_| open)
        .ok_or_else(|| JoinError::Closed(organization.name.clone()))?;
    let taken = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
    if taken >= u64::try_from(contract.seats).unwrap_or_default() {
        return Err(JoinError::NoSeat(organization.name.clone()));
    }
    let person = match person {
        Some(person) => person,
        None => account(cx, profile).await?,
    };
    let days = provider.joining.days.map(|days| cx.now + Duration::days(i64::from(days)));
    let member = Member {
        id: MemberId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        person: person.id,
        role: profile.role.unwrap_or(provider.joining.role),
        status: MemberStatus::Active,
        status_reason: None,
        starts_at: cx.now,
        ends_at: days.map(|end| end.min(contract.ends_at)),
        read_only: false,
        rotated_to: None,
        rotated_from: None,
        last_seen_at: None,
        created_at: cx.now,
        version: 1,
    };
    if !store::members::insert(&cx.tx, &member).await? {
        return Err(JoinError::NotInvited(organization.name.clone()));
    }
    let event = Event::new(EventKind::MemberAdded)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("member", member.id, person.name.clone()))
        .detail("by", "first sign-in")
        .detail("identity_provider", provider.name.clone())
        .detail("role", member.role.as_str())
        .detail("ends_at", member.ends_at.map(|end| end.to_rfc3339()));
    audit::record(cx, event).await?;
    assign(cx, organization, provider, profile, &member).await?;
    Ok((member, person))
}

async fn account(cx: &mut Cx, profile: &Profile) -> Result<Person, JoinError> {
    let person = Person {
        id: PersonId::new(cx.now, &mut cx.rng),
        email: profile.email.clone(),
        name: profile.name.clone(),
        time_zone: cx.tenant.time_zone,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    if store::people::insert(&cx.tx, &person).await? {
        return Ok(person);
    }
    // Somebody made the account in this very moment.
    Ok(store::people::find_by_email(&cx.tx, &profile.email)
        .await?
        .ok_or_else(|| StoreError::Unavailable("an account vanished".to_owned()))?)
}

/// Assigns the connection's applications and those of the groups, as far as the organization holds them.
async fn assign(
    cx: &mut Cx,
    organization: &Organization,
    provider: &IdentityProvider,
    profile: &Profile,
    member: &Member,
) -> Result<(), JoinError> {
    let mut wanted: Vec<ApplicationId> = provider.joining.applications.clone();
    for slug in &profile.applications {
        wanted.extend(
            store::applications::find_by_slug(&cx.tx, slug)
                .await?
                .map(|application| application.id),
        );
    }
    wanted.sort_unstable();
    wanted.dedup();
    for application in wanted {
        let Some(entitlement) = store::grants::entitlement_for(&cx.tx, organization.id, application).await? else {
            continue;
        };
        let outcome = grant_assignment(cx, organization, member, &entitlement, entitlement.scopes.clone(), member.ends_at).await;
        // Without a seat or past its end there is nothing to give; the person gets the rest.
        if let Err(AssignError::Store(error)) = outcome {
            return Err(error.into());
        }
    }
    Ok(())
}
