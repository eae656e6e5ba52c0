//! Rows of what people allowed clients once and for all.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::OnConflict};

use super::super::{Db, StoreError, Tx, entity};
use crate::{
    issuer::Consent,
    kernel::{ClientId, ConsentId, MemberId},
};
use entity::oauth_consent::{ActiveModel, Column as C, Entity, Model};

fn consent(row: Model) -> Consent {
    Consent {
        id: row.id.into(),
        organization: row.organization_id.into(),
        member: row.member_id.into(),
        client: row.client_id.into(),
        scopes: row.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        created_at: row.created_at,
    }
}

/// What a member allowed a client.
pub async fn find(db: &impl Db, member: MemberId, client: ClientId) -> Result<Option<Consent>, StoreError> {
    let query = Entity::find().filter(C::MemberId.eq(member.0)).filter(C::ClientId.eq(client.0));
    Ok(query.one(db.connection()).await?.map(consent))
}

/// One of them.
pub async fn get(db: &impl Db, id: ConsentId) -> Result<Option<Consent>, StoreError> {
    Ok(Entity::find_by_id(id.0).one(db.connection()).await?.map(consent))
}

/// Everything a member allowed, newest first.
pub async fn of_member(db: &impl Db, member: MemberId) -> Result<Vec<Consent>, StoreError> {
    let query = Entity::find().filter(C::MemberId.eq(member.0)).order_by_desc(C::Id);
    Ok(query.all(db.connection()).await?.into_iter().map(consent).collect())
}

/// Remembers it, with what was allowed before to the same client.
pub async fn put(tx: &Tx, consent: &Consent) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(consent.id.0),
        organization_id: Set(consent.organization.0),
        member_id: Set(consent.member.0),
        client_id: Set(consent.client.0),
        scopes: Set(consent.scopes.join(" ")),
        created_at: Set(consent.created_at),
    };
    let known = OnConflict::columns([C::MemberId, C::ClientId])
        .update_columns([C::Scopes, C::CreatedAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Forgets it; answers false when it was not there.
pub async fn delete(tx: &Tx, id: ConsentId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.0).exec(tx.connection()).await?.rows_affected == 1)
}
