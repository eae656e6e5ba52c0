//! Domains that partners have proven: once a day their record is looked for again.

use chrono::Duration;
use futures::{StreamExt as _, stream};

use super::{begin, settle};
use crate::{
    cx::Portal,
    federation::domains::{
        Domain,
        commands::{DomainCommandError, note_missing, note_no_answer, note_seen},
        dns::{self, Found},
    },
    store::{self, StoreError, federation::domains},
};

/// Hours between two looks.
const EVERY_HOURS: i64 = 24;
/// So many are looked for in one pass.
const IN_ONE_PASS: u64 = 50;
/// So many are looked for at the same moment: name servers that do not answer take seconds each.
const AT_ONCE: usize = 10;

/// Looks for the records; answers for how many something was learnt.
pub(super) async fn check(portal: &Portal) -> Result<u64, StoreError> {
    let before = portal.clock.now() - Duration::hours(EVERY_HOURS);
    let due = domains::to_check(&portal.store.reader(), before, IN_ONE_PASS).await?;
    let server = portal.settings.dns_server;
    // The network is asked with no transaction open.
    let mut looks = stream::iter(due.into_iter().map(async |domain| (dns::look(&domain, server).await, domain))).buffer_unordered(AT_ONCE);
    let mut count = 0;
    while let Some((found, domain)) = looks.next().await {
        if found == Found::NoAnswer {
            tracing::warn!(domain = domain.name, "nobody answered for the record of a partner's domain");
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
            Found::No => note_missing(&mut cx, &organization, domain).await,
            Found::NoAnswer => note_no_answer(&cx, domain).await.map_err(Into::into),
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
