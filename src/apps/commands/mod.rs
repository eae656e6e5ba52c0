//! What can be done with applications and grants; one file per thing that is acted on.

mod assignments;
mod catalogue;
mod entitlements;
mod error;
mod launch;

pub use assignments::{
    AssignApplication, ChangeAssignment, ChangedAssignment, assign_application, change_assignment, grant_assignment, return_application,
    revoke_assignment,
};
pub(crate) use assignments::{may_assign, may_change_assignment};
pub(crate) use catalogue::may_change_catalogue;
pub use catalogue::{change_application, create_application, put_scope, retire_application};
pub use entitlements::{ChangedEntitlement, EntitlementTerms, change_entitlement, entitle, grant_entitlement, revoke_entitlement};
pub(crate) use entitlements::{may_change_entitlement, may_entitle};
pub use error::{AssignError, CatalogueError, EntitleError};
pub use launch::{LaunchError, LaunchOutcome, launch};
