//! The browser that has opened a set-up link: what its session remembers, checked against the link's row at every request.

use std::sync::Arc;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Reach, SetupLink};
use crate::{
    access::{Action, Actor, SettingUp},
    cx::Qx,
    kernel::{BearerSecret, OrganizationId, SetupLinkId, Timestamp, sha256},
    organizations::Organization,
    store::{
        self, Db, StoreError,
        federation::setup_links,
        sessions::{self, LAST_SEEN_KEY},
    },
    web::RequestCx,
};

/// The session key of a [`Held`].
pub const HELD_KEY: &str = "setup_link";

/// A link that this browser has opened. It names a value of its own, so that it dies when the link is sent again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    link: SetupLinkId,
    organization: OrganizationId,
    browser: String,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("link", &self.link).finish_non_exhaustive()
    }
}

impl Held {
    pub(super) fn new(link: &SetupLink, browser: &BearerSecret) -> Self {
        Self {
            link: link.id,
            organization: link.organization,
            browser: browser.reveal().to_owned(),
        }
    }

    /// What the session of this browser remembers, if anything.
    pub async fn of(request: &RequestCx) -> Option<Self> {
        request.session.get::<Option<Self>>(HELD_KEY).await.ok().flatten().flatten()
    }

    pub(super) const fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The link itself, while it is open in this browser.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn open_link(&self, db: &impl Db, now: Timestamp) -> Result<Option<SetupLink>, StoreError> {
        let link = setup_links::get(db, self.organization, self.link).await?;
        Ok(link.filter(|link| link.is_open_for(&sha256(&self.browser), now)))
    }
}

/// What a page of the set-up may show.
#[derive(Clone, Debug)]
pub struct AtWork {
    /// Asks as the link.
    pub qx: Qx,
    /// The only organization.
    pub organization: Organization,
    /// The link and what it opens.
    pub reach: Reach,
}

/// The set-up that is open in this browser, if one is.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn at_work(request: &RequestCx) -> Result<Option<AtWork>, StoreError> {
    let Some(held) = Held::of(request).await else { return Ok(None) };
    let now = request.portal.clock.now();
    let db = request.portal.store.reader();
    let Some(link) = held.open_link(&db, now).await? else {
        return Ok(None);
    };
    let Some(organization) = store::organizations::get(&db, link.organization).await? else {
        return Ok(None);
    };
    let actor = Actor::SetUp(Box::new(SettingUp {
        link: link.id,
        organization: link.organization,
        email: link.email.as_str().to_owned(),
    }));
    let qx = request.portal.query(Arc::new(actor), &request.meta).await?;
    if qx.authorise(Action::SetUpConnection, &organization).is_err() {
        return Ok(None);
    }
    let connections = setup_links::connections(&db, link.id).await?;
    note_use(request, now).await;
    Ok(Some(AtWork {
        qx,
        organization,
        reach: Reach { link, connections },
    }))
}

/// A session of somebody without an account is not noted by anybody else, and would be over although it is in use.
async fn note_use(request: &RequestCx, now: Timestamp) {
    let last_seen: Option<Timestamp> = request.session.get(LAST_SEEN_KEY).await.ok().flatten();
    let Some(id) = request.session.id() else { return };
    if last_seen.is_none_or(|at| now - at > Duration::minutes(1))
        && let Err(error) = sessions::touch(&request.portal.store, sessions::key_of(&id), None, now).await
    {
        tracing::warn!(%error, "last use of a session was not noted");
    }
}
