//! Which trail an event of somebody's account belongs to: that of the hat they wear, else that of each of their organizations.

use crate::{
    audit::{self, Event},
    cx::Cx,
    kernel::PersonId,
    store::{self, StoreError},
};

/// Records an event about a person's account. Partner admins see it in their own trail; without any membership it is the tenant's alone.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub(super) async fn record(cx: &mut Cx, person: PersonId, event: Event) -> Result<(), StoreError> {
    let worn = cx
        .actor
        .person()
        .filter(|actor| actor.id == person)
        .map(|actor| actor.member.clone());
    if let Some(hat) = worn {
        let event = match hat {
            Some(member) => event.organization(member.organization, member.organization_name),
            None => event,
        };
        return audit::record(cx, event).await;
    }
    let mut recorded = false;
    for member in store::members::of_person(&cx.tx, person).await? {
        if let Some(organization) = store::organizations::get(&cx.tx, member.organization).await? {
            audit::record(cx, event.clone().organization(organization.id, organization.name)).await?;
            recorded = true;
        }
    }
    if recorded { Ok(()) } else { audit::record(cx, event).await }
}
