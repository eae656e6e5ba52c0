//! One's own account, for its pages.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;

use super::browser;
use crate::{
    access::{Refused, SignedIn},
    cx::Qx,
    kernel::Timestamp,
    people::Person,
    store,
    web::PageError,
};

/// The account as its owner sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name, address, zone, factors.
    pub person: Person,
    /// Recovery codes that were not used.
    pub recovery_codes_left: u64,
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Names the session in a form; lets nobody in.
    pub key: String,
    /// Browser in words.
    pub browser: String,
    /// Address it was opened from.
    pub address: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last request, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// It is the one asking.
    pub is_this_one: bool,
}

fn me(qx: &Qx) -> Result<&SignedIn, Refused> {
    qx.actor.person().ok_or(Refused::SignedOut)
}

/// The account of whoever asks.
///
/// # Errors
/// [`Refused::SignedOut`] or the database's.
pub async fn account(qx: &Qx) -> Result<Account, PageError> {
    let id = me(qx)?.id;
    let person = store::people::get(&qx.db, id).await?.ok_or(Refused::SignedOut)?;
    let recovery_codes_left = store::credentials::recovery_codes_left(&qx.db, id).await?;
    Ok(Account {
        person,
        recovery_codes_left,
    })
}

/// The live sessions of whoever asks, this one first, then by last use.
///
/// # Errors
/// [`Refused::SignedOut`] or the database's.
pub async fn sessions(qx: &Qx) -> Result<Vec<OwnSession>, PageError> {
    let me = me(qx)?;
    let idle = Duration::minutes(qx.settings.session_idle_minutes);
    let rows = store::sessions::of_person(&qx.db, me.id, qx.now).await?;
    let mut sessions: Vec<OwnSession> = rows
        .into_iter()
        .filter(|row| row.last_seen_at > qx.now - idle)
        .map(|row| OwnSession {
            is_this_one: row.key == me.session_key,
            key: URL_SAFE_NO_PAD.encode(&row.key),
            browser: browser::in_words(&row.user_agent),
            address: row.address,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            ends_at: row.ends_at,
        })
        .collect();
    sessions.sort_by_key(|session| !session.is_this_one);
    Ok(sessions)
}
