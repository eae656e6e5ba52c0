//! From a mailed link or code to a membership. Opening proves the mailbox and remembers the invitation in the session; accepting
//! uses it up, counts seats with the organization locked, and makes account, membership and assignments, or nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Invitation, InvitationStatus, code_hash};
use crate::{
    access::{Actor, Refused},
    apps::commands::{AssignError, grant_assignment},
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::{Cx, Qx},
    kernel::{EmailAddress, InvitationId, MemberId, OrganizationId, Password, PersonId, Rng, constant_time_eq, sha256},
    organizations::{Contract, Organization, OrganizationStatus},
    people::{Member, MemberError, MemberStatus, Person},
    signin::{
        commands::store_password,
        identify,
        passwords::{self, HashedPassword, PasswordError},
    },
    store::{self, Db, StoreError, sessions::SignedInAs},
    web::Refusal,
};

/// The session key of the invitation that was opened.
pub const OPENED_KEY: &str = "invitation";
/// So many codes may be tried for an address in an hour.
const TRIES_PER_EMAIL: i32 = 10;
/// So many codes may be tried from a network address in an hour.
const TRIES_PER_ADDRESS: i32 = 40;

/// The invitation a browser has opened. It names the secret it was opened with (by its hash), so that it dies with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    id: InvitationId,
    organization: OrganizationId,
    secret: String,
}

impl Opened {
    pub(super) fn new(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id,
            organization: invitation.organization,
            secret: URL_SAFE_NO_PAD.encode(&invitation.token_hash),
        }
    }

    /// The invitation itself, while it can be accepted.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn usable(&self, db: &impl Db, now: crate::kernel::Timestamp) -> Result<Option<Invitation>, StoreError> {
        let found = store::invitations::get(db, self.organization, self.id).await?;
        let secret = URL_SAFE_NO_PAD.decode(&self.secret).unwrap_or_default();
        Ok(found.filter(|invitation| invitation.is_usable_at(now) && constant_time_eq(&invitation.token_hash, &secret)))
    }
}

/// Why an invitation does not become a membership.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// Expired, withdrawn, used, sent again, or never there: all the same to whoever asks.
    #[error("This invitation cannot be used any more.")]
    Unusable,
    /// The address has an account: its owner must sign in.
    #[error("There is an account with this address already. Sign in to accept the invitation.")]
    SignInFirst,
    /// Someone else is signed in.
    #[error("This invitation is for another address than the one you are signed in with. Sign out first.")]
    OtherAccount,
    /// The account is switched off.
    #[error("The account with this address is switched off. Ask the person who invited you.")]
    AccountOff,
    /// They are in already.
    #[error("You are a member of {0} already. There is nothing to accept.")]
    AlreadyMember(String),
    /// The organization lets nobody in.
    #[error(
        "{0} cannot take anybody in right now, because its access is paused or its contract is not in force. Ask the person who invited you."
    )]
    Closed(String),
    /// All seats are taken.
    #[error(
        "All seats of {0} are taken, so you cannot join right now. Ask the person who invited you to free a seat; the invitation stays valid."
    )]
    NoSeat(String),
    /// No name.
    #[error("{0}")]
    Name(&'static str),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The old membership cannot be closed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// Not signed in.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AcceptError> for Refusal {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Password(rule) => Self::field("password", rule.to_string()),
            AcceptError::Access(refused) => refused.into(),
            AcceptError::Store(error) => error.into(),
            AcceptError::Name(text) => Self::field("name", text),
            other => Self::because(other.to_string()),
        }
    }
}

/// Why a typed code does not open an invitation.
#[derive(Debug, Error)]
pub enum CodeError {
    /// No such address, no such code, or not any more.
    #[error("This address and code do not belong together, or the code does not work any more. Check both in the newest mail you got.")]
    Wrong,
    /// Too many tries.
    #[error("Too many codes were tried. Wait an hour, or use the link in the mail.")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CodeError> for Refusal {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Store(error) => error.into(),
            // The try itself is kept, or it would not be counted.
            other => Self::because(other.to_string()).kept(),
        }
    }
}

/// The invitation behind a link, while it can be accepted. Reading it changes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_link(db: &impl Db, token: &str, now: crate::kernel::Timestamp) -> Result<Option<Invitation>, StoreError> {
    if token.is_empty() || token.len() > 100 {
        return Ok(None);
    }
    Ok(store::invitations::find_by_token(db, &sha256(token))
        .await?
        .filter(|invitation| invitation.is_usable_at(now)))
}

