//! The shape of a declaration file. Keys that are left out leave things as they are (or take the default when a thing is new);
//! things that are not in the file are left alone. The doc comments are the published JSON Schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

mod clients;
mod policies;

pub use clients::{ClientEntry, LifetimesEntry};
pub use policies::PolicyEntry;

use super::When;
use crate::{
    apps::{ApplicationStatus, ScopeAccess},
    federation::{ClientAuth, JoinPolicy, Preset, ProviderStatus},
    kernel::{EmailAddress, Password},
    organizations::OrganizationStatus,
    people::{MemberRole, MemberStatus, TenantRole},
};

/// A portal as it should be: what `portico apply` reads, as TOML or JSON.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Declaration {
    /// Address of this schema, for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The company that runs the portal.
    pub tenant: Option<TenantEntry>,
    /// Applications of the catalogue, known by their short name.
    pub applications: Vec<ApplicationEntry>,
    /// Policies of the operator, known by their name.
    pub policies: Vec<PolicyEntry>,
    /// Templates for new partner organizations, known by their name.
    pub templates: Vec<TemplateEntry>,
    /// Partner organizations, known by their short name.
    pub organizations: Vec<OrganizationEntry>,
    /// People of the tenant and of partners, known by their e-mail address.
    pub people: Vec<PersonEntry>,
}

/// The company that runs the portal.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TenantEntry {
    /// Name on pages and in mails.
    pub name: Option<String>,
    /// Accent colour, like #2f5bd3.
    pub accent: Option<String>,
    /// Zone in which days begin and end, like Europe/Berlin.
    pub time_zone: Option<String>,
    /// Whom to ask, shown where access is refused; an empty text clears it.
    pub support_contact: Option<String>,
    /// How many days before an end something "ends soon" (1 to 365).
    pub warning_days: Option<i32>,
    /// How many days a certification may be overdue before the partner is suspended (0 to 365).
    pub certification_grace_days: Option<i32>,
}

/// An application of the catalogue.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationEntry {
    /// Short name in addresses; tells which application is meant.
    pub slug: String,
    /// Name on tiles. Needed for a new application.
    pub name: Option<String>,
    /// One sentence: what it is for.
    pub description: Option<String>,
    /// Name of its icon.
    pub icon: Option<String>,
    /// Heading it stands under.
    pub category: Option<String>,
    /// Where a launch leads: https, or http on 127.0.0.1; `{public_url}` stands for the portal's own address. Needed for a new application.
    pub launch_url: Option<String>,
    /// E-mail address of whom to ask about it; an empty text clears it.
    pub owner: Option<String>,
    /// Whether it is offered.
    pub status: Option<ApplicationStatus>,
    /// Permissions inside the application. Those not listed are left alone.
    #[serde(default)]
    pub scopes: Vec<ScopeEntry>,
    /// Hosts where it stands behind a proxy that asks the portal, like wiki.example.com; the list takes the place of the one before.
    pub forward_hosts: Option<Vec<String>>,
    /// Clients with which the application signs people in (OpenID Connect). Those not listed are left alone.
    #[serde(default)]
    pub clients: Vec<ClientEntry>,
}

/// A permission inside an application.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeEntry {
    /// Name as in tokens, like orders:write.
    pub name: String,
    /// What it allows, in a sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// Read or write. Needed for a new scope.
    #[serde(default)]
    pub access: Option<ScopeAccess>,
    /// Whether using it needs a fresh second factor or an approval.
    #[serde(default)]
    pub high_value: Option<bool>,
}

/// What new partner organizations begin with. They get copies: changing a template changes no organization.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateEntry {
    /// As it is offered when a partner is created; tells which template is meant.
    pub name: String,
    /// What kind of partner, like Consultancy. Needed for a new template.
    pub kind: Option<String>,
    /// Whether administrative actions need a fresh second factor.
    pub require_step_up: Option<bool>,
    /// How long tokens in its name live at most.
    pub token_lifetimes: Option<LifetimesEntry>,
    /// Months until the first certification is due (1 to 24); 12 for a new template unless said otherwise.
    pub certification_months: Option<i32>,
    /// What is the same in the first contracts.
    pub contract: Option<TermsEntry>,
    /// What happens when somebody unknown arrives from the partner's own sign-in; only invited people come in unless said otherwise.
    pub joining: Option<JoinPolicy>,
    /// Role of people who join by signing in.
    pub joining_role: Option<MemberRole>,
    /// For how many days they join; 0 for as long as the contract.
    pub joining_days: Option<i32>,
    /// What partners hold from the beginning, known by the application. Those not listed are left alone.
    #[serde(default)]
    pub applications: Vec<TemplateApplicationEntry>,
    /// Takes the template away. Organizations made from it stay as they are.
    #[serde(default)]
    pub removed: bool,
}

