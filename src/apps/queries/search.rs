//! Search over what the person may see: their applications, their team, their partners.

use super::launchpad;
use crate::{
    access::{Action, Refused, Resource},
    apps::chain::Judged,
    cx::Qx,
    people::TenantRole,
    store::{
        self,
        lookup::{PartnerName, Somebody},
    },
    web::PageError,
};

/// At most so many of each kind are shown.
const EACH: usize = 20;

/// What was found.
#[derive(Debug, Default)]
pub struct SearchResults {
    /// Applications the person can launch now.
    pub applications: Vec<Judged>,
    /// People of their team.
    pub people: Vec<Somebody>,
    /// Partners.
    pub partners: Vec<PartnerName>,
}

/// Looks for `text` in what the person may see; each part is decided and scoped on its own.
///
/// # Errors
/// [`PageError`] when nobody is signed in.
pub async fn search(qx: &Qx, text: &str) -> Result<SearchResults, PageError> {
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    let text: String = text.trim().chars().take(100).collect();
    let mut results = SearchResults::default();
    if text.is_empty() {
        return Ok(results);
    }
    if let Some(member) = &person.member {
        let pad = launchpad(qx).await?;
        let wanted = text.to_lowercase();
        let organization = pad.organization;
        results.applications = pad
            .ending
            .into_iter()
            .chain(pad.lasting)
            .filter(|judged| {
                let application = &judged.held.application;
                [&application.name, &application.description, &application.category]
                    .iter()
                    .any(|part| part.to_lowercase().contains(&wanted))
            })
            .take(EACH)
            .collect();
        if qx.may(Action::ViewTeam, &organization) {
            results.people = store::lookup::find_members(&qx.db, member.organization, &text, qx.now, EACH as u64).await?;
        }
    } else if qx.may(Action::ViewPartners, Resource::Tenant) {
        let all = qx.actor.has_tenant_role(TenantRole::Operator) || qx.actor.has_tenant_role(TenantRole::Auditor);
        let owner = (!all).then_some(person.id);
        results.partners = store::lookup::find_partners(&qx.db, &text, owner, EACH as u64).await?;
    }
    Ok(results)
}
