//! "What ends if": what a partner would lose when its contracts end earlier.

use crate::{
    kernel::Timestamp,
    organizations::{Contract, covered_until},
    store::{
        Db, StoreError,
        contracts::{Outliving, OutlivingMember, outliving, outliving_members},
    },
};

/// How many of those who lose access first are named.
const NAMED: u64 = 10;

/// What would end.
#[derive(Clone, Debug)]
pub struct EndsIf {
    /// Until when access is covered now.
    pub old_end: Option<Timestamp>,
    /// Until when it would be covered.
    pub new_end: Option<Timestamp>,
    /// What would have lasted beyond the new end.
    pub counts: Outliving,
    /// The first of the people concerned.
    pub first: Vec<OutlivingMember>,
}

impl EndsIf {
    /// Whether anything ends earlier than it does now.
    #[must_use]
    pub fn ends_anything(&self) -> bool {
        self.old_end.is_some() && self.new_end < self.old_end
    }
}

/// Compares the contracts of an organization before and after a change.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn ends_if(
    db: &impl Db,
    before: &[Contract],
    after: &[Contract],
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<EndsIf, StoreError> {
    let (old_end, new_end) = (covered_until(before, now), covered_until(after, now));
    let mut found = EndsIf {
        old_end,
        new_end,
        counts: Outliving::default(),
        first: Vec::new(),
    };
    if let (true, Some(contract)) = (found.ends_anything(), before.first()) {
        let at = new_end.unwrap_or(now);
        found.counts = outliving(db, contract.organization, at, idle_since).await?;
        found.first = outliving_members(db, contract.organization, at, NAMED).await?;
    }
    Ok(found)
}