/// What is the same in the first contracts of organizations made from a template.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsEntry {
    /// For how many months (1 to 240); 0 for no terms at all. Needed where there were no terms.
    pub months: Option<i32>,
    /// Days of notice; 30 where there were no terms unless said otherwise.
    pub notice_days: Option<i32>,
    /// How many people may be members at a time. Needed where there were no terms.
    pub seats: Option<i32>,
}

/// An application that organizations made from a template hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateApplicationEntry {
    /// Short name of the application.
    pub application: String,
    /// Names of the scopes, all of them; without this key a new one gets every scope that is not of high value.
    pub scopes: Option<Vec<String>>,
    /// For how many days; 0 for as long as the contract.
    pub days: Option<i32>,
    /// Whether people who join through the partner's own sign-in get it.
    pub at_joining: Option<bool>,
    /// Takes it out of the template.
    #[serde(default)]
    pub revoked: bool,
}

/// A partner organization.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationEntry {
    /// Short name in addresses; tells which organization is meant.
    pub slug: String,
    /// Name on pages. Needed for a new organization.
    pub name: Option<String>,
    /// Name of the template that a new organization begins with. What the entry says itself goes before it: the kind, the rule about the
    /// second factor, the certification, the applications it names, and the terms of its contracts as far as they are written down.
    /// An organization that is there already is left as it is.
    pub template: Option<String>,
    /// What kind of partner, like Consultancy or Logistics.
    pub kind: Option<String>,
    /// One sentence about the relationship.
    pub description: Option<String>,
    /// Pairs the operator keeps; when given, they replace those there are.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Where it stands; a new organization is onboarding unless said otherwise.
    pub status: Option<OrganizationStatus>,
    /// Why it is suspended or offboarded.
    pub status_reason: Option<String>,
    /// Short name of the organization it belongs to; an empty text clears it.
    pub parent: Option<String>,
    /// E-mail address of the employee who answers for it; an empty text clears it.
    pub owner: Option<String>,
    /// E-mail address of who stands in for the owner; an empty text clears it.
    pub deputy: Option<String>,
    /// Accent colour of its portal, like #0a7d33.
    pub accent: Option<String>,
    /// Whether administrative actions need a fresh second factor.
    pub require_step_up: Option<bool>,
    /// How long tokens in its name live at most.
    pub token_lifetimes: Option<LifetimesEntry>,
    /// When it was last certified. A newer certification made in the portal is kept, with its due date.
    pub certified: Option<When>,
    /// Last day for the next certification, or none.
    pub certification_due: Option<When>,
    /// Contracts, known by their reference.
    #[serde(default)]
    pub contracts: Vec<ContractEntry>,
    /// What the organization may use, known by the application.
    #[serde(default)]
    pub entitlements: Vec<EntitlementEntry>,
    /// Connections to identity providers of the organization, known by their name.
    #[serde(default)]
    pub identity_providers: Vec<ProviderEntry>,
    /// Domains of the organization, known by their name. The file vouches for them: no DNS record is asked for.
    #[serde(default)]
    pub domains: Vec<DomainEntry>,
}

/// A connection to an organization's own identity provider.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderEntry {
    /// As the organization's people know it, like "Acme account"; tells which connection is meant.
    pub name: String,
    /// What it is. Needed for a new connection.
    pub preset: Option<Preset>,
    /// Where it stands; a new connection is a draft unless said otherwise.
    pub status: Option<ProviderStatus>,
    /// Issuer of an OpenID Connect provider, exactly as its discovery document has it.
    pub issuer: Option<String>,
    /// The portal's client id there.
    pub client_id: Option<String>,
    /// The portal's secret there. It is stored sealed and never shown.
    #[schemars(with = "Option<String>")]
    pub client_secret: Option<Secret>,
    /// How the portal proves who it is there.
    pub client_auth: Option<ClientAuth>,
    /// Scopes beside openid.
    pub scopes: Option<Vec<String>>,
    /// Whether claims are also read from the userinfo endpoint.
    pub userinfo: Option<bool>,
    /// Metadata of a SAML provider, the XML itself.
    pub metadata: Option<String>,
    /// Where that metadata is fetched again.
    pub metadata_url: Option<String>,
    /// Which claims become what; keys that are left out have the usual names of the preset.
    pub mapping: Option<MappingEntry>,
    /// Rules over the claims, one a line, like: contract_status is active | Your contract has ended.
    pub rules: Option<String>,
    /// What happens when somebody unknown arrives; a new connection begins with what the organization's template says, else only invited
    /// people come in.
    pub joining: Option<JoinPolicy>,
    /// Role of people who join by signing in.
    pub joining_role: Option<MemberRole>,
    /// Short names of the applications they get.
    pub joining_applications: Option<Vec<String>>,
    /// For how many days they join; 0 for as long as the contract.
    pub joining_days: Option<u16>,
    /// Whether its word for a second factor counts as one.
    pub trusts_second_factor: Option<bool>,
    /// Whether the organization's people may not use local passwords.
    pub exclusive: Option<bool>,
    /// Address of the partner admin who may use a local password all the same; an empty text clears it.
    pub break_glass: Option<String>,
}

