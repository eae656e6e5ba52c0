//! Opening a link: once, for one browser.

use chrono::Duration;

use super::{
    super::{OPEN_HOURS, SetupLink, bearer::Held},
    OpenError, event,
};
use crate::{
    access::{Action, Actor},
    audit::{self, Event, EventKind, Outcome},
    cx::Cx,
    kernel::{BearerSecret, sha256},
    store::{self, StoreError, federation::setup_links},
};

/// So many links may be tried from a network address in an hour.
const TRIES_PER_ADDRESS: i32 = 40;

/// Opens a link, and hands out what the browser's session remembers. Of several browsers at the same moment, one gets in.
///
/// # Errors
/// [`OpenError`]; the caller commits the count of tries all the same.
pub async fn open_link(cx: &mut Cx, token: &str) -> Result<Held, OpenError> {
    if !may_try(cx).await? {
        return Err(OpenError::TooMany);
    }
    let hash = sha256(token);
    let link = setup_links::find_by_token(&cx.tx, &hash).await?.ok_or(OpenError::Unusable)?;
    let organization = store::organizations::get_locked(&cx.tx, link.organization)
        .await?
        .ok_or(OpenError::Unusable)?;
    cx.actor = acting(&link);
    cx.authorise(Action::SetUpConnection, &organization)
        .map_err(|_| OpenError::Unusable)?;
    let browser = BearerSecret::generate(&mut cx.rng);
    let until = cx.now + Duration::hours(OPEN_HOURS);
    if !setup_links::open(&cx.tx, &hash, browser.hash(), until, cx.now).await? {
        return Err(OpenError::Unusable);
    }
    let told = event(EventKind::SetupLinkOpened, &organization, &link).detail("open_until", until.to_rfc3339());
    audit::record(cx, told).await?;
    Ok(Held::new(&link, &browser))
}

/// Whoever has this link.
pub(super) fn acting(link: &SetupLink) -> Actor {
    Actor::SetUp(Box::new(crate::access::SettingUp {
        link: link.id,
        organization: link.organization,
        email: link.email.as_str().to_owned(),
    }))
}

async fn may_try(cx: &mut Cx) -> Result<bool, StoreError> {
    let Some(address) = &cx.meta.address else { return Ok(true) };
    let key = sha256(format!("set-up links from {address}"));
    let until = cx.now + Duration::hours(1);
    let count = store::credentials::count_attempt(&cx.tx, &key, cx.now, until).await?.count;
    if count == TRIES_PER_ADDRESS + 1 {
        let event = Event::new(EventKind::SignInThrottled)
            .outcome(Outcome::Denied)
            .detail("method", "set-up link");
        audit::record(cx, event).await?;
    }
    Ok(count <= TRIES_PER_ADDRESS)
}
