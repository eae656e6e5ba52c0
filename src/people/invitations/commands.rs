//! Sending, sending again and withdrawing invitations.

use chrono::Duration;
use thiserror::Error;

use super::{
    Draft, Invitation, InvitationError, InvitationStatus, Plan, Report, Secrets,
    facts::{self, may_grant, may_manage},
    hand_over::as_its_member_is,
    plan::review,
};
use crate::{
    access::{Action, Actor, Refused},
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{InvitationId, OrganizationId, Timestamp, last_day},
    mail::{self, Letter},
    organizations::Organization,
    people::{ActorChanged, still_acting},
    store::{self, StoreError},
    web::{Refusal, routes},
};

/// Why invitations are not sent, sent again or withdrawn.
#[derive(Debug, Error)]
pub enum InviteError {
    /// Not allowed, not visible, or not without a fresh second factor.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever invites lost the role or the membership in the meantime.
    #[error(transparent)]
    ActorChanged(#[from] ActorChanged),
    /// It is not waiting any more, or its last day is over.
    #[error(transparent)]
    State(#[from] InvitationError),
    /// There is no contract in force.
    #[error("There is no contract in force, so nobody can be invited. Ask the company that runs this portal.")]
    NoContract,
    /// The organization lets nobody in.
    #[error("Nobody can be invited while the organization is paused or over. Open its access first.")]
    Closed,
    /// Every seat is taken or reserved.
    #[error("Every seat of the contract is taken or reserved by another invitation. Remove a person or withdraw an invitation first.")]
    NoSeat,
    /// The person became a member meanwhile.
    #[error("This person is a member already, so there is nothing to send. Withdraw the invitation.")]
    AlreadyMember,
    /// The member whose account a hand-over sets up is one no more.
    #[error("This person is no longer a member, so there is nothing to send. Invite them anew.")]
    NoMember,
    /// What would be sent is not what was shown.
    #[error("Something changed since you saw this list, so nothing was sent. The list now shows how it is; check it and send again.")]
    Changed,
    /// Rows would be left out and the person did not say that they saw it.
    #[error("Confirm that the rows with a problem are left out, or go back and correct them. Nothing was sent.")]
    LeftOutNotConfirmed,
    /// No row can be sent.
    #[error("No invitation in this list can be sent. Go back and correct it.")]
    NothingToSend,
}

impl From<InviteError> for Refusal {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Access(refused) => refused.into(),
            InviteError::Store(error) => error.into(),
            InviteError::LeftOutNotConfirmed => Self::field("leave_out", error.to_string()),
            other => Self::because(other.to_string()),
        }
    }
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Invitations sent.
    pub sent: usize,
    /// Rows left out, as the person confirmed.
    pub left_out: usize,
}

/// Sends the good rows of a draft, all or none (mission E1). `seen` is the fingerprint of the report the person looked at:
/// when the report is another one by now, nothing is sent.
///
/// # Errors
/// [`InviteError::Changed`], [`InviteError::LeftOutNotConfirmed`], [`InviteError::NothingToSend`] or [`InviteError::Access`].
pub async fn send_invitations(
    cx: &mut Cx,
    organization: OrganizationId,
    draft: &Draft,
    seen: &str,
    leave_out: bool,
) -> Result<Sent, InviteError> {
    let organization = inviting(cx, organization).await?;
    if draft.organization != organization.id {
        return Err(Refused::NotFound.into());
    }
    check_open(cx, &organization)?;
    let facts = facts::load(&cx.tx, &cx.actor, &organization, &draft.addresses(), cx.tenant.time_zone, cx.now).await?;
    let report = review(draft, &facts);
    if report.fingerprint() != seen {
        return Err(InviteError::Changed);
    }
    let Report { rows, .. } = report;
    let total = rows.len();
    let plans: Vec<Plan> = rows.into_iter().filter_map(|row| row.outcome.ok()).collect();
    let left_out = total - plans.len();
    if plans.is_empty() {
        return Err(InviteError::NothingToSend);
    }
    if left_out > 0 && !leave_out {
        return Err(InviteError::LeftOutNotConfirmed);
    }
    let contract_ends = facts
        .contract
        .as_ref()
        .map(|contract| contract.ends_at)
        .ok_or(InviteError::NoContract)?;
    let sent = plans.len();
    for plan in plans {
        invite(cx, &organization, plan, contract_ends).await?;
    }
    Ok(Sent { sent, left_out })
}

