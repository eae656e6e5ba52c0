//! Rows of invitations: single use by conditional UPDATE, lists by keyset, and what pending ones reserve.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Func, LikeExpr, OnConflict},
};

use super::{Db, StoreError, Tx, entity, paging::paged, parse};
use crate::{
    kernel::{Cursor, EmailAddress, EntitlementId, InvitationId, MemberId, OrganizationId, Page, PageRequest, Timestamp},
    mail::MessageStatus,
    people::{
        MemberStatus,
        invitations::{Invitation, InvitationState, InvitationStatus, InvitedGrant},
    },
};
use entity::invitation::{ActiveModel, Column as C, Entity, Model};

fn grants(text: &str) -> Result<Vec<InvitedGrant>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt {
        column: "invitations.grants",
    })
}

fn invitation(row: Model) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: row.id.into(),
        organization: row.organization_id.into(),
        email: parse("invitations.email", &row.email)?,
        name: row.name,
        role: parse("invitations.role", &row.role)?,
        status: parse("invitations.status", &row.status)?,
        token_hash: row.token_hash,
        code_hash: row.code_hash,
        grants: grants(&row.grants)?,
        member_ends_at: row.member_ends_at,
        invited_by: row.invited_by.map(Into::into),
        rotated_from: row.rotated_from.map(Into::into),
        member: row.member_id.map(Into::into),
        sent_at: row.sent_at,
        opened_at: row.opened_at,
        accepted_at: row.accepted_at,
        expires_at: row.expires_at,
        created_at: row.created_at,
        version: row.version,
    })
}

fn row(invitation: &Invitation, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(invitation.id.0),
        organization_id: Set(invitation.organization.0),
        email: Set(invitation.email.as_str().to_owned()),
        email_normalized: Set(invitation.email.normalized().to_owned()),
        name: Set(invitation.name.clone()),
        role: Set(invitation.role.as_str().to_owned()),
        status: Set(invitation.status.as_str().to_owned()),
        token_hash: Set(invitation.token_hash.clone()),
        code_hash: Set(invitation.code_hash.clone()),
        grants: Set(serde_json::to_string(&invitation.grants).unwrap_or_else(|_| "[]".to_owned())),
        member_ends_at: Set(invitation.member_ends_at),
        invited_by: Set(invitation.invited_by.map(|id| id.0)),
        rotated_from: Set(invitation.rotated_from.map(|id| id.0)),
        member_id: Set(invitation.member.map(|id| id.0)),
        sent_at: Set(invitation.sent_at),
        opened_at: Set(invitation.opened_at),
        accepted_at: Set(invitation.accepted_at),
        expires_at: Set(invitation.expires_at),
        created_at: Set(invitation.created_at),
        version: Set(version),
    }
}

