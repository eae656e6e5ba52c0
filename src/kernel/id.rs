//! One identifier type per thing, so that an organization's id cannot be passed where a member's is wanted.
//! All are UUIDs of version 7 (RFC 9562 §5.7): they sort by the time they were made.

use std::{fmt, str::FromStr};

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Rng, Timestamp};

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh identifier (UUID version 7).
            #[must_use]
            pub fn new(now: Timestamp, rng: &mut Rng) -> Self { Self(new_uuid(now, rng)) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::from_str(text).map(Self) }
        }
        impl From<Uuid> for $name { fn from(id: Uuid) -> Self { Self(id) } }
        impl From<$name> for Uuid { fn from(id: $name) -> Self { id.0 } }
    )+};
}

typed_ids! {
    /// A partner organization.
    OrganizationId,
    /// A contract between the tenant and an organization.
    ContractId,
    /// A human, whatever organizations they belong to.
    PersonId,
    /// A person in one organization; this is the subject that applications see.
    MemberId,
    /// An application of the catalogue.
    ApplicationId,
    /// A scope of an application.
    ScopeId,
    /// An organization's right to use an application.
    EntitlementId,
    /// A member's share of an entitlement.
    AssignmentId,
    /// An invitation to become a member.
    InvitationId,
    /// A decision of an owner about a partner relationship.
    CertificationId,
    /// An entry of the audit trail.
    AuditEventId,
    /// A message that waits for delivery.
    OutboxId,
    /// A recovery code or reset request.
    CredentialId,
    /// A partner's identity provider.
    ProviderId,
    /// A domain that a partner says is theirs.
    DomainId,
    /// A person as a partner's identity provider names them.
    ExternalIdentityId,
    /// A template for new partners.
    TemplateId,
    /// A link that lets somebody without an account set up an organization's sign-in.
    SetupLinkId,
    /// A client of an application at the authorization server.
    ClientId,
    /// What a person let a client have.
    GrantId,
    /// What lets a system act for a person while they are away.
    DelegationId,
    /// What an operator said of a client that acts for people.
    ActingId,
    /// What a person allowed a client once and for all.
    ConsentId,
    /// A policy of the operator.
    PolicyId,
}

/// A fresh UUID of version 7 from the request's clock and randomness.
#[must_use]
pub fn new_uuid(now: Timestamp, rng: &mut Rng) -> Uuid {
    let mut random = [0_u8; 10];
    rng.fill_bytes(&mut random);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