/// Holds the organization: whoever else invites or accepts here waits, so no seat is promised twice. Then asks whether the actor may
/// invite there, and still may.
async fn inviting(cx: &Cx, organization: OrganizationId) -> Result<Organization, InviteError> {
    let organization = store::organizations::get_locked(&cx.tx, organization)
        .await?
        .ok_or(Refused::NotFound)?;
    cx.authorise(Action::InviteMember, &organization)?;
    still_acting::<InviteError>(cx).await?;
    Ok(organization)
}

/// Whoever is invited must be able to come in.
pub(super) fn check_open(cx: &Cx, organization: &Organization) -> Result<(), InviteError> {
    if organization.takes_changes_at(cx.now, cx.tenant.certification_grace_days) {
        Ok(())
    } else {
        Err(InviteError::Closed)
    }
}

async fn invite(cx: &mut Cx, organization: &Organization, plan: Plan, contract_ends: Timestamp) -> Result<(), InviteError> {
    let secrets = Secrets::generate(&cx.master_key, &mut cx.rng);
    let invitation = Invitation {
        id: InvitationId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        email: plan.email,
        name: plan.name,
        role: plan.role,
        status: InvitationStatus::Pending,
        token_hash: secrets.token.hash(),
        code_hash: secrets.code_hash.clone(),
        grants: plan.grants,
        member_ends_at: plan.ends_at,
        invited_by: cx.actor.person().map(|person| person.id),
        rotated_from: None,
        member: None,
        sent_at: cx.now,
        opened_at: None,
        accepted_at: None,
        expires_at: expiry(cx, plan.ends_at, Some(contract_ends)),
        created_at: cx.now,
        version: 1,
    };
    replace_pending(cx, organization, &invitation).await?;
    if !store::invitations::insert(&cx.tx, &invitation).await? {
        return Err(InviteError::Changed);
    }
    let event = told(cx, EventKind::MemberInvited, organization, &invitation).detail("applications", plan.applications.clone());
    audit::record(cx, event).await?;
    let letter = Letter::Invitation {
        organization: organization.name.clone(),
        inviter: inviter(cx),
        link: link(cx, &secrets),
        code: secrets.code,
        expires_at: invitation.expires_at,
        applications: plan.applications,
    };
    mail::queue(cx, &invitation.email, Some(organization.id), letter).await?;
    Ok(())
}

/// Sends a waiting or expired invitation again: new link, new code, new end; what was mailed before stops working.
///
/// # Errors
/// [`InviteError::State`], [`InviteError::NoSeat`], [`InviteError::NoContract`], [`InviteError::AlreadyMember`],
/// [`InviteError::NoMember`], [`InviteError::Access`]; [`StoreError::Stale`] when it changed since `version`.
pub async fn resend_invitation(
    cx: &mut Cx,
    organization: OrganizationId,
    id: InvitationId,
    version: i32,
) -> Result<Invitation, InviteError> {
    let organization = inviting(cx, organization).await?;
    let invitation = store::invitations::get(&cx.tx, organization.id, id)
        .await?
        .ok_or(Refused::NotFound)?;
    if invitation.version != version {
        return Err(StoreError::Stale.into());
    }
    let invitation = as_its_member_is(cx, invitation).await?;
    if !may_grant(&cx.actor, invitation.role) {
        return Err(above_own("send again").into());
    }
    check_open(cx, &organization)?;
    let contract = store::contracts::in_force(&cx.tx, organization.id, cx.now)
        .await?
        .ok_or(InviteError::NoContract)?;
    let is_member = !invitation.is_hand_over()
        && store::invitations::members_among(&cx.tx, organization.id, &[invitation.email.normalized().to_owned()], cx.now)
            .await?
            .len()
            == 1;
    if is_member {
        return Err(InviteError::AlreadyMember);
    }
    // One that ran out holds no seat any more: it needs a free one to come back.
    if invitation.status == InvitationStatus::Pending && !invitation.is_hand_over() && invitation.expires_at <= cx.now {
        let taken = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
        let reserved = store::invitations::seats_reserved(&cx.tx, organization.id, cx.now).await?;
        if taken + reserved >= u64::try_from(contract.seats).unwrap_or_default() {
            return Err(InviteError::NoSeat);
        }
    }
    let secrets = Secrets::generate(&cx.master_key, &mut cx.rng);
    let expires_at = expiry(cx, invitation.member_ends_at, Some(contract.ends_at));
    let invitation = invitation.send_again(&secrets, expires_at, cx.now)?;
    store::invitations::update(&cx.tx, &invitation).await?;
    let event = told(cx, EventKind::InvitationResent, &organization, &invitation);
    audit::record(cx, event).await?;
    let letter = letter_again(cx, &organization, &invitation, secrets).await?;
    mail::queue(cx, &invitation.email, Some(organization.id), letter).await?;
    Ok(invitation)
}

