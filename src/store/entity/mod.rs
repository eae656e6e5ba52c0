//! One entity per table. They never leave `store` and are never serialised.

pub mod application;
pub mod assignment;
pub mod assignment_scope;
pub mod attempt;
pub mod audit_event;
pub mod certification;
pub mod contract;
pub mod domain;
pub mod entitlement;
pub mod entitlement_scope;
pub mod external_identity;
pub mod federation_replay;
pub mod federation_trip;
pub mod identity_provider;
pub mod invitation;
pub mod member;
pub mod organization;
pub mod organization_logo;
pub mod outbox;
pub mod password_reset;
pub mod person;
pub mod recovery_code;
pub mod scope;
pub mod session;
pub mod tenant;
pub mod tenant_role;
