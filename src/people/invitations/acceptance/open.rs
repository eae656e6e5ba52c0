//! Opening an invitation by link or typed code: proves the mailbox, and hands out what the session remembers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{
    super::{Invitation, code_hash},
    AcceptError, CodeError,
};
use crate::{
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    kernel::{EmailAddress, InvitationId, OrganizationId, Timestamp, constant_time_eq, sha256},
    store::{self, Db, StoreError},
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
    pub(super) id: InvitationId,
    pub(super) organization: OrganizationId,
    secret: String,
}

impl Opened {
    pub(in crate::people::invitations) fn new(invitation: &Invitation) -> Self {
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
    pub async fn usable(&self, db: &impl Db, now: Timestamp) -> Result<Option<Invitation>, StoreError> {
        let found = store::invitations::get(db, self.organization, self.id).await?;
        let secret = URL_SAFE_NO_PAD.decode(&self.secret).unwrap_or_default();
        Ok(found.filter(|invitation| invitation.is_usable_at(now) && constant_time_eq(&invitation.token_hash, &secret)))
    }
}

/// The invitation behind a link, while it can be accepted. Reading it changes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_link(db: &impl Db, token: &str, now: Timestamp) -> Result<Option<Invitation>, StoreError> {
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
