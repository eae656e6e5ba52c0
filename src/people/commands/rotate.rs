//! Rotation (mission E2): leaver to joiner in one step, for the remaining time, under a new subject, with a link both ways.

use chrono::Duration;
use thiserror::Error;

use super::{MemberRef, MembershipError, Opened, keep_an_admin, open};
use crate::{
    access::{Action, Refused},
    apps::Assignment,
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    kernel::{AssignmentId, EmailAddress, MemberId, PersonId},
    mail::{self, Letter},
    people::{
        Member, Person, close_ended, delegation,
        invitations::{invite_joiner, withdraw_hand_over},
    },
    signin::Ended,
    store::{self, StoreError},
    web::Refusal,
};

/// The longest overlap of a hand-over, in hours.
pub const LONGEST_OVERLAP_HOURS: i32 = 72;

/// Replaces a leaver by a joiner.
#[derive(Clone, Debug)]
pub struct RotateMember {
    /// The leaver.
    pub which: MemberRef,
    /// Where the joiner gets mail.
    pub email: EmailAddress,
    /// The joiner's name; an existing account keeps its own.
    pub name: String,
    /// For how many hours the leaver may still look; 0 ends their access at once.
    pub overlap_hours: i32,
}

/// A rotation that was done.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// Who leaves.
    pub leaver: Member,
    /// Their name.
    pub leaver_name: String,
    /// Who takes over.
    pub joiner: Member,
    /// Their name.
    pub joiner_name: String,
    /// How many assignments the joiner got.
    pub assignments: u64,
}

/// Why a rotation is refused.
#[derive(Debug, Error)]
pub enum RotateError {
    /// As for every change of a membership.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The joiner is a member already.
    #[error("{0} is already a member here. Assign them the applications instead, or name someone else.")]
    AlreadyMember(String),
    /// The joiner's account is off.
    #[error("This address cannot be used here. Ask the company that runs this portal, or name someone else.")]
    JoinerDisabled,
    /// The leaver has a role the actor cannot give to the joiner.
    #[error("You cannot hand this role over: it is not one you may give. Ask a partner admin.")]
    RoleNotYours,
}

impl From<StoreError> for RotateError {
    fn from(error: StoreError) -> Self {
        Self::Membership(error.into())
    }
}
impl From<Refused> for RotateError {
    fn from(refused: Refused) -> Self {
        Self::Membership(refused.into())
    }
}

impl From<RotateError> for Refusal {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Membership(error) => error.into(),
            RotateError::AlreadyMember(_) | RotateError::JoinerDisabled => Self::field("email", error.to_string()),
            RotateError::RoleNotYours => Self::because(error.to_string()),
        }
    }
}

/// Replaces a leaver by a joiner for the remaining time of every assignment. Without an overlap the leaver is removed and their
/// sessions end with the transaction; with one they may look until it is over. No extra seat is needed.
///
/// # Errors
/// [`RotateError`] says why not; then nothing was changed.
pub async fn rotate_member(cx: &mut Cx, input: RotateMember) -> Result<Rotated, RotateError> {
    let opened = open(cx, Action::RotateMember, input.which).await?;
    if !delegation::may_grant(&cx.actor, opened.member.role) {
        return Err(RotateError::RoleNotYours);
    }
    let person = joining_person(cx, &input).await?;
    if let Some(other) = store::members::find(&cx.tx, opened.organization.id, person.id).await? {
        make_way(cx, &opened, other, &person).await?;
    }
    let overlap = Duration::hours(input.overlap_hours.clamp(0, LONGEST_OVERLAP_HOURS).into());
    let joiner_id = MemberId::new(cx.now, &mut cx.rng);
    let (leaver, joiner) = opened
        .member
        .clone()
        .hand_over_to(joiner_id, person.id, overlap, cx.now)
        .map_err(MembershipError::from)?;
    if !joiner.runs_organization_at(cx.now) {
        keep_an_admin(cx, &opened, &leaver).await?;
    }
    if !store::members::insert(&cx.tx, &joiner).await? {
        return Err(RotateError::AlreadyMember(person.name));
    }
    store::members::update(&cx.tx, &leaver).await?;
    let assignments = hand_assignments_over(cx, &leaver, &joiner).await?;
    let ended = if leaver.read_only {
        Ended::default()
    } else {
        store::sessions::end_of_member(&cx.tx, leaver.id, cx.now).await?
    };
    record_both_ways(cx, &opened, &leaver, &joiner, &person, assignments, ended).await?;
    if !leaver.read_only {
        withdraw_hand_over(cx, &opened.organization, leaver.id).await?;
        let letter = Letter::MembershipEnded {
            organization: opened.organization.name.clone(),
        };
        mail::queue(cx, &opened.person.email, Some(opened.organization.id), letter).await?;
    }
    invite_joiner(cx, &opened.organization, &joiner, &person, &opened.person.name).await?;
    Ok(Rotated {
        leaver,
        leaver_name: opened.person.name,
        joiner,
        joiner_name: person.name,
        assignments,
    })
}