/// Which claims of an identity provider become what.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MappingEntry {
    /// Names the person for good.
    pub subject: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Groups; an empty text for none.
    pub groups: Option<String>,
    /// Roles by group.
    pub group_roles: Option<BTreeMap<String, MemberRole>>,
    /// Short names of applications by group.
    pub group_applications: Option<BTreeMap<String, String>>,
    /// Claims kept with the member, by their name here.
    pub attributes: Option<BTreeMap<String, String>>,
}

/// A domain of an organization.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainEntry {
    /// The domain, like example.com.
    pub name: String,
    /// Whether names below it count too.
    pub subdomains: Option<bool>,
    /// Name of the connection its people use; without it they choose among those in use.
    pub identity_provider: Option<String>,
}

/// A contract.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractEntry {
    /// Number or name on the paper; tells which contract is meant.
    pub reference: String,
    /// First day. Needed for a new contract.
    pub starts: Option<When>,
    /// Last day. Needed for a new contract.
    pub ends: Option<When>,
    /// Days of notice; 30 for a new contract unless said otherwise.
    pub notice_days: Option<i32>,
    /// How many people may be members at a time. Needed for a new contract.
    pub seats: Option<i32>,
}

/// What an organization may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntitlementEntry {
    /// Short name of the application.
    pub application: String,
    /// Names of the scopes granted, all of them; a new entitlement without this key gets every scope that is not of high value.
    pub scopes: Option<Vec<String>>,
    /// First day; the day of the application unless said otherwise.
    pub starts: Option<When>,
    /// Last day, or none for as long as the contract.
    pub ends: Option<When>,
    /// How many members may hold it at a time; 0 for as many as the contract has seats.
    pub seats: Option<i32>,
    /// Takes it away.
    #[serde(default)]
    pub revoked: bool,
}

/// A human being.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonEntry {
    /// Address they sign in with; tells which person is meant.
    #[schemars(with = "String")]
    pub email: EmailAddress,
    /// As they want to be called. Needed for a new person.
    #[serde(default)]
    pub name: Option<String>,
    /// Zone for times on their pages, like Europe/Berlin; a new person has the tenant's unless said otherwise.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whether the whole account is off.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// A password, for demonstrations and tests. It is stored as a hash and never shown.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub password: Option<Secret>,
    /// Secret of an authenticator app in base32, for demonstrations and tests. It is stored sealed and never shown.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub totp_secret: Option<Secret>,
    /// Roles in the tenant, all of them.
    #[serde(default)]
    pub tenant_roles: Option<Vec<TenantRole>>,
    /// Memberships, known by their organization.
    #[serde(default)]
    pub memberships: Vec<MembershipEntry>,
}

/// A person in one organization.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipEntry {
    /// Short name of the organization.
    pub organization: String,
    /// What they may do there; member unless said otherwise.
    pub role: Option<MemberRole>,
    /// Where the membership stands; active unless said otherwise.
    pub status: Option<MemberStatus>,
    /// Why it is suspended or removed.
    pub status_reason: Option<String>,
    /// First day; the day of the application unless said otherwise.
    pub starts: Option<When>,
    /// Last day, or none for as long as the contract.
    pub ends: Option<When>,
    /// What they hold there, known by the application.
    #[serde(default)]
    pub assignments: Vec<AssignmentEntry>,
}

/// A member's share of an entitlement.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentEntry {
    /// Short name of the application.
    pub application: String,
    /// Names of the scopes held, all of them; a new assignment without this key gets every scope that the organization holds and that is not of high value.
    pub scopes: Option<Vec<String>>,
    /// First day; the day of the application unless said otherwise.
    pub starts: Option<When>,
    /// Last day, or none for as long as the entitlement.
    pub ends: Option<When>,
    /// Takes it away.
    #[serde(default)]
    pub revoked: bool,
}

/// A secret as typed into the file; never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The characters.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// As a password to hash.
    #[must_use]
    pub fn to_password(&self) -> Password {
        Password::new(self.0.clone())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}
