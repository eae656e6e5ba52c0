//! The tenant's own people and their roles.

use std::collections::HashMap;

use super::hidden;
use crate::{
    access::{Action, Resource},
    cx::Qx,
    kernel::PersonId,
    people::{Person, TenantRole},
    store,
    web::PageError,
};

/// An employee of the tenant with their roles.
#[derive(Clone, Debug)]
pub struct Employee {
    /// Who.
    pub person: Person,
    /// Roles, in order.
    pub roles: Vec<TenantRole>,
}

/// Everyone with a role in the tenant, by name.
///
/// # Errors
/// [`PageError`] when the actor does not run the portal.
pub async fn employees(qx: &Qx) -> Result<Vec<Employee>, PageError> {
    qx.authorise(Action::ManageTenant, Resource::Tenant).map_err(hidden)?;
    let mut roles: HashMap<PersonId, Vec<TenantRole>> = HashMap::new();
    for (person, role) in store::tenant::people_with_roles(&qx.db).await? {
        roles.entry(person).or_default().push(role);
    }
    let people = store::people::get_many(&qx.db, roles.keys().copied().collect::<Vec<_>>()).await?;
    let mut employees: Vec<Employee> = people
        .into_iter()
        .map(|person| {
            let mut held = roles.remove(&person.id).unwrap_or_default();
            held.sort_unstable();
            Employee { person, roles: held }
        })
        .collect();
    employees.sort_by(|a, b| (&a.person.name, a.person.id).cmp(&(&b.person.name, b.person.id)));
    Ok(employees)
}
