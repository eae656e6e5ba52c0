//! What a decision about access is made on, as plain values: from a request, or from the trail when a decision is replayed.

use std::{collections::BTreeMap, net::IpAddr};

use chrono::{Datelike as _, Duration, Timelike as _};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Actor, LaunchFacts, LinkKind, OrganizationFacts, STEP_UP_MINUTES};
use crate::{
    apps::{Application, Scope, ScopeAccess},
    kernel::{ApplicationId, PersonId, Timestamp, string_enum},
    organizations::Organization,
};

string_enum! {
    /// Who is at the other end.
    pub enum Device {
        /// The person themself.
        Browser = "browser",
        /// An application that asks without the person.
        Api = "api",
    }
}

/// From where something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Who is at the other end.
    pub device: Device,
    /// The person's address; an application's own says nothing about them.
    pub address: Option<IpAddr>,
    /// The zone in which hours and days are meant.
    pub zone: Tz,
}

impl Asking {
    /// By an application, without the person.
    #[must_use]
    pub const fn by_api(zone: Tz) -> Self {
        Self {
            device: Device::Api,
            address: None,
            zone,
        }
    }

    /// By a person's browser.
    #[must_use]
    pub fn by_browser(address: Option<&str>, zone: Tz) -> Self {
        Self {
            device: Device::Browser,
            address: address
                .and_then(|text| text.parse().ok())
                .map(|address: IpAddr| address.to_canonical()),
            zone,
        }
    }

    /// By whoever makes a request.
    #[must_use]
    pub fn of(actor: &Actor, address: Option<&str>, zone: Tz) -> Self {
        match actor {
            Actor::Person(_) => Self::by_browser(address, zone),
            _ => Self::by_api(zone),
        }
    }
}

/// A partner as policies see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerFacts {
    /// What administrative actions are decided on.
    pub organization: OrganizationFacts,
    /// Name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Kind of partner.
    pub kind: String,
    /// What the operator noted.
    pub metadata: BTreeMap<String, String>,
}

impl From<&Organization> for PartnerFacts {
    fn from(organization: &Organization) -> Self {
        Self {
            organization: organization.into(),
            slug: organization.slug.clone(),
            name: organization.name.clone(),
            kind: organization.kind.clone(),
            metadata: organization.metadata.clone(),
        }
    }
}

/// An application as policies see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationFacts {
    /// Which.
    pub id: ApplicationId,
    /// Name in addresses.
    pub slug: String,
    /// Heading it stands under.
    pub category: String,
}

impl From<&Application> for ApplicationFacts {
    fn from(application: &Application) -> Self {
        Self {
            id: application.id,
            slug: application.slug.clone(),
            category: application.category.clone(),
        }
    }
}

/// A scope as policies see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeFacts {
    /// As in tokens.
    pub name: String,
    /// Read or write.
    pub access: ScopeAccess,
    /// Of high value.
    pub high_value: bool,
}

impl From<&Scope> for ScopeFacts {
    fn from(scope: &Scope) -> Self {
        Self {
            name: scope.name.clone(),
            access: scope.access,
            high_value: scope.high_value,
        }
    }
}

/// How a decision was asked for, as the trail keeps it: enough to ask again (mission C5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstance {
    /// Scopes that organization and person held.
    pub held: Vec<String>,
    /// Links of the chain that did not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The role.
    pub role: String,
    /// May only look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// One factor or two.
    pub two_factors: bool,
    /// The second one was fresh.
    pub fresh: bool,
    /// Who was at the other end.
    pub device: Device,
    /// Days since the last use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_days: Option<i64>,
}

/// Everything a decision about access is made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFacts {
    /// Who.
    pub person: PersonId,
    /// In whose name.
    pub partner: PartnerFacts,
    /// What.
    pub application: ApplicationFacts,
    /// The scopes that are held.
    pub scopes: Vec<ScopeFacts>,
    /// When.
    pub now: Timestamp,
    /// From where.
    pub asking: Asking,
    /// The rest, as it is recorded; `held` says the same as `scopes`.
    pub circumstance: Circumstance,
}

/// The links that decisions ask about, with the names they have in the trail and in the policies.
pub(super) const LINKS: [(LinkKind, &str, &str); 5] = [
    (LinkKind::Contract, "contract", "contract_in_force"),
    (LinkKind::Organization, "organization", "organization_open"),
    (LinkKind::Membership, "membership", "membership_in_force"),
    (LinkKind::Entitlement, "entitlement", "entitlement_in_force"),
    (LinkKind::Assignment, "assignment", "assignment_in_force"),
];

impl AccessFacts {
    /// Of a person who asks now; none when nobody in particular asks.
    #[must_use]
    pub fn of(actor: &Actor, launch: &LaunchFacts, asking: Asking, now: Timestamp) -> Option<Self> {
        let person = actor.person()?;
        let fresh = person
            .second_factor_at
            .is_some_and(|at| now < at + Duration::minutes(STEP_UP_MINUTES));
        let member = person.member.as_ref();
        let missing = LINKS
            .iter()
            .filter(|(kind, ..)| !launch.holds(*kind))
            .map(|(_, name, _)| (*name).to_owned());
        Some(Self {
            person: person.id,
            partner: launch.partner.clone(),
            application: launch.about.clone(),
            scopes: launch.scopes.iter().map(Into::into).collect(),
            now,
            asking,
            circumstance: Circumstance {
                held: launch.scopes.iter().map(|scope| scope.name.clone()).collect(),
                missing: missing.collect(),
                role: member.map(|member| member.role.as_str().to_owned()).unwrap_or_default(),
                read_only: member.is_some_and(|member| member.read_only),
                two_factors: person.second_factor_at.is_some(),
                fresh,
                device: asking.device,
                unused_days: launch.last_used_at.map(|at| (now - at).num_days().max(0)),
            },
        })
    }

    /// The same right after a second factor.
    #[must_use]
    pub fn refreshed(&self) -> Self {
        let mut fresh = self.clone();
        fresh.circumstance.two_factors = true;
        fresh.circumstance.fresh = true;
        fresh
    }

    /// Hour of the day and day of the week (1 is Monday) where the tenant is.
    pub(super) fn local(&self) -> (i64, i64) {
        let local = self.now.with_timezone(&self.asking.zone);
        (i64::from(local.hour()), i64::from(local.weekday().number_from_monday()))
    }
}
