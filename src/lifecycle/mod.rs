//! What happens by itself when an end has come: tidying up and telling people. Access itself is refused at decision time.

mod certifications;
mod contracts;
mod domains;
mod ends;
mod providers;
mod signing;
mod worker;

#[cfg(test)]
mod tests;

pub use worker::run;

use chrono::Duration;

use crate::{
    access::Actor,
    cx::{Cx, Portal, RequestMeta},
    store::StoreError,
};

/// The portal's own name in the trail.
pub const ACTOR: Actor = Actor::System("Portico");

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// So many partners would have been suspended that none was.
    pub stopped: bool,
    /// Partners suspended because nobody certified them in time.
    pub lapsed: u64,
    /// Partners of whose certification somebody was reminded.
    pub reminded: u64,
    /// Contracts whose near end was told of.
    pub contracts_told: u64,
    /// Domains whose record was looked for.
    pub domains_checked: u64,
    /// Identity providers whose metadata was read anew.
    pub metadata_read: u64,
    /// Certificates of identity providers whose near end was told of.
    pub certificates_told: u64,
    /// Signing keys made because the present ones are old.
    pub keys_made: u64,
    /// Memberships marked as over.
    pub members_ended: u64,
    /// Sessions ended because no contract is in force.
    pub sessions_ended: u64,
    /// Members and applications where clients had something of what is over.
    pub applications_ended: u64,
    /// Sessions, attempt counters and reset links deleted that were over.
    pub deleted: u64,
}

/// One pass over everything past its end, in small transactions. Any number of replicas may do it at once.
///
/// # Errors
/// [`StoreError`] when the database does not answer; what was committed until then stays.
pub async fn sweep(portal: &Portal) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    match certifications::to_suspend(portal).await? {
        Some(lapsed) => swept.lapsed = certifications::suspend(portal, lapsed).await?,
        // What ends by other dates ends all the same.
        None => swept.stopped = true,
    }
    swept.reminded = certifications::remind(portal).await?;
    swept.contracts_told = contracts::tell(portal).await?;
    swept.certificates_told = providers::warn(portal).await?;
    swept.members_ended = ends::members(portal).await?;
    swept.sessions_ended = ends::sessions_without_contract(portal).await?;
    swept.applications_ended = ends::applications(portal).await?;
    swept.deleted = ends::delete_expired(portal).await?;
    swept.keys_made = signing::rotate(portal).await?;
    // Last, because these wait for other people's servers.
    swept.domains_checked = domains::check(portal).await?;
    swept.metadata_read = providers::refresh(portal).await?;
    Ok(swept)
}

/// Begins one of the pass's small transactions.
async fn begin(portal: &Portal) -> Result<Cx, StoreError> {
    portal.begin(ACTOR, RequestMeta::default()).await
}

/// Counts a change that was committed; what somebody else changed at the same moment is left for the next pass.
async fn settle(cx: Cx, outcome: Result<bool, StoreError>) -> Result<u64, StoreError> {
    match outcome {
        Ok(true) => cx.commit().await.map(|()| 1),
        Ok(false) | Err(StoreError::Stale) => cx.tx.rollback().await.map(|()| 0),
        Err(error) => {
            let _ = cx.tx.rollback().await;
            Err(error)
        }
    }
}

/// How long a session may be unused.
fn idle(portal: &Portal) -> Duration {
    Duration::minutes(portal.settings.session_idle_minutes)
}
