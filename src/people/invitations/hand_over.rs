//! The second half of a rotation: an invitation that only sets up the account of a member who is there, and lives no longer than that
//! membership.

use super::{
    Invitation, InvitationStatus, Secrets,
    commands::{InviteError, expiry, inviter, link, replace_pending, told},
};
use crate::{
    audit::{self, EventKind},
    cx::Cx,
    kernel::{InvitationId, MemberId},
    mail::{self, Letter},
    organizations::Organization,
    people::{Member, Person},
    store::{self, StoreError},
    web::routes,
};

/// Tells the joiner of a rotation how to get in. With an account they are only told; without one they get a link and a code
/// with which they set it up. The caller has decided that the actor may do this and holds the organization's lock.
///
/// # Errors
/// [`StoreError`] when the rows cannot be written.
pub async fn invite_joiner(
    cx: &mut Cx,
    organization: &Organization,
    member: &Member,
    person: &Person,
    leaver_name: &str,
) -> Result<(), StoreError> {
    if person.has_password {
        let letter = Letter::MembershipAdded {
            organization: organization.name.clone(),
            inviter: inviter(cx),
            link: format!("{}{}", cx.settings.public_url, routes::HOME),
        };
        return mail::queue(cx, &person.email, Some(organization.id), letter).await;
    }
    let secrets = Secrets::generate(&cx.master_key, &mut cx.rng);
    let invitation = Invitation {
        id: InvitationId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        email: person.email.clone(),
        name: person.name.clone(),
        role: member.role,
        status: InvitationStatus::Pending,
        token_hash: secrets.token.hash(),
        code_hash: secrets.code_hash.clone(),
        grants: Vec::new(),
        member_ends_at: member.ends_at,
        invited_by: cx.actor.person().map(|person| person.id),
        rotated_from: member.rotated_from,
        member: Some(member.id),
        sent_at: cx.now,
        opened_at: None,
        accepted_at: None,
        expires_at: expiry(cx, member.ends_at, None),
        created_at: cx.now,
        version: 1,
    };
    replace_pending(cx, organization, &invitation).await?;
    if !store::invitations::insert(&cx.tx, &invitation).await? {
        return Err(StoreError::Stale);
    }
    let event = told(cx, EventKind::MemberInvited, organization, &invitation).detail("takes_over_from", leaver_name.to_owned());
    audit::record(cx, event).await?;
    let letter = Letter::HandOver {
        organization: organization.name.clone(),
        inviter: inviter(cx),
        leaver: leaver_name.to_owned(),
        link: link(cx, &secrets),
        code: secrets.code,
        expires_at: invitation.expires_at,
    };
    mail::queue(cx, &person.email, Some(organization.id), letter).await
}

/// Takes back what waits to set up the account of a member who has ended: whoever holds the link has nothing to come to. The caller
/// holds the organization's lock.
///
/// # Errors
/// [`StoreError`] when the rows cannot be written.
pub async fn withdraw_hand_over(cx: &mut Cx, organization: &Organization, member: MemberId) -> Result<(), StoreError> {
    for mut invitation in store::invitations::pending_of_member(&cx.tx, member).await? {
        invitation.status = InvitationStatus::Withdrawn;
        store::invitations::update(&cx.tx, &invitation).await?;
        let event = told(cx, EventKind::InvitationWithdrawn, organization, &invitation).reason("The person is no longer a member.");
        audit::record(cx, event).await?;
    }
    Ok(())
}

/// A waiting hand-over with role and end as the member has them by now; any other invitation as it is.
pub(super) async fn as_its_member_is(cx: &Cx, mut invitation: Invitation) -> Result<Invitation, InviteError> {
    let waits = invitation.status == InvitationStatus::Pending;
    let Some(id) = invitation.member.filter(|_| waits) else {
        return Ok(invitation);
    };
    let member = store::members::get(&cx.tx, invitation.organization, id)
        .await?
        .filter(|member| !member.standing_at(cx.now).is_over())
        .ok_or(InviteError::NoMember)?;
    invitation.role = member.role;
    invitation.member_ends_at = member.ends_at;
    Ok(invitation)
}