/// Opens an invitation by its link: notes that it was opened, and hands out what the session remembers.
///
/// # Errors
/// [`AcceptError::Unusable`].
pub async fn open_invitation(cx: &mut Cx, token: &str) -> Result<Opened, AcceptError> {
    let invitation = by_link(&cx.tx, token, cx.now).await?.ok_or(AcceptError::Unusable)?;
    Ok(note_opened(cx, &invitation, "link").await?)
}

/// Opens an invitation by address and typed code, throttled per address and per network address.
///
/// # Errors
/// [`CodeError`]; the caller commits the count of tries all the same.
pub async fn check_code(cx: &mut Cx, email: &str, code: &str) -> Result<Opened, CodeError> {
    let email: EmailAddress = email.parse().map_err(|_| CodeError::Wrong)?;
    let key = sha256(format!("invitation code for {}", email.normalized()));
    if !may_try(cx, &key).await? {
        return Err(CodeError::TooMany);
    }
    let wanted = code_hash(&cx.master_key, code);
    let mut found = None;
    for invitation in store::invitations::pending_for(&cx.tx, &email).await? {
        if constant_time_eq(&invitation.code_hash, &wanted) && invitation.is_usable_at(cx.now) {
            found = Some(invitation);
        }
    }
    let Some(invitation) = found else {
        let event = Event::new(EventKind::SignInFailed)
            .outcome(Outcome::Failure)
            .detail("method", "invitation code");
        audit::record(cx, event).await?;
        return Err(CodeError::Wrong);
    };
    store::credentials::forget_attempts(&cx.tx, &key).await?;
    Ok(note_opened(cx, &invitation, "code").await?)
}

async fn may_try(cx: &mut Cx, email_key: &[u8]) -> Result<bool, StoreError> {
    let until = cx.now + Duration::hours(1);
    let mut keys = vec![(email_key.to_vec(), TRIES_PER_EMAIL)];
    if let Some(address) = &cx.meta.address {
        keys.push((sha256(format!("invitation codes from {address}")), TRIES_PER_ADDRESS));
    }
    let mut allowed = true;
    for (key, limit) in keys {
        let count = store::credentials::count_attempt(&cx.tx, &key, cx.now, until).await?.count;
        allowed &= count <= limit;
        if count == limit + 1 {
            let event = Event::new(EventKind::SignInThrottled)
                .outcome(Outcome::Denied)
                .detail("method", "invitation code");
            audit::record(cx, event).await?;
        }
    }
    Ok(allowed)
}

async fn note_opened(cx: &mut Cx, invitation: &Invitation, by: &'static str) -> Result<Opened, StoreError> {
    if store::invitations::mark_opened(&cx.tx, invitation.id, cx.now).await? {
        let event = Event::new(EventKind::InvitationOpened)
            .subject(Subject::new("invitation", invitation.id, invitation.email.as_str()))
            .detail("by", by);
        let event = match store::organizations::get(&cx.tx, invitation.organization).await? {
            Some(organization) => event.organization(organization.id, organization.name),
            None => event,
        };
        audit::record(cx, event).await?;
    }
    Ok(Opened::new(invitation))
}

/// What came of an invitation.
#[derive(Debug)]
pub struct Accepted {
    /// Who.
    pub person: PersonId,
    /// Their membership.
    pub member: MemberId,
    /// Name of the organization.
    pub organization: String,
    /// Applications that were promised but that the organization cannot give any more.
    pub left_out: Vec<String>,
}

/// Accepts for an address without an account (or whose account has no password yet): makes the account and the membership.
///
/// # Errors
/// [`AcceptError`]; nothing is written then.
pub async fn accept_invitation(
    cx: &mut Cx,
    opened: &Opened,
    name: &str,
    password: Result<HashedPassword, PasswordError>,
) -> Result<Accepted, AcceptError> {
    let (organization, invitation) = locked(cx, opened).await?;
    if let Some(person) = cx.actor.person() {
        let same = person.email.parse::<EmailAddress>().is_ok_and(|email| email == invitation.email);
        return Err(if same {
            AcceptError::SignInFirst
        } else {
            AcceptError::OtherAccount
        });
    }
    let name = checked_name(name)?;
    let person = account(cx, &invitation, name).await?;
    let accepted = settle(cx, &organization, &invitation, opened, &person).await?;
    store_password(cx, &person, password?).await?;
    Ok(accepted)
}

