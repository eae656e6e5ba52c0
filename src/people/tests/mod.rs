//! Promises about people: standing, roles, rotation, lists and pages; each on both databases.

mod listing;
mod pages;
mod roles;
mod rotation;
mod standing;

use super::{Member, MemberRole, commands::*};
use crate::{
    access::{Actor, Refused},
    cx::Cx,
    organizations::Organization,
    store::{self, StoreError},
    testing::World,
};

/// The member as a page shows them now.
pub(super) async fn latest(world: &World, member: &Member) -> Member {
    store::members::get(&world.portal.store.reader(), member.organization, member.id)
        .await
        .unwrap()
        .unwrap()
}

pub(super) async fn which(world: &World, member: &Member) -> MemberRef {
    let member = latest(world, member).await;
    MemberRef {
        organization: member.organization,
        member: member.id,
        version: member.version,
    }
}

pub(super) async fn ending(world: &World, member: &Member) -> EndMembership {
    EndMembership {
        which: which(world, member).await,
        reason: Some("Project over".to_owned()),
    }
}

/// An organization with an admin "Ana Ruiz" and a member "Bo Lind".
pub(super) async fn acme(world: &World) -> (Organization, Member, Member) {
    let acme = world.organization("Acme Consulting").await;
    let ana = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    (acme, ana, bo)
}

pub(super) async fn acting(world: &World, member: &Member) -> Cx {
    world.cx(world.acting(member).await).await
}

/// What is held right now, whether for launches or not.
pub(super) async fn held(world: &World, member: &Member) -> Vec<crate::apps::Assignment> {
    store::grants::assignments_of_member(&world.portal.store.reader(), member.id)
        .await
        .unwrap()
}

pub(super) fn is_forbidden(error: &MembershipError) -> bool {
    matches!(error, MembershipError::Access(Refused::Forbidden { .. }))
}

pub(super) fn is_unknown(error: &MembershipError) -> bool {
    matches!(error, MembershipError::Access(Refused::NotFound))
}

pub(super) fn is_stale(error: &MembershipError) -> bool {
    matches!(error, MembershipError::Store(StoreError::Stale))
}

/// Removes one member as another and commits when that was done.
pub(super) async fn remove_as(world: &World, actor: Actor, target: EndMembership) -> Result<(), MembershipError> {
    let mut cx = world.cx(actor).await;
    remove_member(&mut cx, target).await?;
    cx.commit().await?;
    Ok(())
}