/// Adds an invitation; answers false when the address already has one waiting there (nothing is written then).
pub async fn insert(tx: &Tx, invitation: &Invitation) -> Result<bool, StoreError> {
    let rows = Entity::insert(row(invitation, invitation.version))
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes an invitation back, if nobody else did since it was read.
pub async fn update(tx: &Tx, invitation: &Invitation) -> Result<(), StoreError> {
    let mut row = row(invitation, invitation.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(invitation.id.0))
        .filter(C::Version.eq(invitation.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// One invitation of an organization; another organization's is not found.
pub async fn get(db: &impl Db, organization: OrganizationId, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
    Entity::find_by_id(id.0)
        .filter(C::OrganizationId.eq(organization.0))
        .one(db.connection())
        .await?
        .map(invitation)
        .transpose()
}

/// The invitation whose link's secret hashes to this.
pub async fn find_by_token(db: &impl Db, token_hash: &[u8]) -> Result<Option<Invitation>, StoreError> {
    Entity::find()
        .filter(C::TokenHash.eq(token_hash.to_vec()))
        .one(db.connection())
        .await?
        .map(invitation)
        .transpose()
}

/// The invitations that wait for this address, in whatever organization (expired ones included).
pub async fn pending_for(db: &impl Db, email: &EmailAddress) -> Result<Vec<Invitation>, StoreError> {
    Entity::find()
        .filter(C::EmailNormalized.eq(email.normalized()))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .all(db.connection())
        .await?
        .into_iter()
        .map(invitation)
        .collect()
}

/// The invitation of this organization that waits for this address (an expired one included).
pub async fn pending_in(db: &impl Db, organization: OrganizationId, email: &EmailAddress) -> Result<Option<Invitation>, StoreError> {
    Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::EmailNormalized.eq(email.normalized()))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .one(db.connection())
        .await?
        .map(invitation)
        .transpose()
}

/// The invitations that wait to set up the account of this member (expired ones included).
pub async fn pending_of_member(db: &impl Db, member: MemberId) -> Result<Vec<Invitation>, StoreError> {
    Entity::find()
        .filter(C::MemberId.eq(member.0))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .all(db.connection())
        .await?
        .into_iter()
        .map(invitation)
        .collect()
}

/// Notes that the page was opened, once per sending; answers whether it was the first time.
pub async fn mark_opened(tx: &Tx, id: InvitationId, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::OpenedAt, now.into())
        .filter(C::Id.eq(id.0))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .filter(C::OpenedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Uses an invitation up, for the secret it was opened with; answers false when it was used, withdrawn, sent again or ran out.
pub async fn use_up(tx: &Tx, id: InvitationId, token_hash: &[u8], member: MemberId, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::Status, InvitationStatus::Accepted.as_str().into())
        .col_expr(C::AcceptedAt, now.into())
        .col_expr(C::MemberId, member.0.into())
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::Id.eq(id.0))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .filter(C::TokenHash.eq(token_hash.to_vec()))
        .filter(C::ExpiresAt.gt(now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

fn reserving(organization: OrganizationId, now: Timestamp) -> Condition {
    Condition::all()
        .add(C::OrganizationId.eq(organization.0))
        .add(C::Status.eq(InvitationStatus::Pending.as_str()))
        .add(C::ExpiresAt.gt(now))
        .add(C::MemberId.is_null())
}

/// How many seats waiting invitations hold free at `now`. One that sets up an existing member's account holds none: the member has it.
pub async fn seats_reserved(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(reserving(organization, now)).count(db.connection()).await?)
}

/// How many seats of each entitlement waiting invitations hold free at `now`.
pub async fn entitlement_seats_reserved(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<HashMap<EntitlementId, u64>, StoreError> {
    let texts: Vec<String> = Entity::find()
        .select_only()
        .column(C::Grants)
        .filter(reserving(organization, now))
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut reserved = HashMap::new();
    for text in texts {
        for grant in grants(&text)? {
            *reserved.entry(grant.entitlement).or_default() += 1;
        }
    }
    Ok(reserved)
}

/// Of these addresses (normal form), those with an invitation of this organization that can be accepted at `now`.
pub async fn invited_among(
    db: &impl Db,
    organization: OrganizationId,
    emails: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, StoreError> {
    let found: Vec<String> = Entity::find()
        .select_only()
        .column(C::EmailNormalized)
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .filter(C::ExpiresAt.gt(now))
        .filter(C::EmailNormalized.is_in(emails.to_vec()))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(found.into_iter().collect())
}

/// Of these addresses (normal form), those of people whose membership in the organization is neither removed nor past its end.
pub async fn members_among(
    db: &impl Db,
    organization: OrganizationId,
    emails: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, StoreError> {
    use entity::{member, person};
    let people: Vec<(uuid::Uuid, String)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::EmailNormalized])
        .filter(person::Column::EmailNormalized.is_in(emails.to_vec()))
        .into_tuple()
        .all(db.connection())
        .await?;
    let members: HashSet<uuid::Uuid> = member::Entity::find()
        .select_only()
        .column(member::Column::PersonId)
        .filter(member::Column::OrganizationId.eq(organization.0))
        .filter(member::Column::PersonId.is_in(people.iter().map(|(id, _)| *id)))
        .filter(member::Column::Status.ne(MemberStatus::Removed.as_str()))
        .filter(
            Condition::any()
                .add(member::Column::EndsAt.is_null())
                .add(member::Column::EndsAt.gt(now)),
        )
        .into_tuple()
        .all(db.connection())
        .await?
        .into_iter()
        .collect();
    Ok(people
        .into_iter()
        .filter(|(id, _)| members.contains(id))
        .map(|(_, email)| email)
        .collect())
}

/// What the list of invitations is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct InvitationFilter {
    /// Only in this state.
    pub state: Option<InvitationState>,
    /// Only where address or name contain this.
    pub text: Option<String>,
}

fn narrowed(organization: OrganizationId, filter: &InvitationFilter, now: Timestamp) -> Condition {
    let pending = || C::Status.eq(InvitationStatus::Pending.as_str());
    let mut all = Condition::all().add(C::OrganizationId.eq(organization.0));
    all = match filter.state {
        None => all,
        Some(InvitationState::Sent) => all.add(pending()).add(C::ExpiresAt.gt(now)).add(C::OpenedAt.is_null()),
        Some(InvitationState::Opened) => all.add(pending()).add(C::ExpiresAt.gt(now)).add(C::OpenedAt.is_not_null()),
        Some(InvitationState::Accepted) => all.add(C::Status.eq(InvitationStatus::Accepted.as_str())),
        Some(InvitationState::Withdrawn) => all.add(C::Status.eq(InvitationStatus::Withdrawn.as_str())),
        Some(InvitationState::Expired) => all.add(
            Condition::any()
                .add(C::Status.eq(InvitationStatus::Expired.as_str()))
                .add(Condition::all().add(pending()).add(C::ExpiresAt.lte(now))),
        ),
    };
    if let Some(text) = &filter.text {
        // LIKE differs in case between the databases: compare in lower case on both.
        let pattern = format!(
            "%{}%",
            text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
        );
        let like = || LikeExpr::new(pattern.clone()).escape('\\');
        let name = Expr::expr(Func::lower(Expr::col(C::Name))).like(like());
        all = all.add(Condition::any().add(C::EmailNormalized.like(like())).add(name));
    }
    all
}

/// One page of an organization's invitations, newest first.
pub async fn list(
    db: &impl Db,
    organization: OrganizationId,
    filter: &InvitationFilter,
    page: PageRequest,
    size: usize,
    now: Timestamp,
) -> Result<Page<Invitation>, StoreError> {
    // Ids are UUIDs of version 7: they sort by the time they were made, so one index column gives the order.
    let query = Entity::find().filter(narrowed(organization, filter, now)).limit(size as u64 + 1);
    let query = match page {
        PageRequest::Newest => query.order_by_desc(C::Id),
        PageRequest::Older(cursor) => query.filter(C::Id.lt(cursor.id)).order_by_desc(C::Id),
        PageRequest::Newer(cursor) => query.filter(C::Id.gt(cursor.id)).order_by_asc(C::Id),
    };
    let rows = query
        .all(db.connection())
        .await?
        .into_iter()
        .map(invitation)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(paged(rows, page, size, |row| Cursor {
        at: row.created_at,
        id: row.id.0,
    }))
}

/// How many invitations of an organization can be accepted at `now`.
pub async fn waiting(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::Status.eq(InvitationStatus::Pending.as_str()))
        .filter(C::ExpiresAt.gt(now))
        .count(db.connection())
        .await?)
}

/// Where the mails of these invitations' last sending stand. Mail and sending carry the same instant, because one transaction wrote both.
pub async fn mails(db: &impl Db, invitations: &[Invitation]) -> Result<HashMap<InvitationId, MessageStatus>, StoreError> {
    use entity::outbox::{Column as O, Entity as Outbox};
    let times: HashSet<Timestamp> = invitations.iter().map(|invitation| invitation.sent_at).collect();
    let recipients: HashSet<&str> = invitations.iter().map(|invitation| invitation.email.normalized()).collect();
    let rows: Vec<(String, Timestamp, String)> = Outbox::find()
        .select_only()
        .columns([O::Recipient, O::CreatedAt, O::Status])
        .filter(O::Recipient.is_in(recipients))
        .filter(O::CreatedAt.is_in(times))
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut states = HashMap::new();
    for (recipient, at, status) in rows {
        let status: MessageStatus = parse("outbox.status", &status)?;
        for invitation in invitations
            .iter()
            .filter(|invitation| invitation.sent_at == at && invitation.email.normalized() == recipient)
        {
            states.insert(invitation.id, status);
        }
    }
    Ok(states)
}
