//! Contracts that end within the warning days: whoever answers for the partner is told once for each contract and end.

use chrono::Duration;

use super::{begin, settle};
use crate::{
    audit::{self, Event, EventKind, Subject},
    cx::{Cx, Portal},
    kernel::{ContractId, OrganizationId},
    mail::Letter,
    organizations::{OrganizationStatus, Tenant, commands::tell_owners},
    store::{self, StoreError},
    web::routes,
};

/// Tells about contracts that end soon and that no other one follows; answers about how many.
pub(super) async fn tell(portal: &Portal) -> Result<u64, StoreError> {
    let db = portal.store.reader();
    let now = portal.clock.now();
    let tenant = store::tenant::get(&db).await?.unwrap_or_else(Tenant::unnamed);
    let until = now + Duration::days(tenant.warning_days.into());
    let mut count = 0;
    for (organization, contract) in store::lifecycle::contracts_ending(&db, now, until).await? {
        let mut cx = begin(portal).await?;
        let outcome = tell_of(&mut cx, organization, contract).await;
        count += settle(cx, outcome).await?;
    }
    Ok(count)
}

async fn tell_of(cx: &mut Cx, organization: OrganizationId, contract: ContractId) -> Result<bool, StoreError> {
    // Held, so that of several replicas one tells.
    let Some(organization) = store::organizations::get_locked(&cx.tx, organization).await? else {
        return Ok(false);
    };
    let contracts = store::contracts::of_organization(&cx.tx, organization.id).await?;
    let Some(ending) = contracts.first().filter(|last| last.id == contract) else {
        return Ok(false);
    };
    let over = organization.status == OrganizationStatus::Offboarded || ending.ends_at <= cx.now;
    let mark = ending.ends_at.to_rfc3339();
    if over || store::lifecycle::was_told_of_end(&cx.tx, ending.id, EventKind::ContractEnding.as_str(), &mark).await? {
        return Ok(false);
    }
    let people = store::members::seats_taken(&cx.tx, organization.id, cx.now).await?;
    let event = Event::new(EventKind::ContractEnding)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("contract", ending.id, &ending.reference))
        .detail("ends_at", mark);
    audit::record(cx, event).await?;
    let letter = Letter::ContractEnding {
        organization: organization.name.clone(),
        reference: ending.reference.clone(),
        ends_at: ending.ends_at,
        people,
        link: format!(
            "{}{}",
            cx.settings.public_url,
            routes::partner_part(&organization.slug, "contracts")
        ),
    };
    tell_owners(cx, &organization, &letter).await?;
    Ok(true)
}
