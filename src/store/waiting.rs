//! Ends that come soon in one organization: memberships and unanswered invitations.

use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select};

use super::{Db, StoreError, entity};
use crate::{
    kernel::{InvitationId, MemberId, OrganizationId, Timestamp},
    people::MemberStatus,
};
use entity::{invitation, member};

/// A member whose access ends soon.
#[derive(Clone, Debug)]
pub struct EndingMember {
    /// The membership.
    pub id: MemberId,
    /// The person's name.
    pub name: String,
    /// When.
    pub ends_at: Timestamp,
}

/// An unanswered invitation that ends soon.
#[derive(Clone, Debug)]
pub struct EndingInvitation {
    /// The invitation.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// When.
    pub expires_at: Timestamp,
}

fn members(organization: OrganizationId, now: Timestamp, limit: Timestamp) -> Select<member::Entity> {
    use member::Column as M;
    member::Entity::find()
        .filter(M::OrganizationId.eq(organization.0))
        .filter(M::Status.ne(MemberStatus::Removed.as_str()))
        .filter(M::EndsAt.gt(now))
        .filter(M::EndsAt.lte(limit))
}

fn invitations(organization: OrganizationId, now: Timestamp, limit: Timestamp) -> Select<invitation::Entity> {
    use invitation::Column as I;
    invitation::Entity::find()
        .filter(I::OrganizationId.eq(organization.0))
        .filter(I::Status.eq("pending"))
        .filter(I::ExpiresAt.gt(now))
        .filter(I::ExpiresAt.lte(limit))
}

/// The members whose access ends after `now` and before `limit`, the first end first.
pub async fn members_ending(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    limit: Timestamp,
    size: u64,
) -> Result<Vec<EndingMember>, StoreError> {
    let rows: Vec<(uuid::Uuid, String, Timestamp)> = members(organization, now, limit)
        .select_only()
        .join(sea_orm::JoinType::InnerJoin, super::certifications::people_of_members())
        .column(member::Column::Id)
        .column(entity::person::Column::Name)
        .column(member::Column::EndsAt)
        .order_by_asc(member::Column::EndsAt)
        .limit(size)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, name, ends_at)| EndingMember {
            id: id.into(),
            name,
            ends_at,
        })
        .collect())
}

/// How many of them there are.
pub async fn count_members_ending(db: &impl Db, organization: OrganizationId, now: Timestamp, limit: Timestamp) -> Result<u64, StoreError> {
    Ok(members(organization, now, limit).count(db.connection()).await?)
}

/// The invitations that end unanswered after `now` and before `limit`, the first end first.
pub async fn invitations_ending(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    limit: Timestamp,
    size: u64,
) -> Result<Vec<EndingInvitation>, StoreError> {
    let rows: Vec<(uuid::Uuid, String, Timestamp)> = invitations(organization, now, limit)
        .select_only()
        .columns([invitation::Column::Id, invitation::Column::Email, invitation::Column::ExpiresAt])
        .order_by_asc(invitation::Column::ExpiresAt)
        .limit(size)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, email, expires_at)| EndingInvitation {
            id: id.into(),
            email,
            expires_at,
        })
        .collect())
}

/// How many of them there are.
pub async fn count_invitations_ending(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    limit: Timestamp,
) -> Result<u64, StoreError> {
    Ok(invitations(organization, now, limit).count(db.connection()).await?)
}