/// Checks the password for whoever accepts and hashes it, before any transaction: hashing takes some 30 ms, and SQLite has one writer.
///
/// # Errors
/// [`PasswordError`] tells what to do; [`accept_invitation`] says so once everything else is in order.
pub async fn prepare_password(
    qx: &Qx,
    opened: &Opened,
    name: &str,
    password: &Password,
    rng: &mut Rng,
) -> Result<HashedPassword, PasswordError> {
    let Ok(Some(invitation)) = opened.usable(&qx.db, qx.now).await else {
        return Err(PasswordError::NotHashed);
    };
    let mut words = vec![name.to_owned(), invitation.email.as_str().to_owned(), qx.tenant.name.clone()];
    if let Ok(Some(organization)) = store::organizations::get(&qx.db, opened.organization).await {
        words.push(organization.name);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    passwords::prepare(password, &words, rng).await
}

/// Accepts for the signed-in owner of the invited address: a further membership for a person who has one account.
///
/// # Errors
/// [`AcceptError`]; nothing is written then.
pub async fn join_organization(cx: &mut Cx, opened: &Opened) -> Result<Accepted, AcceptError> {
    let Some(signed_in) = cx.actor.person() else {
        return Err(Refused::SignedOut.into());
    };
    let id = signed_in.id;
    let (organization, invitation) = locked(cx, opened).await?;
    let person = store::people::get(&cx.tx, id).await?.ok_or(Refused::SignedOut)?;
    if person.email != invitation.email {
        return Err(AcceptError::OtherAccount);
    }
    settle(cx, &organization, &invitation, opened, &person).await
}

/// Holds the organization, then reads the invitation: whoever withdraws it or takes the last seat is before or after, never between.
async fn locked(cx: &Cx, opened: &Opened) -> Result<(Organization, Invitation), AcceptError> {
    let organization = store::organizations::get_locked(&cx.tx, opened.organization)
        .await?
        .ok_or(AcceptError::Unusable)?;
    let invitation = opened.usable(&cx.tx, cx.now).await?.ok_or(AcceptError::Unusable)?;
    Ok((organization, invitation))
}

fn checked_name(typed: &str) -> Result<String, AcceptError> {
    let name = typed.trim();
    if name.is_empty() {
        return Err(AcceptError::Name("Enter your name."));
    }
    if name.chars().count() > super::plan::MAX_NAME || name.chars().any(char::is_control) {
        return Err(AcceptError::Name("Use at most 200 characters that can be shown."));
    }
    Ok(name.to_owned())
}

/// The account of the invited address: a new one, or the one without a password. Never one that somebody signs in to.
async fn account(cx: &mut Cx, invitation: &Invitation, name: String) -> Result<Person, AcceptError> {
    if let Some(mut person) = store::people::find_by_email(&cx.tx, &invitation.email).await? {
        if person.disabled_at.is_some() {
            return Err(AcceptError::AccountOff);
        }
        if person.has_password {
            return Err(AcceptError::SignInFirst);
        }
        if person.name != name {
            person.name = name;
            store::people::update_profile(&cx.tx, &person).await?;
            person.version += 1;
        }
        return Ok(person);
    }
    let person = Person {
        id: PersonId::new(cx.now, &mut cx.rng),
        email: invitation.email.clone(),
        name,
        time_zone: cx.tenant.time_zone,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    if !store::people::insert(&cx.tx, &person).await? {
        // Somebody made the account in this very moment.
        return Err(AcceptError::SignInFirst);
    }
    Ok(person)
}

pub(super) async fn settle(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    opened: &Opened,
    person: &Person,
) -> Result<Accepted, AcceptError> {
    let contract = store::contracts::in_force(&cx.tx, organization.id, cx.now).await?;
    let open = matches!(organization.status, OrganizationStatus::Active | OrganizationStatus::Onboarding);
    let Some(contract) = contract.filter(|_| open) else {
        return Err(AcceptError::Closed(organization.name.clone()));
    };
    let member = match invitation.member {
        Some(id) => joiner(cx, organization, person, id).await?,
        None => new_member(cx, organization, invitation, person, &contract).await?,
    };
    // The end of the race: one of two acceptances finds the row still waiting.
    if !store::invitations::use_up(&cx.tx, invitation.id, &invitation.token_hash, member.id, cx.now).await? {
        return Err(AcceptError::Unusable);
    }
    let newcomer = matches!(cx.actor, Actor::Anonymous);
    if newcomer {
        become_actor(cx, person, &member).await?;
    }
    let event = Event::new(EventKind::InvitationAccepted)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("member", member.id, person.name.clone()))
        .detail("invitation", invitation.id.to_string())
        .detail("role", member.role.as_str())
        .detail("ends_at", member.ends_at.map(|end| end.to_rfc3339()))
        .detail("existing_account", !newcomer);
    audit::record(cx, event).await?;
    let left_out = grant_applications(cx, organization, invitation, &member).await?;
    debug_assert!(opened.id == invitation.id && invitation.status == InvitationStatus::Pending);
    Ok(Accepted {
        person: person.id,
        member: member.id,
        organization: organization.name.clone(),
        left_out,
    })
}

/// The member that a rotation made, whose account is set up now.
async fn joiner(cx: &Cx, organization: &Organization, person: &Person, id: MemberId) -> Result<Member, AcceptError> {
    let member = store::members::get(&cx.tx, organization.id, id)
        .await?
        .ok_or(AcceptError::Unusable)?;
    let over = member.status == MemberStatus::Removed || member.ends_at.is_some_and(|end| end <= cx.now);
    if over || member.person != person.id {
        Err(AcceptError::Unusable)
    } else {
        Ok(member)
    }
}

async fn new_member(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    person: &Person,
    contract: &Contract,
) -> Result<Member, AcceptError> {
    if let Some(old) = store::members::find(&cx.tx, organization.id, person.id).await? {
        if old.ends_at.is_none_or(|end| cx.now < end) {
            return Err(AcceptError::AlreadyMember(organization.name.clone()));
        }
        // A membership past its end makes room; the new one is a new subject.
        let ended = old.remove(None, cx.now)?;
        store::members::update(&cx.tx, &ended).await?;
        store::grants::revoke_assignments_of_member(&cx.tx, ended.id, cx.now).await?;
    }
    let taken = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
    if taken >= u64::try_from(contract.seats).unwrap_or_default() {
        return Err(AcceptError::NoSeat(organization.name.clone()));
    }
    let member = Member {
        id: MemberId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        person: person.id,
        role: invitation.role,
        status: MemberStatus::Active,
        status_reason: None,
        starts_at: cx.now,
        // The contract may have been shortened since the invitation was sent.
        ends_at: invitation.member_ends_at.map(|end| end.min(contract.ends_at)),
        read_only: false,
        rotated_to: None,
        rotated_from: None,
        last_seen_at: None,
        created_at: cx.now,
        version: 1,
    };
    if store::members::insert(&cx.tx, &member).await? {
        Ok(member)
    } else {
        Err(AcceptError::AlreadyMember(organization.name.clone()))
    }
}

/// From here on the newcomer acts: what follows is theirs in the trail.
async fn become_actor(cx: &mut Cx, person: &Person, member: &Member) -> Result<(), StoreError> {
    let who = SignedInAs {
        person: person.id,
        member: Some(member.id),
        at: cx.now,
        second_factor_at: None,
        through: None,
    };
    if let Some(found) = identify(&cx.tx, &who, Vec::new(), &cx.tenant.name, cx.now).await? {
        cx.actor = found.actor;
    }
    Ok(())
}

/// Assigns what was promised, as far as the organization still holds it; answers what had to be left out.
async fn grant_applications(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    member: &Member,
) -> Result<Vec<String>, AcceptError> {
    let mut left_out = Vec::new();
    for grant in &invitation.grants {
        let Some(entitlement) = store::grants::entitlement(&cx.tx, organization.id, grant.entitlement).await? else {
            continue;
        };
        let scopes: Vec<_> = grant
            .scopes
            .iter()
            .copied()
            .filter(|scope| entitlement.scopes.contains(scope))
            .collect();
        match grant_assignment(cx, organization, member, &entitlement, scopes, grant.ends_at).await {
            Ok(_) => {}
            Err(AssignError::Store(error)) => return Err(error.into()),
            Err(_) => {
                let name = store::applications::get(&cx.tx, entitlement.application).await?;
                left_out.push(name.map_or_else(|| "an application".to_owned(), |application| application.name));
            }
        }
    }
    Ok(left_out)
}
