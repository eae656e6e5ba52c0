//! Domains that partners have proven: once a day their record is looked for again.

use chrono::Duration;

use super::{begin, settle};
use crate::{
    cx::Portal,
    federation::domains::{
        Domain,
        commands::{DomainCommandError, note_missing, note_seen},
        dns::{self, Found},
    },
    store::{self, StoreError, federation::domains},
};

/// Hours between two looks.
const EVERY_HOURS: i64 = 24;
/// So many are looked for in one pass.
const AT_ONCE: u64 = 50;

/// Looks for the records; answers for how many something was learnt.
pub(super) async fn check(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let before = portal.clock.now() - Duration::hours(EVERY_HOURS);
    let mut count = 0;
    for domain in domains::to_check(&db, before, AT_ONCE).await? {
        // The network is asked with no transaction open. No answer says nothing.
        let found = dns::look(&domain, portal.settings.dns_server).await;
        if found == Found::NoAnswer {
            continue;
        }
        count += note(portal, domain, found).await?;
    }
    Ok(count)
}

async fn note(portal: &Portal, domain: Domain, found: Found) -> Result<u64, StoreError> {
    let mut cx = begin(portal).await?;
    let outcome = async {
        let Some(organization) = store::organizations::get_locked(&cx.tx, domain.organization).await? else {
            return Ok(false);
        };
        let learnt = match found {
            Found::Yes => note_seen(&mut cx, &organization, domain).await,
            Found::No | Found::NoAnswer => note_missing(&mut cx, &organization, domain).await,
        };
        match learnt {
            Ok(_) => Ok(true),
            Err(DomainCommandError::Store(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }
    .await;
    settle(cx, outcome).await
}
