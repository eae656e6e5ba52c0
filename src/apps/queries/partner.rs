//! What a partner holds, as its owner sees it.

use super::team::{TeamApp, contract_of, held_by_organization};
use crate::{
    access::Action,
    apps::{Application, Entitlement, Scope},
    cx::Qx,
    organizations::{Contract, Organization},
    store,
    web::PageError,
};

/// Everything a partner holds, and what else could be granted.
#[derive(Debug)]
pub struct PartnerApps {
    /// The partner.
    pub organization: Organization,
    /// What it holds, by name.
    pub apps: Vec<TeamApp>,
    /// What is offered and not held, by name.
    pub grantable: Vec<Application>,
    /// Whether the actor may change this.
    pub may_manage: bool,
    /// Policies in force that count for it: name, what for, text.
    pub policies: Vec<(String, String, String)>,
}

/// What a partner holds.
///
/// # Errors
/// [`PageError`] when the actor may not see the partner.
pub async fn partner_apps(qx: &Qx, slug: &str) -> Result<PartnerApps, PageError> {
    let organization = crate::organizations::queries::partner(qx, slug).await?;
    let apps = held_by_organization(qx, &organization).await?;
    let may_manage = qx.may(Action::ManageEntitlements, &organization);
    let mut grantable = if may_manage {
        store::applications::all(&qx.db).await?
    } else {
        Vec::new()
    };
    grantable.retain(|application| application.is_offered() && apps.iter().all(|app| app.application.id != application.id));
    let policies = crate::policies::queries::of_partner(qx, &organization).await?;
    Ok(PartnerApps {
        organization,
        apps,
        grantable,
        may_manage,
        policies: policies
            .into_iter()
            .map(|(policy, scope, text)| (policy.name, scope.words(), text))
            .collect(),
    })
}

/// What a partner holds of one application.
#[derive(Clone, Debug)]
pub struct PartnerEntitlement {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// How many people hold it.
    pub people: u64,
}

/// One application as it is, or could be, held by a partner.
#[derive(Debug)]
pub struct PartnerApp {
    /// The partner.
    pub organization: Organization,
    /// The application.
    pub application: Application,
    /// All its scopes, by name.
    pub scopes: Vec<Scope>,
    /// The contract that counts.
    pub contract: Option<Contract>,
    /// What the partner holds; none when it does not.
    pub held: Option<PartnerEntitlement>,
    /// Whether the actor may change this.
    pub may_manage: bool,
}

/// One application for a partner: to look at, grant, change or take away.
///
/// # Errors
/// [`PageError::NotFound`] when it is not held and cannot be granted by this person.
pub async fn partner_app(qx: &Qx, slug: &str, application: &str) -> Result<PartnerApp, PageError> {
    let organization = crate::organizations::queries::partner(qx, slug).await?;
    let application = store::applications::find_by_slug(&qx.db, application)
        .await?
        .ok_or(PageError::NotFound)?;
    let may_manage = qx.may(Action::ManageEntitlements, &organization);
    let held = match store::grants::entitlement_for(&qx.db, organization.id, application.id).await? {
        Some(entitlement) => {
            let people = store::grants::entitlement_seats_taken(&qx.db, entitlement.id, qx.now).await?;
            Some(PartnerEntitlement { entitlement, people })
        }
        None => None,
    };
    if held.is_none() && !may_manage {
        return Err(PageError::NotFound);
    }
    let scopes = store::applications::scopes_of(&qx.db, &[application.id]).await?;
    let contract = contract_of(qx, &organization).await?;
    Ok(PartnerApp {
        organization,
        application,
        scopes,
        contract,
        held,
        may_manage,
    })
}