async fn letter_again(cx: &Cx, organization: &Organization, invitation: &Invitation, secrets: Secrets) -> Result<Letter, StoreError> {
    let (organization_name, inviter, link, expires_at) =
        (organization.name.clone(), inviter(cx), link(cx, &secrets), invitation.expires_at);
    if let Some(leaver) = invitation.rotated_from {
        let leaver = match store::members::get(&cx.tx, organization.id, leaver).await? {
            Some(member) => store::people::get(&cx.tx, member.person).await?,
            None => None,
        };
        let leaver = leaver.map_or_else(|| "a colleague".to_owned(), |person| person.name);
        return Ok(Letter::HandOver {
            organization: organization_name,
            inviter,
            leaver,
            link,
            code: secrets.code,
            expires_at,
        });
    }
    let applications = facts::application_names(&cx.tx, organization.id, &invitation.grants).await?;
    Ok(Letter::Invitation {
        organization: organization_name,
        inviter,
        link,
        code: secrets.code,
        expires_at,
        applications,
    })
}

/// Takes an invitation back; link and code stop working at once.
///
/// # Errors
/// [`InviteError::State`] when it is not waiting or its person is a member already, [`InviteError::Access`]; [`StoreError::Stale`] when it
/// changed since `version`.
pub async fn withdraw_invitation(
    cx: &mut Cx,
    organization: OrganizationId,
    id: InvitationId,
    version: i32,
) -> Result<Invitation, InviteError> {
    let organization = inviting(cx, organization).await?;
    let invitation = store::invitations::get(&cx.tx, organization.id, id)
        .await?
        .ok_or(Refused::NotFound)?;
    if !may_manage(&cx.actor, invitation.role) {
        return Err(above_own("withdraw").into());
    }
    if invitation.version != version {
        return Err(StoreError::Stale.into());
    }
    let invitation = invitation.withdraw()?;
    store::invitations::update(&cx.tx, &invitation).await?;
    let event = told(cx, EventKind::InvitationWithdrawn, &organization, &invitation);
    audit::record(cx, event).await?;
    Ok(invitation)
}

/// Makes room for a new invitation to the same address: one that ran out is closed, and a hand-over takes the place of one that waits.
pub(super) async fn replace_pending(cx: &mut Cx, organization: &Organization, next: &Invitation) -> Result<(), StoreError> {
    let Some(mut old) = store::invitations::pending_in(&cx.tx, organization.id, &next.email).await? else {
        return Ok(());
    };
    if old.expires_at <= cx.now {
        old.status = InvitationStatus::Expired;
        return store::invitations::update(&cx.tx, &old).await;
    }
    if !next.is_hand_over() {
        return Ok(());
    }
    old.status = InvitationStatus::Withdrawn;
    store::invitations::update(&cx.tx, &old).await?;
    let event = told(cx, EventKind::InvitationWithdrawn, organization, &old).reason("The person takes over from a colleague instead.");
    audit::record(cx, event).await
}

/// An invitation ends after the configured days, and never after what it is for.
pub(super) fn expiry(cx: &Cx, member_ends: Option<Timestamp>, contract_ends: Option<Timestamp>) -> Timestamp {
    let after_days = cx.now + Duration::days(cx.settings.invitation_days);
    [Some(after_days), member_ends, contract_ends]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(after_days)
}

pub(super) fn inviter(cx: &Cx) -> String {
    match &cx.actor {
        Actor::Person(person) => person.name.clone(),
        _ => cx.tenant.name.clone(),
    }
}

pub(super) fn link(cx: &Cx, secrets: &Secrets) -> String {
    format!("{}{}", cx.settings.public_url, routes::invitation(secrets.token.reveal()))
}

fn above_own(verb: &str) -> Refused {
    Refused::Forbidden {
        action: Action::InviteMember,
        reason: format!("You cannot {verb} an invitation to a role above your own."),
    }
}

/// The event about an invitation; its secrets are no part of it.
pub(super) fn told(cx: &Cx, kind: EventKind, organization: &Organization, invitation: &Invitation) -> Event {
    let mut event = Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("invitation", invitation.id, invitation.email.as_str()))
        .detail("role", invitation.role.as_str());
    if kind != EventKind::InvitationWithdrawn {
        event = event.detail("expires_at", invitation.expires_at.to_rfc3339());
    }
    if let Some(end) = invitation.member_ends_at {
        event = event.detail("last_day", last_day(end, cx.tenant.time_zone).to_string());
    }
    event
}
