//! The forms of applications and grants: each server function reads its fields, runs one command and goes on.

mod assignments;
mod catalogue;
mod entitlements;

pub use assignments::{AssignApplication, ChangeAssignment, ReturnApplication, RevokeAssignment};
pub use assignments::{assign_application, change_assignment, return_application, revoke_assignment};
pub use catalogue::{ChangeApplication, CreateApplication, PutScope, RetireApplication};
pub use catalogue::{change_application, create_application, put_scope, retire_application};
pub use entitlements::{ChangeEntitlement, GrantEntitlement, RevokeEntitlement};
pub use entitlements::{change_entitlement, grant_entitlement, revoke_entitlement};

use crate::{
    access::Refused,
    kernel::ScopeId,
    web::{FieldErrors, Refusal, fields},
};

/// A name in addresses as a form sent it. Anything else names nothing, and must not get into an address.
pub(crate) fn segment(typed: &str) -> String {
    let fits = !typed.is_empty() && typed.len() <= 80 && typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if fits { typed.to_owned() } else { "-".to_owned() }
}

/// An identifier as a form sent it; what is none names nothing.
fn identifier<T: std::str::FromStr>(typed: &str) -> Result<T, Refusal> {
    typed.parse().map_err(|_| Refused::NotFound.into())
}

/// The scopes that were ticked.
fn scopes(typed: &[String]) -> Result<Vec<ScopeId>, Refusal> {
    typed.iter().map(|id| identifier(id)).collect()
}

/// Several values of one field, as they come back when the form is refused.
fn several<'a>(name: &'static str, values: &'a [String]) -> impl Iterator<Item = (&'static str, String)> + 'a {
    values.iter().map(move |value| (name, value.clone()))
}

/// A number of seats; none when left empty.
fn seats(errors: &mut FieldErrors, typed: &str) -> Option<i32> {
    if typed.trim().is_empty() {
        None
    } else {
        fields::number(errors, "seats", typed, 1..=1_000_000)
    }
}
