//! Partners' identity providers: what they publish is read anew, and both sides are told before a signing certificate ends.

use chrono::Duration;

use super::{begin, settle};
use crate::{
    audit::{self, Event, EventKind, Subject},
    cx::{Cx, Portal},
    federation::{self, IdentityProvider, place::connection_of},
    kernel::{ProviderId, Timestamp},
    mail::Letter,
    organizations::commands::{tell_admins, tell_owners},
    store::{self, StoreError, federation::providers},
    web::routes,
};

/// Metadata that was given by address is read again after so many hours.
const REFRESH_HOURS: i64 = 12;
/// So many are read in one pass; the network may be slow.
const AT_ONCE: u64 = 20;
/// Days before the end of a certificate at which both sides are told.
const WARNINGS: [i64; 3] = [60, 30, 7];

/// Reads metadata anew; answers how often it was.
pub(super) async fn refresh(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let before = portal.clock.now() - Duration::hours(REFRESH_HOURS);
    let mut count = 0;
    for provider in providers::stale(&db, before, AT_ONCE).await? {
        // The network is asked with no transaction open.
        let fresh = match federation::commands::fetch(portal, &provider).await {
            Ok(Some(fresh)) => fresh,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(provider = %provider.id, %error, "metadata of an identity provider could not be read anew");
                continue;
            }
        };
        let Some(text) = fresh.text() else { continue };
        let cx = begin(portal).await?;
        let kept = providers::keep_published(&cx.tx, provider.id, text, fresh.certificate_ends_at(), cx.now).await;
        count += settle(cx, kept.map(|()| true)).await?;
    }
    Ok(count)
}

/// Tells both sides about certificates that end soon; answers about how many.
pub(super) async fn warn(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let until = portal.clock.now() + Duration::days(WARNINGS[0]);
    let mut count = 0;
    for provider in providers::certificates_ending(&db, until, AT_ONCE).await? {
        let mut cx = begin(portal).await?;
        let outcome = warn_of(&mut cx, provider.id).await;
        count += settle(cx, outcome).await?;
    }
    Ok(count)
}

/// Whether the time for a warning has come: none was sent since the last of the marks passed.
fn is_time(provider: &IdentityProvider, now: Timestamp) -> Option<Timestamp> {
    let ends_at = provider.certificate_ends_at?;
    let passed = WARNINGS
        .iter()
        .map(|days| ends_at - Duration::days(*days))
        .filter(|mark| *mark <= now)
        .max()?;
    (ends_at > now && provider.certificate_warned_at.is_none_or(|warned| warned < passed)).then_some(ends_at)
}

async fn warn_of(cx: &mut Cx, id: ProviderId) -> Result<bool, StoreError> {
    let Some(found) = providers::find(&cx.tx, id).await? else {
        return Ok(false);
    };
    // Held, so that of several replicas one tells.
    let Some(organization) = store::organizations::get_locked(&cx.tx, found.organization).await? else {
        return Ok(false);
    };
    let Some(provider) = providers::find(&cx.tx, id).await?.filter(IdentityProvider::is_live) else {
        return Ok(false);
    };
    let Some(ends_at) = is_time(&provider, cx.now) else {
        return Ok(false);
    };
    providers::note_warned(&cx.tx, provider.id, cx.now).await?;
    let event = Event::new(EventKind::CertificateEnding)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("identity_provider", provider.id, provider.name.clone()))
        .detail("ends_at", ends_at.to_rfc3339());
    audit::record(cx, event).await?;
    let letter = |page: &str| Letter::CertificateEnding {
        organization: organization.name.clone(),
        provider: provider.name.clone(),
        ends_at,
        link: routes::absolute(&cx.settings.public_url, page),
    };
    let id = provider.id.to_string();
    // Owners and deputies open it from the partner's page.
    let (own, theirs) = (letter(&routes::provider(&id)), letter(&connection_of(&organization.slug, &id)));
    tell_admins(cx, &organization, None, &own).await?;
    tell_owners(cx, &organization, &theirs).await?;
    Ok(true)
}
