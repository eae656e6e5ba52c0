//! Rows of who somebody is at a partner's provider.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use super::super::{Db, StoreError, Tx, entity};
use crate::{
    federation::{Claims, Link},
    kernel::{MemberId, OrganizationId, ProviderId, Timestamp},
};
use entity::external_identity::{ActiveModel, Column as C, Entity, Model};

/// What is kept of the last sign-in, as JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    attributes: BTreeMap<String, String>,
    rules: Claims,
}

fn kept(link: &Link) -> String {
    let kept = Kept {
        attributes: link.attributes.clone(),
        rules: link.ruled.clone(),
    };
    serde_json::to_string(&kept).unwrap_or_else(|_| "{}".to_owned())
}

fn link(row: Model) -> Link {
    let kept: Kept = serde_json::from_str(&row.claims).unwrap_or_default();
    Link {
        id: row.id.into(),
        provider: row.provider_id.into(),
        member: row.member_id.into(),
        subject: row.subject,
        attributes: kept.attributes,
        ruled: kept.rules,
        disabled_by_rule: row.disabled_by_rule,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    }
}

/// Who this is here.
pub async fn find(db: &impl Db, provider: ProviderId, subject: &str) -> Result<Option<Link>, StoreError> {
    let query = Entity::find().filter(C::ProviderId.eq(provider.0)).filter(C::Subject.eq(subject));
    Ok(query.one(db.connection()).await?.map(link))
}

/// The links of a membership.
pub async fn of_member(db: &impl Db, member: MemberId) -> Result<Vec<Link>, StoreError> {
    let query = Entity::find().filter(C::MemberId.eq(member.0));
    Ok(query.all(db.connection()).await?.into_iter().map(link).collect())
}

/// The link of each member of an organization to a provider.
pub async fn of_provider(db: &impl Db, organization: OrganizationId, provider: ProviderId) -> Result<HashMap<MemberId, Link>, StoreError> {
    use entity::identity_provider;
    use sea_orm::QueryTrait as _;
    let own = identity_provider::Entity::find()
        .select_only()
        .column(identity_provider::Column::Id)
        .filter(identity_provider::Column::OrganizationId.eq(organization.0))
        .into_query();
    let query = Entity::find()
        .filter(C::ProviderId.eq(provider.0))
        .filter(C::ProviderId.in_subquery(own));
    Ok(query
        .all(db.connection())
        .await?
        .into_iter()
        .map(|row| (row.member_id.into(), link(row)))
        .collect())
}

/// Adds a link; answers false when the subject is somebody's already.
pub async fn insert(tx: &Tx, link: &Link) -> Result<bool, StoreError> {
    let row = ActiveModel {
        id: Set(link.id.0),
        provider_id: Set(link.provider.0),
        member_id: Set(link.member.0),
        subject: Set(link.subject.clone()),
        claims: Set(kept(link)),
        disabled_by_rule: Set(link.disabled_by_rule.clone()),
        created_at: Set(link.created_at),
        last_used_at: Set(link.last_used_at),
    };
    let conflict = OnConflict::columns([C::ProviderId, C::Subject]).do_nothing().to_owned();
    let rows = Entity::insert(row)
        .on_conflict(conflict)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Notes a sign-in with what the provider said.
pub async fn note_use(tx: &Tx, link: &Link, now: Timestamp) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::Claims, kept(link).into())
        .col_expr(C::DisabledByRule, link.disabled_by_rule.clone().into())
        .col_expr(C::LastUsedAt, now.into())
        .filter(C::Id.eq(link.id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// A human decided about a membership: no rule has a say in its suspension any more.
pub async fn forget_rules(tx: &Tx, member: MemberId) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::DisabledByRule, Option::<String>::None.into())
        .filter(C::MemberId.eq(member.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Forgets who somebody is at a provider.
pub async fn delete(tx: &Tx, link: &Link) -> Result<(), StoreError> {
    Entity::delete_by_id(link.id.0).exec(tx.connection()).await?;
    Ok(())
}
