//! What follows when the end of a membership has come: when it is tidied up, or sooner, because the person comes back and it still
//! holds their place.

use serde_json::json;

use super::{Member, invitations::withdraw_hand_over};
use crate::{
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    organizations::Organization,
    store::{self, StoreError},
};

/// Writes that a membership has ended, and ends what hangs on it: assignments, sessions, what clients hold and were let do. `name` is the
/// person's. The caller holds the organization's lock.
///
/// # Errors
/// [`StoreError`] when the rows cannot be written.
pub async fn close_ended(cx: &mut Cx, organization: &Organization, ended: &Member, name: &str) -> Result<(), StoreError> {
    store::members::update(&cx.tx, ended).await?;
    let assignments = store::grants::revoke_assignments_of_member(&cx.tx, ended.id, cx.now).await?;
    let over = store::sessions::end_of_member(&cx.tx, ended.id, cx.now).await?;
    let event = Event::new(EventKind::MemberEnded)
        .organization(organization.id, &organization.name)
        .subject(Subject::new("member", ended.id, name))
        .detail("ended_at", json!(ended.ends_at))
        .detail("assignments_ended", assignments)
        .ended(over);
    audit::record(cx, event).await?;
    withdraw_hand_over(cx, organization, ended.id).await
}
