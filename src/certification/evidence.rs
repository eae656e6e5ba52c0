//! Gathers what an owner decides on: people, applications, contract.

use std::collections::HashMap;

use super::{Evidence, EvidenceApplication, EvidenceContract};
use crate::{
    apps::Scope,
    kernel::{ApplicationId, OrganizationId, Timestamp},
    store::{self, Db, StoreError},
};

/// How many people are named in a stored decision.
pub const NAMED_PEOPLE: u64 = 1000;

/// What is known about a partner now.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn gather(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<Evidence, StoreError> {
    let people = store::certifications::evidence_people(db, organization, now, NAMED_PEOPLE).await?;
    let people_count = store::members::seats_taken(db, organization, now).await?;
    let entitlements = store::grants::entitlements_of(db, organization).await?;
    let ids: Vec<ApplicationId> = entitlements.iter().map(|entitlement| entitlement.application).collect();
    let names: HashMap<ApplicationId, String> = store::applications::all(db)
        .await?
        .into_iter()
        .map(|application| (application.id, application.name))
        .collect();
    let scopes: Vec<Scope> = store::applications::scopes_of(db, &ids).await?;
    let uses = store::certifications::uses(db, organization, now).await?;
    let mut applications: Vec<EvidenceApplication> = entitlements
        .into_iter()
        .filter(|entitlement| entitlement.ends_at.is_none_or(|end| now < end))
        .map(|entitlement| {
            let used = uses.get(&entitlement.id).copied().unwrap_or_default();
            EvidenceApplication {
                name: names.get(&entitlement.application).cloned().unwrap_or_default(),
                scopes: scopes
                    .iter()
                    .filter(|scope| entitlement.scopes.contains(&scope.id))
                    .map(|scope| scope.name.clone())
                    .collect(),
                people: used.people,
                ends_at: entitlement.ends_at,
                last_used_at: used.last_used_at,
            }
        })
        .collect();
    applications.sort_by(|a, b| a.name.cmp(&b.name));
    let contract = store::contracts::in_force(db, organization, now)
        .await?
        .map(|contract| EvidenceContract {
            reference: contract.reference,
            starts_at: contract.starts_at,
            ends_at: contract.ends_at,
            seats: contract.seats,
        });
    Ok(Evidence {
        people_count,
        people,
        applications,
        contract,
    })
}
