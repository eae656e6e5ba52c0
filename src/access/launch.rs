//! A launch as a chain (mission C4): contract → organization → membership → entitlement → assignment → scope → decision.
//! Each link knows whether it holds and until when; the first that does not is why nothing starts.

use super::facts::{ApplicationFacts, PartnerFacts};
use crate::{
    apps::{Application, ApplicationStatus, Assignment, Entitlement, Scope, ScopeAccess},
    kernel::{ApplicationId, OrganizationId, Timestamp},
    organizations::{Contract, Organization, OrganizationStatus},
    people::{Member, MemberStatus},
};

/// Which link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The contract with the organization.
    Contract,
    /// The organization itself: status and certification.
    Organization,
    /// The person's membership.
    Membership,
    /// What the organization holds.
    Entitlement,
    /// What the person holds.
    Assignment,
    /// The permissions inside the application.
    Scope,
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub kind: LinkKind,
    /// Whether it holds now.
    pub holds: bool,
    /// When it ends, if it does.
    pub ends_at: Option<Timestamp>,
    /// What it says, in a sentence.
    pub says: String,
}

/// Everything a launch depends on.
#[derive(Clone, Debug)]
pub struct LaunchFacts {
    /// The application.
    pub application: ApplicationId,
    /// The organization in whose name it starts.
    pub organization: OrganizationId,
    /// The chain, in order.
    pub chain: Vec<Link>,
    /// Scopes that count now.
    pub scopes: Vec<Scope>,
    /// The organization, as policies see it.
    pub partner: PartnerFacts,
    /// The application, as policies see it.
    pub about: ApplicationFacts,
    /// When the member last used it.
    pub last_used_at: Option<Timestamp>,
}

impl LaunchFacts {
    /// Puts the chain together from what was loaded.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one per link of the chain")]
    pub fn new(
        organization: &Organization,
        contract: Option<&Contract>,
        member: &Member,
        application: &Application,
        entitlement: Option<&Entitlement>,
        assignment: Option<&Assignment>,
        scopes: &[Scope],
        grace_days: i32,
        now: Timestamp,
    ) -> Self {
        let held: Vec<Scope> = match (entitlement, assignment) {
            (Some(entitlement), Some(assignment)) => {
                let within = assignment.scopes_within(entitlement);
                scopes
                    .iter()
                    .filter(|scope| within.contains(&scope.id))
                    .filter(|scope| !member.read_only || scope.access == ScopeAccess::Read)
                    .cloned()
                    .collect()
            }
            _ => Vec::new(),
        };
        let chain = vec![
            Self::contract_link(contract, now),
            Self::organization_link(organization, grace_days, now),
            Self::membership_link(member, now),
            Self::entitlement_link(application, entitlement, now),
            Self::assignment_link(assignment, now),
            Self::scope_link(&held),
        ];
        Self {
            application: application.id,
            organization: organization.id,
            chain,
            scopes: held,
            partner: organization.into(),
            about: application.into(),
            last_used_at: assignment.and_then(|assignment| assignment.last_used_at),
        }
    }

    /// The same with fewer scopes: those that the policies refuse do not count.
    #[must_use]
    pub fn narrowed_to(mut self, keeps: impl Fn(&Scope) -> bool) -> Self {
        self.scopes.retain(keeps);
        let link = Self::scope_link(&self.scopes);
        if let Some(last) = self.chain.iter_mut().find(|other| other.kind == LinkKind::Scope) {
            *last = link;
        }
        self
    }

    /// When the first link ends: the end of this access.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.chain.iter().filter_map(|link| link.ends_at).min()
    }

    /// Whether a link holds.
    #[must_use]
    pub fn holds(&self, kind: LinkKind) -> bool {
        self.chain.iter().any(|link| link.kind == kind && link.holds)
    }

    fn contract_link(contract: Option<&Contract>, now: Timestamp) -> Link {
        let holds = contract.is_some_and(|contract| contract.is_in_force_at(now));
        let says = contract.map_or_else(
            || "Your organization has no contract in force.".to_owned(),
            |contract| {
                if holds {
                    format!("Contract {} is in force.", contract.reference)
                } else {
                    format!("Contract {} is not in force.", contract.reference)
                }
            },
        );
        Link {
            kind: LinkKind::Contract,
            holds,
            ends_at: contract.map(|contract| contract.ends_at),
            says,
        }
    }

    fn organization_link(organization: &Organization, grace_days: i32, now: Timestamp) -> Link {
        let lapsed = organization.certification_lapsed_at(now, grace_days);
        let says = match organization.status {
            OrganizationStatus::Active if lapsed => "The confirmation of this partnership is overdue.".to_owned(),
            OrganizationStatus::Active => format!("{} is an active partner.", organization.name),
            OrganizationStatus::Onboarding => format!("{} is still being set up.", organization.name),
            OrganizationStatus::Suspended => format!("Access of {} is paused.", organization.name),
            OrganizationStatus::Offboarded => format!("The partnership with {} is over.", organization.name),
        };
        Link {
            kind: LinkKind::Organization,
            holds: organization.is_open_at(now, grace_days),
            ends_at: None,
            says,
        }
    }

    fn membership_link(member: &Member, now: Timestamp) -> Link {
        let holds = member.is_in_force_at(now);
        let says = match member.status {
            MemberStatus::Active if holds => format!("You are a {}.", member.role.title().to_lowercase()),
            MemberStatus::Active => "Your membership is not in force.".to_owned(),
            MemberStatus::Suspended => "Your membership is paused.".to_owned(),
            MemberStatus::Removed => "Your membership is over.".to_owned(),
        };
        Link {
            kind: LinkKind::Membership,
            holds,
            ends_at: member.ends_at,
            says,
        }
    }

    fn entitlement_link(application: &Application, entitlement: Option<&Entitlement>, now: Timestamp) -> Link {
        let offered = application.status == ApplicationStatus::Active;
        let holds = offered && entitlement.is_some_and(|entitlement| entitlement.is_in_force_at(now));
        let says = match (offered, holds) {
            (_, true) => format!("Your organization may use {}.", application.name),
            (true, false) => format!("Your organization may not use {} now.", application.name),
            (false, _) => format!("{} is no longer offered.", application.name),
        };
        Link {
            kind: LinkKind::Entitlement,
            holds,
            ends_at: entitlement.and_then(|entitlement| entitlement.ends_at),
            says,
        }
    }

    fn assignment_link(assignment: Option<&Assignment>, now: Timestamp) -> Link {
        let holds = assignment.is_some_and(|assignment| assignment.is_in_force_at(now));
        let says = if holds {
            "It is assigned to you."
        } else {
            "It is not assigned to you now."
        };
        Link {
            kind: LinkKind::Assignment,
            holds,
            ends_at: assignment.and_then(|assignment| assignment.ends_at),
            says: says.to_owned(),
        }
    }

    fn scope_link(scopes: &[Scope]) -> Link {
        let names = scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(", ");
        let says = if scopes.is_empty() {
            "No permission is left.".to_owned()
        } else {
            format!("Permissions: {names}.")
        };
        Link {
            kind: LinkKind::Scope,
            holds: !scopes.is_empty(),
            ends_at: None,
            says,
        }
    }
}
