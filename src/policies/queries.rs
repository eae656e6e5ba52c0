//! What the pages of policies show.

use std::collections::HashMap;

use super::{Policy, PolicyVersion};
use crate::{
    access::{Action, Actor, Refused, Resource},
    apps::Application,
    cx::Qx,
    kernel::{ApplicationId, OrganizationId, PolicyId},
    organizations::Organization,
    store,
    web::PageError,
};

/// So many policies the list shows, and so many versions the history.
pub const MOST: u64 = 300;

/// Whoever may read policies.
///
/// # Errors
/// [`PageError`] for whoever may not.
pub(super) fn may_view(qx: &Qx) -> Result<(), PageError> {
    if matches!(*qx.actor, Actor::Anonymous) {
        return Err(Refused::SignedOut.into());
    }
    qx.authorise(Action::ViewPolicies, Resource::Tenant)?;
    Ok(())
}

/// What a policy counts for, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeNames {
    /// Name and short name of the only partner.
    pub partner: Option<(String, String)>,
    /// Name and short name of the only application.
    pub application: Option<(String, String)>,
}

impl ScopeNames {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match (&self.partner, &self.application) {
            (None, None) => "Every partner and application".to_owned(),
            (Some((partner, _)), None) => format!("{partner}, every application"),
            (None, Some((application, _))) => format!("{application}, every partner"),
            (Some((partner, _)), Some((application, _))) => format!("{application} for {partner}"),
        }
    }
}

/// A policy in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// It.
    pub policy: Policy,
    /// What it counts for.
    pub scope: ScopeNames,
    /// What was written last.
    pub latest: Option<PolicyVersion>,
}

/// The list.
#[derive(Clone, Debug)]
pub struct List {
    /// The policies; retired ones last.
    pub policies: Vec<Listed>,
    /// There are more than shown.
    pub more: bool,
    /// The actor may change them.
    pub may_manage: bool,
}

async fn names(qx: &Qx, policies: &[Policy]) -> Result<impl Fn(&Policy) -> ScopeNames + use<>, PageError> {
    let organizations: Vec<OrganizationId> = policies.iter().filter_map(|policy| policy.scope.organization).collect();
    let applications: Vec<ApplicationId> = policies.iter().filter_map(|policy| policy.scope.application).collect();
    let organizations: HashMap<OrganizationId, Organization> = store::organizations::get_many(&qx.db, &organizations)
        .await?
        .into_iter()
        .map(|organization| (organization.id, organization))
        .collect();
    let applications: HashMap<ApplicationId, Application> = store::applications::get_many(&qx.db, &applications)
        .await?
        .into_iter()
        .map(|application| (application.id, application))
        .collect();
    Ok(move |policy: &Policy| ScopeNames {
        partner: policy
            .scope
            .organization
            .and_then(|id| organizations.get(&id))
            .map(|it| (it.name.clone(), it.slug.clone())),
        application: policy
            .scope
            .application
            .and_then(|id| applications.get(&id))
            .map(|it| (it.name.clone(), it.slug.clone())),
    })
}

/// Every policy.
///
/// # Errors
/// [`PageError`] when the actor may not see them.
pub async fn policies(qx: &Qx) -> Result<List, PageError> {
    may_view(qx)?;
    let mut found = store::policies::all(&qx.db, MOST + 1).await?;
    let more = found.len() as u64 > MOST;
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let latest = store::policies::latest_of(&qx.db, &found).await?;
    let names = names(qx, &found).await?;
    let policies = found
        .into_iter()
        .map(|policy| Listed {
            scope: names(&policy),
            latest: latest.iter().find(|version| version.policy == policy.id).cloned(),
            policy,
        })
        .collect();
    Ok(List {
        policies,
        more,
        may_manage: qx.may(Action::ManagePolicies, Resource::Tenant),
    })
}

/// The policies in force that count for a partner, for whoever may see the partner.
///
/// # Errors
/// [`PageError`] when the actor may not.
pub async fn of_partner(qx: &Qx, organization: &Organization) -> Result<Vec<(Policy, ScopeNames, String)>, PageError> {
    qx.authorise(Action::ViewPartner, organization)?;
    let mut found = store::policies::in_force(&qx.db).await?;
    found.retain(|(policy, _)| policy.scope.organization.is_none_or(|only| only == organization.id));
    let policies: Vec<Policy> = found.iter().map(|(policy, _)| policy.clone()).collect();
    let names = names(qx, &policies).await?;
    Ok(found
        .into_iter()
        .map(|(policy, text)| (policy.clone(), names(&policy), text))
        .collect())
}

/// One policy.
#[derive(Clone, Debug)]
pub struct PolicyPage {
    /// It.
    pub policy: Policy,
    /// What it counts for.
    pub scope: ScopeNames,
    /// Its versions, the newest first.
    pub versions: Vec<PolicyVersion>,
    /// The actor may change it.
    pub may_manage: bool,
}

impl PolicyPage {
    /// A version by its number.
    #[must_use]
    pub fn version(&self, number: i32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The version written last.
    #[must_use]
    pub fn latest(&self) -> Option<&PolicyVersion> {
        self.versions.first()
    }
}

/// One policy with its history.
///
/// # Errors
/// [`PageError::NotFound`] when there is none.
pub async fn policy(qx: &Qx, id: PolicyId) -> Result<PolicyPage, PageError> {
    may_view(qx)?;
    let policy = store::policies::get(&qx.db, id).await?.ok_or(PageError::NotFound)?;
    let versions = store::policies::versions(&qx.db, id, MOST).await?;
    let scope = names(qx, std::slice::from_ref(&policy)).await?(&policy);
    Ok(PolicyPage {
        policy,
        scope,
        versions,
        may_manage: qx.may(Action::ManagePolicies, Resource::Tenant),
    })
}

/// The form of a new policy: short name and name of each application.
///
/// # Errors
/// [`PageError`] when the actor may not write policies.
pub async fn new_policy(qx: &Qx) -> Result<Vec<(String, String)>, PageError> {
    may_view(qx)?;
    qx.authorise(Action::ManagePolicies, Resource::Tenant)?;
    applications(qx).await
}

pub(super) async fn applications(qx: &Qx) -> Result<Vec<(String, String)>, PageError> {
    let all = store::applications::all(&qx.db).await?;
    Ok(all.into_iter().map(|application| (application.slug, application.name)).collect())
}
