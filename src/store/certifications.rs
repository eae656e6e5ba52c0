//! Rows of certification decisions, and the evidence an owner decides on.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    certification::{Certification, EvidencePerson},
    kernel::{EntitlementId, OrganizationId, Timestamp},
    people::MemberStatus,
};
use entity::certification::{ActiveModel, Column as C, Entity, Model};

fn certification(row: Model) -> Result<Certification, StoreError> {
    Ok(Certification {
        id: row.id.into(),
        organization: row.organization_id.into(),
        decided_by: row.decided_by.map(Into::into),
        decision: parse("certifications.decision", &row.decision)?,
        evidence: serde_json::from_str(&row.evidence).map_err(|_| StoreError::Corrupt {
            column: "certifications.evidence",
        })?,
        reason: row.reason,
        decided_at: row.decided_at,
        next_due_at: row.next_due_at,
    })
}

/// The last decisions about an organization, newest first.
pub async fn of_organization(db: &impl Db, organization: OrganizationId, size: u64) -> Result<Vec<Certification>, StoreError> {
    let query = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .order_by_desc(C::DecidedAt)
        .order_by_desc(C::Id)
        .limit(size);
    query.all(db.connection()).await?.into_iter().map(certification).collect()
}

/// Keeps a decision with its evidence.
pub async fn insert(tx: &Tx, certification: &Certification) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(certification.id.0),
        organization_id: Set(certification.organization.0),
        decided_by: Set(certification.decided_by.map(|id| id.0)),
        decision: Set(certification.decision.as_str().to_owned()),
        reason: Set(certification.reason.clone()),
        evidence: Set(serde_json::to_string(&certification.evidence).unwrap_or_else(|_| "{}".to_owned())),
        decided_at: Set(certification.decided_at),
        next_due_at: Set(certification.next_due_at),
    };
    Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The people of an organization as evidence, by name, at most `size`.
pub async fn evidence_people(
    db: &impl Db,
    organization: OrganizationId,
    now: Timestamp,
    size: u64,
) -> Result<Vec<EvidencePerson>, StoreError> {
    use entity::{member, member::Column as M, person::Column as P};
    let rows: Vec<(String, String, String, Option<Timestamp>, Option<Timestamp>)> = member::Entity::find()
        .select_only()
        .join(sea_orm::JoinType::InnerJoin, people_of_members())
        .column(P::Name)
        .column(M::Role)
        .column(M::Status)
        .column(M::LastSeenAt)
        .column(M::EndsAt)
        .filter(M::OrganizationId.eq(organization.0))
        .filter(M::Status.ne(MemberStatus::Removed.as_str()))
        .filter(Condition::any().add(M::EndsAt.is_null()).add(M::EndsAt.gt(now)))
        .order_by_asc(P::Name)
        .order_by_asc(M::Id)
        .limit(size)
        .into_tuple()
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|(name, role, status, last_seen_at, ends_at)| {
            Ok(EvidencePerson {
                name,
                role: parse("members.role", &role)?,
                status: parse("members.status", &status)?,
                last_seen_at,
                ends_at,
            })
        })
        .collect()
}

/// The way from members to their people.
pub(crate) fn people_of_members() -> sea_orm::RelationDef {
    use entity::{member, person};
    member::Entity::belongs_to(person::Entity)
        .from(member::Column::PersonId)
        .to(person::Column::Id)
        .into()
}

/// Who holds an entitlement and when it was last used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// Assignments that count now.
    pub people: u64,
    /// The last launch by anyone.
    pub last_used_at: Option<Timestamp>,
}

/// The use of each entitlement of an organization.
pub async fn uses(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<HashMap<EntitlementId, Use>, StoreError> {
    use entity::{assignment, assignment::Column as A};
    let rows: Vec<(uuid::Uuid, i64)> = assignment::Entity::find()
        .select_only()
        .column(A::EntitlementId)
        .column_as(A::Id.count(), "people")
        .filter(A::OrganizationId.eq(organization.0))
        .filter(A::RevokedAt.is_null())
        .filter(Condition::any().add(A::EndsAt.is_null()).add(A::EndsAt.gt(now)))
        .group_by(A::EntitlementId)
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut uses: HashMap<EntitlementId, Use> = HashMap::new();
    for (id, people) in rows {
        uses.entry(id.into()).or_default().people = u64::try_from(people).unwrap_or_default();
    }
    let rows: Vec<(uuid::Uuid, Option<Timestamp>)> = assignment::Entity::find()
        .select_only()
        .column(A::EntitlementId)
        .column_as(A::LastUsedAt.max(), "used")
        .filter(A::OrganizationId.eq(organization.0))
        .group_by(A::EntitlementId)
        .into_tuple()
        .all(db.connection())
        .await?;
    for (id, used) in rows {
        uses.entry(id.into()).or_default().last_used_at = used;
    }
    Ok(uses)
}
