//! Who is asking.

use chrono_tz::Tz;

use crate::{
    kernel::{MemberId, OrganizationId, PersonId, SetupLinkId, Timestamp},
    people::{MemberRole, TenantRole},
};

/// Whoever asks for something.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// Portico itself: the sweeper, `portico apply`. The name shows in the trail.
    System(&'static str),
    /// A client of the authorization server that has proved itself, by its name. It administers nothing.
    Client(String),
    /// A person with a session.
    Person(Box<SignedIn>),
    /// Somebody without an account, who has opened a set-up link.
    SetUp(Box<SettingUp>),
}

/// Whoever has opened a set-up link: nobody we know, but somebody whom we let into one thing of one organization.
#[derive(Clone, Debug)]
pub struct SettingUp {
    /// The link.
    pub link: SetupLinkId,
    /// The only organization it opens anything of.
    pub organization: OrganizationId,
    /// Whom the link was sent to; the trail names them so.
    pub email: String,
}

/// A signed-in person, in the hat they wear.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub id: PersonId,
    /// Name on pages and in the trail.
    pub name: String,
    /// Address.
    pub email: String,
    /// Zone for times on pages.
    pub time_zone: Tz,
    /// Roles in the tenant; they count only in the tenant's hat.
    pub tenant_roles: Vec<TenantRole>,
    /// The membership that is active; none in the tenant's hat.
    pub member: Option<ActingMember>,
    /// Every hat they can wear now.
    pub hats: Vec<Hat>,
    /// Hash of the session, to tell it from others of the same person.
    pub session_key: Vec<u8>,
    /// Last second factor in this session.
    pub second_factor_at: Option<Timestamp>,
    /// Whether a second factor is set up.
    pub has_second_factor: bool,
    /// Signed in through this partner's own identity provider: the session opens that partner's hat alone, and not the account.
    pub through: Option<OrganizationId>,
}

/// The active membership.
#[derive(Clone, Debug)]
pub struct ActingMember {
    /// The membership.
    pub id: MemberId,
    /// Its organization.
    pub organization: OrganizationId,
    /// The organization's name.
    pub organization_name: String,
    /// The organization's name in addresses.
    pub organization_slug: String,
    /// The organization has a logo.
    pub has_logo: bool,
    /// The role.
    pub role: MemberRole,
    /// May only look (overlap of a rotation).
    pub read_only: bool,
    /// When the membership or the contract ends, whichever is first.
    pub ends_at: Option<Timestamp>,
}

/// A way this person can be in the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hat {
    /// The membership; none is the tenant's own hat.
    pub member: Option<MemberId>,
    /// Name of organization or tenant.
    pub organization_name: String,
    /// Role in words.
    pub role: String,
}

impl Actor {
    /// The person, when somebody is signed in.
    #[must_use]
    pub fn person(&self) -> Option<&SignedIn> {
        match self {
            Self::Person(person) => Some(person),
            _ => None,
        }
    }

    /// The active membership, when the person wears a partner's hat.
    #[must_use]
    pub fn member(&self) -> Option<&ActingMember> {
        self.person().and_then(|person| person.member.as_ref())
    }

    /// The organization of the active membership.
    #[must_use]
    pub fn organization(&self) -> Option<OrganizationId> {
        self.member().map(|member| member.organization)
    }

    /// The tenant roles that count now (none while a partner's hat is worn).
    #[must_use]
    pub fn tenant_roles(&self) -> &[TenantRole] {
        match self {
            Self::Person(person) if person.member.is_none() => &person.tenant_roles,
            _ => &[],
        }
    }

    /// Whether the tenant role counts now.
    #[must_use]
    pub fn has_tenant_role(&self, role: TenantRole) -> bool {
        self.tenant_roles().contains(&role)
    }
}
