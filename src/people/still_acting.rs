//! Whether whoever acts is still what they were when the request began: asked once the organization is held.

use thiserror::Error;

use crate::{
    cx::Cx,
    store::{self, StoreError},
};

/// Whoever acts lost the role or the membership in the meantime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Your own access was changed at the same moment, so nothing was done.")]
pub struct ActorChanged;

/// The actor was identified before the organization was held; meanwhile somebody may have suspended, removed or demoted them.
///
/// # Errors
/// [`ActorChanged`], or [`StoreError`] when the database does not answer.
pub async fn still_acting<E: From<ActorChanged> + From<StoreError>>(cx: &Cx) -> Result<(), E> {
    let Some(acting) = cx.actor.member() else { return Ok(()) };
    let own = store::members::get(&cx.tx, acting.organization, acting.id).await?;
    let unchanged = own.is_some_and(|own| own.role == acting.role && own.read_only == acting.read_only && own.is_in_force_at(cx.now));
    if unchanged { Ok(()) } else { Err(ActorChanged.into()) }
}