/// The account behind the joiner's address; a new one when there is none.
async fn joining_person(cx: &mut Cx, input: &RotateMember) -> Result<Person, RotateError> {
    let known = store::people::find_by_email(&cx.tx, &input.email).await?;
    let person = match known {
        Some(person) => person,
        None => {
            let person = Person {
                id: PersonId::new(cx.now, &mut cx.rng),
                email: input.email.clone(),
                name: input.name.clone(),
                time_zone: cx.tenant.time_zone,
                has_password: false,
                totp_confirmed_at: None,
                disabled_at: None,
                created_at: cx.now,
                version: 1,
            };
            if store::people::insert(&cx.tx, &person).await? {
                audit::record(
                    cx,
                    Event::new(EventKind::PersonCreated).subject(Subject::new("person", person.id, person.name.clone())),
                )
                .await?;
                person
            } else {
                // Another organization added the same address at the same moment.
                store::people::find_by_email(&cx.tx, &input.email).await?.ok_or(StoreError::Stale)?
            }
        }
    };
    if person.disabled_at.is_some() {
        Err(RotateError::JoinerDisabled)
    } else {
        Ok(person)
    }
}

/// The joiner was a member before and that membership is past its end, but still holds the place: it is closed.
async fn make_way(cx: &mut Cx, opened: &Opened, former: Member, person: &Person) -> Result<(), RotateError> {
    if !former.has_ended_at(cx.now) {
        return Err(RotateError::AlreadyMember(person.name.clone()));
    }
    let former = former.remove(None, cx.now).map_err(MembershipError::from)?;
    Ok(close_ended(cx, &opened.organization, &former, &person.name).await?)
}

/// Gives the joiner what the leaver holds: the same entitlements and scopes, as far as the organization still has them, until the
/// same ends. Answers how many.
async fn hand_assignments_over(cx: &mut Cx, leaver: &Member, joiner: &Member) -> Result<u64, StoreError> {
    let entitlements = store::grants::entitlements_of(&cx.tx, leaver.organization).await?;
    let held = store::grants::assignments_of_member(&cx.tx, leaver.id).await?;
    let mut handed = 0;
    for assignment in held {
        let Some(entitlement) = entitlements.iter().find(|entitlement| entitlement.id == assignment.entitlement) else {
            continue;
        };
        let scopes = assignment.scopes_within(entitlement);
        if scopes.is_empty() || assignment.ends_at.is_some_and(|end| end <= cx.now) {
            continue;
        }
        let copy = Assignment {
            id: AssignmentId::new(cx.now, &mut cx.rng),
            member: joiner.id,
            starts_at: assignment.starts_at.max(cx.now),
            last_used_at: None,
            scopes,
            version: 1,
            ..assignment
        };
        if store::grants::insert_assignment(&cx.tx, &copy, cx.now).await? {
            handed += 1;
        }
    }
    match leaver.ends_at {
        Some(end) if leaver.read_only => store::grants::end_assignments_of_member(&cx.tx, leaver.id, end).await?,
        _ => store::grants::revoke_assignments_of_member(&cx.tx, leaver.id, cx.now).await?,
    };
    Ok(handed)
}

/// Two events, so that the trail of either leads to the other.
async fn record_both_ways(
    cx: &mut Cx,
    opened: &Opened,
    leaver: &Member,
    joiner: &Member,
    person: &Person,
    assignments: u64,
    ended: Ended,
) -> Result<(), StoreError> {
    let overlap_until = leaver
        .ends_at
        .filter(|_| leaver.read_only)
        .map_or(serde_json::Value::Null, |at| at.to_rfc3339().into());
    let rotated = opened
        .event(EventKind::MemberRotated)
        .detail("joiner", joiner.id.to_string())
        .detail("joiner_name", person.name.clone())
        .detail("assignments", assignments)
        .ended(ended)
        .detail("overlap_until", overlap_until);
    audit::record(cx, rotated).await?;
    let added = Event::new(EventKind::MemberAdded)
        .organization(opened.organization.id, opened.organization.name.clone())
        .subject(Subject::new("member", joiner.id, person.name.clone()))
        .detail("role", joiner.role.as_str())
        .detail("rotated_from", leaver.id.to_string())
        .detail("rotated_from_name", opened.person.name.clone());
    audit::record(cx, added).await
}
